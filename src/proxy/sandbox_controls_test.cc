#include <string>
#include <vector>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

class SandboxControlled : public ProxyFixture {
protected:
    void start_with(std::vector<ProviderModel> models = {}) {
        parts_.providers.push_back(
            *open_provider({.name = "sandbox", .models = std::move(models)}));
        start();
    }

    static std::string body(std::string_view model, std::string_view more) {
        return R"({"model":")" + std::string(model) + R"(","messages":[{"role":"user",)" +
               R"("content":"Hello there"}])" + std::string(more) + "}";
    }
    std::string say(std::string_view model, std::string_view more = "") const {
        return chat(body(model, more));
    }
    /// The body of a stream.
    std::string stream(std::string_view model) const {
        test::Peer peer = connect();
        peer.say(post("/v1/chat/completions", secret(), body(model, R"(,"stream":true)")));
        return unchunked(peer.hear_until("\r\n0\r\n\r\n"));
    }
};

TEST_F(SandboxControlled, AModelOfTheConfigurationIsAnsweredInItsPlace) {
    start_with({{"gpt-4o", "sandbox/words-2"}});
    EXPECT_TRUE(say("gpt-4o").contains(R"("content":"This is")"));
    EXPECT_TRUE(say("sandbox/words-1").contains(R"("content":"This")"));
}

TEST_F(SandboxControlled, ChosenErrorsMeetTheRulesOfEveryProvider) {
    start_with();
    const std::string limited = say("sandbox/error-429");
    EXPECT_EQ(status(limited), 429);
    EXPECT_EQ(field(limited, "Retry-After"), "1");
    EXPECT_TRUE(limited.contains("sandbox_error"));
    EXPECT_EQ(status(say("sandbox/error-401")), 502);
    EXPECT_EQ(status(say("sandbox/error-500")), 502);
    EXPECT_EQ(status(say("sandbox/error-503")), 503);
    EXPECT_EQ(status(say("sandbox", R"(,"logprobs":true)")), 400);
    const std::string unknown = say("sandbox/chunk-5");
    EXPECT_EQ(status(unknown), 404);
    EXPECT_TRUE(unknown.contains("chunks-N")) << unknown;
}

TEST_F(SandboxControlled, ACutEndsAStreamInAnErrorAndAWholeAnswerInAClosedConnection) {
    start_with();
    const std::string cut = stream("sandbox/cut");
    EXPECT_TRUE(cut.contains(R"(data: {"error":)")) << cut;
    EXPECT_FALSE(cut.contains("[DONE]"));
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions", secret(), body("sandbox/cut", "")));
    const std::string answer = peer.hear_all();
    EXPECT_EQ(status(answer), 200);
    EXPECT_LT(answer.substr(answer.find("\r\n\r\n") + 4).size(),
              std::stoul(field(answer, "Content-Length")));
}

TEST_F(SandboxControlled, AWaitEndsWithTheClient) {
    start_with();
    for (const std::string_view slow : {"sandbox/slow-60000", "sandbox/chunks-2+delay-60000"}) {
        test::Peer peer = connect();
        peer.say(post("/v1/chat/completions", secret(), body(slow, R"(,"stream":true)")));
    }
    EXPECT_TRUE(row(2).ends_with(" left")) << row(2);
}

TEST_F(SandboxControlled, AFormIsAnsweredTheModelTakenFromIt) {
    start_with();
    const std::string form =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nsandbox\r\n--b--\r\n";
    const std::string answer = ask(
        "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer " +
        std::string(secret()) + "\r\nContent-Type: multipart/form-data; boundary=b\r\n" +
        "Content-Length: " + std::to_string(form.size()) + "\r\n\r\n" + form);
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_TRUE(answer.contains("4 bytes of audio")) << answer;
}

}  // namespace
}  // namespace keywarden
