#include "domain/audit_facts.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

Key a_key() {
    Key key{.id = "key_1", .team_id = "team_1", .name = "ci"};
    KeySecret secret{.id = "s", .format = "keywarden", .display = "kw_live_abc…wxyz"};
    secret.digest.fill(0xab);
    key.secrets = {secret};
    return key;
}

std::string row_of(const std::vector<AuditChange>& diff) {
    AuditEntry entry = audit_entry({}, "team_1", "key.update", {"key", "key_1"}, TimePoint{});
    entry.diff = diff;
    return canonical(entry);
}

TEST(AuditFacts, TellOnlyWhatDiffers) {
    const Key before = a_key();
    Key after = before;
    EXPECT_TRUE(audit_diff(audit_facts(before), audit_facts(after)).empty());
    after.name = "deploy";
    after.rate_limit_rpm = 7;
    after.policy.models.deny = {*Glob::parse("gpt-*")};
    const auto diff = audit_diff(audit_facts(before), audit_facts(after));
    ASSERT_EQ(diff.size(), 3U);
    EXPECT_EQ(diff[0].field, "name");
    EXPECT_EQ(std::get<std::string>(diff[0].before), "ci");
    EXPECT_EQ(std::get<std::string>(diff[0].after), "deploy");
    EXPECT_EQ(diff[1].field, "rate_limit_rpm");
    EXPECT_EQ(diff[1].before, AuditValue());
    EXPECT_EQ(diff[2].field, "policy.models.deny");
}

TEST(AuditFacts, AValueThatIsTakenAwayIsADifference) {
    Key before = a_key();
    before.expires_at = TimePoint{} + std::chrono::hours(24);
    const auto diff = audit_diff(audit_facts(before), audit_facts(a_key()));
    ASSERT_EQ(diff.size(), 1U);
    EXPECT_EQ(diff[0].field, "expires_at");
    EXPECT_EQ(std::get<std::string>(diff[0].before), "1970-01-02T00:00:00.000Z");
    EXPECT_EQ(diff[0].after, AuditValue());
}

TEST(AuditFacts, HoldNoHashOfASecret) {
    const std::string row = row_of(audit_diff({}, audit_facts(a_key())));
    EXPECT_NE(row.find("kw_live_abc…wxyz"), std::string::npos);
    EXPECT_EQ(row.find("abababab"), std::string::npos);
    EXPECT_EQ(row.find(std::string(32, '\xab')), std::string::npos);
}

TEST(AuditFacts, ARotationIsSeenByItsSecrets) {
    const Key before = a_key();
    Key after = before;
    after.secrets[0].ends_at = TimePoint{};
    after.secrets.insert(after.secrets.begin(),
                         {.id = "s2", .format = "keywarden", .display = "kw_live_new…abcd"});
    const auto diff = audit_diff(audit_facts(before), audit_facts(after));
    ASSERT_EQ(diff.size(), 1U);
    EXPECT_EQ(std::get<std::vector<std::string>>(diff[0].after),
              (std::vector<std::string>{"kw_live_new…abcd",
                                        "kw_live_abc…wxyz until 1970-01-01T00:00:00.000Z"}));
}

TEST(AuditFacts, AnAllowListOfNothingIsNotAnAbsentOne) {
    Team open{.id = "team_1", .name = "A"};
    Team closed = open;
    closed.policy.models.allow.emplace();
    closed.state = TeamState::Suspended;
    closed.plan_id = "plan_2";
    const auto diff = audit_diff(audit_facts(open), audit_facts(closed));
    ASSERT_EQ(diff.size(), 3U);
    EXPECT_EQ(diff[0].field, "plan");
    EXPECT_EQ(diff[1].field, "state");
    EXPECT_EQ(diff[2].field, "policy.models.allow");
    EXPECT_TRUE(std::get<std::vector<std::string>>(diff[2].after).empty());
}

TEST(AuditFacts, PlansAppsPeopleAndMembersHaveThem) {
    Plan plan{.id = "plan_1", .name = "Pro", .active_keys_max = 50};
    plan.key_defaults[LimitKind::RequestsPerMinute] = 600;
    EXPECT_EQ(audit_facts(plan).size(), 3U);
    EXPECT_EQ(audit_facts(App{.id = "app_1", .name = "dev"}).size(), 1U);
    EXPECT_EQ(audit_facts(User{.id = "user_1", .email = "a@b.c", .is_operator = true}).size(), 2U);
    const AuditFacts member = audit_facts(Member{.role = Role::Viewer});
    ASSERT_EQ(member.size(), 1U);
    EXPECT_EQ(std::get<std::string>(member[0].second), "viewer");
}

}  // namespace
}  // namespace keywarden
