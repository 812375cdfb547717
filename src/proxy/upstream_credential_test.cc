#include "proxy/upstream_credential.h"

#include "proxy/proxy_fixture.h"
#include "store/credential_directory.h"

namespace keywarden {
namespace {

constexpr std::string_view kChat = R"({"model":"gpt-4o","messages":[]})";

/// Tells the caller which credential came; "-used-up" is answered as one that is.
void echo(test::Peer& peer) {
    for (;;) {
        const std::string request = peer.hear_answer();
        if (request.empty()) return;
        const std::string came = field(request, "Authorization");
        const bool is_used_up = came.ends_with("-used-up");
        const std::string body = R"({"came":")" + came + R"("})";
        if (!peer.say(json_answer(body, is_used_up ? "429 Too Many Requests" : "200 OK"))) return;
    }
}

class UpstreamCredential : public ProxyFixture {
protected:
    /// With credentials by their team and name; `at`: where the vault believes the provider to be.
    void serve(const std::vector<std::pair<std::string, std::string>>& values,
               std::optional<Origin> at = {}) {
        imposter_ = std::make_unique<Imposter>(echo);
        add_provider("up", imposter_->port(), {{"gpt-4o", ""}});
        CredentialParts parts{.store = &store_->credentials(), .clock = &clock_};
        parts.keys.masters.emplace_back(std::string(64, 'm'));
        parts.origins = {{"up", at.value_or(parts_.providers.front().origin())}};
        credentials_ = std::make_unique<CredentialDirectory>(std::move(parts));
        for (const auto& [team, value] : values) {
            ASSERT_TRUE(credentials_->create({.id = new_id("cred"),
                                              .team_id = team,
                                              .provider = "up",
                                              .name = std::to_string(++count_)},
                                             Secret(std::string(value)),
                                             {.tenant = "test"}));
        }
        parts_.credentials = credentials_.get();
        start();
    }

    std::unique_ptr<CredentialDirectory> credentials_;
    int count_ = 0;
};

TEST_F(UpstreamCredential, OfTheTeamIsUsedForTheTeam) {
    serve({{"", "sk-shared"}, {"team_a", "sk-of-a"}});
    EXPECT_TRUE(chat(kChat).ends_with(R"({"came":"Bearer sk-of-a"})"));
}

TEST_F(UpstreamCredential, OfTheOperatorIsUsedWhereTheTeamHasNone) {
    serve({{"", "sk-shared"}});
    EXPECT_TRUE(chat(kChat).ends_with(R"({"came":"Bearer sk-shared"})"));
}

TEST_F(UpstreamCredential, OfTheConfigurationIsUsedWhereThereIsNoOther) {
    serve({});
    EXPECT_TRUE(chat(kChat).ends_with(R"({"came":"Bearer )" + std::string(kUpstreamKey) + R"("})"));
}

TEST_F(UpstreamCredential, OfTheRequestGoesBeforeAll) {
    serve({{"team_a", "sk-of-a"}});
    EXPECT_TRUE(chat(R"({"model":"gpt-4o","api_key":"sk-own","messages":[]})")
                    .ends_with(R"({"came":"Bearer sk-own"})"));
}

TEST_F(UpstreamCredential, OneThatIsUsedUpRestsWhileAnotherDoesNot) {
    serve({{"team_a", "sk-used-up"}, {"team_a", "sk-good"}});
    int refused = 0;
    for (int i = 0; i < 6; ++i) refused += status(chat(kChat)) == 429 ? 1 : 0;
    EXPECT_EQ(refused, 1);
}

TEST_F(UpstreamCredential, OneThatIsUsedUpIsFollowedByAnotherAtOnce) {
    parts_.limits.retries = {.retries_max = 1, .first_wait = std::chrono::hours(1)};
    serve({{"team_a", "sk-used-up"}, {"team_a", "sk-good"}});
    for (int i = 0; i < 4; ++i) EXPECT_EQ(status(chat(kChat)), 200);
}

TEST_F(UpstreamCredential, WhereAllAreUsedUpTheCallerIsToldSo) {
    parts_.limits.retries = {
        .retries_max = 1, .within = std::chrono::seconds(1), .first_wait = std::chrono::hours(1)};
    serve({{"team_a", "sk-1-used-up"}, {"team_a", "sk-2-used-up"}});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(status(chat(kChat)), 429);
}

TEST_F(UpstreamCredential, ThatBelongsElsewhereIsNeverSent) {
    serve({{"team_a", "sk-of-a"}}, Origin{.host = "127.0.0.1", .port = 1});
    const std::string answer = chat(kChat);
    EXPECT_EQ(status(answer), 500) << answer;
    EXPECT_TRUE(answer.contains("provider_credential_unreadable")) << answer;
    EXPECT_FALSE(answer.contains("sk-of-a"));
    EXPECT_EQ(imposter_->connections(), 0U) << "nothing went out";
}

TEST_F(UpstreamCredential, ThatCannotBeReadIsAnErrorOfOurs) {
    serve({{"team_a", "sk-of-a"}});
    auto row = store_->credentials().list_credentials("team_a")->front();
    row.sealed.back() = static_cast<char>(row.sealed.back() ^ 1);
    ASSERT_TRUE(store_->credentials().reseal(row).value());
    ASSERT_TRUE(credentials_->load());
    const std::string answer = chat(kChat);
    EXPECT_EQ(status(answer), 500) << answer;
    EXPECT_TRUE(answer.contains("provider_credential_unreadable")) << answer;
    EXPECT_EQ(imposter_->connections(), 0U) << "nothing went out";
}

TEST_F(UpstreamCredential, AFormIsSentWithItToo) {
    serve({{"team_a", "sk-of-a"}});
    const std::string body =
        "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngpt-4o\r\n--b--\r\n";
    const std::string answer =
        ask("POST /v1/audio/transcriptions HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer " +
            std::string(secret()) +
            "\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_TRUE(answer.ends_with(R"({"came":"Bearer sk-of-a"})")) << answer;
}

}  // namespace
}  // namespace keywarden
