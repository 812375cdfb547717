#include "proxy/pipeline.h"

#include <chrono>
#include <string>
#include <vector>

#include "proxy/answer.h"
#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kBody = R"({"model":"gpt-4o","messages":[]})";

class PipelineTest : public ProxyFixture {
protected:
    void SetUp() override {
        ProxyFixture::SetUp();
        const auto echo = [](const ApiCall& call) -> Result<HttpResponse> {
            std::string body =
                call.request.path + "?" + call.request.query + " " + call.request.body + " for " +
                (call.caller == nullptr ? "nobody" : std::string(call.caller->team_id));
            for (const std::string& value : call.values) body += " " + value;
            for (const Header& header : call.request.headers) body += " " + header.name;
            return HttpResponse{.headers = {{"Content-Type", "text/plain"}}, .body = body};
        };
        const auto failing = [](const ApiCall&) -> Result<HttpResponse> {
            return fail(ErrorCode::NotFound, "No such key.");
        };
        parts_.api_routes = {
            {{Method::Get, "/health", Permission::Public, Dialect::Problem}, echo},
            {{Method::Post, "/v1/keys/{id}", Permission::KeysWrite, Dialect::Problem}, echo},
            {{Method::Get, "/v1/keys/{id}", Permission::KeysRead, Dialect::Problem}, failing},
            {{Method::Get, "/v1/operator", Permission::Operator, Dialect::Problem}, echo},
        };
    }

    void start_answering() { start(Imposter::answers(json_answer("{}"))); }

    static std::string code(const std::string& answer) {
        const size_t at = answer.find(R"("code":")");
        if (at == std::string::npos) return "no code in " + answer;
        return answer.substr(at + 8, answer.find('"', at + 8) - at - 8);
    }
    static std::string body(const std::string& answer) {
        return answer.substr(answer.find("\r\n\r\n") + 4);
    }
    std::string chat_with(const std::string& fields) {
        return ask("POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\n" + fields +
                   "Content-Length: " + std::to_string(kBody.size()) + "\r\n\r\n" +
                   std::string(kBody));
    }
};

TEST_F(PipelineTest, AWrongPathAndAWrongMethodAreToldApart) {
    start_answering();
    const std::string nowhere = ask(get("/v1/nothing", secret()));
    EXPECT_EQ(status(nowhere), 404);
    EXPECT_EQ(code(nowhere), "not_found");
    EXPECT_EQ(field(nowhere, "X-Request-Id").size(), 36U);
    const std::string wrong = ask(get("/v1/chat/completions", secret()));
    EXPECT_EQ(status(wrong), 405);
    EXPECT_EQ(field(wrong, "Allow"), "POST");
    EXPECT_EQ(field(wrong, "Content-Type"), "application/json");
    EXPECT_EQ(code(wrong), "method_not_allowed");
    EXPECT_NE(wrong.find(R"({"error":{"message":)"), std::string::npos);  // as OpenAI says it
    EXPECT_EQ(status(ask("BREW /v1/models HTTP/1.1\r\nHost: g\r\n\r\n")), 405);
}

TEST_F(PipelineTest, NoKeyIsChallengedWithoutAnError) {
    start_answering();
    const std::string answer = chat_with("");
    EXPECT_EQ(status(answer), 401);
    EXPECT_EQ(code(answer), "missing_api_key");
    EXPECT_EQ(field(answer, "WWW-Authenticate"), R"(Bearer realm="keywarden")");
}

TEST_F(PipelineTest, WhateverIsWrongWithAKeyIsOneAnswer) {
    start_answering();
    std::string changed(secret());
    changed.back() = changed.back() == 'a' ? 'b' : 'a';
    std::string first;
    for (const std::string& value : {"Bearer " + changed,
                                     std::string("Bearer x"),
                                     std::string("Basic dXNlcjpwYXNz"),
                                     "Bearer " + std::string(secret()) + " x",
                                     "Bearer " + std::string(600, 'k')}) {
        std::string answer = chat_with("Authorization: " + value + "\r\n");
        EXPECT_EQ(status(answer), 401) << value;
        EXPECT_EQ(code(answer), "invalid_api_key") << value;
        const std::string id = field(answer, "X-Request-Id");
        for (size_t at = answer.find(id); at != std::string::npos; at = answer.find(id)) {
            answer.erase(at, id.size());
        }
        answer.erase(answer.find("Date: "), 38);
        if (first.empty()) first = answer;
        EXPECT_EQ(answer, first) << value;
    }
}

TEST_F(PipelineTest, TwoDifferentKeysAreRefused) {
    start_answering();
    const std::string answer =
        chat_with("Authorization: Bearer " + std::string(secret()) + "\r\nx-api-key: another\r\n");
    EXPECT_EQ(status(answer), 400);
    EXPECT_EQ(code(answer), "invalid_request");
}

TEST_F(PipelineTest, WrongKeysAreThrottledBySourceAndRightOnesAreNot) {
    start_answering();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(status(chat_with("x-api-key: wrong-" + std::to_string(i) + "\r\n")), 401);
    }
    const std::string answer = chat_with("x-api-key: wrong\r\n");
    EXPECT_EQ(status(answer), 429);
    EXPECT_EQ(code(answer), "too_many_failed_attempts");
    EXPECT_NE(answer.find(R"("denied_by":"instance","limit":20,)"), std::string::npos) << answer;
    EXPECT_EQ(field(answer, "Retry-After"), "1");
    EXPECT_EQ(status(chat(kBody)), 200);
}

TEST_F(PipelineTest, TheKindOfAKeyDecidesWhereItMayGo) {
    start_answering();
    const MintedKey inference = create(KeyKind::Inference);
    const MintedKey management = create(KeyKind::Management);
    const std::string refused =
        ask(post("/v1/chat/completions", management.secret.reveal(), kBody));
    EXPECT_EQ(status(refused), 403);
    EXPECT_EQ(code(refused), "endpoint_not_allowed");
    EXPECT_EQ(code(ask(post("/v1/keys/k", inference.secret.reveal(), "{}"))), "insufficient_scope");
    EXPECT_EQ(code(ask(get("/v1/operator", secret()))), "insufficient_scope");
    EXPECT_EQ(status(ask(post("/v1/keys/k", management.secret.reveal(), "{}"))), 200);
    EXPECT_EQ(status(ask(post("/v1/chat/completions", inference.secret.reveal(), kBody))), 200);
}

TEST_F(PipelineTest, HandlersGetTheRequestWithoutItsCredential) {
    start_answering();
    const std::string answer =
        ask(post("/v1/keys/a%20b?x=1", secret(), "{}", "Idempotency-Key: i\r\nX-Evil: 1\r\n"));
    EXPECT_EQ(body(answer), "/v1/keys/a b?x=1 {} for team_a a b Host Content-Type Idempotency-Key");
    EXPECT_EQ(field(answer, "X-Request-Id").size(), 36U);
    EXPECT_EQ(field(answer, "RateLimit-Policy"), R"("rpm";q=1000000;w=60)");
    EXPECT_EQ(body(ask("GET /health HTTP/1.1\r\nHost: g\r\n\r\n")), "/health?  for nobody Host");
    EXPECT_EQ(code(ask(get("/v1/keys/k", secret()))), "not_found");
    EXPECT_EQ(status(ask(post("/v1/keys/k", secret(), std::string((1 << 20) + 1, ' ')))), 413);
}

TEST_F(PipelineTest, BodiesAreCheckedBeforeTheyGoAnywhere) {
    start([](test::Peer& peer) { peer.hear_all(); });
    const auto refused = [&](std::string_view text) {
        const std::string answer = chat(text);
        const size_t at = answer.find(R"("message":")") + 11;
        return std::to_string(status(answer)) + " " + answer.substr(at, answer.find('"', at) - at);
    };
    EXPECT_EQ(refused(""), "400 The body is empty; a JSON object is expected.");
    EXPECT_EQ(refused("[]"), "400 The body must be a JSON object.");
    EXPECT_EQ(refused(R"({"messages":[]})"), "400 The field 'model' is missing.");
    EXPECT_EQ(refused(R"({"model":1})"), "400 The field 'model' must be a string.");
    EXPECT_EQ(refused(R"({"model":""})"), "400 The field 'model' must be the id of a model.");
    EXPECT_EQ(refused(R"({"model":"gpt-4o","mod\u0065l":"x"})"),
              "400 The field 'model' is given twice.");
    EXPECT_EQ(refused(R"({"model":"gpt-4o","stream":"yes"})"),
              "400 The field 'stream' must be a boolean.");
    EXPECT_EQ(refused(R"({"model":"gpt-4o","max_tokens":1.5})"),
              "400 The field 'max_tokens' must be a whole number.");
    EXPECT_EQ(refused(R"({"model":"gpt-4o","messages":{}})"),
              "400 The field 'messages' must be an array.");
    EXPECT_EQ(refused(R"({"model":"up/a\r\nX-Evil: 1"})"),
              "400 The field 'model' must be the id of a model.");
    EXPECT_EQ(refused(R"({"model":"gpt-4"})").substr(0, 40),
              "404 The model 'gpt-4' does not exist, or");
    EXPECT_EQ(status(chat_with("Authorization: Bearer " + std::string(secret()) +
                               "\r\nContent-Type: text/plain\r\n")),
              415);
    EXPECT_EQ(imposter_->connections(), 0U);
}

TEST_F(PipelineTest, APackedBodyIs415InEachDialect) {
    const auto never = [](const ApiCall&) -> Result<HttpResponse> {
        return fail(ErrorCode::InternalError, "It came to the handler.");
    };
    parts_.api_routes.push_back(
        {{Method::Post, "/api/apps", Permission::Public, Dialect::Api}, never});
    start_answering();
    const auto refused = [&](const char* path, const std::string& coding) {
        return ask(post(path, secret(), kBody, "Content-Encoding: " + coding + "\r\n"));
    };
    for (const char* coding :
         {"gzip", "x-unknown", "GZIP, identity", "identity\r\nContent-Encoding: br"}) {
        const std::string answer = refused("/v1/chat/completions", coding);
        EXPECT_EQ(status(answer), 415) << coding;
        EXPECT_NE(answer.find(R"("param":"Content-Encoding","code":"unsupported_media_type")"),
                  std::string::npos)
            << answer;
        EXPECT_NE(refused("/api/apps", coding).find(R"("code":"UNSUPPORTED_MEDIA_TYPE")"),
                  std::string::npos);
        EXPECT_EQ(status(refused("/v1/audio/transcriptions", coding)), 415);
    }
    EXPECT_EQ(imposter_->connections(), 0U);
    for (const char* none : {"identity", "Identity", ""}) {
        EXPECT_EQ(status(refused("/v1/chat/completions", none)), 200) << none;
    }
    EXPECT_EQ(status(ask("GET /v1/models HTTP/1.1\r\nHost: g\r\nContent-Encoding: gzip\r\n"
                         "x-api-key: " +
                         std::string(secret()) + "\r\n\r\n")),
              200)
        << "there is no body";
}

TEST_F(PipelineTest, AHeadIsRefusedInTheDialectOfItsPath) {
    start_answering();
    const auto refused = [&](const std::string& path, const std::string& version) {
        return ask("POST " + path + " HTTP/" + version +
                   "\r\nHost: g\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n");
    };
    const std::string openai = refused("/v1/chat/completions", "1.1");
    EXPECT_EQ(status(openai), 417);
    EXPECT_NE(openai.find(R"("param":"Expect","code":"expectation_failed")"), std::string::npos)
        << openai;
    EXPECT_NE(refused("/v1/elsewhere", "1.1").find(R"("status":417)"), std::string::npos);
    const std::string version = refused("/v1/chat/completions", "2.0");
    EXPECT_EQ(status(version), 505);
    EXPECT_NE(version.find(R"("code":"http_version_not_supported","request_id")"),
              std::string::npos)
        << version;
    EXPECT_NE(refused("/api/x", "3.0").find("HTTP_VERSION_NOT_SUPPORTED"), std::string::npos);
}

TEST_F(PipelineTest, ABodyOverTheBoundIs413) {
    parts_.limits.json_body_max = 1'000;
    start_answering();
    const std::string answer = chat(R"({"model":")" + std::string(1'000, 'm') + "\"}");
    EXPECT_EQ(status(answer), 413);
    EXPECT_EQ(code(answer), "request_too_large");
}

/// A model as both vendors' lists have it.
std::string listed(const std::string& id) {
    return R"({"id":")" + id + R"(","object":"model","created":0,"owned_by":"up","type":"model",)" +
           R"("display_name":")" + id +
           R"(","created_at":"1970-01-01T00:00:00Z","privacy":"standard"})";
}

TEST_F(PipelineTest, ListsModelsInOpenAisShapeAndInAnthropics) {
    parts_.aliases = {{"best", "gpt-4o"}};
    start_answering();
    EXPECT_EQ(body(ask(get("/v1/models", secret()))),
              R"({"object":"list","data":[)" + listed("gpt-4o") + "," + listed("small") + "," +
                  listed("best") + R"(],"first_id":"gpt-4o","last_id":"best","has_more":false})");
    EXPECT_EQ(body(ask(get("/v1/models/up%2Fsmall", secret()))), listed("up/small"));
    EXPECT_EQ(code(ask(get("/v1/models/none", secret()))), "model_not_found");
    EXPECT_EQ(status(ask("GET /v1/models HTTP/1.1\r\nHost: g\r\n\r\n")), 401);
}

TEST_F(PipelineTest, ARotatedSecretSaysHowLongItLives) {
    start_answering();
    const MintedKey old = create(KeyKind::Full);
    clock_.advance(system_clock().now() - clock_.now());  // the loop's own
    const MintedKey fresh = *directory_->rotate("team_a", old.key.id, {}, {});
    EXPECT_EQ(status(ask(post("/v1/chat/completions", fresh.secret.reveal(), kBody))), 200);
    ASSERT_TRUE(directory_->write_uses());
    const std::string answer = ask(post("/v1/chat/completions", old.secret.reveal(), kBody));
    EXPECT_EQ(status(answer), 200);
    EXPECT_TRUE(field(answer, "Deprecation").starts_with("@")) << answer;
    EXPECT_TRUE(field(answer, "Sunset").ends_with(" GMT"));
    EXPECT_EQ(field(ask(post("/v1/chat/completions", fresh.secret.reveal(), kBody)), "Sunset"), "");
}

TEST_F(PipelineTest, TheLocalSocketNeedsNoKey) {
    start_answering();
    const std::string path = testing::TempDir() + new_id("pipeline");
    listen_locally(path);
    test::Peer peer(path);
    peer.say("GET /v1/operator HTTP/1.1\r\nHost: g\r\n\r\n");
    EXPECT_EQ(status(peer.hear_answer()), 200);
    peer.say("POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Length: " +
             std::to_string(kBody.size()) + "\r\n\r\n" + std::string(kBody));
    EXPECT_EQ(status(peer.hear_answer()), 200);
    peer.say(get("/v1/models", "wrong"));
    EXPECT_EQ(status(peer.hear_answer()), 401) << "a key that is sent is looked at all the same";
}

TEST_F(PipelineTest, AnOldSecretSaysSinceWhenAndUntilWhenAsHttpWantsIt) {
    using namespace std::chrono_literals;
    start_answering();
    clock_.advance(TimePoint(4'102'444'799s) - clock_.now());  // the last second of 2099
    const MintedKey old = create(KeyKind::Full);
    ASSERT_TRUE(directory_->rotate("team_a", old.key.id, {}, {}));
    const std::string answer = ask(get("/v1/models", old.secret.reveal()));
    EXPECT_EQ(field(answer, "Deprecation"), "@4102444799");
    EXPECT_EQ(field(answer, "Sunset"), "Thu, 01 Apr 2100 23:59:59 GMT") << "90 days, and a day";
    const std::string own = ask(get("/v1/operator", old.secret.reveal()));
    EXPECT_EQ(field(own, "Deprecation"), "@4102444799") << "on refusals too";
    const std::string wrong = ask(get("/v1/models", "wrong"));
    EXPECT_EQ(field(wrong, "Deprecation"), "");
}

// ---- revocation ---------------------------------------------------------------------------------

class Revocation : public ProxyFixture {};

TEST_F(Revocation, HoldsForTheNextRequestOnEveryOpenConnection) {
    start(Imposter::answers(json_answer("{}")));
    const std::string call = post("/v1/chat/completions", secret(), kBody);
    std::vector<test::Peer> peers;
    for (int i = 0; i < 64; ++i) peers.push_back(connect());
    for (test::Peer& peer : peers) {
        peer.say(call);
        ASSERT_EQ(status(peer.hear_answer()), 200);
    }
    ASSERT_TRUE(directory_->change("team_a", key_.key.id, {}, [](Key& key) {
        key.status = KeyStatus::Revoked;
        return Result<void>();
    }));
    for (test::Peer& peer : peers) {
        peer.say(call);
        const std::string answer = peer.hear_answer();
        EXPECT_EQ(status(answer), 401);
        EXPECT_NE(answer.find("revoked_api_key"), std::string::npos);
    }
}

}  // namespace
}  // namespace keywarden
