// Bedrock's dialect, in and out.

#include <array>
#include <future>
#include <string>

#include "base/event_stream.h"
#include "providers/aws_signature.h"
#include "proxy/proxy_fixture.h"
#include "store/credential_directory.h"

namespace keywarden {
namespace {

constexpr std::string_view kPath = "/model/nova/converse";
constexpr std::string_view kStreamPath = "/model/nova/converse-stream";
constexpr std::string_view kBody =
    R"({ "messages":[{"role":"user","content":[{"text":"\u00e9"}]}],)"
    R"("inferenceConfig":{"maxTokens" : 64} })";
constexpr std::string_view kReply =
    R"({"metrics":{"latencyMs":1},"output":{"message":{"role":"assistant","content":[{"toolUse":)"
    R"({"toolUseId":"t","name":"f","input":{"usage":{"inputTokens":9,"outputTokens":9}}}}]}},)"
    R"("stopReason":"tool_use","usage":{"inputTokens":10,"outputTokens":7,"totalTokens":17}})";
constexpr std::string_view kArn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.maker.m-v1:0";
constexpr std::string_view kEscapedArn =
    "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.maker.m-v1%3A0";
constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string chunk(std::string_view bytes) {
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
}

std::string event(std::string_view type, std::string_view payload) {
    const std::array headers = {FrameText{":event-type", type},
                                FrameText{":content-type", "application/json"},
                                FrameText{":message-type", "event"}};
    std::string out;
    append_frame(out, headers, payload);
    return out;
}
const std::string kStart = event("messageStart", R"({"role":"assistant"})");
const std::string kDelta =
    event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"hello"}})");
const std::string kStop = event("messageStop", R"({"stopReason":"end_turn"})");
const std::string kMetadata =
    event("metadata", R"({"usage":{"inputTokens":10,"outputTokens":7,"totalTokens":17}})");

/// The last frame of a stream.
struct LastFrame {
    std::string exception{};
    std::string payload{};
};
LastFrame last_frame(const std::string& stream) {
    FrameSplitter splitter;
    std::string_view rest = stream;
    LastFrame last;
    while (true) {
        const auto next = splitter.next(rest);
        if (!next || !*next) return last;
        last = {std::string((*next)->header(":exception-type")), std::string((*next)->payload)};
    }
}

class Converse : public ProxyFixture {
protected:
    void add_bedrock(const std::string& name, const std::string& region, const std::string& key) {
        parts_.providers.push_back(
            open_provider({.name = name,
                           .base_url = "http://127.0.0.1:" + std::to_string(imposter_->port()),
                           .api_key = Secret(key),
                           .region = region,
                           .dialect = Dialect::Bedrock,
                           .models = {{"nova", "amazon.nova-lite-v1:0"},
                                      {"maker/other", ""},
                                      {std::string(kArn), ""}}})
                .value());
    }

    /// A gateway with Bedrock in two regions ("claude", whose models have prices, and "eu"), and
    /// "up", that speaks OpenAI's dialect.
    void start_all(Imposter::Script script, const std::string& key = "AKIDEXAMPLE:a/secret") {
        imposter_ = std::make_unique<Imposter>(std::move(script));
        add_bedrock("claude", "us-east-1", key);
        add_bedrock("eu", "eu-central-1", key);
        add_provider("up", imposter_->port(), {{"gpt-4o", ""}});
        start();
    }

    Imposter::Script keeps_first(std::promise<std::string>* heard) {
        return [heard](test::Peer& peer) {
            const std::string request = peer.hear_answer();
            if (request.empty()) return;
            heard->set_value(request);
            peer.say(json_answer(kReply));
        };
    }

    std::string say(std::string_view body,
                    std::string_view path = kPath,
                    std::string_view fields = "") const {
        return ask(post(path, secret(), body, fields));
    }

    /// The whole stream that a client gets.
    std::string stream() {
        test::Peer peer = connect();
        peer.say(post(kStreamPath, secret(), kBody));
        return unchunked(peer.hear_until(kLastChunk));
    }
};

/// As the service does it: from what came over the wire.
std::string signature_of(const std::string& request,
                         std::string_view secret,
                         std::string_view region) {
    const std::string line = request.substr(0, request.find("\r\n"));
    const std::string path = line.substr(5, line.rfind(' ') - 5);
    std::vector<std::pair<std::string, std::string>> owned;
    for (const char* name : {"Content-Type", "Host", "X-Amz-Date", "X-Amz-Security-Token"}) {
        const std::string value = field(request, name);
        if (!value.empty()) owned.emplace_back(name, value);
    }
    std::vector<AwsField> head;
    for (const auto& [name, value] : owned) head.push_back({name, value});
    const std::string date = field(request, "X-Amz-Date");
    const std::string written = date.substr(0, 4) + "-" + date.substr(4, 2) + "-" +
                                date.substr(6, 5) + ":" + date.substr(11, 2) + ":" +
                                date.substr(13);
    const std::string id = request.substr(request.find("Credential=") + 11);
    return aws_sign({.method = "POST",
                     .path = path,
                     .head = head,
                     .body = sha256(request.substr(request.find("\r\n\r\n") + 4))},
                    {.access_key_id = std::string_view(id).substr(0, id.find('/')),
                     .secret_access_key = secret,
                     .region = region,
                     .service = "bedrock",
                     .at = parse_iso8601(written).value()})
        .authorization;
}

TEST_F(Converse, PassesByteForByteAndIsSignedForItsRegion) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard));
    const std::string answer = say(kBody);
    EXPECT_EQ(status(answer), 200);
    EXPECT_TRUE(answer.ends_with(kReply));
    EXPECT_EQ(field(answer, "x-amzn-RequestId"), field(answer, "X-Request-Id"));
    const std::string request = heard.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /model/amazon.nova-lite-v1%3A0/converse HTTP/1.1\r\n"))
        << request;
    EXPECT_TRUE(request.ends_with(kBody));
    EXPECT_EQ(field(request, "Authorization"), signature_of(request, "a/secret", "us-east-1"));
    EXPECT_EQ(row(1), "200 /model/{id}/converse nova  10+7")
        << "and not what a model wrote that looks like a usage";
}

TEST_F(Converse, TakesAnApiKeyOfBedrockAsABearer) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard), "ABSKexample");
    EXPECT_EQ(status(say(kBody)), 200);
    const std::string request = heard.get_future().get();
    EXPECT_EQ(field(request, "Authorization"), "Bearer ABSKexample");
    EXPECT_EQ(field(request, "X-Amz-Date"), "");
}

TEST_F(Converse, TakesOurKeyInThePlaceOfAnAccessKeysId) {
    start_all(Imposter::answers(json_answer(kReply)));
    const auto signed_with = [&](std::string_view key) {
        return ask("POST " + std::string(kPath) +
                   " HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" +
                   std::string(key) +
                   "/20261121/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, "
                   "Signature=00\r\nX-Amz-Date: 20261121T063005Z\r\nX-Amz-Security-Token: t\r\n"
                   "Content-Length: " +
                   std::to_string(kBody.size()) + "\r\n\r\n" + std::string(kBody));
    };
    EXPECT_EQ(status(signed_with(secret())), 200);
    const std::string wrong = signed_with("AKIDEXAMPLE");
    EXPECT_EQ(status(wrong), 401);
    EXPECT_EQ(field(wrong, "x-amzn-ErrorType"), "AccessDeniedException");
    EXPECT_NE(wrong.find("\"__type\":\"AccessDeniedException\",\"error_code\":\"invalid_api_key\""),
              std::string::npos)
        << wrong;
}

TEST_F(Converse, ACredentialOfTheVaultThatIsNoneOfAwssIsNotSent) {
    imposter_ = std::make_unique<Imposter>(Imposter::answers(json_answer(kReply)));
    add_bedrock("claude", "us-east-1", "AKIDEXAMPLE:a/secret");
    CredentialParts parts{.store = &store_->credentials(), .clock = &clock_};
    parts.keys.masters.emplace_back(std::string(64, 'm'));
    parts.origins = {{"claude", parts_.providers.front().origin()}};
    CredentialDirectory credentials(std::move(parts));
    ASSERT_TRUE(
        credentials.create({.id = new_id("cred"), .team_id = "team_a", .provider = "claude"},
                           Secret("AKID:too:many:colons"),
                           {.tenant = "test"}));
    parts_.credentials = &credentials;
    start();
    const std::string answer = say(kBody);
    EXPECT_EQ(status(answer), 500) << answer;
    EXPECT_NE(answer.find("provider_credential_unreadable"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("AKID:"), std::string::npos);
}

TEST_F(Converse, FindsModelsWhoseIdsHaveSlashes) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard));
    EXPECT_EQ(status(say(kBody, "/model/eu%2Fmaker%2Fother/converse")), 200);
    const std::string request = heard.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /model/maker%2Fother/converse HTTP/1.1\r\n")) << request;
    EXPECT_NE(request.find("/eu-central-1/bedrock/"), std::string::npos);
    EXPECT_EQ(status(say(kBody, "/model/eu/maker/other/converse")), 404) << "as it is at AWS";
    EXPECT_EQ(status(say(kBody, "/model/..%2Fx/converse")), 404);
    const std::string unknown = say(kBody, "/model/nope/converse");
    EXPECT_EQ(field(unknown, "x-amzn-ErrorType"), "ResourceNotFoundException");
}

TEST_F(Converse, UsesTheCallersOwnKeysOnceAndInTheRegionTheyName) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard));
    EXPECT_EQ(status(say(R"({"aws_access_key_id":"ASIAOWN","aws_secret_access_key":"own/secret",)"
                         R"("aws_session_token":"own==","aws_region_name":"eu-central-1",)"
                         R"("messages":[]})")),
              200);
    const std::string request = heard.get_future().get();
    EXPECT_TRUE(request.ends_with("\r\n\r\n{\"messages\":[]}")) << request;
    EXPECT_EQ(field(request, "X-Amz-Security-Token"), "own==");
    EXPECT_EQ(field(request, "Authorization"), signature_of(request, "own/secret", "eu-central-1"));
    EXPECT_NE(field(request, "Authorization").find("Credential=ASIAOWN/"), std::string::npos);
}

TEST_F(Converse, RefusesHalfAKeyAndARegionThatItIsNotIn) {
    start_all(Imposter::answers(json_answer(kReply)));
    EXPECT_NE(say(R"({"aws_access_key_id":"ASIAOWN","messages":[]})").find("belong together"),
              std::string::npos);
    EXPECT_NE(say(R"({"aws_region_name":"us-west-2","messages":[]})").find("in the region of"),
              std::string::npos);
    EXPECT_EQ(status(say(R"({"api_key":"a:","messages":[]})")), 400);
    EXPECT_EQ(status(say(R"({"messages":[],"inferenceConfig":{"maxTokens":0}})")), 400);
    EXPECT_EQ(status(say(R"({"messages":[],"inferenceConfig":[]})")), 400);
    EXPECT_EQ(imposter_->connections(), 0U);
}

TEST_F(Converse, IsSpokenOnlyWhereItIsUnderstood) {
    start_all(Imposter::answers(json_answer(kReply)));
    const std::string there =
        ask(post("/v1/messages/count_tokens", secret(), R"({"model":"nova","messages":[]})"));
    EXPECT_EQ(status(there), 400);
    EXPECT_NE(there.find("unsupported_by_provider"), std::string::npos) << there;
    EXPECT_EQ(imposter_->connections(), 0U);
}

TEST_F(Converse, IsMeteredFromTheLastFrameOfAStream) {
    const std::string frames = kStart + kDelta + kStop + kMetadata;
    start_all([&](test::Peer& peer) {
        while (!peer.hear_answer().empty()) {
            std::string answer(kHead);
            for (const char c : frames) answer += chunk({&c, 1});
            peer.say(answer + std::string(kLastChunk));
        }
    });
    EXPECT_EQ(stream(), frames);
    EXPECT_EQ(row(1), "200 /model/{id}/converse-stream nova  10+7");
}

TEST_F(Converse, AnArnIsTheIdOfAModel) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard));
    const std::string path = "/model/eu%2F" + std::string(kEscapedArn) + "/converse";
    EXPECT_EQ(status(say(kBody, path)), 200);
    const std::string request = heard.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /model/" + std::string(kEscapedArn) + "/converse HTTP"))
        << request;
    EXPECT_EQ(field(request, "Authorization"), signature_of(request, "a/secret", "eu-central-1"));
    EXPECT_EQ(row(1), "200 /model/{id}/converse " + std::string(kArn) + "  10+7");
}

TEST_F(Converse, AClientThatLeavesLetsTheUsageBeReadToTheToken) {
    const std::string usage = event("metadata",
                                    R"({"usage":{"inputTokens":10,"outputTokens":7,)"
                                    R"("totalTokens":112,"cacheReadInputTokens":90,)"
                                    R"("cacheWriteInputTokens":5,"cacheDetails":[{"ttl":"5m",)"
                                    R"("inputTokens":5}]},"metrics":{"latencyMs":1}})");
    std::promise<void> client_left;
    charge_calls();
    start_all([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(std::string(kHead) + chunk(kStart));
        client_left.get_future().wait();
        peer.say(chunk(kDelta + kStop + usage) + std::string(kLastChunk));
        peer.hear_answer();
    });
    {
        test::Peer peer = connect();
        peer.say(post(kStreamPath, secret(), kBody));
        peer.hear_until(kStart.substr(20));
    }
    client_left.set_value();
    row(1);
    money_->journal->sync();
    const std::vector<CallRecord> rows = money_->journal->next_batch(10).rows;
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].basis, UsageBasis::Exact);
    EXPECT_EQ(rows[0].usage.input, 105);
    EXPECT_EQ(rows[0].usage.cached_input, 90);
    EXPECT_EQ(rows[0].usage.cache_write, 5);
    EXPECT_EQ(rows[0].usage.output, 7);
}

TEST_F(Converse, WhatIsCachedForAnHourHasItsOwnPrice) {
    charge_calls();
    constexpr Price kPrice{.input = 1'000'000'000,
                           .output = 10'000'000'000,
                           .cached_input = 100'000'000,
                           .cache_write = 1'250'000'000,
                           .cache_write_1h = 2'000'000'000};
    ASSERT_TRUE(money_->prices.put("claude/nova", kPrice, {.tenant = "instance"}));
    start_all([](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        const std::string usage =
            event("metadata",
                  R"({"usage":{"inputTokens":1000,"outputTokens":100,"totalTokens":7100,)"
                  R"("cacheReadInputTokens":2000,"cacheWriteInputTokens":4000,"cacheDetails":)"
                  R"([{"ttl":"1h","inputTokens":3000},{"ttl":"5m","inputTokens":1000}]},)"
                  R"("metrics":{"latencyMs":1}})");
        peer.say(std::string(kHead) + chunk(kStart + kDelta + kStop + usage) +
                 std::string(kLastChunk));
        peer.hear_answer();
    });
    stream();
    row(1);
    money_->journal->sync();
    const std::vector<CallRecord> rows = money_->journal->next_batch(10).rows;
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].basis, UsageBasis::Exact);
    EXPECT_EQ(rows[0].usage.cache_write, 4'000);
    EXPECT_EQ(rows[0].usage.cache_write_1h, 3'000);
    // 1,000 plain, 2,000 cached, 1,000 and 3,000 written, 100 out: in nano-dollars.
    EXPECT_EQ(rows[0].cost.value, 1'000'000 + 200'000 + 1'250'000 + 6'000'000 + 1'000'000);
}

TEST_F(Converse, AStreamThatDiesEndsInAnExceptionAndCostsWhatWasWritten) {
    charge_calls();
    constexpr Price kPrice{.input = 1'000'000'000, .output = 10'000'000'000};
    ASSERT_TRUE(money_->prices.put("claude/nova", kPrice, {.tenant = "instance"}));
    start_all([](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(std::string(kHead) + chunk(kStart + kDelta + kDelta + kDelta.substr(0, 20)) +
                 std::string(kLastChunk));
    });
    const std::string got = stream();
    EXPECT_TRUE(got.starts_with(kStart + kDelta + kDelta));
    const LastFrame last = last_frame(got);
    EXPECT_EQ(last.exception, "modelStreamErrorException");
    EXPECT_TRUE(last.payload.starts_with(R"({"message":"The provider broke off its answer.")"))
        << last.payload;
    row(1);
    money_->journal->sync();
    const std::vector<CallRecord> rows = money_->journal->next_batch(10).rows;
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].basis, UsageBasis::Counted);
    EXPECT_EQ(rows[0].usage.output, 3);  // ten bytes
    EXPECT_GT(rows[0].cost.value, 0);
}

TEST_F(Converse, ADamagedFrameNeverReachesTheClient) {
    std::string damaged = kDelta;
    damaged[damaged.size() - 6] ^= 0x10;
    start_all([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(std::string(kHead) + chunk(kStart + damaged + kStop) + std::string(kLastChunk));
    });
    const std::string got = stream();
    EXPECT_TRUE(got.starts_with(kStart));
    EXPECT_EQ(got.find(damaged), std::string::npos);
    EXPECT_NE(last_frame(got).payload.find("a stream that is damaged"), std::string::npos);
    EXPECT_EQ(row(1), "200 /model/{id}/converse-stream nova upstream_error");
}

TEST_F(Converse, ARefusedSignatureIsToldWithTheClocksAndWithoutWhatWasSigned) {
    start_all([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(
            "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
            "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "x-amzn-ErrorType: InvalidSignatureException:http://internal.amazon.com/\r\n"
            "Content-Length: 28\r\n\r\n{\"message\":\"canonical: own\"}");
    });
    const std::string answer = say(kBody);
    EXPECT_EQ(status(answer), 502);
    EXPECT_EQ(field(answer, "x-amzn-ErrorType"), "InternalServerException");
    EXPECT_NE(answer.find("does not accept this gateway's credential: InvalidSignatureException. "
                          "Its clock is "),
              std::string::npos)
        << answer;
    EXPECT_NE(answer.find("minutes behind the gateway's."), std::string::npos);
    EXPECT_EQ(answer.find("canonical"), std::string::npos);
}

TEST_F(Converse, TheProvidersOwnErrorsPass) {
    constexpr std::string_view kRefusal = R"({"message":"Malformed input request"})";
    start_all(Imposter::answers(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
        "x-amzn-ErrorType: ValidationException:http://internal.amazon.com/\r\nContent-Length: " +
        std::to_string(kRefusal.size()) + "\r\n\r\n" + std::string(kRefusal)));
    const std::string answer = say(kBody);
    EXPECT_EQ(status(answer), 400);
    EXPECT_TRUE(answer.ends_with(kRefusal));
    EXPECT_EQ(field(answer, "x-amzn-ErrorType"), "ValidationException:http://internal.amazon.com/");
}

TEST_F(Converse, AnIdempotencyKeyIsOfItsModelAlone) {
    start_all(Imposter::answers(json_answer(kReply)));
    const auto again = [&](std::string_view path) {
        return field(say(kBody, path, "Idempotency-Key: one\r\n"), "Idempotent-Replayed");
    };
    EXPECT_EQ(again(kPath), "");
    EXPECT_EQ(again(kPath), "true");
    EXPECT_EQ(again("/model/eu%2Fnova/converse"), "");
}

}  // namespace
}  // namespace keywarden
