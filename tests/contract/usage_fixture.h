// Calls to put into a store, and what it says of them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "domain/call_id.h"
#include "tests/contract/store_fixture.h"

namespace keywarden {

/// A call that came to something: change what matters to the test. Texts are literals.
inline CallRecord a_call(TimePoint ended_at = kNow, int64_t cost = 100) {
    return {.id = *call_id_of(new_request_id(ended_at).view()),
            .admitted_at = ended_at - std::chrono::seconds(2),
            .ended_at = ended_at,
            .team_id = "team_a",
            .app_id = "app_1",
            .key_id = "key_1",
            .user_id = "user_1",
            .provider = "openai",
            .model = "gpt-4o",
            .route = "/v1/chat/completions",
            .status = 200,
            .attempts = 1,
            .priced = true,
            .usage = {.input = 10, .output = 5, .cached_input = 4, .reasoning = 2},
            .price_version = 3,
            .held = {200},
            .cost = {cost}};
}

class UsageContract : public StoreContract {
protected:
    UsageStore& usage() { return store_->usage(); }

    void apply(const std::vector<CallRecord>& rows) {
        const auto done = usage().apply(rows, {});
        ASSERT_TRUE(done) << done.error().message << done.error().detail;
    }

    void put_zone(const std::string& zone, int64_t version = 1) {
        ASSERT_TRUE(
            usage().put_billing("team_a", {.time_zone = zone, .version = version}, an_audit()));
    }

    static AuditEntry an_audit(TimePoint at = kNow) {
        return {.at = at, .tenant = "team_a", .actor = {"system", "test"}, .action = "test"};
    }

    /// "team_a team '' day 12": what every account has spent, in order.
    std::vector<std::string> spends(Period period = Period::Total) {
        std::vector<std::string> all;
        EXPECT_TRUE(usage().for_each_spend([&](const SpendTotals& each) {
            const auto i = static_cast<size_t>(period);
            constexpr std::array kScopes = {"team", "app", "key", "model", "tag"};
            all.push_back(std::string(each.team_id) + " " +
                          kScopes.at(static_cast<size_t>(each.scope)) + " " +
                          std::string(each.target) + ": " + std::to_string(each.spent.at(i).value));
        }));
        std::ranges::sort(all);
        return all;
    }

    /// Spent by the team in a period.
    int64_t spent(Period period, const std::string& team = "team_a") {
        int64_t found = -1;
        EXPECT_TRUE(usage().for_each_spend([&](const SpendTotals& each) {
            if (each.team_id != team || each.scope != SpendScope::Team) return;
            found = each.spent.at(static_cast<size_t>(period)).value;
        }));
        return found;
    }

    std::vector<UsageLine> lines(const UsageQuery& query) {
        const auto found = usage().usage(query);
        EXPECT_TRUE(found) << found.error().detail;
        return found.value_or(std::vector<UsageLine>());
    }

    /// "key_1 2 calls 300": the targets with their calls and costs.
    std::vector<std::string> told(const UsageQuery& query) {
        std::vector<std::string> all;
        for (const UsageLine& line : lines(query)) {
            all.push_back(line.target + " " + std::to_string(line.sums.calls) + " calls " +
                          std::to_string(line.sums.cost.value));
        }
        return all;
    }

    std::vector<std::string> findings() {
        const auto found = usage().verify();
        EXPECT_TRUE(found) << found.error().detail;
        return found ? found->differences : std::vector<std::string>{"no answer"};
    }
};

}  // namespace keywarden
