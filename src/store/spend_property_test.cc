// The directory against a ledger that keeps every row and adds all of them up each time.
#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <rapidcheck.h>

#include "base/money.h"
#include "domain/call_accounts.h"
#include "store/spend_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

const std::array<std::string, 3> kKeys = {"key_0", "key_1", "key_2"};
const std::array<std::string, 3> kApps = {"", "app_1", "app_2"};
const std::array<std::string, 3> kModels = {"p/0", "p/1", "p/2"};
const std::array<std::string, 3> kTags = {"tag_0", "tag_1", "tag_2"};
const std::array<std::string, 3> kBudgets = {"bud_0", "bud_1", "bud_2"};

constexpr int kSteps = 80;

using Account = std::pair<SpendScope, std::string>;

/// Everything that ever happened, and sums made anew for each question.
struct NaiveLedger {
    struct Row {
        TimePoint at;
        int64_t cost;
        std::set<Account> accounts;
    };
    struct Hold {
        int64_t amount;
        std::set<Account> accounts;
    };

    TimeZone zone;
    std::vector<Row> rows{};
    std::map<int, Hold> holds{};
    std::map<std::string, Budget> budgets{};
    int64_t credited = 0;
    BillingTerms terms{};

    int64_t spent(const Account& account, Period period, TimePoint now) const {
        const auto index = static_cast<size_t>(period);
        const TimePoint start = period_starts(zone, now)[index];
        int64_t sum = 0;
        for (const Row& row : rows) {
            const bool counts = period_starts(zone, row.at)[index] == start;
            if (counts && row.accounts.contains(account)) sum += row.cost;
        }
        return sum;
    }
    int64_t held(const Account& account) const {
        int64_t sum = 0;
        for (const auto& [id, hold] : holds) {
            if (hold.accounts.contains(account)) sum += hold.amount;
        }
        return sum;
    }
    std::optional<int64_t> room(const std::set<Account>& accounts, TimePoint now) const {
        std::optional<int64_t> least;
        const auto bound = [&](int64_t left) { least = std::min(least.value_or(left), left); };
        const Account team(SpendScope::Team, "");
        if (terms.mode != CreditMode::Unlimited) {
            bound(credited + terms.credit_limit.value - spent(team, Period::Total, now) -
                  held(team));
        }
        for (const auto& [id, budget] : budgets) {
            const Account account(budget.scope, budget.target);
            if (!budget.blocks || !accounts.contains(account)) continue;
            const bool is_raised = budget.raise && now < budget.raise->until;
            bound(budget.amount.value + (is_raised ? budget.raise->amount.value : 0) -
                  spent(account, budget.period, now) - held(account));
        }
        return least;
    }
};

class Play : public SpendFixture {
public:
    Play() : ledger_{.zone = {}} {
        const auto zone =
            *rc::gen::element<std::string>("UTC", "Asia/Kathmandu", "America/New_York");
        ledger_.zone = TimeZone::find(zone).value();
        ledger_.terms.time_zone = zone;
        RC_ASSERT(directory_.put_billing("team_a", ledger_.terms).has_value());
    }
    void TestBody() override {}

    void step() {
        switch (*rc::gen::inRange(0, 12)) {
            case 0:
                clock_.advance(Nanos(*rc::gen::inRange<int64_t>(0, Nanos(30h).count())));
                break;
            case 1:
                change_budget();
                break;
            case 2:
                change_terms();
                break;
            case 3:
                change_key();
                break;
            case 4:
            case 5:
            case 6:
            case 7:
                reserve();
                break;
            default:
                end_one();
        }
        check();
    }

private:
    struct KeyState {
        std::string app{};
        std::vector<std::string> tags{};
        std::vector<std::string> makers{};
    };

    static size_t any() { return *rc::gen::inRange<size_t>(0, 3); }
    static int64_t cents(int64_t most) { return *rc::gen::inRange<int64_t>(0, most); }

    Spender spender(size_t key, const std::string& model) const {
        Spender spender{.team_id = "team_a",
                        .app_id = keys_[key].app,
                        .key_id = kKeys[key],
                        .key_slot = static_cast<uint32_t>(key),
                        .model = model};
        std::ranges::copy(keys_[key].makers, spender.makers.begin());
        return spender;
    }
    std::set<Account> accounts(size_t key, const std::string& model) const {
        CallRecord record{.app_id = keys_[key].app, .key_id = kKeys[key], .model = model};
        std::ranges::copy(keys_[key].makers, record.makers.begin());
        std::ranges::copy(keys_[key].tags, record.tags.begin());
        std::set<Account> all;
        for_each_account(record, [&](SpendScope scope, std::string_view target) {
            all.emplace(scope, scope == SpendScope::Model ? model : std::string(target));
        });
        return all;
    }

    void reserve() {
        const size_t key = any();
        const std::string& model = kModels[any()];
        const NanoUsd amount{cents(60)};
        const auto room = ledger_.room(accounts(key, model), clock_.now());
        SpendHold hold;
        {
            SpendGate gate(directory_, spender(key, model), clock_.now());
            const bool may = !gate.find_denial(amount);
            RC_ASSERT(may == (!room || amount.value <= *room));
            RC_ASSERT(gate.terms().is_bounded == room.has_value());
            if (!may) return;
            hold = gate.take(amount);
        }
        ledger_.holds[next_] = {amount.value, accounts(key, model)};
        holds_[next_++] = std::move(hold);
    }

    void end_one() {
        if (holds_.empty()) return;
        const auto at = std::next(
            holds_.begin(),
            *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(holds_.size())));
        const auto& [id, held] = *ledger_.holds.find(at->first);
        if (cents(4) == 0) {
            holds_.erase(at);  // forgotten
        } else {
            const NanoUsd cost{cents(90)};  // more than was held, too
            const TimePoint ended_at =
                clock_.now() - Nanos(*rc::gen::inRange<int64_t>(0, Nanos(5h).count()));
            at->second.settle(cost, ended_at);
            at->second.settle({1}, ended_at);
            ledger_.rows.push_back({ended_at, cost.value, held.accounts});
            holds_.erase(at);
        }
        ledger_.holds.erase(id);
    }

    void change_budget() {
        const std::string& id = kBudgets[any()];
        if (cents(4) == 0) {
            directory_.remove_budget("team_a", id);
            ledger_.budgets.erase(id);
            forget_told(id);
            return;
        }
        const std::vector<Account> about = {{SpendScope::Team, ""},
                                            {SpendScope::App, kApps[1 + any() % 2]},
                                            {SpendScope::Key, kKeys[any()]},
                                            {SpendScope::Model, kModels[any()]},
                                            {SpendScope::Tag, kTags[any()]}};
        const auto& [scope, target] = about[*rc::gen::inRange<size_t>(0, about.size())];
        Budget budget{.id = id,
                      .team_id = "team_a",
                      .name = id,
                      .scope = scope,
                      .target = target,
                      .amount = {1 + cents(200)},
                      .period = static_cast<Period>(*rc::gen::inRange<size_t>(0, kPeriods)),
                      .blocks = cents(3) != 0,
                      .version = ++version_};
        if (cents(2) == 0) budget.raise = BudgetRaise{{1 + cents(50)}, clock_.now() + 10h};
        const auto known = ledger_.budgets.find(id);
        const auto what = [](const Budget& b) { return std::tie(b.scope, b.target, b.period); };
        if (known == ledger_.budgets.end() || what(known->second) != what(budget)) forget_told(id);
        directory_.put_budget(budget);
        ledger_.budgets[id] = budget;
    }

    void change_terms() {
        const auto mode = static_cast<CreditMode>(cents(3));
        ledger_.terms.mode = mode;
        ledger_.terms.credit_limit = {mode == CreditMode::Postpaid ? cents(100) : 0};
        RC_ASSERT(directory_.put_billing("team_a", ledger_.terms).has_value());
        const int64_t credit = cents(300) - 50;
        directory_.add_credit("team_a", {credit});
        ledger_.credited += credit;
    }

    void change_key() {
        KeyState& key = keys_[any()];
        key.app = kApps[any()];
        key.tags.clear();
        for (int64_t i = cents(3); i > 0; --i) key.tags.push_back(kTags[any()]);
        key.makers.clear();
        if (cents(2) == 0) key.makers.push_back(kKeys[any()]);
        directory_.put_tags("team_a", kKeys[static_cast<size_t>(&key - keys_.data())], key.tags);
    }

    void forget_told(const std::string& id) {
        look_at_crossed();
        std::erase_if(told_, [&](const auto& one) { return std::get<0>(one) == id; });
    }

    void look_at_crossed() {
        for (const ThresholdCrossed& one : directory_.take_crossed()) {
            RC_ASSERT(told_.emplace(one.budget_id, one.period_start, one.percent).second);
        }
    }

    void check() {
        const TimePoint now = clock_.now();
        const Account team(SpendScope::Team, "");
        const BalanceState balance = directory_.balance("team_a");
        RC_ASSERT(balance.balance.value ==
                  ledger_.credited - ledger_.spent(team, Period::Total, now));
        RC_ASSERT(balance.held.value == ledger_.held(team));
        for (const auto& [id, budget] : ledger_.budgets) {
            const BudgetState state = directory_.budget("team_a", id).value();
            const Account account(budget.scope, budget.target);
            RC_ASSERT(state.spent.value == ledger_.spent(account, budget.period, now));
            RC_ASSERT(state.held.value == ledger_.held(account));
        }
        const size_t key = any();
        const std::string& model = kModels[any()];
        const auto expected = ledger_.room(accounts(key, model), now);
        const auto room = SpendGate(directory_, spender(key, model), now).room();
        RC_ASSERT(room.has_value() == expected.has_value());
        if (room) RC_ASSERT(room->value == std::max<int64_t>(*expected, 0));
        look_at_crossed();
    }

    NaiveLedger ledger_;
    std::array<KeyState, 3> keys_;
    std::map<int, SpendHold> holds_;
    int next_ = 0;
    int64_t version_ = 0;
    std::set<std::tuple<std::string, TimePoint, int>> told_;
};

TEST(SpendProperties, TheDirectoryIsALedgerThatAddsUpEveryRow) {
    EXPECT_TRUE(rc::check([] {
        Play play;
        for (int i = 0; i < kSteps; ++i) play.step();
    }));
}

}  // namespace
}  // namespace keywarden
