#include "proxy/policy.h"

#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

using enum LimitKind;

constexpr std::string_view kBody = R"({"model":"gpt-4o","messages":[]})";
constexpr std::string_view kReply =
    R"({"id":"c1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}})";

class CallPolicy : public ProxyFixture {
protected:
    void SetUp() override {
        ProxyFixture::SetUp();
        const auto echo = [](const ApiCall& call) -> Result<HttpResponse> {
            return HttpResponse{.body = call.request.peer_address};
        };
        parts_.api_routes = {
            {{Method::Get, "/v1/account/keys", Permission::KeysRead, Dialect::Problem}, echo},
            {{Method::Get, "/v1/keys", Permission::KeysRead, Dialect::Problem}, echo},
            {{Method::Post, "/v1/account/keys", Permission::KeysWrite, Dialect::Problem}, echo},
        };
        parts_.aliases = {{"fast", "small"}};
    }

    void start_answering() { start(Imposter::answers(json_answer(kReply))); }

    /// What the team of all keys says from now on.
    void team_says(const Policy& policy, TeamState state = TeamState::Active) {
        directory_->policies().put(
            TeamRules{.id = "team_a", .state = state, .policy = policy, .version = ++version_});
    }
    void team_limits(LimitKind kind, int64_t value) {
        Policy policy;
        policy.limits[kind] = value;
        team_says(policy);
    }

    static std::string quoted(const std::string& answer, const std::string& name) {
        const std::string start = "\"" + name + "\":\"";
        const size_t at = answer.find(start);
        if (at == std::string::npos) return "no " + name + " in " + answer;
        const size_t begin = at + start.size();
        return answer.substr(begin, answer.find('"', begin) - begin);
    }
    /// "403 model_not_allowed by team", or "200".
    static std::string outcome(const std::string& answer) {
        if (status(answer) < 400) return std::to_string(status(answer));
        return std::to_string(status(answer)) + " " + quoted(answer, "code") + " by " +
               quoted(answer, "denied_by");
    }
    std::string ask_for(std::string_view model) const {
        return outcome(chat(R"({"model":")" + std::string(model) + R"(","messages":[]})"));
    }

private:
    int64_t version_ = 1;
};

Policy models(std::optional<std::vector<std::string>> allow, std::vector<std::string> deny) {
    Policy policy;
    if (allow) policy.models.allow.emplace();
    for (const auto& text : allow.value_or(std::vector<std::string>())) {
        policy.models.allow->push_back(*Glob::parse(text));
    }
    for (const auto& text : deny) policy.models.deny.push_back(*Glob::parse(text));
    return policy;
}

TEST_F(CallPolicy, ATeamThatIsNotActiveIsNotServed) {
    start_answering();
    team_says({}, TeamState::Suspended);
    EXPECT_EQ(quoted(chat(kBody), "code"), "account_inactive");
    EXPECT_EQ(status(ask(get("/v1/models", secret()))), 403);
    EXPECT_EQ(status(ask(get("/v1/keys", secret()))), 403);
    team_says({}, TeamState::Overdue);
    const std::string overdue = chat(kBody);
    EXPECT_EQ(status(overdue), 402);
    EXPECT_EQ(quoted(overdue, "code"), "invoice_overdue");
    team_says({});
    EXPECT_EQ(status(chat(kBody)), 200);
}

TEST_F(CallPolicy, AnEndpointIsDeniedUnderEachOfItsPaths) {
    start_answering();
    Policy policy;
    policy.endpoints.deny = {*Glob::parse("/v1/account/keys"), *Glob::parse("/v1/embeddings")};
    team_says(policy);
    EXPECT_EQ(outcome(ask(get("/v1/keys", secret()))), "403 endpoint_not_allowed by team");
    EXPECT_EQ(outcome(ask(get("/v1/account/keys", secret()))), "403 endpoint_not_allowed by team");
    EXPECT_EQ(outcome(ask(post("/v1/embeddings", secret(), kBody))),
              "403 endpoint_not_allowed by team");
    EXPECT_EQ(status(chat(kBody)), 200);
}

TEST_F(CallPolicy, AnAddressIsThePeersUnlessATrustedProxyTellsOfAnother) {
    start_answering();
    Policy policy;
    policy.addresses.allow = {*IpRange::parse("127.0.0.0/8")};
    team_says(policy);
    const std::string forged = "X-Forwarded-For: 203.0.113.9\r\n";
    EXPECT_EQ(status(chat(kBody, forged)), 200) << "nobody is trusted to say so";
    policy.addresses.allow = {*IpRange::parse("203.0.113.0/24")};
    team_says(policy);
    EXPECT_EQ(outcome(chat(kBody, forged)), "403 ip_not_allowed by team");
}

TEST_F(CallPolicy, BehindATrustedProxyTheClientItNamesCounts) {
    parts_.trusted_proxies = {*IpRange::parse("127.0.0.1")};
    start_answering();
    Policy policy;
    policy.addresses.allow = {*IpRange::parse("203.0.113.0/24")};
    team_says(policy);
    EXPECT_EQ(status(chat(kBody, "X-Forwarded-For: 203.0.113.9\r\n")), 200);
    EXPECT_EQ(status(chat(kBody, "X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\n")), 200);
    EXPECT_EQ(outcome(chat(kBody, "X-Forwarded-For: 203.0.113.9, 198.51.100.1\r\n")),
              "403 ip_not_allowed by team");
    EXPECT_EQ(outcome(chat(kBody)), "403 ip_not_allowed by team");
    std::string ten;
    for (int i = 0; i < 9; ++i) ten += "X-Forwarded-For: 203.0.113.9\r\n";
    EXPECT_EQ(outcome(chat(kBody, ten + "X-Forwarded-For: 198.51.100.1\r\n")),
              "403 ip_not_allowed by team")
        << "the last field was written by the nearest";
    const std::string keys = "GET /v1/keys HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ";
    const std::string seen =
        ask(keys + std::string(secret()) + "\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
    EXPECT_TRUE(seen.ends_with("203.0.113.9")) << "handlers see the client too: " << seen;
}

TEST_F(CallPolicy, AModelIsDeniedUnderEachOfItsNames) {
    start_answering();
    for (const char* denied : {"small", "up/small", "up_small", "s*", "up/*"}) {
        team_says(models({}, {denied}));
        for (const char* asked : {"small", "up/small", "up_small", "fast"}) {
            EXPECT_EQ(ask_for(asked), "403 model_not_allowed by team") << denied << " " << asked;
        }
    }
    team_says(models({}, {"fast"}));
    EXPECT_EQ(ask_for("fast"), "403 model_not_allowed by team");
    EXPECT_EQ(ask_for("small"), "200") << "an alias is a name of its own";
}

TEST_F(CallPolicy, AModelIsAllowedByAnyOfItsNames) {
    start_answering();
    for (const char* allowed : {"small", "up/small", "up_small"}) {
        team_says(models({{allowed}}, {}));
        for (const char* asked : {"small", "up/small", "up_small", "fast"}) {
            EXPECT_EQ(ask_for(asked), "200") << allowed << " " << asked;
        }
        EXPECT_EQ(ask_for("gpt-4o"), "403 model_not_allowed by team");
    }
    team_says(models({{"fast"}}, {}));
    EXPECT_EQ(ask_for("fast"), "200");
    EXPECT_EQ(ask_for("small"), "403 model_not_allowed by team");
}

TEST_F(CallPolicy, AProviderAndAPrivacyClassAreDenied) {
    start_answering();
    Policy policy;
    policy.providers.deny = {*Glob::parse("up")};
    team_says(policy);
    EXPECT_EQ(ask_for("small"), "403 model_not_allowed by team");
    policy = {};
    policy.classes.allow = {PrivacyClass::Zdr};
    team_says(policy);
    EXPECT_EQ(ask_for("small"), "403 model_not_allowed by team");
    policy.classes.allow = {PrivacyClass::Zdr, PrivacyClass::Standard};
    team_says(policy);
    EXPECT_EQ(ask_for("small"), "200");
}

TEST_F(CallPolicy, TheModelListShowsWhatTheKeyMayUse) {
    start_answering();
    team_says(models({}, {"small"}));
    const std::string list = ask(get("/v1/models", secret()));
    EXPECT_NE(list.find(R"("id":"gpt-4o")"), std::string::npos) << list;
    EXPECT_EQ(list.find("small"), std::string::npos) << list;
    EXPECT_EQ(list.find("fast"), std::string::npos) << "it stands for what is denied: " << list;
    EXPECT_EQ(outcome(ask(get("/v1/models/small", secret()))), "403 model_not_allowed by team");
    EXPECT_EQ(status(ask(get("/v1/models/gpt-4o", secret()))), 200);
}

TEST_F(CallPolicy, TheTightestScopeIsReportedAndADenialTakesNothing) {
    start_answering();
    team_limits(RequestsPerMinute, 2);
    const std::string first = chat(kBody);
    EXPECT_EQ(field(first, "RateLimit-Policy"), R"("rpm";q=2;w=60)");
    EXPECT_EQ(field(first, "x-ratelimit-limit-requests"), "2");
    EXPECT_EQ(field(first, "x-ratelimit-remaining-requests"), "1");
    EXPECT_EQ(outcome(chat(R"({"model":"nothing","messages":[]})")).substr(0, 3), "404");
    EXPECT_EQ(status(chat(kBody)), 200) << "what was refused took nothing";
    const std::string denied = chat(kBody);
    EXPECT_EQ(outcome(denied), "429 rate_limit_exceeded by team");
    EXPECT_GE(std::stoi(field(denied, "Retry-After")), 1);
    EXPECT_EQ(field(denied, "x-ratelimit-remaining-requests"), "0");
    team_limits(RequestsPerMinute, 3);
    EXPECT_EQ(status(chat(kBody)), 200) << "the denial took nothing either";
}

TEST_F(CallPolicy, TokensAreTakenByEstimateAndCorrectedByTheUsage) {
    start_answering();
    team_limits(TokensPerMinute, 100);
    const std::string big = R"({"model":"gpt-4o","max_tokens":80,"messages":[]})";
    const std::string first = chat(big);  // 12 of input and 80 of output, of which 12 are used
    EXPECT_EQ(status(first), 200);
    EXPECT_EQ(field(first, "x-ratelimit-limit-tokens"), "100");
    EXPECT_EQ(field(first, "x-ratelimit-remaining-tokens"), "8");
    EXPECT_NE(first.find(R"(RateLimit-Policy: "tpm";q=100;w=60)"), std::string::npos);
    EXPECT_EQ(outcome(chat(big)), "429 rate_limit_exceeded by team") << "12 and 92 are too many";
    EXPECT_EQ(field(chat(kBody), "x-ratelimit-remaining-tokens"), "80") << "100, 12, and 8";
    team_limits(TokensPerRequest, 50);
    EXPECT_EQ(outcome(chat(big)), "413 request_too_large by team");
    EXPECT_EQ(outcome(chat(R"({"model":"gpt-4o","max_tokens":9,"n":9,"messages":[]})")),
              "413 request_too_large by team");
}

TEST_F(CallPolicy, WhatNobodyWorkedForIsGivenBack) {
    start(Imposter::answers(json_answer(R"({"error":{"message":"no"}})", "400 Bad Request")));
    team_limits(TokensPerMinute, 100);
    const std::string big = R"({"model":"gpt-4o","max_tokens":80,"messages":[]})";
    for (int i = 0; i < 5; ++i) EXPECT_EQ(status(chat(big)), 400);
}

TEST_F(CallPolicy, ABodyIsAsLargeAsTheSmallestScopeLets) {
    start_answering();
    team_limits(BodyBytes, 100);
    const std::string large = R"({"model":"gpt-4o","messages":[")" + std::string(100, 'x') + "\"]}";
    EXPECT_EQ(outcome(chat(large)), "413 request_too_large by team");
    EXPECT_EQ(status(chat(kBody)), 200);
    const std::string chunked =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer " +
        std::string(secret()) + "\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" +
        std::string(128, ' ') + "\r\n0\r\n\r\n";
    EXPECT_EQ(outcome(ask(chunked)), "413 request_too_large by team");
    EXPECT_EQ(outcome(ask(post("/v1/account/keys", secret(), large))),
              "413 request_too_large by team");
}

/// Answers at once, but for what asks for "small": of that it sends a beginning and waits.
class RunningCalls : public CallPolicy {
protected:
    void start_waiting() {
        start([this](test::Peer& peer) {
            for (;;) {
                const std::string request = peer.hear_answer();
                if (request.empty()) return;
                if (request.find("small-2024") == std::string::npos) {
                    peer.say(json_answer(kReply));
                    continue;
                }
                peer.say(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    "Transfer-Encoding: chunked\r\n\r\nf\r\ndata: {\"i\":1}\n\n\r\n");
                go_on_.wait();
                peer.say("0\r\n\r\n");
            }
        });
    }

    void TearDown() override {
        if (!go_on_.try_wait()) go_on_.count_down();
        CallPolicy::TearDown();
    }

    std::string slow_call() const {
        return post(
            "/v1/chat/completions", secret(), R"({"model":"small","stream":true,"messages":[]})");
    }

    std::latch go_on_{1};
};

TEST_F(RunningCalls, HoldTheirPlaceUntilTheirEnd) {
    start_waiting();
    team_limits(ConcurrentRequests, 1);
    test::Peer slow = connect();
    slow.say(slow_call());
    EXPECT_NE(slow.hear_until("{\"i\":1}").size(), 0U);
    const std::string denied = chat(kBody);
    EXPECT_EQ(outcome(denied), "429 concurrency_limit_exceeded by team");
    EXPECT_EQ(field(denied, "Retry-After"), "1");
    EXPECT_EQ(status(ask(get("/v1/models", secret()))), 200) << "only calls that spend count";
    go_on_.count_down();
    slow.hear_until("0\r\n\r\n");
    EXPECT_EQ(row(3).substr(0, 3), "200");
    EXPECT_EQ(status(chat(kBody)), 200);
}

TEST_F(RunningCalls, LeakNoPlaceWhereverTheirClientIsKilled) {
    start_waiting();
    team_limits(ConcurrentRequests, 1);
    const std::string call = post("/v1/chat/completions", secret(), kBody);
    for (size_t cut = 0; cut <= call.size(); cut += 5) {
        test::Peer peer = connect();
        peer.say(std::string_view(call).substr(0, cut));
    }
    const std::string slow = slow_call();
    {
        test::Peer waiting = connect();  // killed while the provider answers
        waiting.say(slow);
    }
    for (int i = 0; i < 3; ++i) {
        test::Peer hearing = connect();  // killed in the middle of the answer, or refused
        hearing.say(slow);
        hearing.hear_bytes(10);
    }
    go_on_.count_down();
    const auto give_up = std::chrono::steady_clock::now() + test::kPatience;
    std::string last;
    do {
        last = outcome(chat(kBody));
        std::this_thread::yield();
    } while (last != "200" && std::chrono::steady_clock::now() < give_up);
    EXPECT_EQ(last, "200") << "a place was never freed";
}

}  // namespace
}  // namespace keywarden
