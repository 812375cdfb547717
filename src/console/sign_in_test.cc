// Signing in by every way, as the handlers see it: whom the pipeline has let through.
#include <functional>
#include <gmock/gmock.h>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/id.h"
#include "base/json/body.h"
#include "base/password.h"
#include "console/console_fixture.h"
#include "domain/totp.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::ConsoleTest;
using test::kPassword;
using test::Reply;
using testing::HasSubstr;
using testing::Not;

/// Lets something happen when the time is first asked for: between two steps of a handler.
class Meanwhile final : public Clock {
public:
    Meanwhile(const Clock& clock, std::function<void()> what)
        : clock_(clock), what_(std::move(what)) {}
    TimePoint now() const override {
        if (const auto what = std::exchange(what_, nullptr)) what();
        return clock_.now();
    }
    MonoTime mono() const override { return clock_.mono(); }

private:
    const Clock& clock_;
    mutable std::function<void()> what_;
};

class SignIns : public ConsoleTest {
protected:
    std::string make_link(LinkPurpose purpose, SignInLink link = {}) {
        const Secret token = new_web_token();
        link.id = new_id("link");
        link.purpose = purpose;
        link.digest = web_token_digest(token.reveal());
        link.ends_at = clock_.now() + hours(24);
        EXPECT_TRUE(store_->sign_ins().put_link(link, {.tenant = "test", .actor = maker_}));
        return std::string(token.reveal());
    }

    static Json setup_body(const std::string& token) {
        return {{"token", token},
                {"email", "ann@example.com"},
                {"name", "Ann"},
                {"password", kPassword}};
    }
    /// The gateway has its first operator, who is signed in.
    Reply set_up() {
        Reply reply = post("/auth/setup", setup_body(make_link(LinkPurpose::Setup)));
        EXPECT_EQ(reply.status, 200) << reply.body;
        cookie_ = reply.token();
        maker_ = {"user", reply.body["user"]["id"]};
        return reply;
    }
    Reply sign_in(const std::string& password = kPassword,
                  const std::string& email = "ann@example.com",
                  const std::string& code = "") {
        Json body = {{"email", email}, {"password", password}};
        if (!code.empty()) body["code"] = code;
        return post("/auth/login", body);
    }
    /// As an operator does it.
    void disable() {
        User user = *store_->accounts().find_user("ann@example.com");
        user.is_disabled = true;
        EXPECT_TRUE(store_->accounts().update_user(user, kAudit));
        EXPECT_TRUE(sessions_->end_all_of(user.id));
    }

    AuditParty maker_{"system", "startup"};  // of links
};

TEST_F(SignIns, TheSetUpLinkMakesTheFirstOperatorWhoOwnsTheTeam) {
    EXPECT_EQ(ask(Method::Get, "/auth/state").body.at("setup_needed"), true);
    const Reply reply = set_up();
    EXPECT_EQ(reply.body.at("user").at("email"), "ann@example.com");
    EXPECT_EQ(reply.body.at("user").at("is_operator"), true);
    EXPECT_EQ(reply.body.at("teams").at(0).at("id"), "team_1");
    EXPECT_EQ(reply.body.at("teams").at(0).at("role"), "owner");
    EXPECT_THAT(reply.body.at("teams").at(0).at("permissions").dump(), HasSubstr("keys.write"));
    EXPECT_EQ(ask(Method::Get, "/auth/state").body.at("setup_needed"), false);
    EXPECT_EQ(ask(Method::Get, "/auth/session").status, 200);
}

TEST_F(SignIns, TheSetUpLinkDiesWhenItIsUsedReplacedExpiredOrNotNeeded) {
    const std::string replaced = make_link(LinkPurpose::Setup);
    const std::string expired = make_link(LinkPurpose::Setup);
    EXPECT_EQ(post("/auth/setup", setup_body(replaced)).code(), "invalid_link");
    clock_.advance(hours(24));
    EXPECT_EQ(post("/auth/setup", setup_body(expired)).code(), "invalid_link");
    EXPECT_EQ(post("/auth/setup", setup_body("guess")).code(), "invalid_link");
    const std::string token = make_link(LinkPurpose::Setup);
    EXPECT_EQ(post("/auth/setup", setup_body(token)).status, 200);
    EXPECT_EQ(post("/auth/setup", setup_body(token)).code(), "invalid_link");
    EXPECT_EQ(post("/auth/setup", setup_body(make_link(LinkPurpose::Setup))).code(),
              "invalid_link");
}

TEST_F(SignIns, TheSetUpLinkMakesNoSessionOfBeforeAnOperators) {
    set_up();
    User user = *store_->accounts().find_user("ann@example.com");
    user.is_operator = false;
    ASSERT_TRUE(store_->accounts().update_user(user, kAudit));
    const std::string before = std::exchange(cookie_, "");
    set_up();
    EXPECT_FALSE(sessions_->find(before, clock_.now()));
    sessions_ = *SessionDirectory::load(*store_, clock_);
    EXPECT_FALSE(sessions_->find(before, clock_.now()));
    EXPECT_TRUE(sessions_->find(cookie_, clock_.now()));
}

TEST_F(SignIns, AShortPasswordIsNoneAndUsesNoLinkUp) {
    Json body = setup_body(make_link(LinkPurpose::Setup));
    body["password"] = "too short";
    EXPECT_EQ(post("/auth/setup", body).body.at("param"), "password");
    body["password"] = kPassword;
    EXPECT_EQ(post("/auth/setup", body).status, 200);
}

TEST_F(SignIns, EachSignInIsANewSessionInAnHttpOnlyCookie) {
    set_up();
    const Reply one = sign_in();
    const Reply two = sign_in();
    EXPECT_EQ(one.status, 200);
    EXPECT_NE(one.token(), two.token());
    EXPECT_NE(one.body.at("csrf_token"), two.body.at("csrf_token"));
    EXPECT_EQ(
        one.cookie,
        "keywarden_session=" + one.token() + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800");
    is_secure_ = true;
    EXPECT_TRUE(sign_in().cookie.starts_with("__Host-keywarden_session="));
    EXPECT_TRUE(sign_in().cookie.ends_with("; Secure"));
}

TEST_F(SignIns, WhatIsWrongIsNotSaid) {
    set_up();
    ASSERT_TRUE(store_->accounts().create_user(
        {.id = "user_9", .email = "none@example.com", .name = "No password"}, kAudit));
    EXPECT_EQ(sign_in("wrong password").code(), "invalid_sign_in");
    EXPECT_EQ(sign_in(kPassword, "nobody@example.com").code(), "invalid_sign_in");
    EXPECT_EQ(sign_in(kPassword, "none@example.com").code(), "invalid_sign_in");
    EXPECT_EQ(sign_in(kPassword, "ANN@example.com").status, 200);
}

TEST_F(SignIns, WhoGuessesIsHeldOffFromAnAddressAndTheOwnerIsNotFromAnother) {
    set_up();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(sign_in("wrong password").code(), "invalid_sign_in");
    EXPECT_EQ(sign_in("wrong password").code(), "too_many_failed_attempts");
    EXPECT_EQ(sign_in().code(), "too_many_failed_attempts");
    EXPECT_GE(sign_in().body.at("retry_after").get<int>(), 1);
    address_ = "198.51.100.1";
    EXPECT_EQ(sign_in().status, 200);
    address_ = "203.0.113.7";
    clock_.advance(seconds(11));
    EXPECT_EQ(sign_in().status, 200);
}

TEST_F(SignIns, OneAddressLeavesRoomForOthersBeforeTheOneThread) {
    set_up();
    auto one = context_.waiting->enter("203.0.113.7");
    EXPECT_EQ(sign_in().status, 200);
    const auto two = context_.waiting->enter("203.0.113.7");
    EXPECT_EQ(sign_in().code(), "overloaded");
    EXPECT_EQ(ask(Method::Get, "/auth/session").status, 200) << "it waits for no password";
    address_ = "2001:db8::1";
    EXPECT_EQ(sign_in().status, 200);
    const auto other = context_.waiting->enter("2001:db8::2");
    const auto third = context_.waiting->enter("2001:db8::3");
    EXPECT_EQ(sign_in().code(), "overloaded") << "of one network";
    address_ = "203.0.113.7";
    one = nullptr;
    EXPECT_EQ(sign_in().status, 200);
}

TEST_F(SignIns, WhoIsHeldOffTakesNoPlaceThere) {
    set_up();
    for (int i = 0; i < 11; ++i) sign_in("wrong password");
    const auto one = context_.waiting->enter(address_);
    const auto two = context_.waiting->enter(address_);
    EXPECT_EQ(sign_in().code(), "too_many_failed_attempts");
}

TEST_F(SignIns, WhoGuessesOneAccountFromEverywhereIsHeldOffToo) {
    set_up();
    for (int i = 0; i < 20; ++i) {
        address_ = "198.51.100." + std::to_string(i);
        EXPECT_EQ(sign_in("wrong password").code(), "invalid_sign_in");
        EXPECT_EQ(sign_in(kPassword, "nobody@example.com").code(), "invalid_sign_in");
    }
    address_ = "198.51.100.99";
    EXPECT_EQ(sign_in().code(), "too_many_failed_attempts");
    EXPECT_EQ(sign_in(kPassword, "Nobody@example.com").code(), "too_many_failed_attempts")
        << "it must not tell who is here";
    EXPECT_EQ(sign_in(kPassword, "other@example.com").code(), "invalid_sign_in");
    clock_.advance(seconds(31));
    EXPECT_EQ(sign_in().status, 200);
}

TEST_F(SignIns, TheLogTellsOfEachAndRepeatsNothingThatWasTyped) {
    set_up();
    sign_in("hunter2hunter2", "hunter2@example.com");
    sign_in("hunter2hunter2");
    post("/auth/logout");
    EXPECT_THAT(audit(),
                testing::ElementsAre("user.create ok",
                                     "user.set_password ok",
                                     "user.set_up ok",
                                     "user.sign_in ok",
                                     "user.sign_in denied invalid_sign_in",
                                     "user.sign_in denied invalid_sign_in",
                                     "user.sign_out ok"));
    for (const AuditRow& row : *store_->accounts().read_audit({.tenant = "instance"})) {
        EXPECT_THAT(row.canonical, Not(HasSubstr("hunter2")));
        EXPECT_THAT(row.canonical, Not(HasSubstr("argon2")));
    }
}

TEST_F(SignIns, TheLogTellsOnceAMinuteOfWhoIsHeldOff) {
    set_up();
    for (int i = 0; i < 10; ++i) sign_in("wrong password");
    const size_t before = audit().size();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_in().code(), "too_many_failed_attempts");
    ASSERT_EQ(audit().size(), before + 1);
    EXPECT_THAT(store_->accounts().read_audit({.tenant = "instance"})->back().canonical,
                HasSubstr("too_many_failed_attempts"));
}

TEST_F(SignIns, WhoSignsOutIsOutAndTheCookieIsTakenAway) {
    set_up();
    const Reply reply = post("/auth/logout");
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.cookie, "keywarden_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    EXPECT_EQ(ask(Method::Get, "/auth/session").code(), "session_required");
}

TEST_F(SignIns, WhoIsDisabledCannotSignIn) {
    set_up();
    disable();
    EXPECT_EQ(sign_in().code(), "invalid_sign_in");
}

TEST_F(SignIns, WhoIsDisabledWhileTheySignInIsOut) {
    set_up();
    const Meanwhile clock(clock_, [this] { disable(); });
    context_.clock = &clock;
    EXPECT_EQ(sign_in().code(), "invalid_sign_in");
    EXPECT_TRUE(store_->sign_ins().list_sessions()->empty());
    EXPECT_EQ(ask(Method::Get, "/auth/session").code(), "session_required");
}

TEST_F(SignIns, OnesOwnSessionsAreListedAndEnded) {
    set_up();
    clock_.advance(minutes(1));
    const std::string other = sign_in().token();
    const Json listed = ask(Method::Get, "/auth/sessions").body.at("data");
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].at("is_current"), false);
    EXPECT_EQ(listed[1].at("is_current"), true);
    EXPECT_EQ(listed[1].at("network"), "203.0.113.0/24");
    const std::string id = listed[0].at("id");
    EXPECT_EQ(ask(Method::Delete, "/auth/sessions/" + id).status, 204);
    EXPECT_EQ(ask(Method::Delete, "/auth/sessions/" + id).code(), "not_found");
    EXPECT_FALSE(sessions_->find(other, clock_.now()));
    EXPECT_EQ(ask(Method::Get, "/auth/session").status, 200);
}

TEST_F(SignIns, ANewPasswordNeedsTheOldOneAndEndsAllOtherSessions) {
    set_up();
    const std::string other = sign_in().token();
    const Json change = {{"current", kPassword}, {"new", "staple correct horse"}};
    Json wrong = change;
    wrong["current"] = "wrong password";
    EXPECT_EQ(post("/auth/password", wrong).code(), "invalid_sign_in");
    const Reply reply = post("/auth/password", change);
    ASSERT_EQ(reply.status, 200);
    EXPECT_FALSE(sessions_->find(other, clock_.now()));
    EXPECT_FALSE(sessions_->find(cookie_, clock_.now()));
    EXPECT_TRUE(sessions_->find(reply.token(), clock_.now()));
    EXPECT_EQ(sign_in().code(), "invalid_sign_in");
    EXPECT_EQ(sign_in("staple correct horse").status, 200);
}

TEST_F(SignIns, AnInvitationMakesAMemberWithAPasswordOfTheirOwn) {
    set_up();
    const std::string token =
        make_link(LinkPurpose::Invitation,
                  {.email = "bob@example.com", .team_id = "team_1", .role = Role::Viewer});
    const Json body = {{"token", token}, {"name", "Bob"}, {"password", kPassword}};
    const Reply reply = post("/auth/invitations/accept", body);
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.body.at("user").at("name"), "Bob");
    EXPECT_EQ(reply.body.at("user").at("is_operator"), false);
    EXPECT_EQ(reply.body.at("teams").at(0).at("role"), "viewer");
    EXPECT_EQ(post("/auth/invitations/accept", body).code(), "invalid_link");
    EXPECT_EQ(sign_in(kPassword, "bob@example.com").status, 200);
}

TEST_F(SignIns, ASessionSaysWhatReachesOnlyOnesOwn) {
    set_up();
    const std::string token =
        make_link(LinkPurpose::Invitation,
                  {.email = "bob@example.com", .team_id = "team_1", .role = Role::Member});
    const Json body = {{"token", token}, {"name", "Bob"}, {"password", kPassword}};
    const Json team = post("/auth/invitations/accept", body).body.at("teams").at(0);
    EXPECT_THAT(team.at("permissions").dump(), HasSubstr("\"keys.write:own\""));
    EXPECT_THAT(team.at("permissions").dump(), HasSubstr("\"keys.read\""));
    EXPECT_THAT(team.at("permissions").dump(), Not(HasSubstr("members.write")));
}

TEST_F(SignIns, AnInvitationIsWorthWhatItsMakerMayGiveNow) {
    set_up();
    const auto accept = [this](Role role) {
        const std::string token =
            make_link(LinkPurpose::Invitation,
                      {.email = "bob@example.com", .team_id = "team_1", .role = role});
        return post("/auth/invitations/accept",
                    {{"token", token}, {"name", "Bob"}, {"password", kPassword}});
    };
    User eve{.id = "user_9", .email = "eve@example.com", .name = "Eve"};
    ASSERT_TRUE(store_->accounts().create_user(eve, kAudit));
    ASSERT_TRUE(store_->accounts().put_member(
        {.team_id = "team_1", .user_id = eve.id, .role = Role::Admin}, kAudit));
    maker_.id = eve.id;
    EXPECT_EQ(accept(Role::Owner).code(), "invalid_link") << "an admin makes no owner";
    eve.is_disabled = true;
    ASSERT_TRUE(store_->accounts().update_user(eve, kAudit));
    EXPECT_EQ(accept(Role::Viewer).code(), "invalid_link");
    maker_ = {"key", "none"};
    EXPECT_EQ(accept(Role::Viewer).code(), "invalid_link");
    Key key{.id = "key_1", .team_id = "team_1", .name = "k", .status = KeyStatus::Revoked};
    ASSERT_TRUE(store_->create_key(key, {}));
    maker_.id = key.id;
    EXPECT_EQ(accept(Role::Viewer).code(), "invalid_link");
    key = {.id = "key_2", .team_id = "team_1", .name = "k"};
    ASSERT_TRUE(store_->create_key(key, {}));
    maker_.id = key.id;
    EXPECT_EQ(accept(Role::Viewer).status, 200);
}

TEST_F(SignIns, AnInvitationOfWhoIsHereAlreadyTakesTheirPasswordAlone) {
    set_up();
    ASSERT_TRUE(store_->accounts().create_team(
        {.id = "team_2", .name = "Second", .created_at = clock_.now()}, kAudit));
    const std::string token =
        make_link(LinkPurpose::Invitation,
                  {.email = "Ann@example.com", .team_id = "team_2", .role = Role::Member});
    Json body = {{"token", token}, {"name", "Mallory"}, {"password", "another password"}};
    EXPECT_EQ(post("/auth/invitations/accept", body).code(), "invalid_sign_in");
    body["password"] = kPassword;
    const Reply reply = post("/auth/invitations/accept", body);
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body.at("user").at("name"), "Ann");
    EXPECT_EQ(reply.body.at("teams").size(), 2U);
    EXPECT_THAT(audit(), Not(testing::Contains("user.use_code ok"))) << "there is no code";
}

TEST_F(SignIns, WhoeverInvitesDoesNotComeToWhatOthersGaveAPersonWithoutAPassword) {
    set_up();
    ASSERT_TRUE(store_->accounts().create_user(
        {.id = "user_9", .email = "none@example.com", .name = "No password"}, kAudit));
    ASSERT_TRUE(store_->accounts().put_member(
        {.team_id = "team_1", .user_id = "user_9", .role = Role::Owner}, kAudit));
    ASSERT_TRUE(store_->accounts().create_team(
        {.id = "team_2", .name = "Second", .created_at = clock_.now()}, kAudit));
    const std::string token =
        make_link(LinkPurpose::Invitation,
                  {.email = "none@example.com", .team_id = "team_2", .role = Role::Viewer});
    const Json body = {{"token", token}, {"name", "Mallory"}, {"password", kPassword}};
    EXPECT_EQ(post("/auth/invitations/accept", body).code(), "invalid_link");
}

TEST_F(SignIns, ALinkForOneThingIsNoneForAnother) {
    set_up();
    const std::string token =
        make_link(LinkPurpose::Invitation,
                  {.email = "bob@example.com", .team_id = "team_1", .role = Role::Viewer});
    EXPECT_EQ(post("/auth/reset", {{"token", token}, {"password", kPassword}}).code(),
              "invalid_link");
    EXPECT_EQ(post("/auth/setup", setup_body(token)).code(), "invalid_link");
}

TEST_F(SignIns, AResetLinkSetsAPasswordAndEndsWhatWasBefore) {
    const std::string user = set_up().body.at("user").at("id");
    const std::string token = make_link(LinkPurpose::Reset, {.user_id = user});
    const Reply reply =
        post("/auth/reset", {{"token", token}, {"password", "staple correct horse"}});
    ASSERT_EQ(reply.status, 200);
    EXPECT_FALSE(sessions_->find(cookie_, clock_.now()));
    EXPECT_TRUE(sessions_->find(reply.token(), clock_.now()));
    EXPECT_EQ(sign_in().code(), "invalid_sign_in");
    EXPECT_EQ(sign_in("staple correct horse").status, 200);
}

class SecondFactor : public SignIns {
protected:
    void SetUp() override {
        SignIns::SetUp();
        user_ = set_up().body.at("user").at("id");
        EXPECT_THAT(post("/auth/totp", {{"password", kPassword}}).body.at("uri").get<std::string>(),
                    testing::StartsWith("otpauth://totp/Keywarden:ann%40example.com?secret="));
    }
    std::string code() {
        const SignIn known = *store_->sign_ins().get_sign_in(user_);
        const Secret secret = *key_.open(known.totp_sealed, bound_to({"totp", user_}));
        return totp_code(secret.reveal(), totp_step(clock_.now()));
    }
    Json confirm() { return post("/auth/totp/confirm", {{"code", code()}}).body; }

    std::string user_;
};

TEST_F(SecondFactor, NothingIsAskedForBeforeAFirstCodeWasRight) {
    EXPECT_EQ(sign_in().status, 200);
    EXPECT_EQ(post("/auth/totp/confirm", {{"code", "000000"}}).code(), "invalid_sign_in");
    EXPECT_EQ(sign_in().status, 200);
    EXPECT_EQ(sign_in().body.at("user").at("has_second_factor"), false);
    EXPECT_EQ(confirm().at("recovery_codes").size(), 10U);
    EXPECT_EQ(sign_in().code(), "second_factor_required");
    EXPECT_EQ(audit().back(), "user.sign_in denied second_factor_required")
        << "somebody has the password";
    EXPECT_EQ(ask(Method::Get, "/auth/session").body.at("user").at("has_second_factor"), true);
}

TEST_F(SecondFactor, ACodeWorksOnceAndARightPasswordIsNeededToBeAskedForOne) {
    confirm();
    EXPECT_EQ(sign_in(kPassword, "ann@example.com", code()).code(), "invalid_sign_in");
    clock_.advance(seconds(30));
    const std::string next = code();
    EXPECT_EQ(sign_in("wrong password", "ann@example.com", next).code(), "invalid_sign_in");
    EXPECT_EQ(sign_in(kPassword, "ann@example.com", next).status, 200);
    EXPECT_EQ(sign_in(kPassword, "ann@example.com", next).code(), "invalid_sign_in");
}

TEST_F(SecondFactor, EachRecoveryCodeWorksOnce) {
    const Json codes = confirm().at("recovery_codes");
    EXPECT_EQ(sign_in(kPassword, "ann@example.com", codes[3]).status, 200);
    EXPECT_EQ(sign_in(kPassword, "ann@example.com", codes[3]).code(), "invalid_sign_in");
    EXPECT_EQ(sign_in(kPassword, "ann@example.com", codes[4]).status, 200);
}

TEST_F(SecondFactor, ItIsTakenAwayWithThePasswordAndACode) {
    const Json codes = confirm().at("recovery_codes");
    EXPECT_EQ(post("/auth/totp", {{"password", kPassword}}).code(), "invalid_request");
    EXPECT_EQ(ask(Method::Delete, "/auth/totp", {{"password", kPassword}}).code(),
              "second_factor_required");
    EXPECT_EQ(
        ask(Method::Delete, "/auth/totp", {{"password", kPassword}, {"code", codes[0]}}).status,
        204);
    EXPECT_EQ(sign_in().status, 200);
}

TEST_F(SecondFactor, ASessionAloneSetsNoneAndOthersEndWithIt) {
    EXPECT_EQ(post("/auth/totp").code(), "invalid_request");
    EXPECT_EQ(post("/auth/totp", {{"password", "wrong password"}}).code(), "invalid_sign_in");
    const std::string other = sign_in().token();
    confirm();
    EXPECT_FALSE(sessions_->find(other, clock_.now()));
    EXPECT_TRUE(sessions_->find(cookie_, clock_.now()));
}

TEST_F(SecondFactor, OneThatWasOnlyBegunGoesWithThePassword) {
    const Json change = {{"current", kPassword}, {"new", "staple correct horse"}};
    ASSERT_EQ(post("/auth/password", change).status, 200);
    EXPECT_EQ(store_->sign_ins().get_sign_in(user_)->totp_sealed, "");
}

TEST_F(SecondFactor, WhatWritesASignInHasOneThread) {
    for (const RouteFacts& route : facts_) {
        const bool is_sso = route.path.starts_with("/auth/oidc") && !route.path.ends_with("/link");
        const bool writes = !is_sso && route.method != Method::Get &&
                            route.path.starts_with("/auth") && route.path != "/auth/logout" &&
                            route.path != "/auth/passkeys/challenge" &&
                            !route.path.starts_with("/auth/sessions");
        EXPECT_EQ(route.is_slow, writes) << route.path;
    }
}

TEST_F(SecondFactor, ItsSecretIsNotInTheStore) {
    const std::string secret = post("/auth/totp", {{"password", kPassword}}).body.at("secret");
    const SignIn known = *store_->sign_ins().get_sign_in(user_);
    EXPECT_EQ(to_base32(known.totp_sealed).find(secret), std::string::npos);
    EXPECT_FALSE(key_.open(known.totp_sealed, bound_to({"totp", "user_other"})));
}

}  // namespace
}  // namespace keywarden
