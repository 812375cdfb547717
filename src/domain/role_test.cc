#include "domain/role.h"

#include <set>
#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr Role kRoles[] = {Role::Owner, Role::Admin, Role::Member, Role::Viewer};
constexpr KeyKind kKinds[] = {KeyKind::Full, KeyKind::Inference, KeyKind::Management};

TEST(Role, HasAName) {
    for (const Role role : kRoles) EXPECT_EQ(role_of(name(role)), role);
    EXPECT_EQ(role_of("root"), std::nullopt);
    EXPECT_EQ(role_of("Owner"), std::nullopt);
}

TEST(Role, EveryPermissionHasOneNameAndASentence) {
    std::set<std::string_view> names;
    for (const PermissionInfo& row : all_permissions()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_TRUE(row.help.ends_with('.')) << row.name;
    }
}

TEST(Role, EachHoldsWhatTheNextOneHolds) {
    for (const PermissionInfo& row : all_permissions()) {
        EXPECT_GE(row.owner, row.admin) << row.name;
        EXPECT_GE(row.admin, row.member) << row.name;
        EXPECT_GE(row.admin, row.viewer) << row.name;
    }
}

TEST(Role, NobodyOfATeamIsAnOperator) {
    for (const Role role : kRoles) EXPECT_EQ(reach(role, Permission::Operator), Reach::None);
}

TEST(Role, AMemberWritesOnlyTheirOwnKeysAndAViewerNone) {
    EXPECT_EQ(reach(Role::Admin, Permission::KeysWrite), Reach::Team);
    EXPECT_EQ(reach(Role::Member, Permission::KeysWrite), Reach::Own);
    EXPECT_EQ(reach(Role::Viewer, Permission::KeysWrite), Reach::None);
    EXPECT_EQ(reach(Role::Viewer, Permission::Inference), Reach::None);
}

TEST(Role, AKeyHoldsWhatItsKindAndItsMakerHold) {
    for (const KeyKind kind : kKinds) {
        for (const Role maker : kRoles) {
            for (const PermissionInfo& row : all_permissions()) {
                const Reach got = reach(kind, maker, row.permission);
                EXPECT_LE(got, reach(maker, row.permission)) << row.name;
                if (!holds(kind, row.permission)) EXPECT_EQ(got, Reach::None) << row.name;
            }
        }
    }
    EXPECT_EQ(reach(KeyKind::Full, Role::Member, Permission::KeysWrite), Reach::Own);
    EXPECT_EQ(reach(KeyKind::Inference, Role::Owner, Permission::KeysWrite), Reach::None);
    EXPECT_EQ(reach(KeyKind::Management, Role::Owner, Permission::Inference), Reach::None);
}

TEST(Role, TheKeysOfWhoHasLeftSayWhyAndDoNothing) {
    for (const PermissionInfo& row : all_permissions()) {
        const bool harmless =
            row.permission == Permission::Public || row.permission == Permission::AnyKey;
        EXPECT_EQ(reach(KeyKind::Full, std::nullopt, row.permission) != Reach::None, harmless);
    }
}

TEST(Role, ARefusalNamesWhoDeniedIt) {
    const auto by = [](const Result<void>& refused) {
        return std::get<std::string>(refused.error().facts.at(0).value);
    };
    EXPECT_EQ(by(check_reach(KeyKind::Management, Role::Owner, Permission::Inference)), "key");
    EXPECT_EQ(by(check_reach(KeyKind::Inference, Role::Owner, Permission::KeysRead)), "key");
    EXPECT_EQ(by(check_reach(KeyKind::Full, Role::Viewer, Permission::KeysWrite)), "creator");
    EXPECT_EQ(by(check_reach(KeyKind::Full, std::nullopt, Permission::KeysRead)), "creator");
    EXPECT_EQ(by(check_role(Role::Viewer, Permission::KeysWrite)), "team");
    EXPECT_EQ(by(check_role(std::nullopt, Permission::KeysWrite)), "team");
}

TEST(Role, ARefusalSaysWhoMayInstead) {
    const auto said = [](KeyKind kind, Permission needed) {
        return check_reach(kind, Role::Owner, needed).error().message;
    };
    EXPECT_NE(said(KeyKind::Full, Permission::Operator).find("operator of the gateway"),
              std::string::npos);
    EXPECT_NE(said(KeyKind::Management, Permission::TeamWrite).find("signed in"),
              std::string::npos);
    EXPECT_NE(said(KeyKind::Inference, Permission::KeysRead).find("'full' or 'management'"),
              std::string::npos);
    for (const KeyKind kind : kKinds) {
        EXPECT_EQ(said(kind, Permission::Operator).find("'full' or 'management'"),
                  std::string::npos)
            << "no better key helps";
    }
}

TEST(Role, NobodyAssignsMoreThanTheyHold) {
    EXPECT_TRUE(may_assign(Role::Owner, Role::Owner));
    EXPECT_FALSE(may_assign(Role::Admin, Role::Owner));
    EXPECT_TRUE(may_assign(Role::Admin, Role::Admin));
    EXPECT_TRUE(may_assign(Role::Admin, Role::Viewer));
    for (const Role to : kRoles) {
        EXPECT_FALSE(may_assign(Role::Member, to));
        EXPECT_FALSE(may_assign(Role::Viewer, to));
    }
}

}  // namespace
}  // namespace keywarden
