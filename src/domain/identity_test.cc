// What groups make of people, and which emails may stand for somebody new.
#include "domain/identity.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

const std::vector<GroupRole> kRules = {
    {.group = "staff", .team_id = "t1", .role = Role::Viewer},
    {.group = "leads", .team_id = "t1", .role = Role::Admin},
    {.group = "ops"},
    {.group = "research", .team_id = "t2", .role = Role::Member}};

TEST(Groups, TheHighestOfTheRolesOfATeamHoldsInWhateverOrder) {
    for (const std::vector<std::string>& groups :
         {std::vector<std::string>{"leads", "staff"}, {"staff", "leads"}}) {
        const GrantedRoles granted = roles_of_groups(kRules, groups);
        ASSERT_EQ(granted.teams.size(), 2U);
        EXPECT_EQ(granted.teams[0].role, Role::Admin);
        EXPECT_EQ(granted.teams[1].role, std::nullopt);
        EXPECT_FALSE(granted.is_operator);
        EXPECT_TRUE(granted.is_in_any);
    }
}

TEST(Groups, OnlyTheOneThatIsNamedMakesOperators) {
    EXPECT_TRUE(roles_of_groups(kRules, {"ops"}).is_operator);
    for (const char* group : {"Ops", "ops ", "operators", "leads", ""}) {
        EXPECT_FALSE(roles_of_groups(kRules, {group}).is_operator) << group;
    }
}

TEST(Groups, WhoIsInNoneIsInNone) {
    const GrantedRoles granted = roles_of_groups(kRules, {"others"});
    EXPECT_FALSE(granted.is_in_any);
    for (const auto& team : granted.teams) EXPECT_EQ(team.role, std::nullopt);
    EXPECT_FALSE(roles_of_groups({}, {"ops"}).is_in_any);
}

TEST(Emails, OnlyPlainOnesCanBeToldApart) {
    for (const char* plain : {"ann@example.com", "a+b@x.y", "A.N@EXAMPLE.com"}) {
        EXPECT_TRUE(is_plain_email(plain)) << plain;
    }
    for (const char* other : {"",
                              "ann",
                              "@x",
                              "ann@",
                              "a@b@c",
                              "\xd0\xb0nn@example.com",
                              "\"ann\"@example.com",
                              "ann @example.com",
                              "ann@example.com\n"}) {
        EXPECT_FALSE(is_plain_email(other)) << other;
    }
    EXPECT_FALSE(is_plain_email(std::string(251, 'a') + "@x.y"));
}

TEST(Emails, AreOfADomainOrNot) {
    const std::vector<std::string> domains = {"example.com"};
    EXPECT_TRUE(is_of_domain("ann@EXAMPLE.com", domains));
    for (const char* other : {"ann@example.com.evil.test",
                              "ann@sub.example.com",
                              "example.com",
                              "ann@notexample.com",
                              "ann@example.com@evil.test"}) {
        EXPECT_FALSE(is_of_domain(other, domains)) << other;
    }
    EXPECT_FALSE(is_of_domain("ann@example.com", {}));
}

TEST(Emails, ATagIsNotAnotherPerson) {
    EXPECT_EQ(without_tag("ann+keys@example.com"), "ann@example.com");
    EXPECT_EQ(without_tag("ann@example.com"), "ann@example.com");
    EXPECT_EQ(without_tag("ann@exa+mple.com"), "ann@exa+mple.com");
}

}  // namespace
}  // namespace keywarden
