// Lists of tools on the way of a call: what its provider gets, and what its client gets back.
#include "proxy/tools.h"

#include <future>
#include <string>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::string_view kUsage = R"("usage":{"prompt_tokens":5,"completion_tokens":7})";

std::string chunk(std::string_view bytes) {
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
}

std::string function(std::string_view name) {
    return R"({"type":"function","function":{"name":")" + std::string(name) + R"("}})";
}

std::string call_of(std::string_view name) {
    return R"({"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":null,)"
           R"("tool_calls":[{"id":"call_1","type":"function","function":{"name":")" +
           std::string(name) + R"(","arguments":"{}"}}]},"finish_reason":"tool_calls"}],)" +
           std::string(kUsage) + "}";
}

class Tools : public ProxyFixture {
protected:
    /// A provider that answers so, and keeps what it was asked.
    void start_answering(std::string answer) {
        start([this, answer = std::move(answer)](test::Peer& peer) {
            for (;;) {
                const std::string request = peer.hear_answer();
                if (request.empty()) return;
                {
                    const std::lock_guard lock(mutex_);
                    asked_ = request.substr(request.find("\r\n\r\n") + 4);
                }
                peer.say(answer);
            }
        });
    }

    void team_says(std::vector<Glob> allow, std::vector<Glob> deny = {}) {
        Policy policy;
        if (!allow.empty()) policy.tools.allow = std::move(allow);
        policy.tools.deny = std::move(deny);
        directory_->policies().put(
            TeamRules{.id = "team_a", .policy = policy, .version = ++version_});
    }

    void key_says(std::string_view name) {
        ASSERT_TRUE(directory_->change("team_a", key_.key.id, {}, [&](Key& key) -> Result<void> {
            key.policy.tools.allow = {*Glob::parse(name)};
            return {};
        }));
    }

    std::string asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

    static std::string body(std::string_view tools, std::string_view rest = "") {
        return R"({"model":"gpt-4o","messages":[],"tools":[)" + std::string(tools) + "]" +
               std::string(rest) + "}";
    }

    std::string stream(std::string_view request_body) {
        test::Peer peer = connect();
        peer.say(post("/v1/chat/completions", secret(), request_body));
        return unchunked(peer.hear_until(kLastChunk));
    }

    std::mutex mutex_;
    std::string asked_;
    int64_t version_ = 1;
};

TEST_F(Tools, WhatNoListLetsThroughDoesNotGoUp) {
    start_answering(json_answer(R"({"choices":[]})"));
    team_says({*Glob::parse("github_*"), *Glob::parse("search")});
    const std::string answer =
        chat(body(function("github_read") + "," + function("shell") + "," + function("search")));
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_EQ(asked(), body(function("github_read") + "," + function("search")));
    EXPECT_EQ(field(answer, "x-keywarden-tools-input"), "3");
    EXPECT_EQ(field(answer, "x-keywarden-tools-output"), "2");
    EXPECT_EQ(field(answer, "x-keywarden-prune-ratio"), "2/3");
}

TEST_F(Tools, OtherEditsAreMadeInWhatIsLeft) {
    start_answering(json_answer(R"({"choices":[]})"));
    team_says({*Glob::parse("a")});
    const std::string asked_for = R"({"api_key":"sk-own","tools":[)" + function("x") + "," +
                                  function("a") + R"(],"model":"small","messages":[]})";
    EXPECT_EQ(status(chat(asked_for)), 200);
    EXPECT_EQ(asked(),
              R"({"tools":[)" + function("a") + R"(],"model":"small-2024","messages":[]})");
}

TEST_F(Tools, ACallWithoutAListIsAsItWas) {
    start_answering(json_answer(call_of("x")));
    const std::string answer = chat(body(function("x")));
    EXPECT_EQ(asked(), body(function("x")));
    EXPECT_EQ(field(answer, "x-keywarden-tools-input"), "");
    EXPECT_TRUE(answer.ends_with(call_of("x")));
}

TEST_F(Tools, AListHoldsFromTheNextRequestOn) {
    start_answering(json_answer(R"({"choices":[]})"));
    test::Peer peer = connect();
    const auto sent_up = [&] {
        peer.say(post("/v1/chat/completions", secret(), body(function("a") + "," + function("b"))));
        peer.hear_answer();
        return asked();
    };
    EXPECT_EQ(sent_up(), body(function("a") + "," + function("b")));
    key_says("a");
    EXPECT_EQ(sent_up(), body(function("a")));
    key_says("b");
    EXPECT_EQ(sent_up(), body(function("b")));
    team_says({}, {*Glob::parse("b")});
    EXPECT_EQ(sent_up(), R"({"model":"gpt-4o","messages":[]})");
}

TEST_F(Tools, AKeyIsBoundByWhoMadeIt) {
    start_answering(json_answer(R"({"choices":[]})"));
    key_says("a");
    Key child;
    child.id = new_id("key");
    child.team_id = "team_a";
    child.name = "child";
    child.maker_key_id = key_.key.id;
    child.rate_limit_rpm = 1'000;
    const MintedKey minted = *directory_->create(child, "", false);
    ask(post(
        "/v1/chat/completions", minted.secret.reveal(), body(function("a") + "," + function("b"))));
    EXPECT_EQ(asked(), body(function("a")));
}

TEST_F(Tools, AChoiceOfARemovedToolIsRefusedAndCostsNothing) {
    charge_calls();
    start_answering(json_answer(R"({"choices":[]})"));
    team_says({*Glob::parse("a")});
    const std::string answer =
        chat(body(function("a"), R"(,"tool_choice":)" + function("secret_tool")));
    EXPECT_EQ(status(answer), 403);
    EXPECT_NE(answer.find(R"("code":"tool_not_allowed")"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("denied_by":"team")"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("param":"tool_choice")"), std::string::npos) << answer;
    EXPECT_EQ(asked(), "");
    EXPECT_EQ(imposter_->connections(), 0U);
}

TEST_F(Tools, ACallThatComesBackAnywayIsRemoved) {
    start_answering(json_answer(call_of("delete_all")));
    team_says({}, {*Glob::parse("delete_*")});
    const std::string answer = chat(body(function("a")));
    EXPECT_EQ(status(answer), 200);
    EXPECT_EQ(answer.find("delete_all"), std::string::npos) << answer;
    EXPECT_NE(answer.find("the team's list of tools does not let"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("finish_reason":"stop")"), std::string::npos);
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o  5+7") << "it was made, and is charged";
}

TEST_F(Tools, OrTheAnswerIsRefusedWhereThatIsSet) {
    parts_.forbidden_call = ForbiddenCall::Refused;
    start_answering(json_answer(call_of("delete_all")));
    team_says({}, {*Glob::parse("delete_*")});
    const std::string answer = chat(body(function("a")));
    EXPECT_EQ(status(answer), 403);
    EXPECT_NE(answer.find("tool_not_allowed"), std::string::npos);
    EXPECT_EQ(row(1), "403 /v1/chat/completions gpt-4o tool_not_allowed 5+7");
}

TEST_F(Tools, WhatCannotBeLookedIntoDoesNotPass) {
    std::string packed = json_answer(call_of("x"));
    packed.insert(packed.find("\r\n") + 2, "Content-Encoding: gzip\r\n");
    start_answering(packed);
    team_says({*Glob::parse("a")});
    EXPECT_EQ(status(chat(body(function("a")))), 502);
}

TEST_F(Tools, AnErrorOfTheProvidersPassesAsItIs) {
    start_answering(json_answer(R"({"error":{"message":"m"}})", "400 Bad Request"));
    team_says({*Glob::parse("a")});
    const std::string answer = chat(body(function("a")));
    EXPECT_EQ(status(answer), 400);
    EXPECT_TRUE(answer.ends_with(R"({"error":{"message":"m"}})"));
}

TEST_F(Tools, ACallInAStreamIsHeldBackUntilItsNameIsWhole) {
    const auto event = [](std::string_view pieces) {
        return chunk(R"(data: {"choices":[{"index":0,"delta":{)" + std::string(pieces) +
                     "}}]}\n\n");
    };
    const auto call = [](std::string_view function_text) {
        return R"("tool_calls":[{"index":0,"function":{)" + std::string(function_text) + "}}]";
    };
    start_answering(std::string(kStreamHead) + event(R"("content":"Hm. ")") +
                    event(call(R"("name":"delete")")) + event(call(R"("name":"_all")")) +
                    event(call(R"("arguments":"{}")")) +
                    chunk("data: {\"choices\":[{\"index\":0,\"delta\":{},"
                          "\"finish_reason\":\"tool_calls\"}]}\n\n") +
                    chunk("data: {\"choices\":[]," + std::string(kUsage) + "}\n\n") +
                    chunk("data: [DONE]\n\n") + std::string(kLastChunk));
    team_says({*Glob::parse("delete"), *Glob::parse("a")});
    const std::string got = stream(body(function("a"), R"(,"stream":true)"));
    EXPECT_EQ(got.find("delete"), std::string::npos) << got;
    EXPECT_EQ(got.find("_all"), std::string::npos) << got;
    EXPECT_NE(got.find("Hm. "), std::string::npos) << got;
    EXPECT_NE(got.find("list of tools"), std::string::npos) << got;
    EXPECT_NE(got.find(R"("finish_reason":"stop")"), std::string::npos) << got;
    EXPECT_TRUE(got.ends_with("data: [DONE]\n\n")) << got;
    EXPECT_EQ(got.find("prompt_tokens"), std::string::npos) << "that was asked for by us";
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o  5+7");
}

TEST_F(Tools, AStreamThatCannotBeLookedIntoEndsWithAnError) {
    start_answering(std::string(kStreamHead) + chunk("data: {\"choices\":[\n\n") +
                    std::string(kLastChunk));
    team_says({*Glob::parse("a")});
    const std::string got = stream(body(function("a"), R"(,"stream":true)"));
    EXPECT_NE(got.find("upstream_error"), std::string::npos) << got;
}

TEST_F(Tools, OfATranslatedCallAreJudgedInTheProvidersDialect) {
    imposter_ = std::make_unique<Imposter>([this](test::Peer& peer) {
        const std::string request = peer.hear_answer();
        const std::lock_guard lock(mutex_);
        asked_ = request.substr(request.find("\r\n\r\n") + 4);
        peer.say(json_answer(
            R"({"id":"m","type":"message","role":"assistant","model":"claude-x","content":[)"
            R"({"type":"tool_use","id":"1","name":"delete_all","input":{}},)"
            R"({"type":"tool_use","id":"2","name":"a","input":{}}],"stop_reason":"tool_use",)"
            R"("usage":{"input_tokens":1,"output_tokens":2}})"));
    });
    add_provider("claude", imposter_->port(), {{"claude-x", ""}}, Dialect::Anthropic);
    start();
    team_says({*Glob::parse("a")});
    const std::string answer = chat(R"({"model":"claude-x","messages":[{"role":"user",)"
                                    R"("content":"hi"}],"tools":[)" +
                                    function("a") + "," + function("delete_all") + "]}");
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_EQ(asked().find("delete_all"), std::string::npos) << asked();
    EXPECT_EQ(answer.find("delete_all"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("name":"a")"), std::string::npos) << answer;
    EXPECT_NE(answer.find("list of tools"), std::string::npos) << answer;
}

TEST_F(Tools, OfATranslatedStreamToo) {
    imposter_ = std::make_unique<Imposter>([](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        const auto event = [](std::string_view data) {
            return chunk("event: x\ndata: " + std::string(data) + "\n\n");
        };
        peer.say(std::string(kStreamHead) +
                 event(R"({"type":"message_start","message":{"id":"m","model":"claude-x"}})") +
                 event(R"({"type":"content_block_start","index":0,"content_block":)"
                       R"({"type":"tool_use","id":"1","name":"delete_all","input":{}}})") +
                 event(R"({"type":"content_block_delta","index":0,"delta":)"
                       R"({"type":"input_json_delta","partial_json":"{\"secret\":1}"}})") +
                 event(R"({"type":"content_block_stop","index":0})") +
                 event(R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},)"
                       R"("usage":{"output_tokens":2}})") +
                 event(R"({"type":"message_stop"})") + std::string(kLastChunk));
    });
    add_provider("claude", imposter_->port(), {{"claude-x", ""}}, Dialect::Anthropic);
    start();
    team_says({*Glob::parse("a")});
    const std::string got =
        stream(R"({"model":"claude-x","stream":true,"messages":[{"role":"user","content":"hi"}]})");
    EXPECT_EQ(got.find("delete_all"), std::string::npos) << got;
    EXPECT_EQ(got.find("secret"), std::string::npos) << got;
    EXPECT_NE(got.find("list of tools"), std::string::npos) << got;
    EXPECT_NE(got.find(R"("finish_reason":"stop")"), std::string::npos) << got;
}

TEST_F(Tools, AnswersThatHaveNoToolsAreLeftAlone) {
    start_answering(json_answer(R"({"data":[)"
                                "7]}"));
    team_says({*Glob::parse("a")});
    const std::string answer =
        ask(post("/v1/embeddings", secret(), R"({"model":"gpt-4o","input":"x"})"));
    EXPECT_EQ(status(answer), 200);
    EXPECT_EQ(field(answer, "x-keywarden-tools-input"), "");
}

}  // namespace
}  // namespace keywarden
