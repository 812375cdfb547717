#include "domain/spike.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/ip_range.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr SpikeRule kRule{
    .factor = 10, .factor_elsewhere = 3, .spend_floor = {5'000}, .token_floor = 100'000};
constexpr TimePoint kSince(Nanos(1'800'000'000s));

std::optional<SpikeKind> spent(int64_t now, int64_t before, bool elsewhere = false) {
    return find_spike(kRule, {.spent = {now}}, {.spent = {before}}, elsewhere);
}

TEST(Spike, AnHourIsHeldToTheBusiestOneBefore) {
    EXPECT_EQ(spent(10'000, 1'000), std::nullopt) << "ten times is not above";
    EXPECT_EQ(spent(10'001, 1'000), SpikeKind::Spend);
    EXPECT_EQ(spent(1'000'000, 100'000), std::nullopt) << "what runs every night is none";
}

TEST(Spike, BelowTheFloorNothingIsOne) {
    EXPECT_EQ(spent(4'999, 0), std::nullopt);
    EXPECT_EQ(spent(5'000, 0), SpikeKind::Spend) << "a key without a past is held to the floor";
    EXPECT_EQ(find_spike({.factor = 10}, {}, {}, false), std::nullopt) << "nothing is not above";
}

TEST(Spike, TokensCountToo) {
    EXPECT_EQ(find_spike(kRule, {.tokens = 100'000}, {.tokens = 9'999}, false), SpikeKind::Tokens);
    EXPECT_EQ(find_spike(kRule, {.tokens = 100'000}, {.tokens = 10'000}, false), std::nullopt);
    EXPECT_EQ(find_spike(kRule, {.spent = {5'000}, .tokens = 100'000}, {}, false),
              SpikeKind::Spend);
}

TEST(Spike, FromARangeThatIsNewLessIsEnough) {
    EXPECT_EQ(spent(6'000, 2'000, true), std::nullopt);
    EXPECT_EQ(spent(6'001, 2'000, true), SpikeKind::Spend);
    EXPECT_EQ(spent(6'001, 2'000, false), std::nullopt);
    SpikeRule odd = kRule;
    odd.factor_elsewhere = 50;
    EXPECT_EQ(find_spike(odd, {.spent = {10'001}}, {.spent = {1'000}}, true), SpikeKind::Spend)
        << "never less strict than at home";
}

TEST(Spike, WithoutAFactorNothingIsOne) {
    SpikeRule off = kRule;
    off.factor = 0;
    EXPECT_EQ(find_spike(off, {.spent = {INT64_MAX}}, {}, true), std::nullopt);
}

TEST(Spike, ManyRefusalsAreOneByThemselves) {
    SpikeRule rule = kRule;
    EXPECT_EQ(find_spike(rule, {.refusals = INT64_MAX}, {}, false), std::nullopt) << "0: never";
    rule.refusals = 100;
    EXPECT_EQ(find_spike(rule, {.refusals = 99}, {}, false), std::nullopt);
    EXPECT_EQ(find_spike(rule, {.refusals = 100}, {}, false), SpikeKind::Refusals);
    rule.factor = 0;
    EXPECT_EQ(find_spike(rule, {.spent = {INT64_MAX}, .refusals = 100}, {}, false),
              SpikeKind::Refusals)
        << "spending is another matter";
}

TEST(Spike, WhereNobodyWantsToKnowThereIsNone) {
    SpikeRule rule = kRule;
    rule.refusals = 1;
    rule.action = SpikeAction::None;
    EXPECT_EQ(find_spike(rule, {.spent = {INT64_MAX}, .refusals = 9}, {}, false), std::nullopt);
}

TEST(Spike, WhatAPlanLeavesOpenIsAsTheConfigurationSays) {
    const SpikeRule open = rule_of({}, kRule);
    EXPECT_EQ(open.factor, kRule.factor);
    EXPECT_EQ(open.spend_floor, kRule.spend_floor);
    EXPECT_EQ(open.action, SpikeAction::Event);
    for (const SpikeNumber& row : spike_numbers()) {
        SpikeTerms terms;
        terms.*row.member = 77;
        const SpikeRule rule = rule_of(terms, kRule);
        const int changed = int{rule.factor == 77} + int{rule.factor_elsewhere == 77} +
                            int{rule.spend_floor.value == 77} + int{rule.token_floor == 77} +
                            int{rule.refusals == 77};
        EXPECT_EQ(changed, 1) << row.field;
    }
    EXPECT_EQ(rule_of({.action = SpikeAction::None}, kRule).action, SpikeAction::None);
    EXPECT_EQ(spike_action_of(name(SpikeAction::Quarantine)), SpikeAction::Quarantine);
    EXPECT_EQ(spike_action_of("hold"), std::nullopt);
}

TEST(Spike, NothingOverflows) {
    SpikeRule rule = kRule;
    rule.factor = kSpikeFactorMax;
    const KeyHour most{.spent = {INT64_MAX}, .tokens = INT64_MAX};
    EXPECT_EQ(find_spike(rule, most, most, false), std::nullopt);
    EXPECT_EQ(find_spike(rule, most, {}, false), SpikeKind::Spend);
}

TEST(Spike, TheBusiestHourIsTheLargerOfEach) {
    const KeyHour both = busiest({.spent = {5}, .tokens = 1}, {.spent = {2}, .tokens = 9});
    EXPECT_EQ(both.spent.value, 5);
    EXPECT_EQ(both.tokens, 9);
    EXPECT_TRUE(reaches_floor(kRule, {.spent = {5'000}}));
    EXPECT_TRUE(reaches_floor(kRule, {.tokens = 100'000}));
    EXPECT_FALSE(reaches_floor(kRule, {.spent = {4'999}, .tokens = 99'999}));
    EXPECT_EQ(name(SpikeKind::Spend), "spend");
    EXPECT_EQ(name(SpikeKind::Tokens), "tokens");
    EXPECT_EQ(name(SpikeKind::Refusals), "refusals");
}

SecretNetwork network(std::string_view address, Nanos first_used) {
    const TimePoint at = kSince + first_used;
    return {.network = prefix_of(parse_ip(address).value()),
            .last_used_at = kSince + 30min,
            .first_used_at = at};
}

TEST(Spike, ElsewhereIsAWideRangeThatIsNew) {
    const SecretNetwork home = network("192.0.2.1", -24h);
    const SecretNetwork home6 = network("2a01:db8::1", -24h);
    EXPECT_FALSE(comes_from_elsewhere(std::vector{home, home6}, kSince));
    EXPECT_FALSE(comes_from_elsewhere(std::vector{home, network("192.200.0.1", 1min)}, kSince))
        << "the same /8";
    EXPECT_TRUE(comes_from_elsewhere(std::vector{home, network("193.0.2.1", 1min)}, kSince));
    EXPECT_TRUE(comes_from_elsewhere(std::vector{home, network("193.0.2.1", 0min)}, kSince));
    EXPECT_FALSE(comes_from_elsewhere(std::vector{home, network("193.0.2.1", -1ns)}, kSince));
    EXPECT_FALSE(comes_from_elsewhere(std::vector{home6, network("2a01:ffff::1", 1min)}, kSince))
        << "the same /16";
    EXPECT_TRUE(comes_from_elsewhere(std::vector{home6, network("2a02:db8::1", 1min)}, kSince));
    EXPECT_TRUE(comes_from_elsewhere(std::vector{home, home6, network("2600::1", 1min)}, kSince));
}

TEST(Spike, AKeyThatIsNewHasNoElsewhere) {
    EXPECT_FALSE(comes_from_elsewhere({}, kSince));
    EXPECT_FALSE(comes_from_elsewhere(
        std::vector{network("192.0.2.1", 1min), network("8.8.8.8", 2min)}, kSince));
}

}  // namespace
}  // namespace keywarden
