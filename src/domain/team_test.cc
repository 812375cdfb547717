#include "domain/team.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(TeamState, HasANameAndIsReadAgain) {
    for (const TeamState state : {TeamState::Active, TeamState::Suspended, TeamState::Overdue}) {
        EXPECT_EQ(team_state_of(name(state)), state);
    }
    EXPECT_EQ(team_state_of("closed"), std::nullopt);
}

TEST(TeamState, OnlyAnActiveTeamsKeysMayBeUsed) {
    EXPECT_TRUE(check_team(TeamState::Active));
    EXPECT_EQ(info(check_team(TeamState::Suspended).error().code).http_status, 403);
    EXPECT_EQ(info(check_team(TeamState::Overdue).error().code).http_status, 402);
}

}  // namespace
}  // namespace keywarden
