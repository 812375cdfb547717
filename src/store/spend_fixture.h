// A directory of spending, and short ways to call, for tests.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "store/spend_directory.h"

namespace keywarden {

constexpr NanoUsd usd(int64_t dollars) { return {dollars * 1'000'000'000}; }

inline TimePoint moment(std::string_view text) { return parse_iso8601(text).value(); }

inline Spender a_spender(std::string_view key = "key_a", uint32_t slot = 1) {
    return {.team_id = "team_a",
            .app_id = "app_a",
            .key_id = key,
            .key_slot = slot,
            .model = "openai/gpt-4o"};
}

/// A day's budget of the team, unless changed.
inline Budget a_budget(NanoUsd amount, std::string id = "bud_a") {
    return {.id = std::move(id),
            .team_id = "team_a",
            .name = "daily",
            .amount = amount,
            .period = Period::Day};
}

class SpendFixture : public testing::Test {
protected:
    struct Try {
        SpendHold hold{};
        std::optional<SpendDenial> denial{};
    };

    Try reserve(const Spender& spender, NanoUsd amount) {
        Try result;
        SpendGate gate(directory_, spender, clock_.now());
        result.denial = gate.find_denial(amount);
        if (!result.denial) result.hold = gate.take(amount);
        return result;
    }
    /// Whether so much may be held; it is given back.
    bool may(const Spender& spender, NanoUsd amount) { return !reserve(spender, amount).denial; }
    /// A call that costs what it held.
    void spend(const Spender& spender, NanoUsd amount) {
        SpendHold hold = SpendGate(directory_, spender, clock_.now()).take(amount);
        hold.settle(amount, clock_.now());
    }
    std::optional<NanoUsd> room(const Spender& spender) {
        return SpendGate(directory_, spender, clock_.now()).room();
    }
    BudgetState state(std::string_view id = "bud_a", std::string_view team = "team_a") {
        return directory_.budget(team, id).value();
    }
    void put_prepaid(NanoUsd credit) {
        ASSERT_TRUE(directory_.put_billing("team_a", {.mode = CreditMode::Prepaid}));
        directory_.add_credit("team_a", credit);
    }
    void put_zone(std::string zone) {
        ASSERT_TRUE(directory_.put_billing("team_a", {.time_zone = std::move(zone)}));
    }
    std::vector<int> crossed() {
        std::vector<int> percents;
        for (const ThresholdCrossed& one : directory_.take_crossed()) {
            percents.push_back(one.percent);
        }
        return percents;
    }

    ManualClock clock_{moment("2026-11-20T12:00:00Z")};
    SpendDirectory directory_{clock_};
};

}  // namespace keywarden
