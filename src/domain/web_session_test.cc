#include "domain/web_session.h"

#include <chrono>
#include <set>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

const TimePoint kBegin = TimePoint(hours(1000));

TEST(WebSession, EndsWhenItIsNotUsedForHalfADay) {
    const WebSession session{.created_at = kBegin, .used_at = kBegin + hours(20)};
    EXPECT_TRUE(is_live(session, kBegin + hours(32) - milliseconds(1)));
    EXPECT_FALSE(is_live(session, kBegin + hours(32)));
}

TEST(WebSession, EndsAfterAWeekHoweverMuchItIsUsed) {
    const WebSession session{.created_at = kBegin, .used_at = kBegin + hours(24 * 7 - 1)};
    EXPECT_EQ(ends_at(session), kBegin + hours(24 * 7));
    EXPECT_EQ(idle_ends_at(session), kBegin + hours(24 * 7));
    EXPECT_FALSE(is_live(session, kBegin + hours(24 * 7)));
}

TEST(WebSession, NothingThatSpendsOrIsAKeysIsASessions) {
    for (const Permission permission :
         {Permission::Public, Permission::AnyKey, Permission::Inference, Permission::Verify}) {
        EXPECT_FALSE(takes_sessions(permission)) << info(permission).name;
    }
    for (const Permission permission : {Permission::KeysWrite,
                                        Permission::Operator,
                                        Permission::AuditRead,
                                        Permission::TeamWrite,
                                        Permission::TeamLeave,
                                        Permission::Session,
                                        Permission::Playground}) {
        EXPECT_TRUE(takes_sessions(permission)) << info(permission).name;
    }
}

TEST(WebSession, NoKeyHoldsThePermissionOfSessions) {
    for (const KeyKind kind : {KeyKind::Full, KeyKind::Inference, KeyKind::Management}) {
        EXPECT_EQ(reach(kind, Role::Owner, Permission::Session), Reach::None);
        EXPECT_EQ(reach(kind, Role::Owner, Permission::Playground), Reach::None);
    }
}

TEST(WebSession, ItsValueIsLongRandomAndFitsInAnAddress) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.emplace(new_web_token().reveal());
    EXPECT_EQ(seen.size(), 100U);
    for (const std::string& token : seen) {
        EXPECT_EQ(token.size(), kWebTokenLength);
        EXPECT_EQ(token.find_first_not_of(kBase62), std::string::npos);
    }
}

TEST(WebSession, WhatAPageMayReadTellsNothingOfTheCookie) {
    const Secret token = new_web_token();
    const std::string csrf = csrf_token_of(token.reveal());
    EXPECT_EQ(csrf, csrf_token_of(token.reveal()));
    EXPECT_NE(csrf, csrf_token_of(new_web_token().reveal()));
    EXPECT_NE(csrf, to_hex(web_token_digest(token.reveal())));
}

}  // namespace
}  // namespace keywarden
