// The playground: who may call as which key, and that the call is then the key's own.
#include <string>

#include "proxy/proxy_fixture.h"
#include "store/load_policies.h"
#include "store/session_directory.h"

namespace keywarden {
namespace {

constexpr std::string_view kHi = R"({"model":"gpt-4o","messages":[]})";

class PlaygroundCalls : public ProxyFixture {
protected:
    void SetUp() override {
        ProxyFixture::SetUp();
        const AuditEntry audit{.tenant = "test"};
        for (const char* id : {"user_1", "user_2"}) {
            ASSERT_TRUE(store_->accounts().create_user(
                {.id = id, .email = std::string(id) + "@example.com", .name = id}, audit));
        }
        ASSERT_TRUE(store_->accounts().create_team(
            {.id = "team_b", .name = "B", .created_at = clock_.now()}, audit));
        directory_->policies().put(TeamRules{.id = "team_b"});
        sessions_ = *SessionDirectory::load(*store_, clock_);
        put_role("user_1", Role::Owner);
        parts_.sessions = sessions_.get();
        parts_.operator_team_id = "team_a";
        start(Imposter::answers(json_answer(R"({"id":"a"})")));
        token_ = begin("user_1");
    }

    void put_role(const std::string& user, std::optional<Role> role) {
        directory_->policies().put(MemberRole{.team_id = "team_a", .user_id = user, .role = role});
    }

    std::string begin(const std::string& user) {
        const Secret token = new_web_token();
        const TimePoint now = system_clock().now();
        const WebSession session{.id = new_id("session"),
                                 .user_id = user,
                                 .digest = web_token_digest(token.reveal()),
                                 .created_at = now,
                                 .used_at = now};
        EXPECT_TRUE(store_->sign_ins().create_session(session, {.tenant = "test"}));
        sessions_->put(session, false);
        return std::string(token.reveal());
    }

    MintedKey create_for(const std::string& user) {
        Key key;
        key.id = new_id("key");
        key.team_id = "team_a";
        key.name = "theirs";
        key.user_id = user;
        return *directory_->create(key, "", false);
    }

    void change(const Key& key, const std::function<void(Key&)>& alter) {
        ASSERT_TRUE(directory_->change(key.team_id, key.id, {}, [&](Key& each) {
            alter(each);
            return Result<void>();
        }));
    }

    std::string send(const std::string& line,
                     std::string_view body,
                     const std::string& fields = "") const {
        return ask(line + " HTTP/1.1\r\nHost: gateway.test\r\nCookie: keywarden_session=" + token_ +
                   "\r\nX-Keywarden-Team: team_a\r\nContent-Type: application/json\r\n" + fields +
                   "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                   std::string(body));
    }
    static std::string path(const std::string& key) {
        return "/v1/account/keys/" + key + "/playground/chat/completions";
    }
    std::string proof() const { return "X-Keywarden-Csrf: " + csrf_token_of(token_) + "\r\n"; }
    std::string play(const std::string& key, std::string_view body = kHi) const {
        return send("POST " + path(key), body, proof());
    }
    static std::string code(const std::string& answer) {
        const size_t at = answer.find("\"code\":\"");
        return at == std::string::npos ? std::to_string(status(answer))
                                       : answer.substr(at + 8, answer.find('"', at + 8) - at - 8);
    }

    std::unique_ptr<SessionDirectory> sessions_;
    std::string token_;
};

TEST_F(PlaygroundCalls, TheCallIsTheKeysAndItsRowSaysHowItCame) {
    const std::string answer = play(key_.key.id);
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_EQ(field(answer, "x-ratelimit-limit-requests"), "1000000");
    EXPECT_EQ(row(1), "200 /v1/account/keys/{id}/playground/chat/completions gpt-4o ");
}

TEST_F(PlaygroundCalls, TheModelsAreThoseThatTheKeyMayUse) {
    change(key_.key, [](Key& key) { key.policy.models.allow = {*Glob::parse("small")}; });
    const std::string list =
        send("GET /v1/account/keys/" + key_.key.id + "/playground/models", "", "");
    EXPECT_NE(list.find("\"small\""), std::string::npos) << list;
    EXPECT_EQ(list.find("gpt-4o"), std::string::npos);
    EXPECT_EQ(code(play(key_.key.id)), "model_not_allowed");
}

TEST_F(PlaygroundCalls, ListsOfEndpointsSayWhatTheySayOfTheKeysOwnCalls) {
    change(key_.key,
           [](Key& key) { key.policy.endpoints.allow = {*Glob::parse("/v1/embeddings")}; });
    EXPECT_EQ(code(play(key_.key.id)), "endpoint_not_allowed");
    change(key_.key,
           [](Key& key) { key.policy.endpoints.allow = {*Glob::parse("/v1/chat/completions")}; });
    EXPECT_EQ(status(play(key_.key.id)), 200);
}

TEST_F(PlaygroundCalls, ItsLimitHoldsForBothWaysTogether) {
    change(key_.key, [](Key& key) { key.policy.limits[LimitKind::RequestsPerMinute] = 2; });
    EXPECT_EQ(status(play(key_.key.id)), 200);
    EXPECT_EQ(status(chat(kHi)), 200);
    EXPECT_EQ(code(play(key_.key.id)), "rate_limit_exceeded");
}

TEST_F(PlaygroundCalls, TheAddressIsTheBrowsers) {
    change(key_.key,
           [](Key& key) { key.policy.addresses.allow = {*IpRange::parse("192.0.2.0/24")}; });
    EXPECT_EQ(code(play(key_.key.id)), "ip_not_allowed");
}

TEST_F(PlaygroundCalls, AKeyThatIsNoGoodIsRefusedAsEver) {
    change(key_.key, [](Key& key) { key.status = KeyStatus::Disabled; });
    EXPECT_EQ(code(play(key_.key.id)), "disabled_api_key");
    change(key_.key, [](Key& key) { key.status = KeyStatus::Revoked; });
    EXPECT_EQ(code(play(key_.key.id)), "revoked_api_key");
    const MintedKey manages = create(KeyKind::Management);
    EXPECT_EQ(code(play(manages.key.id)), "endpoint_not_allowed");
}

TEST_F(PlaygroundCalls, NoSecretCountsAsUsed) {
    EXPECT_EQ(status(play(key_.key.id)), 200);
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_FALSE(store_->get_key("team_a", key_.key.id)->secrets.front().last_used_at);
    EXPECT_EQ(status(chat(kHi)), 200);
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_TRUE(store_->get_key("team_a", key_.key.id)->secrets.front().last_used_at);
}

TEST_F(PlaygroundCalls, AMemberTakesTheirOwnKeysAndAViewerNone) {
    const std::string own = create_for("user_1").key.id;
    const std::string others = create_for("user_2").key.id;
    put_role("user_2", Role::Member);
    EXPECT_EQ(status(play(others)), 200) << "of an owner";
    put_role("user_1", Role::Member);
    EXPECT_EQ(status(play(own)), 200);
    EXPECT_EQ(code(play(others)), "team_access_denied");
    EXPECT_EQ(code(play(key_.key.id)), "team_access_denied") << "the team's own";
    put_role("user_1", Role::Viewer);
    EXPECT_EQ(code(play(own)), "team_access_denied");
    put_role("user_1", std::nullopt);
    EXPECT_EQ(code(play(own)), "not_found");
}

TEST_F(PlaygroundCalls, AnotherTeamsKeyIsNotThere) {
    const MintedKey foreign = create(KeyKind::Full, 1'000'000, "team_b");
    EXPECT_EQ(code(play(foreign.key.id)), "not_found");
    EXPECT_EQ(code(play("key_none")), "not_found");
}

TEST_F(PlaygroundCalls, AKeyOpensNothingHere) {
    EXPECT_EQ(code(ask(post(path(key_.key.id), secret(), kHi))), "session_required");
}

TEST_F(PlaygroundCalls, OnlyAPageOfOursMaySend) {
    EXPECT_EQ(code(send("POST " + path(key_.key.id), kHi)), "csrf_failed");
    EXPECT_EQ(
        code(send("POST " + path(key_.key.id), kHi, proof() + "Origin: http://evil.test\r\n")),
        "csrf_failed");
    EXPECT_EQ(
        code(send("POST " + path(key_.key.id), kHi, proof() + "Sec-Fetch-Site: cross-site\r\n")),
        "csrf_failed");
}

}  // namespace
}  // namespace keywarden
