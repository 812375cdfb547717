// The sandbox behind the gateway: the same way as any provider, without a socket.

#include "providers/sandbox.h"

#include <string>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

class Sandbox : public ProxyFixture {
protected:
    void SetUp() override {
        ProxyFixture::SetUp();
        parts_.providers.push_back(*open_provider({.name = "sandbox"}));
        start();
    }
    std::string ask_model(const std::string& model, const std::string& more = "") {
        return chat(R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}])" +
                    more + "}");
    }
};

TEST_F(Sandbox, AnswersOfflineAndIsMetered) {
    const std::string answer = ask_model("sandbox");
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_NE(answer.find(R"("object":"chat.completion")"), std::string::npos);
    EXPECT_EQ(field(answer, "x-keywarden-provider"), "sandbox");
    EXPECT_NE(row(1).find('+'), std::string::npos) << row(1);
}

TEST_F(Sandbox, StreamsAndLeavesTheUsageToWhoAsked) {
    test::Peer peer = connect();
    const std::string call =
        R"({"model":"sandbox","stream":true,"messages":[{"role":"user","content":"hi"}])";
    peer.say(post("/v1/chat/completions", secret(), call + "}"));
    std::string body = unchunked(peer.hear_until("0\r\n\r\n"));
    EXPECT_TRUE(body.ends_with("data: [DONE]\n\n")) << body;
    EXPECT_EQ(body.find("prompt_tokens"), std::string::npos);
    EXPECT_NE(row(1).find('+'), std::string::npos) << row(1);
    peer.say(post(
        "/v1/chat/completions", secret(), call + R"(,"stream_options":{"include_usage":true}})"));
    body = unchunked(peer.hear_until("0\r\n\r\n"));
    EXPECT_NE(body.find("prompt_tokens"), std::string::npos);
}

TEST_F(Sandbox, IsListedButItsControlsAreNoModelsToChooseFrom) {
    const std::string list = ask(get("/v1/models", secret()));
    EXPECT_NE(list.find(R"("id":"sandbox")"), std::string::npos) << list;
    EXPECT_EQ(list.find("echo"), std::string::npos) << list;
    EXPECT_EQ(status(ask(get("/v1/models/sandbox/echo", secret()))), 200);
    EXPECT_EQ(status(ask_model("echo")), 404);
    EXPECT_EQ(status(ask_model("gpt-4o")), 404);
}

TEST_F(Sandbox, SaysWhenABodyIsMoreThanItReads) {
    const std::string more = R"(,"user":")" + std::string(kSandboxJsonBytesMax, 'x') + "\"";
    const std::string answer = ask_model("sandbox", more);
    EXPECT_EQ(status(answer), 413);
    EXPECT_NE(answer.find(R"("code":"request_too_large")"), std::string::npos) << answer;
    EXPECT_NE(answer.find("The sandbox reads"), std::string::npos) << answer;
}

TEST_F(Sandbox, AChosenErrorComesAsFromAProvider) {
    EXPECT_EQ(status(ask_model("sandbox/error-429")), 429);
    EXPECT_EQ(status(ask_model("sandbox/error-500")), 502);
    EXPECT_EQ(status(ask_model("sandbox/error-401")), 502);
}

}  // namespace
}  // namespace keywarden
