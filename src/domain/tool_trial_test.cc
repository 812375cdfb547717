#include "domain/tool_trial.h"

#include <cstdint>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

ToolTrial after(int kept, int missed) {
    ToolTrial trial;
    for (int i = 0; i < missed; ++i) trial.note(true);
    for (int i = 0; i < kept; ++i) trial.note(false);
    return trial;
}

TEST(ToolTrial, NothingIsProvenByFewCalls) {
    EXPECT_FALSE(ToolTrial().proves(50));
    EXPECT_EQ(ToolTrial().recall_low_basis_points(), 0);
    EXPECT_FALSE(after(199, 0).proves(97));
    EXPECT_TRUE(after(200, 0).proves(97));
}

TEST(ToolTrial, ItIsTheLowerBoundThatCounts) {
    // Of 200 calls that all were kept the bound is 98.1 %; with one missed 97.2 %, with two 96.4 %.
    EXPECT_EQ(after(200, 0).recall_low_basis_points(), 9'811);
    EXPECT_TRUE(after(199, 1).proves(97));
    EXPECT_FALSE(after(198, 2).proves(97)) << "though 99 % were kept";
    EXPECT_TRUE(after(198, 2).proves(96));
    EXPECT_FALSE(after(999, 0).proves(100));
}

TEST(ToolTrial, OldCallsCountLessAndLess) {
    ToolTrial trial = after(900, 100);
    EXPECT_EQ(trial.calls, kTrialCallsMax);
    EXPECT_FALSE(trial.proves(90));
    for (int i = 0; i < 5'000; ++i) trial.note(false);
    EXPECT_EQ(trial.calls, kTrialCallsMax);
    EXPECT_TRUE(trial.proves(97));
    for (int i = 0; i < 40; ++i) trial.note(true);
    EXPECT_FALSE(trial.proves(97)) << "it falls again";
    for (int i = 0; i < 100'000; ++i) trial.note(true);
    EXPECT_LE(trial.missed(), trial.calls);
    EXPECT_EQ(trial.recall_low_basis_points(), 0);
}

/// Of a thousand keys of which so many of a thousand answers miss a tool, how many have proved 97 %
/// at some time within 1,000 answers.
int turned_on(uint64_t missed_of_thousand) {
    std::mt19937_64 random(20'261'122);  // NOLINT(cert-msc*): the same each time
    int keys = 0;
    for (int key = 0; key < 1'000; ++key) {
        ToolTrial trial;
        for (int i = 0; i < 1'000 && !trial.proves(97); ++i) {
            trial.note(random() % 1'000 < missed_of_thousand);
        }
        keys += trial.proves(97) ? 1 : 0;
    }
    return keys;
}

TEST(ToolTrial, WhoseSelectionMissesMoreIsHardlyEverTurnedOnThoughItIsAskedEachTime) {
    EXPECT_GT(turned_on(10), 990);  // 1 of 100 is missed
    EXPECT_GT(turned_on(20), 500);
    EXPECT_LT(turned_on(30), 150);
    EXPECT_LT(turned_on(40), 20);
    EXPECT_LT(turned_on(60), 3);
}

TEST(ToolTrial, OnlyAnswersThatTellSomethingCount) {
    const ToolCounts told{.selection = SelectionMode::Shadow,
                          .offered = 60,
                          .permitted = 60,
                          .forwarded = 60,
                          .kept = 20,
                          .called = 2,
                          .missed = 1};
    EXPECT_EQ(trial_of(told), true);
    ToolCounts other = told;
    other.missed = 0;
    EXPECT_EQ(trial_of(other), false);
    other = told;
    other.selection = SelectionMode::On;
    EXPECT_FALSE(trial_of(other)) << "what was left out could not be called";
    other = told;
    other.called = 0;
    EXPECT_FALSE(trial_of(other));
    other = told;
    other.kept = 60;
    EXPECT_FALSE(trial_of(other)) << "nothing was to be left out";
}

TEST(ToolTrial, OneConversationOfFiftyIsKeptWhole) {
    int whole = 0;
    for (int i = 0; i < 10'000; ++i) {
        whole += is_kept_whole("key_1", "please do number " + std::to_string(i)) ? 1 : 0;
    }
    EXPECT_GT(whole, 140);
    EXPECT_LT(whole, 260);
    // The same on every node, and in every version: a conversation may outlive one.
    EXPECT_TRUE(is_kept_whole("key_1", "please do number 25"));
    EXPECT_FALSE(is_kept_whole("key_2", "please do number 25"));
    const std::string begin(5'000, 'x');
    EXPECT_EQ(is_kept_whole("key_1", begin), is_kept_whole("key_1", begin + "y"));
}

}  // namespace
}  // namespace keywarden
