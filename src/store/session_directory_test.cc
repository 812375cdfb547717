#include "store/session_directory.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/id.h"
#include "store/open.h"
#include "store/sqlite/database.h"

namespace keywarden {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Sessions : public testing::Test {
protected:
    void SetUp() override {
        for (const char* id : {"user_1", "user_2"}) {
            ASSERT_TRUE(store_->accounts().create_user(
                {.id = id, .email = std::string(id) + "@example.com", .name = id}, kAudit));
        }
        load();
    }
    void load() {
        sessions_.reset();
        sessions_ = *SessionDirectory::load(*store_, clock_);
    }
    /// Signs in; returns what the cookie holds.
    std::string begin(const std::string& user = "user_1", bool is_operator = false) {
        const Secret token = new_web_token();
        const WebSession session{.id = new_id("session"),
                                 .user_id = user,
                                 .digest = web_token_digest(token.reveal()),
                                 .created_at = clock_.now(),
                                 .used_at = clock_.now()};
        EXPECT_TRUE(store_->sign_ins().create_session(session, kAudit));
        sessions_->put(session, is_operator);
        return std::string(token.reveal());
    }
    bool is_live(const std::string& token) {
        return sessions_->find(token, clock_.now()).has_value();
    }
    std::string id_of(const std::string& token) {
        return sessions_->find(token, clock_.now())->session.id;
    }
    size_t stored() { return store_->sign_ins().list_sessions()->size(); }

    inline static const AuditEntry kAudit{.tenant = "instance", .action = "test"};
    ManualClock clock_;
    std::unique_ptr<Store> store_ = *open_store("memory:");
    std::unique_ptr<SessionDirectory> sessions_;
};

TEST_F(Sessions, OnlyTheValueThatWasGivenFindsOne) {
    const std::string token = begin("user_2", true);
    const auto found = sessions_->find(token, clock_.now());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->user_id, "user_2");
    EXPECT_TRUE(found->is_operator);
    EXPECT_EQ(found->session.csrf_token, csrf_token_of(token));
    EXPECT_FALSE(is_live(std::string(new_web_token().reveal())));
    EXPECT_FALSE(is_live(""));
    EXPECT_FALSE(is_live(id_of(token)));
    EXPECT_FALSE(is_live(token + "x"));
}

TEST_F(Sessions, UseKeepsOneAliveAndIdlenessEndsIt) {
    const std::string used = begin();
    const std::string idle = begin();
    for (int i = 0; i < 3; ++i) {
        clock_.advance(hours(5));
        EXPECT_TRUE(is_live(used));
    }
    EXPECT_FALSE(is_live(idle));
    ASSERT_TRUE(sessions_->write_uses());
    EXPECT_EQ(stored(), 1U);
}

TEST_F(Sessions, AWeekEndsEveryOne) {
    const std::string token = begin();
    for (int i = 0; i < 7 * 24 - 1; ++i) {
        clock_.advance(hours(1));
        EXPECT_TRUE(is_live(token));
    }
    clock_.advance(hours(1));
    EXPECT_FALSE(is_live(token));
}

TEST_F(Sessions, ARestartForgetsNoneAndNoUse) {
    const std::string token = begin();
    clock_.advance(hours(11));
    EXPECT_TRUE(is_live(token));
    ASSERT_TRUE(sessions_->write_uses());
    load();
    clock_.advance(hours(11));
    EXPECT_TRUE(is_live(token));
}

TEST_F(Sessions, AfterARestartWhoWasDisabledIsOut) {
    const std::string token = begin();
    User user = *store_->accounts().get_user("user_1");
    user.is_disabled = true;
    ASSERT_TRUE(store_->accounts().update_user(user, kAudit));
    load();
    EXPECT_FALSE(is_live(token));
    ASSERT_TRUE(sessions_->write_uses());
    EXPECT_EQ(stored(), 0U);
}

TEST_F(Sessions, OneIsEndedByItsOwnerAlone) {
    const std::string token = begin();
    const std::string id = id_of(token);
    EXPECT_EQ(sessions_->end("user_2", id, kAudit).error().code, ErrorCode::NotFound);
    EXPECT_TRUE(is_live(token));
    ASSERT_TRUE(sessions_->end("user_1", id, kAudit));
    EXPECT_FALSE(is_live(token));
    EXPECT_EQ(stored(), 0U);
}

TEST_F(Sessions, AllOfAPersonsEndAtOnceAndNobodyElses) {
    const std::string one = begin();
    const std::string two = begin();
    const std::string other = begin("user_2");
    ASSERT_TRUE(sessions_->end_all_of("user_1", id_of(two)));
    EXPECT_FALSE(is_live(one));
    EXPECT_TRUE(is_live(two));
    EXPECT_TRUE(is_live(other));
    ASSERT_TRUE(sessions_->end_all_of("user_1"));
    EXPECT_FALSE(is_live(two));
    EXPECT_EQ(stored(), 1U);
}

TEST_F(Sessions, WhatTheStoreCouldNotForgetIsForgottenLater) {
    std::string made = (std::filesystem::temp_directory_path() / "kw_ended_XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(made.data());
    const std::string path = (folder / "kw.db").string();
    sessions_.reset();
    store_ = *open_store("sqlite:" + path);
    SetUp();
    const std::string one = begin();
    const std::string two = begin();
    const std::string three = begin();
    const auto beside = *Database::open(path, Database::Mode::ReadWrite);
    ASSERT_TRUE(beside->run("ALTER TABLE sessions RENAME TO away"));
    EXPECT_EQ(sessions_->end("user_1", id_of(one), kAudit).error().code,
              ErrorCode::StoreUnavailable);
    EXPECT_EQ(sessions_->end_all_of("user_1", id_of(two)).error().code,
              ErrorCode::StoreUnavailable);
    ASSERT_TRUE(beside->run("ALTER TABLE away RENAME TO sessions"));
    EXPECT_FALSE(is_live(one));
    EXPECT_FALSE(is_live(three));
    EXPECT_EQ(stored(), 3U);
    ASSERT_TRUE(sessions_->write_uses());
    EXPECT_EQ(stored(), 1U);
    EXPECT_TRUE(is_live(two));
    sessions_.reset();
    store_.reset();
    std::filesystem::remove_all(folder);
}

TEST_F(Sessions, ThoseOfAPersonAreListedNewestFirst) {
    const std::string one = begin();
    clock_.advance(seconds(1));
    const std::string two = begin();
    begin("user_2");
    const auto listed = sessions_->of("user_1", clock_.now());
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].id, id_of(two));
    EXPECT_EQ(listed[1].id, id_of(one));
    EXPECT_EQ(listed[0].csrf_token, "");
}

TEST_F(Sessions, ThereAreOnlySoManyOfAPersonThenTheFirstEnds) {
    const std::string first = begin();
    for (size_t i = 1; i < kSessionsOfUserMax; ++i) {
        clock_.advance(seconds(1));
        begin();
    }
    EXPECT_TRUE(is_live(first));
    clock_.advance(seconds(1));
    begin();
    EXPECT_FALSE(is_live(first));
    ASSERT_TRUE(sessions_->write_uses());
    EXPECT_EQ(stored(), kSessionsOfUserMax);
}

TEST_F(Sessions, UsesAreWrittenOnceAMinute) {
    const std::string token = begin();
    const TimePoint began = store_->sign_ins().list_sessions()->front().used_at;
    clock_.advance(seconds(30));
    EXPECT_TRUE(is_live(token));
    ASSERT_TRUE(sessions_->write_uses());
    EXPECT_EQ(store_->sign_ins().list_sessions()->front().used_at, began);
    clock_.advance(minutes(1));
    EXPECT_TRUE(is_live(token));
    ASSERT_TRUE(sessions_->write_uses());
    EXPECT_GT(store_->sign_ins().list_sessions()->front().used_at, began);
}

TEST_F(Sessions, TheProviderEndsWhatBeganThereAndNothingElse) {
    const auto begin_at =
        [&](const std::string& user, const std::string& issuer, const std::string& name) {
            const Secret token = new_web_token();
            const WebSession session{.id = new_id("session"),
                                     .user_id = user,
                                     .digest = web_token_digest(token.reveal()),
                                     .created_at = clock_.now(),
                                     .used_at = clock_.now(),
                                     .issuer = issuer,
                                     .provider_session = name};
            EXPECT_TRUE(store_->sign_ins().create_session(session, kAudit));
            sessions_->put(session, false);
            return std::string(token.reveal());
        };
    const std::string own = begin();
    const std::string first = begin_at("user_1", "a", "s1");
    const std::string second = begin_at("user_1", "a", "s2");
    const std::string elsewhere = begin_at("user_1", "b", "s1");
    const std::string other = begin_at("user_2", "a", "s1");
    load();  // it is known after a restart, too
    EXPECT_EQ(sessions_->users_of_provider("a", "s1"), (std::set<std::string>{"user_1", "user_2"}));
    EXPECT_EQ(*sessions_->end_of_provider("user_1", "a", "s1"), 1U);
    EXPECT_FALSE(is_live(first));
    EXPECT_EQ(*sessions_->end_of_provider("user_1", "a", ""), 1U);
    EXPECT_FALSE(is_live(second));
    for (const std::string& token : {own, elsewhere, other}) EXPECT_TRUE(is_live(token));
    EXPECT_EQ(stored(), 3U);
}

}  // namespace
}  // namespace keywarden
