// Random batches: whatever comes, in whatever order and however often, the sums are the same, and
// SQLite says what the memory store says, which adds up its rows whenever it is asked.
#include <algorithm>
#include <gmock/gmock.h>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "tests/contract/usage_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr int kSeeds = 12;

class Chance {
public:
    explicit Chance(uint64_t seed) : source_(seed) {}
    size_t below(size_t bound) {
        return std::uniform_int_distribution<size_t>(0, bound - 1)(source_);
    }
    std::string_view one_of(std::initializer_list<std::string_view> texts) {
        return texts.begin()[below(texts.size())];
    }
    std::mt19937_64& source() { return source_; }

private:
    std::mt19937_64 source_;
};

CallRecord random_call(Chance& chance) {
    const TimePoint at = kNow - std::chrono::milliseconds(chance.below(70ULL * 86'400'000));
    CallRecord call = a_call(at, static_cast<int64_t>(chance.below(1'000'000)));
    call.team_id = chance.one_of({"team_a", "team_b"});
    call.key_id = chance.one_of({"", "key_1", "key_2", "key_3"});
    call.app_id = chance.one_of({"", "app_1", "app_2"});
    call.provider = chance.one_of({"openai", "groq"});
    call.model = chance.one_of({"", "gpt-4o", "meta/llama"});
    call.session_id = chance.one_of({"", "", "a", "b"});
    call.status = chance.below(4) == 0 ? 0 : static_cast<int32_t>(200 + 100 * chance.below(4));
    call.priced = chance.below(5) != 0;
    call.usage.reasoning.reset();
    call.usage.input = static_cast<int64_t>(chance.below(1000));
    for (auto& maker : call.makers) maker = chance.one_of({"", "key_1", "key_3"});
    for (size_t i = 0; i < 4; ++i) call.tags.at(i) = chance.one_of({"", "blue", "green", "red"});
    return call;
}

using Batches = std::vector<std::vector<CallRecord>>;

Batches random_batches(Chance& chance, std::vector<CallRecord> calls) {
    std::ranges::shuffle(calls, chance.source());
    Batches batches(1);
    for (const CallRecord& call : calls) {
        if (chance.below(6) == 0) batches.emplace_back();
        batches.back().push_back(call);
        if (chance.below(10) == 0) batches.back().push_back(call);  // twice in one
    }
    const size_t count = batches.size();
    for (size_t i = 0; i < count; ++i) {  // and some again later
        if (chance.below(3) == 0) batches.push_back(batches[chance.below(count)]);
    }
    return batches;
}

/// All that a store says of sums, as texts in one order.
std::vector<std::string> all_of(UsageStore& usage) {
    std::vector<std::string> all;
    const auto add = [&](auto... parts) {
        std::string text;
        ((text += parts + " "), ...);
        all.push_back(std::move(text));
    };
    EXPECT_TRUE(usage.for_each_spend([&](const SpendTotals& each) {
        for (size_t i = 0; i < kPeriods; ++i) {
            add(std::string("spend"),
                std::string(each.team_id),
                std::to_string(static_cast<int>(each.scope)),
                std::string(each.target),
                format_iso8601(each.starts.at(i)),
                std::to_string(each.spent.at(i).value));
        }
    }));
    EXPECT_TRUE(usage.for_each_credit([&](std::string_view team, const CreditAccount& credit) {
        add(std::string("credit"), std::string(team), std::to_string(credit.balance().value));
    }));
    const auto sums_of_query = [&](const UsageQuery& query) {
        for (const UsageLine& line : *usage.usage(query)) {
            add(std::string("usage"),
                query.team_id,
                query.key_id + "/" + query.model,
                std::to_string(static_cast<int>(query.grain)),
                std::to_string(static_cast<int>(query.split)),
                format_iso8601(line.start),
                line.target,
                std::to_string(line.sums.calls) + " " + std::to_string(line.sums.failed),
                std::to_string(line.sums.input_tokens) + " " +
                    std::to_string(line.sums.output_tokens),
                std::to_string(line.sums.unpriced_calls),
                std::to_string(line.sums.cost.value));
        }
    };
    for (const char* team : {"team_a", "team_b", ""}) {
        for (const char* key : {"", "key_2"}) {
            for (const char* model : {"", "gpt-4o", "groq/meta/llama"}) {
                for (int grain = 0; grain < static_cast<int>(UsageGrain::kCount); ++grain) {
                    for (int split = 0; split < static_cast<int>(UsageSplit::kCount); ++split) {
                        sums_of_query({.team_id = team,
                                       .from = kNow - 24h * 80,
                                       .until = kNow + 24h,
                                       .grain = static_cast<UsageGrain>(grain),
                                       .split = static_cast<UsageSplit>(split),
                                       .key_id = key,
                                       .model = model});
                    }
                }
            }
        }
    }
    std::ranges::sort(all);
    return all;
}

std::unique_ptr<Store> a_store(const std::string& url) {
    auto store = *open_store(url);
    for (const char* team : {"team_a", "team_b"}) {
        EXPECT_TRUE(store->accounts().create_team({.id = team, .name = team}, {.tenant = "test"}));
    }
    EXPECT_TRUE(store->usage().put_billing(
        "team_b", {.time_zone = "Asia/Kathmandu", .version = 1}, {.tenant = "test"}));
    return store;
}

void expect_same(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<std::string> different;
    std::ranges::set_symmetric_difference(a, b, std::back_inserter(different));
    EXPECT_THAT(different, IsEmpty());
}

TEST(UsageProperty, WhateverTheOrderAndHoweverOftenTheSumsAreThoseOfTheRows) {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Chance chance(seed);
        std::vector<CallRecord> calls(1 + chance.below(120));
        for (CallRecord& call : calls) call = random_call(chance);
        const auto plain = a_store("memory:");
        ASSERT_TRUE(plain->usage().apply(calls, {}));

        const TempFolder folder;
        const auto sqlite = a_store("sqlite:" + (folder / "kw.db"));
        for (const auto& batch : random_batches(chance, calls)) {
            ASSERT_TRUE(sqlite->usage().apply(batch, {}));
        }
        const auto expected = all_of(plain->usage());
        expect_same(all_of(sqlite->usage()), expected);
        const LedgerFindings found = *sqlite->usage().verify();
        EXPECT_THAT(found.differences, IsEmpty());
        EXPECT_EQ(found.rows, std::ssize(calls));

        const TimePoint limit = kNow - 24h * static_cast<int>(chance.below(70));
        while (*sqlite->usage().prune_calls(limit, 1 + chance.below(20)) > 0) {
            EXPECT_THAT(sqlite->usage().verify()->differences, IsEmpty());
        }
        expect_same(all_of(sqlite->usage()), expected);
    }
}

TEST(UsageProperty, AnotherTimeZoneMeansTheSameToBoth) {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Chance chance(seed);
        const TempFolder folder;
        const auto memory = a_store("memory:");
        const auto sqlite = a_store("sqlite:" + (folder / "kw.db"));
        int64_t version = 0;
        for (int step = 0; step < 6; ++step) {
            std::vector<CallRecord> calls(chance.below(30));
            for (CallRecord& call : calls) call = random_call(chance);
            const std::string next(
                chance.one_of({"UTC", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"}));
            ++version;
            for (Store* store : {memory.get(), sqlite.get()}) {
                ASSERT_TRUE(store->usage().apply(calls, {}));
                ASSERT_TRUE(store->usage().put_billing("team_a",
                                                       {.time_zone = next, .version = version},
                                                       {.at = kNow, .tenant = "team_a"}));
            }
        }
        expect_same(all_of(sqlite->usage()), all_of(memory->usage()));
        EXPECT_THAT(sqlite->usage().verify()->differences, IsEmpty());
    }
}

/// The costs of all calls that a query finds, page by page: each call has its own.
std::vector<int64_t> listed(UsageStore& usage, CallQuery query) {
    std::vector<int64_t> costs;
    for (size_t pages = 0; pages < 200; ++pages) {
        const auto page = usage.list_calls(query);
        EXPECT_TRUE(page) << page.error().detail;
        if (!page) break;
        for (const CallRow& row : page->items) costs.push_back(row.record.cost.value);
        query.after = page->next;
        if (query.after.empty()) break;
    }
    return costs;
}

TEST(UsageProperty, WhateverIsAskedForThePagesAreTheSame) {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Chance chance(seed);
        const TempFolder folder;
        const auto memory = a_store("memory:");
        const auto sqlite = a_store("sqlite:" + (folder / "kw.db"));
        std::vector<CallRecord> calls(1 + chance.below(150));
        for (size_t i = 0; i < calls.size(); ++i) {
            calls[i] = random_call(chance);
            // Within a few hours, and some at one moment.
            calls[i].ended_at = kNow - std::chrono::seconds(60 * chance.below(200));
            calls[i].admitted_at = calls[i].ended_at - 1s;
            calls[i].cost = {static_cast<int64_t>(i)};
        }
        for (const auto& batch : random_batches(chance, calls)) {
            ASSERT_TRUE(memory->usage().apply(batch, {}));
            ASSERT_TRUE(sqlite->usage().apply(batch, {}));
        }
        for (int i = 0; i < 60; ++i) {
            CallQuery query{.team_id = std::string(chance.one_of({"team_a", "team_b"})),
                            .limit = 1 + chance.below(12)};
            if (chance.below(3) == 0) query.from = kNow - std::chrono::minutes(chance.below(200));
            if (chance.below(3) == 0) query.until = kNow - std::chrono::minutes(chance.below(200));
            if (chance.below(3) == 0) query.key_id = chance.one_of({"key_1", "key_2", "none"});
            if (chance.below(3) == 0) query.app_id = chance.one_of({"app_1", "app_2"});
            if (chance.below(3) == 0) {
                query.model =
                    chance.one_of({"gpt-4o", "groq/gpt-4o", "meta/llama", "openai/meta/llama"});
            }
            if (chance.below(4) == 0) query.session_id = chance.one_of({"a", "b"});
            if (chance.below(3) == 0) query.failed = chance.below(2) == 0;
            EXPECT_EQ(listed(sqlite->usage(), query), listed(memory->usage(), query));
        }
        EXPECT_THAT(sqlite->usage().verify()->differences, IsEmpty());
    }
}

}  // namespace
}  // namespace keywarden
