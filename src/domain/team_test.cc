#include "domain/team.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(TeamState, HasANameAndIsReadAgain) {
    for (size_t i = 0; i < static_cast<size_t>(TeamState::kCount); ++i) {
        const auto state = static_cast<TeamState>(i);
        EXPECT_EQ(team_state_of(name(state)), state);
    }
    EXPECT_EQ(team_state_of("shut"), std::nullopt);
}

TEST(TeamState, OnlyAnActiveTeamsKeysMayBeUsed) {
    EXPECT_TRUE(check_team(TeamState::Active));
    EXPECT_EQ(info(check_team(TeamState::Suspended).error().code).http_status, 403);
    EXPECT_EQ(info(check_team(TeamState::Closed).error().code).http_status, 403);
    EXPECT_EQ(info(check_team(TeamState::Overdue).error().code).http_status, 402);
}

}  // namespace
}  // namespace keywarden
