#include "proxy/routing.h"

#include <memory>
#include <string>

#include "proxy/routes_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

TEST_F(Routes, TheFirstServesWhatItCan) {
    serve({json_answer(kReply), json_answer(kReply)});
    const std::string answer = chat(kHouse);
    EXPECT_TRUE(answer.ends_with(kReply)) << answer;
    EXPECT_EQ(field(answer, "x-keywarden-model"), "m0");
    EXPECT_EQ(field(answer, "x-keywarden-provider"), "p0");
    EXPECT_EQ(field(answer, "x-keywarden-routing"), "house");
    EXPECT_EQ(field(answer, "x-keywarden-attempts"), "1");
    EXPECT_EQ(heard(1), 0);
}

TEST_F(Routes, TheNextServesWhatThoseBeforeCouldNot) {
    serve({refusal("429 Too Many"),
           refusal("500 Oh"),
           refusal("401 Key"),
           refusal("404 Model"),
           refusal("302 There"),
           json_answer(kReply)});
    const std::string answer = chat(kHouse);
    EXPECT_TRUE(answer.ends_with(kReply)) << answer;
    EXPECT_EQ(field(answer, "x-keywarden-model"), "m5");
    EXPECT_EQ(field(answer, "x-keywarden-provider"), "p5");
    EXPECT_EQ(field(answer, "x-keywarden-attempts"), "6");
    EXPECT_EQ(row(1), "200 /v1/chat/completions m5  5+7");
}

TEST_F(Routes, WhatTheCallerDidWrongIsSaidByTheFirst) {
    serve({json_answer(R"({"error":{"message":"too long"}})", "400 Bad"), json_answer(kReply)});
    const std::string answer = chat(kHouse);
    EXPECT_EQ(status(answer), 400);
    EXPECT_EQ(field(answer, "x-keywarden-provider"), "p0");
    EXPECT_EQ(heard(1), 0);
}

TEST_F(Routes, WhereNoneCanTheLastOneSaysSo) {
    serve({refusal("503 A"), json_answer(R"({"error":{"message":"b"}})", "529 B")});
    const std::string answer = chat(kHouse);
    EXPECT_EQ(status(answer), 529);
    EXPECT_EQ(field(answer, "x-keywarden-provider"), "p1");
}

TEST_F(Routes, WhatMayHaveBeenWorkedOnGoesNowhereElse) {
    serve({"", json_answer(kReply)});
    EXPECT_EQ(status(chat(kHouse)), 502);
    EXPECT_EQ(heard(1), 0);
}

TEST_F(Routes, WhatMayHaveBeenWorkedOnGoesOnWhereTheOperatorWantsThat) {
    add_imposters({"", json_answer(kReply)});
    parts_.routes.push_back({.id = "house", .targets = {{"m0"}, {"m1"}}, .resends = true});
    start();
    const std::string answer = chat(kHouse);
    EXPECT_EQ(status(answer), 200);
    EXPECT_EQ(field(answer, "x-keywarden-attempts"), "2");
}

TEST_F(Routes, OneThatIsDownIsPassedOver) {
    {
        const Imposter gone([](test::Peer&) {});
        add_provider("down", gone.port(), {{"m-down", ""}});
    }
    add_imposters({json_answer(kReply)});
    add_route({{"m-down"}, {"m0"}});
    parts_.limits.breaker = {.failures_max = 1, .rest = 1h};
    start();
    for (int i = 0; i < 3; ++i) {
        const std::string answer = chat(kHouse);
        EXPECT_EQ(field(answer, "x-keywarden-model"), "m0") << answer;
        EXPECT_EQ(field(answer, "x-keywarden-attempts"), "1");
    }
}

TEST_F(Routes, TheLastOneIsAskedAgain) {
    parts_.limits.retries = {.retries_max = 2, .first_wait = 1us};
    serve({refusal("503 A"), refusal("503 B")});
    EXPECT_EQ(status(chat(kHouse)), 503);
    EXPECT_EQ(heard(0), 1);
    EXPECT_EQ(heard(1), 3);
}

TEST_F(Routes, AStreamMayComeFromAnother) {
    serve({refusal("503 A"),
           "HTTP/1.1 200 OK\r\nContent-Type: "
           "text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
           "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"});
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions", secret(), R"({"model":"house","stream":true})"));
    const std::string answer = peer.hear_until("0\r\n\r\n");
    EXPECT_EQ(unchunked(answer), "data: [DONE]\n\n");
    EXPECT_EQ(field(answer, "x-keywarden-provider"), "p1");
}

TEST_F(Routes, TheSandboxMayBeTheLastResort) {
    add_imposters({refusal("503 A")});
    add_route({{"m0"}, {"sandbox"}});
    parts_.providers.push_back(open_provider({.name = "sandbox"}).value());
    start();
    const std::string answer =
        chat(R"({"model":"house","messages":[{"role":"user","content":"hi"}]})");
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_EQ(field(answer, "x-keywarden-provider"), "sandbox");
    EXPECT_EQ(field(answer, "x-keywarden-attempts"), "2");
}

TEST_F(Routes, WhatTheSandboxIsToFailAtGoesOnAsFromAnyProvider) {
    add_imposters({json_answer(kReply)});
    add_route({{"sandbox/error-503"}, {"sandbox/no-such-control"}, {"m0"}});
    parts_.providers.push_back(open_provider({.name = "sandbox"}).value());
    start();
    const std::string served = chat(R"({"model":"house","messages":[]})");
    EXPECT_EQ(status(served), 200) << served;
    EXPECT_EQ(field(served, "x-keywarden-provider"), "p0");
    EXPECT_EQ(field(served, "x-keywarden-attempts"), "3");
}

TEST_F(Routes, WhatTheCallerDidWrongIsSaidByTheSandboxToo) {
    add_imposters({json_answer(kReply)});
    add_route({{"sandbox/error-400"}, {"m0"}});
    parts_.providers.push_back(open_provider({.name = "sandbox"}).value());
    start();
    const std::string refused = chat(R"({"model":"house","messages":[]})");
    EXPECT_EQ(status(refused), 400) << refused;
    EXPECT_EQ(field(refused, "x-keywarden-provider"), "sandbox");
}

TEST_F(Routes, EachTargetIsToldItsOwnNameOfTheModel) {
    std::string told;
    imposter_ = std::make_unique<Imposter>([&](test::Peer& peer) {
        told = peer.hear_answer();
        peer.say(json_answer(kReply));
    });
    add_imposters({refusal("503 A")});
    add_provider("last", imposter_->port(), {{"last", "last-2026"}});
    add_route({{"m0"}, {"last"}});
    start();
    EXPECT_EQ(status(chat(kHouse)), 200);
    EXPECT_NE(told.find(R"({"model":"last-2026","max_tokens":10,"messages":[]})"), told.npos);
}

// ---- rights ------------------------------------------------------------------------------------

TEST_F(Routes, ATargetThatTheKeyMayNotUseIsSkipped) {
    serve({json_answer(kReply), refusal("503 B"), json_answer(kReply)});
    Policy policy;
    policy.models.deny = {*Glob::parse("m0"), *Glob::parse("p2/*")};
    put_policy(policy);
    const std::string answer = chat(kHouse);
    EXPECT_EQ(status(answer), 503) << "it goes to nobody whom the key may not call";
    EXPECT_EQ(heard(0), 0);
    EXPECT_EQ(heard(1), 1);
    EXPECT_EQ(heard(2), 0);
}

TEST_F(Routes, WhereNoneIsLeftItIs403) {
    serve({json_answer(kReply), json_answer(kReply)});
    Policy policy;
    policy.providers.deny = {*Glob::parse("p*")};
    put_policy(policy);
    const std::string answer = chat(kHouse);
    EXPECT_EQ(status(answer), 403);
    EXPECT_NE(answer.find("model_not_allowed"), answer.npos);
    EXPECT_EQ(heard(0) + heard(1), 0);
}

TEST_F(Routes, ListsOfModelsMayNameThem) {
    serve({json_answer(kReply)});
    Policy policy;
    policy.models.allow = {*Glob::parse("house")};
    put_policy(policy);
    EXPECT_EQ(status(chat(kHouse)), 200);
    EXPECT_EQ(status(chat(R"({"model":"m0","messages":[]})")), 403)
        << "by its own id it is another";
}

TEST_F(Routes, AreListedWithTheTargetsThatMayBeUsed) {
    add_imposters({json_answer(kReply), json_answer(kReply)});
    add_route({{"m0"}, {"p1/m1"}});
    start();
    constexpr std::string_view kOwner =
        R"("id":"house","object":"model","created":0,"owned_by":"keywarden")";
    std::string list = ask(get("/v1/models", secret()));
    EXPECT_NE(list.find(kOwner), list.npos) << list;
    EXPECT_NE(list.find(R"("route":{"strategy":"fallback","targets":["m0","p1/m1"]})"), list.npos);
    Policy policy;
    policy.models.deny = {*Glob::parse("m0")};
    put_policy(policy);
    const std::string one = ask(get("/v1/models/house", secret()));
    EXPECT_NE(one.find(R"("targets":["p1/m1"])"), one.npos) << one;
    policy.models.deny = {*Glob::parse("m*")};
    put_policy(policy);
    list = ask(get("/v1/models", secret()));
    EXPECT_EQ(list.find("house"), list.npos) << list;
    EXPECT_EQ(status(ask(get("/v1/models/house", secret()))), 403);
}

TEST_F(Routes, ACredentialInTheBodyNeedsOneProvider) {
    serve({json_answer(kReply), json_answer(kReply)});
    for (const char* field : {"api_key", "aws_access_key_id", "aws_region_name"}) {
        const std::string own = '"' + std::string(field) + R"(":"of-mine")";
        const std::string answer = chat(R"({"model":"house",)" + own + R"(,"messages":[]})");
        EXPECT_EQ(status(answer), 400) << answer;
    }
    EXPECT_EQ(heard(0), 0);
}

// ---- weights -----------------------------------------------------------------------------------

TEST_F(Routes, WeightsSayHowOftenEachBegins) {
    add_imposters({json_answer(kReply), json_answer(kReply), json_answer(kReply)});
    add_route({{"m0", 1}, {"m1", 5}, {"m2", 2}}, RouteStrategy::Weighted);
    start();
    for (int i = 0; i < 16; ++i) EXPECT_EQ(status(chat(kHouse)), 200);
    EXPECT_EQ(heard(0), 2);
    EXPECT_EQ(heard(1), 10);
    EXPECT_EQ(heard(2), 4);
}

TEST_F(Routes, TheOthersStandInForTheOneByWeight) {
    add_imposters({json_answer(kReply), refusal("503 A"), refusal("503 B")});
    add_route({{"m0", 1}, {"m1", 1}, {"m2", 1}}, RouteStrategy::Weighted);
    start();
    for (int i = 0; i < 9; ++i) EXPECT_EQ(field(chat(kHouse), "x-keywarden-model"), "m0");
    EXPECT_EQ(heard(1), 3);
    EXPECT_EQ(heard(2), 3);
}

// ---- dialects ----------------------------------------------------------------------------------

/// A client of OpenAI's dialect; "claude" speaks Anthropic's, and all that it says is `answer`.
class RoutesOfDialects : public Routes {
protected:
    static constexpr std::string_view kMessage =
        R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x",)"
        R"("content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn",)"
        R"("usage":{"input_tokens":10,"output_tokens":7}})";
    static constexpr std::string_view kAsked =
        R"({"model":"house","messages":[{"role":"user","content":"hi"}]})";

    void add_claude(std::string answer) {
        imposter_ = std::make_unique<Imposter>(
            [answer = std::move(answer), told = told_](test::Peer& peer) {
                for (;;) {
                    const std::string request = peer.hear_answer();
                    if (request.empty()) return;
                    *told = request;
                    if (!peer.say(answer)) return;
                }
            });
        add_provider(
            "claude", imposter_->port(), {{"claude-x", "claude-x-2026"}}, Dialect::Anthropic);
    }

    std::shared_ptr<std::string> told_ = std::make_shared<std::string>();
};

TEST_F(RoutesOfDialects, AnotherDialectIsTranslatedForItsTargetAlone) {
    add_imposters({refusal("503 A")});
    add_claude(json_answer(kMessage));
    add_route({{"m0"}, {"claude-x"}});
    start();
    const std::string answer = chat(kAsked);
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_NE(answer.find(R"("content":"hello")"), answer.npos) << answer;
    EXPECT_TRUE(told_->starts_with("POST /base/v1/messages HTTP/1.1\r\n")) << *told_;
    EXPECT_NE(told_->find(R"({"model":"claude-x-2026")"), told_->npos) << *told_;
    EXPECT_EQ(row(1), "200 /v1/chat/completions claude-x  10+7");
}

TEST_F(RoutesOfDialects, OnesOwnDialectPassesAfterAnother) {
    add_claude(refusal("529 Overloaded"));
    add_imposters({json_answer(kReply)});
    add_route({{"claude-x"}, {"m0"}});
    start();
    const std::string answer = chat(kAsked);
    EXPECT_TRUE(answer.ends_with(kReply)) << answer;
    EXPECT_EQ(row(1), "200 /v1/chat/completions m0  5+7");
}

TEST_F(RoutesOfDialects, AnAnswerStaysTranslatedWhereNobodyElseMayServe) {
    parts_.limits.retries = {.retries_max = 1, .first_wait = 1us};
    add_claude(
        json_answer(R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})",
                    "429 Too Many"));
    add_imposters({json_answer(kReply)});
    add_route({{"claude-x"}, {"m0"}});
    Limits limits;
    limits[LimitKind::RequestsPerMinute] = 1;
    start();
    directory_->policies().put(ModelRules{.id = "p0/m0", .limits = limits});
    EXPECT_EQ(status(chat(R"({"model":"m0","messages":[]})")), 200);
    const std::string answer = chat(kAsked);
    EXPECT_EQ(status(answer), 429);
    EXPECT_EQ(field(answer, "x-keywarden-provider"), "claude");
    EXPECT_EQ(field(answer, "x-keywarden-attempts"), "2") << "it was asked again";
    EXPECT_TRUE(told_->starts_with("POST /base/v1/messages HTTP/1.1\r\n")) << *told_;
    EXPECT_NE(answer.find(R"({"error":{"message":"slow","type":"rate_limit_error")"), answer.npos)
        << answer;
}

TEST_F(RoutesOfDialects, ATargetWithoutAWordForItIsPassedOver) {
    add_claude(json_answer(kMessage));
    add_imposters({json_answer(kReply)});
    add_route({{"claude-x"}, {"m0"}});
    start();
    EXPECT_EQ(
        field(chat(R"({"model":"house","seed":1,"messages":[{"role":"user","content":"hi"}]})"),
              "x-keywarden-model"),
        "m0");
    EXPECT_EQ(field(ask(post("/v1/embeddings", secret(), R"({"model":"house","input":"hi"})")),
                    "x-keywarden-model"),
              "m0");
    EXPECT_EQ(imposter_->connections(), 0U);
}

// ---- limits ------------------------------------------------------------------------------------

TEST_F(Routes, AModelThatIsUsedUpIsPassedOverAndNothingIsTakenOfIt) {
    serve({json_answer(kReply), json_answer(kReply)});
    Limits limits;
    limits[LimitKind::RequestsPerMinute] = 2;
    directory_->policies().put(ModelRules{.id = "p0/m0", .limits = limits});
    std::string served;
    for (int i = 0; i < 4; ++i) served += field(chat(kHouse), "x-keywarden-model") + " ";
    EXPECT_EQ(served, "m0 m0 m1 m1 ");
}

TEST_F(Routes, ALimitOfTheCallersOwnIsNoMatterOfTheModel) {
    serve({json_answer(kReply), json_answer(kReply)});
    const MintedKey key = create(KeyKind::Full, 1);
    const std::string call = post("/v1/chat/completions", key.secret.reveal(), kHouse);
    EXPECT_EQ(status(ask(call)), 200);
    const std::string answer = ask(call);
    EXPECT_EQ(status(answer), 429);
    EXPECT_NE(answer.find(R"("denied_by":"key")"), answer.npos) << answer;
}

TEST_F(Routes, TheLimitsOfTheModelThatServesAreTheOnesTaken) {
    serve({refusal("503 A"), json_answer(kReply), json_answer(kReply)});
    Limits limits;
    limits[LimitKind::RequestsPerMinute] = 2;
    directory_->policies().put(ModelRules{.id = "p1/m1", .limits = limits});
    std::string served;
    for (int i = 0; i < 4; ++i) served += field(chat(kHouse), "x-keywarden-model") + " ";
    EXPECT_EQ(served, "m1 m1 m2 m2 ");
}

TEST_F(Routes, TokensAreTakenOfTheModelThatServes) {
    serve({refusal("503 A"), json_answer(kReply)});
    Limits first;
    first[LimitKind::TokensPerMinute] = 1'000'000;
    directory_->policies().put(ModelRules{.id = "p0/m0", .limits = first});
    directory_->policies().put(ModelRules{.id = "p1/m1", .limits = first});
    EXPECT_EQ(status(chat(kHouse)), 200);
    row(1);
    const auto used = [&](std::string_view provider, std::string_view model) {
        const Caller caller = directory_->authenticate(secret(), clock_.now(), {}).value();
        const PolicyReading reading =
            directory_->read_policy(caller, {.provider = provider, .model = model});
        for (const LimitUse& use : list_limits(reading.limits(), {}, system_clock().mono())) {
            if (use.counted_in == Scope::Model && use.kind == LimitKind::TokensPerMinute) {
                return use.used;
            }
        }
        return int64_t{-1};
    };
    EXPECT_EQ(used("p0", "m0"), 0);
    EXPECT_EQ(used("p1", "m1"), 12);
}

}  // namespace
}  // namespace keywarden
