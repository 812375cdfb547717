// People in a browser: what their cookie opens, and what it does not.
#include <string>

#include "proxy/proxy_fixture.h"
#include "store/load_policies.h"
#include "store/session_directory.h"

namespace keywarden {
namespace {

class BrowserCalls : public ProxyFixture {
protected:
    void SetUp() override {
        ProxyFixture::SetUp();
        const AuditEntry audit{.tenant = "test"};
        for (const char* id : {"user_1", "user_2"}) {
            ASSERT_TRUE(store_->accounts().create_user(
                {.id = id, .email = std::string(id) + "@example.com", .name = id}, audit));
        }
        sessions_ = *SessionDirectory::load(*store_, clock_);
        put_role("user_1", Role::Member);
        directory_->policies().put(TeamRules{.id = "team_b"});
        parts_.sessions = sessions_.get();
        parts_.slow = &blocking_;
        parts_.operator_team_id = "team_a";
        const ApiHandler tells = [](const ApiCall& call) -> Result<HttpResponse> {
            const Caller& caller = *call.caller;
            return HttpResponse{.headers = {{"Content-Type", "text/plain"}},
                                .body = std::string(caller.user_id) + " in " +
                                        std::string(caller.team_id) +
                                        (caller.is_operator ? " as operator" : "")};
        };
        const auto add = [&](Method method, std::string_view path, Permission needs) {
            parts_.api_routes.push_back(
                {.facts = {method, path, needs, Dialect::Problem}, .handler = tells});
        };
        add(Method::Get, "/keys", Permission::KeysRead);
        add(Method::Post, "/keys", Permission::KeysWrite);
        add(Method::Post, "/apps", Permission::AppsWrite);
        add(Method::Get, "/teams", Permission::Operator);
        add(Method::Get, "/own", Permission::AnyKey);
        add(Method::Get, "/verify", Permission::Verify);
        add(Method::Get, "/auth/session", Permission::Session);
        add(Method::Get, "/auth/shut", Permission::Session);
        parts_.api_routes.back().door = [](const ApiCall&) -> Result<std::shared_ptr<void>> {
            return fail(ErrorCode::Overloaded, "Wait.");
        };
        start();
        token_ = begin("user_1");
    }

    void put_role(const std::string& user, std::optional<Role> role) {
        directory_->policies().put(MemberRole{.team_id = "team_a", .user_id = user, .role = role});
    }

    std::string begin(const std::string& user, bool is_operator = false) {
        const Secret token = new_web_token();
        const WebSession session{.id = new_id("session"),
                                 .user_id = user,
                                 .digest = web_token_digest(token.reveal()),
                                 .created_at = now(),
                                 .used_at = now()};
        EXPECT_TRUE(store_->sign_ins().create_session(session, {.tenant = "test"}));
        sessions_->put(session, is_operator);
        return std::string(token.reveal());
    }
    /// The loop's own clock is the machine's.
    static TimePoint now() { return system_clock().now(); }

    std::string ask_as(const std::string& token,
                       const std::string& line,
                       const std::string& fields = "X-Keywarden-Team: team_a\r\n") {
        return ask(line + " HTTP/1.1\r\nHost: gateway.test\r\nCookie: other=1; keywarden_session=" +
                   token + "; last=2\r\n" + fields + "Content-Length: 0\r\n\r\n");
    }
    std::string browse(const std::string& line,
                       const std::string& fields = "X-Keywarden-Team: team_a\r\n") {
        return ask_as(token_, line, fields);
    }
    std::string proof() const { return "X-Keywarden-Csrf: " + csrf_token_of(token_) + "\r\n"; }
    static std::string code(const std::string& answer) {
        const size_t at = answer.find("\"code\":\"");
        return at == std::string::npos ? std::to_string(status(answer))
                                       : answer.substr(at + 8, answer.find('"', at + 8) - at - 8);
    }

    std::unique_ptr<SessionDirectory> sessions_;
    std::string token_;
    const std::string team_ = "X-Keywarden-Team: team_a\r\n";
};

TEST_F(BrowserCalls, ASessionActsForItsPersonInATeamOfTheirs) {
    EXPECT_TRUE(browse("GET /keys").ends_with("user_1 in team_a"));
    EXPECT_EQ(code(browse("GET /keys", "")), "invalid_request");
    EXPECT_EQ(code(browse("GET /keys", "X-Keywarden-Team: team_b\r\n")), "not_found");
    EXPECT_EQ(code(browse("GET /keys", "X-Keywarden-Team: team_none\r\n")), "not_found");
    EXPECT_TRUE(browse("GET /auth/session", "").ends_with("user_1 in "));
}

TEST_F(BrowserCalls, ADoorLetsNobodyInWhomItRefuses) {
    EXPECT_EQ(code(browse("GET /auth/shut")), "overloaded");
}

TEST_F(BrowserCalls, TheirRoleHoldsFromTheNextRequestOn) {
    EXPECT_EQ(status(browse("POST /keys", team_ + proof())), 200);
    EXPECT_EQ(code(browse("POST /apps", team_ + proof())), "team_access_denied");
    EXPECT_EQ(code(browse("GET /teams")), "team_access_denied");
    put_role("user_1", Role::Admin);
    EXPECT_EQ(status(browse("POST /apps", team_ + proof())), 200);
    put_role("user_1", std::nullopt);
    EXPECT_EQ(code(browse("GET /keys")), "not_found");
}

TEST_F(BrowserCalls, AnOperatorActsInEveryTeam) {
    const std::string token = begin("user_2", true);
    EXPECT_TRUE(ask_as(token, "GET /teams", "").ends_with("user_2 in team_a as operator"));
    EXPECT_TRUE(ask_as(token, "GET /keys", "X-Keywarden-Team: team_b\r\n")
                    .ends_with("user_2 in team_b as operator"));
}

TEST_F(BrowserCalls, NothingThatIsAKeysIsOpened) {
    for (const char* line : {"GET /own", "GET /verify", "GET /v1/models"}) {
        EXPECT_EQ(code(browse(line)), "missing_api_key") << line;
    }
    EXPECT_EQ(code(browse("POST /v1/chat/completions", team_ + proof())), "missing_api_key");
}

TEST_F(BrowserCalls, AKeyBeatsTheCookieAndIsNoneWhereSessionsAreAskedFor) {
    const std::string key = "Authorization: Bearer " + std::string(secret()) + "\r\n";
    EXPECT_TRUE(browse("GET /keys", key).ends_with(" in team_a"));
    EXPECT_EQ(code(ask("GET /auth/session HTTP/1.1\r\nHost: gateway.test\r\n" + key + "\r\n")),
              "session_required");
}

TEST_F(BrowserCalls, AChangeNeedsWhatOnlyAPageOfOursCouldRead) {
    EXPECT_EQ(code(browse("POST /keys")), "csrf_failed");
    EXPECT_EQ(code(browse("POST /keys", team_ + "X-Keywarden-Csrf: guess\r\n")), "csrf_failed");
    EXPECT_EQ(code(browse("POST /keys", team_ + "X-Keywarden-Csrf: " + token_ + "\r\n")),
              "csrf_failed");
    const std::string other = csrf_token_of(begin("user_1"));
    EXPECT_EQ(code(browse("POST /keys", team_ + "X-Keywarden-Csrf: " + other + "\r\n")),
              "csrf_failed");
    EXPECT_EQ(status(browse("POST /keys", team_ + proof())), 200);
}

TEST_F(BrowserCalls, AChangeFromAnotherOriginIsRefusedWhateverElseItBrings) {
    for (const char* origin : {"http://evil.test",
                               "null",
                               "http://gateway.test.evil.test",
                               "http://gateway.test:81",
                               "gateway.test"}) {
        EXPECT_EQ(code(browse("POST /keys", team_ + proof() + "Origin: " + origin + "\r\n")),
                  "csrf_failed")
            << origin;
    }
    for (const char* site : {"cross-site", "same-site"}) {
        EXPECT_EQ(code(browse("POST /keys", team_ + proof() + "Sec-Fetch-Site: " + site + "\r\n")),
                  "csrf_failed");
    }
    EXPECT_EQ(status(browse("POST /keys",
                            team_ + proof() + "Origin: http://gateway.test\r\n" +
                                "Sec-Fetch-Site: same-origin\r\n")),
              200);
}

TEST_F(BrowserCalls, OneThatHasEndedOpensNothing) {
    ASSERT_TRUE(sessions_->end_all_of("user_1"));
    EXPECT_EQ(code(browse("GET /keys")), "session_required");
    EXPECT_EQ(code(ask_as("", "GET /keys")), "session_required");
    EXPECT_EQ(code(ask("GET /keys HTTP/1.1\r\nHost: gateway.test\r\n\r\n")), "missing_api_key");
}

class BehindAProxy : public BrowserCalls {
protected:
    void SetUp() override {
        parts_.trusted_proxies = {*IpRange::parse("127.0.0.1/32")};
        BrowserCalls::SetUp();
    }
    std::string through(const std::string& line, const std::string& fields) {
        return ask(line +
                   " HTTP/1.1\r\nHost: inner.test\r\nX-Forwarded-Proto: https\r\n"
                   "X-Forwarded-Host: gateway.test\r\nCookie: __Host-keywarden_session=" +
                   token_ + "\r\n" + fields + "Content-Length: 0\r\n\r\n");
    }
};

TEST_F(BehindAProxy, WhatATrustedOneSaysOfTheBrowserHolds) {
    EXPECT_EQ(status(through("GET /keys", team_)), 200);
    EXPECT_EQ(status(through("POST /keys", team_ + proof() + "Origin: https://gateway.test\r\n")),
              200);
    EXPECT_EQ(code(through("POST /keys", team_ + proof() + "Origin: https://inner.test\r\n")),
              "csrf_failed");
    EXPECT_EQ(code(through("POST /keys", team_ + proof() + "Origin: http://gateway.test\r\n")),
              "csrf_failed");
    // Over TLS only the cookie that no other host can have set is taken.
    EXPECT_EQ(code(ask("GET /keys HTTP/1.1\r\nHost: inner.test\r\nX-Forwarded-Proto: https\r\n"
                       "Cookie: keywarden_session=" +
                       token_ + "\r\n" + team_ + "\r\n")),
              "missing_api_key");
}

TEST_F(BrowserCalls, ATeamThatIsSuspendedIsClosedToItsPeople) {
    directory_->policies().put(
        TeamRules{.id = "team_a", .state = TeamState::Suspended, .version = 9});
    EXPECT_EQ(code(browse("GET /keys")), "account_inactive");
}

TEST_F(BrowserCalls, ThePolicyOfATeamSaysFromWhereItsPeopleMayCome) {
    Policy policy;
    policy.addresses.allow = {*IpRange::parse("192.0.2.0/24")};
    directory_->policies().put(TeamRules{.id = "team_a", .policy = policy, .version = 9});
    EXPECT_EQ(code(browse("GET /keys")), "ip_not_allowed");
}

}  // namespace
}  // namespace keywarden
