#include <optional>

#include "admin/api_fixture.h"
#include "store/credential_directory.h"

namespace keywarden {
namespace {

constexpr std::string_view kKey = "sk-canary-0123456789abcdef-wxyz";
constexpr std::string_view kFernetKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

class Credentials : public ApiFixture {
protected:
    void SetUp() override {
        ApiFixture::SetUp();
        open('m');
        context_->ask_provider = [this](const std::string& provider, const BoundSecret& value) {
            asked_ = provider + " " + std::string(value.reveal_to(value.origin()).value());
            return answered_;
        };
        context_->make_master_key = [this]() -> Result<Secret> {
            has_next_ = true;
            return Secret(std::string(64, 'n'));
        };
        context_->keep_master_key = [this]() -> Result<void> {
            kept_ = true;
            return {};
        };
    }

    void open(char master) {
        CredentialParts parts{
            .store = &store_->credentials(),
            .clock = &clock_,
            .origins = {{"openai", {.tls = true, .host = "api.openai.com", .port = 443}},
                        {"groq", {.tls = true, .host = "api.groq.com", .port = 443}}},
            .resolve = [](std::string_view reference) -> Result<Secret> {
                if (reference == "env:THERE") return Secret(std::string("sk-in-the-environment-1"));
                return fail(ErrorCode::InvalidRequest, "there is no such variable");
            }};
        parts.keys.masters.emplace_back(std::string(64, master));
        parts.keys.fernet = Fernet::open(kFernetKey).value();
        credentials_ = std::make_unique<CredentialDirectory>(std::move(parts));
        ASSERT_TRUE(credentials_->load());
        context_->credentials = credentials_.get();
    }

    Reply put(std::string_view target, const std::string& body, std::vector<Header> headers = {}) {
        return send(Method::Put, target, body, std::move(headers));
    }
    static std::string body_with(std::string_view key, std::string_view more = "") {
        return R"({"provider":"openai","api_key":")" + std::string(key) + "\"" + std::string(more) +
               "}";
    }
    Json made(std::string_view more = "", std::string_view target = "/v1/account/providers") {
        const Reply reply = put(target, body_with(kKey, more));
        EXPECT_EQ(reply.status, 201) << reply.body;
        return reply.json();
    }
    static std::string path_of(const Json& record, std::string_view action = "") {
        return "/v1/account/providers/" + record["id"].get<std::string>() + std::string(action);
    }
    std::string chosen(std::string_view team) {
        const auto held = credentials_->choose(team, "openai", MonoTime());
        if (!held || *held == nullptr) return "none";
        return std::string((*held)->value.reveal_to((*held)->value.origin()).value());
    }
    Reply remove(const std::string& path) { return send(Method::Delete, path); }

    std::unique_ptr<CredentialDirectory> credentials_;
    std::string asked_;
    Result<int> answered_ = 200;
    bool has_next_ = false;
    bool kept_ = false;
};

TEST_F(Credentials, AreShownByPreviewAndNeverOtherwise) {
    const Json record = made();
    EXPECT_EQ(record["preview"], "sk-…wxyz");
    EXPECT_EQ(record["origin"], "https://api.openai.com:443");
    EXPECT_EQ(record["name"], "default");
    EXPECT_EQ(record["state"], "active");
    std::string seen = get("/v1/account/providers").body + get(path_of(record)).body +
                       put(path_of(record), R"({"weight":2})").body +
                       post(path_of(record, "/test"), "").body + get("/v1/account/audit").body +
                       remove(path_of(record)).body;
    EXPECT_FALSE(seen.contains(kKey));
    EXPECT_TRUE(seen.contains("sk-…wxyz"));
    EXPECT_EQ(get(path_of(record)).status, 404);
}

TEST_F(Credentials, AreInForceOnceAnswered) {
    const Json record = made();
    EXPECT_EQ(chosen("team_1"), kKey);
    EXPECT_EQ(chosen("team_2"), "none");
    ASSERT_EQ(put("/v1/account/providers", body_with("sk-another-0123456789abcdef")).status, 200);
    EXPECT_EQ(chosen("team_1"), "sk-another-0123456789abcdef");
    ASSERT_EQ(put(path_of(record), R"({"enabled":false})").status, 200);
    EXPECT_EQ(chosen("team_1"), "none");
    ASSERT_EQ(put(path_of(record), R"({"enabled":true})").status, 200);
    EXPECT_EQ(chosen("team_1"), "sk-another-0123456789abcdef");
    ASSERT_EQ(remove(path_of(record)).status, 200);
    EXPECT_EQ(chosen("team_1"), "none");
}

TEST_F(Credentials, TheOperatorsAreSharedAndShownWithoutAPreview) {
    made("", "/v1/admin/providers");
    EXPECT_EQ(chosen("team_2"), kKey);
    const Json shared = get("/v1/account/providers").json()["data"][0];
    EXPECT_TRUE(shared["shared"]);
    EXPECT_TRUE(shared["preview"].is_null());
    EXPECT_EQ(get(path_of(shared)).status, 404) << "it is not the team's";
    EXPECT_EQ(remove(path_of(shared)).status, 404);
    EXPECT_EQ(get("/v1/admin/providers").json()["data"][0]["preview"], "sk-…wxyz");
}

TEST_F(Credentials, AnotherTeamsAreNotThere) {
    const Json record = made();
    be_operator("team_2");
    EXPECT_EQ(get("/v1/account/providers").json()["data"].size(), 0U);
    EXPECT_EQ(get(path_of(record)).status, 404);
    EXPECT_EQ(put(path_of(record), R"({"weight":2})").status, 404);
    EXPECT_EQ(post(path_of(record, "/test"), "").status, 404);
    EXPECT_EQ(remove(path_of(record)).status, 404);
    EXPECT_EQ(chosen("team_1"), kKey);
}

TEST_F(Credentials, AreFoundByTheirProvidersName) {
    const Json record = made();
    EXPECT_EQ(get("/v1/account/providers/openai").json()["id"], record["id"]);
    made(R"(,"name":"second")");
    EXPECT_EQ(get("/v1/account/providers/openai").json()["id"], record["id"]);
    EXPECT_EQ(get("/v1/account/providers/groq").status, 404);
    EXPECT_EQ(remove("/v1/account/providers/openai").status, 200);
    EXPECT_EQ(get("/v1/account/providers").json()["data"][0]["name"], "second");
}

TEST_F(Credentials, WrongFieldsAreNamedAndNothingOfTheKeyIsRepeated) {
    const auto param = [&](const std::string& body) {
        const Reply reply = put("/v1/account/providers", body);
        EXPECT_EQ(reply.status, 400) << body;
        EXPECT_FALSE(reply.body.contains("canary")) << reply.body;
        const Json answer = reply.json();
        return answer.value("param", answer["code"].get<std::string>());
    };
    EXPECT_EQ(param(R"({"api_key":"sk-canary"})"), "provider");
    EXPECT_EQ(param(R"({"provider":"openai"})"), "api_key");
    EXPECT_EQ(param(R"({"provider":"nobody","api_key":"sk-canary"})"), "provider");
    EXPECT_EQ(param(R"({"provider":"openai","api_key":"sk canary"})"), "api_key");
    EXPECT_EQ(param(R"({"provider":"openai","api_key":7})"), "api_key");
    EXPECT_EQ(param(body_with(kKey, R"(,"weight":0)")), "weight");
    EXPECT_EQ(param(body_with(kKey, R"(,"cooldown_s":86401)")), "cooldown_s");
    EXPECT_EQ(param(body_with(kKey, R"(,"name":"No Good")")), "name");
    EXPECT_EQ(param(body_with(kKey, R"(,"base_url":"https://evil.example.com")")), "base_url");
    EXPECT_EQ(param(body_with(kKey, R"(,"origin":"https://evil.example.com")")), "origin");
    EXPECT_EQ(param(body_with(kKey, R"(,"reference":"env:THERE")")), "api_key");
    EXPECT_EQ(get("/v1/account/providers").json()["data"].size(), 0U);
}

TEST_F(Credentials, ReferencesAreForOperators) {
    const std::string body = R"({"provider":"openai","reference":"env:THERE"})";
    be(make_key(R"({"kind":"management"})")["key"].get<std::string>());
    const Reply refused = put("/v1/account/providers", body);
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.json()["param"], "reference");
    be_operator();
    EXPECT_EQ(put("/v1/account/providers", R"({"provider":"openai","reference":"cmd:id"})").status,
              400);
    EXPECT_EQ(
        put("/v1/account/providers", R"({"provider":"openai","reference":"env:GONE"})").status,
        400);
    const Reply reply = put("/v1/account/providers", body);
    ASSERT_EQ(reply.status, 201) << reply.body;
    EXPECT_EQ(reply.json()["reference"], "env:THERE");
    EXPECT_EQ(chosen("team_1"), "sk-in-the-environment-1");
    ASSERT_EQ(put("/v1/account/providers", body_with(kKey)).status, 200);
    EXPECT_TRUE(get("/v1/account/providers/openai").json()["reference"].is_null());
    EXPECT_EQ(chosen("team_1"), kKey);
}

TEST_F(Credentials, TokensOfFernetAreImported) {
    const std::string token =
        Fernet::open(kFernetKey)->encrypt(kKey, FernetStamp::at(clock_.now()));
    const Reply reply =
        put("/v1/account/providers", R"({"provider":"openai","fernet_token":")" + token + "\"}");
    ASSERT_EQ(reply.status, 201) << reply.body;
    EXPECT_EQ(reply.json()["preview"], "sk-…wxyz");
    EXPECT_EQ(chosen("team_1"), kKey);
    EXPECT_EQ(put("/v1/account/providers", R"({"provider":"groq","fernet_token":"gAAAA"})").status,
              400);
}

TEST_F(Credentials, ATestIsKept) {
    const Json record = made();
    EXPECT_TRUE(record["last_test"].is_null());
    EXPECT_TRUE(post(path_of(record, "/test"), "").json()["last_test"]["ok"]);
    EXPECT_EQ(asked_, "openai " + std::string(kKey));
    answered_ = 401;
    EXPECT_FALSE(post(path_of(record, "/test"), "").json()["last_test"]["ok"]);
    answered_ = fail(ErrorCode::GatewayUnreachable, "no");
    const Json last = post(path_of(record, "/test"), "").json()["last_test"];
    EXPECT_TRUE(last["status"].is_null());
    EXPECT_EQ(get(path_of(record)).json()["last_test"], last);
}

TEST_F(Credentials, AVersionThatIsNotThereAnyMoreChangesNothing) {
    const Json record = made();
    ASSERT_EQ(put(path_of(record), R"({"weight":2})", {{"If-Match", "\"1\""}}).status, 200);
    EXPECT_EQ(put(path_of(record), R"({"weight":3})", {{"If-Match", "\"1\""}}).status, 412);
    EXPECT_EQ(get(path_of(record)).json()["weight"], 2);
}

TEST_F(Credentials, WhatCannotBeReadSaysSo) {
    const Json record = made();
    open('x');
    const Json shown = get(path_of(record)).json();
    EXPECT_EQ(shown["state"], "unusable");
    EXPECT_TRUE(shown["problem"].get<std::string>().contains("decrypted"));
    const Reply tested = post(path_of(record, "/test"), "");
    EXPECT_EQ(tested.status, 500);
    EXPECT_EQ(tested.code(), "provider_credential_unreadable");
    EXPECT_EQ(put(path_of(record), R"({"api_key":"sk-new-0123456789abcdef-wxyz"})").status, 200);
    EXPECT_EQ(chosen("team_1"), "sk-new-0123456789abcdef-wxyz");
}

TEST_F(Credentials, TheVaultIsRotatedInSteps) {
    made();
    made(R"(,"name":"second")");
    EXPECT_TRUE(get("/v1/admin/vault").json()["done"]);
    Json step = post("/v1/admin/vault/rotate", R"({"rows":1})").json();
    EXPECT_TRUE(has_next_);
    EXPECT_FALSE(kept_);
    EXPECT_EQ(step["current"], 1);
    EXPECT_TRUE(step["rotating"]);
    EXPECT_EQ(chosen("team_1"), kKey);
    made(R"(,"name":"third")");
    step = post("/v1/admin/vault/rotate", R"({"rows":1})").json();
    EXPECT_TRUE(step["done"]) << "the new one is sealed with the new key already";
    EXPECT_TRUE(kept_);
    open('n');
    EXPECT_EQ(chosen("team_1"), kKey);
    const std::string audit = get("/v1/admin/audit").body;
    EXPECT_TRUE(audit.contains("vault.rotate\"")) << audit;
    EXPECT_TRUE(audit.contains("vault.rotated")) << audit;
}

TEST_F(Credentials, ARotationDoesNotEndWhereSomethingCannotBeRead) {
    made();
    open('x');
    made(R"(,"name":"second")");
    const Json step = post("/v1/admin/vault/rotate", "{}").json();
    EXPECT_EQ(step["unreadable"], 1);
    EXPECT_FALSE(step["done"]);
    EXPECT_FALSE(kept_);
}

}  // namespace
}  // namespace keywarden
