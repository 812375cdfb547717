// The shared vectors of a ledger: reserve, settle, release, expire, refill.
#include <chrono>
#include <map>
#include <string>

#include "base/clock.h"
#include "store/spend_directory.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

constexpr const char* kFile = "keywarden/credit_ledger.json";

/// A ledger of the vectors as a team with one budget of a day; a refill is the next day.
class VectorLedger {
public:
    explicit VectorLedger(int64_t limit) {
        directory_.put_budget({.id = "bud",
                               .team_id = "team",
                               .name = "the ledger",
                               .amount = {limit},
                               .period = Period::Day});
    }

    bool apply(const nlohmann::json& op) {
        const std::string kind = op["op"];
        if (kind == "refill") {
            clock_.advance(std::chrono::hours(24));
            return true;
        }
        const std::string id = op["id"];
        if (kind == "reserve") return reserve(id, {op["amount"].get<int64_t>()});
        SpendHold& hold = holds_[id];
        const bool was_open = hold.is_open();
        NanoUsd cost{};
        if (kind == "settle") cost = {op["actual"].get<int64_t>()};
        if (kind == "expire") cost = hold.amount();
        hold.settle(cost, clock_.now());
        return was_open;
    }

    BudgetState state() const { return directory_.budget("team", "bud").value(); }

private:
    bool reserve(const std::string& id, NanoUsd amount) {
        SpendHold hold;
        {
            SpendGate gate(directory_, {.team_id = "team"}, clock_.now());
            if (gate.find_denial(amount)) return false;
            hold = gate.take(amount);
        }
        holds_[id] = std::move(hold);
        return true;
    }

    ManualClock clock_;
    SpendDirectory directory_{clock_};
    std::map<std::string, SpendHold> holds_;
};

TEST(CreditLedgerVectors, EveryStepHolds) {
    KEYWARDEN_NEEDS_VECTORS_(kFile);
    size_t steps = 0;
    const nlohmann::json vectors = read_vectors(kFile);
    for (const nlohmann::json& ledger : vectors["ledgers"]) {
        VectorLedger ours(ledger["limit"]);
        for (const nlohmann::json& step : ledger["steps"]) {
            SCOPED_TRACE(step.dump());
            EXPECT_EQ(ours.apply(step["op"]), step["ok"].get<bool>());
            const BudgetState state = ours.state();
            EXPECT_EQ(state.spent.value, step["spent"]);
            EXPECT_EQ(state.held.value, step["held"]);
            EXPECT_EQ((state.amount - state.spent - state.held).value, step["available"]);
            ++steps;
        }
    }
    EXPECT_GT(steps, 0U);
}

}  // namespace
}  // namespace keywarden
