// In the steady state a call takes no memory from the heap. Counted, not measured.

#include <algorithm>
#include <array>
#include <atomic>
#include <string>

#include "base/test_heap.h"
#include "domain/tool_selection.h"
#include "proxy/proxy_fixture.h"
#include "store/tool_health.h"

namespace keywarden {
namespace {

constexpr size_t kWarmUp = 20;
constexpr size_t kCalls = 100;

class Allocations : public ProxyFixture {
protected:
    void SetUp() override {
        if (!kCountsAllocations) {
            GTEST_SKIP() << "under sanitizers the pools keep nothing, on purpose";
        }
        ProxyFixture::SetUp();
        // From the end of one call to the end of the next: all that the loop's thread did.
        parts_.on_call = [this](const CallLine& row) {
            const size_t i = calls_++;
            if (row.status != 200 || !row.error.empty()) failures_++;
            if (i < counts_.size()) counts_.at(i) = news_of_this_thread - seen_;
            seen_ = news_of_this_thread;
        };
    }

    /// The most allocations of one call, after a warm-up, on one connection.
    size_t most_in_a_call(const std::string& request, std::string_view end_of_answer) {
        test::Peer peer = connect();
        for (size_t i = 0; i < kWarmUp + kCalls; ++i) {
            peer.say(request);
            EXPECT_NE(peer.hear_until(end_of_answer).size(), 0U);
        }
        EXPECT_EQ(failures_, 0U);
        // The last call may still be about to be counted.
        return *std::max_element(counts_.begin() + kWarmUp, counts_.end() - 1);
    }

    std::array<std::atomic<size_t>, kWarmUp + kCalls> counts_{};
    std::atomic<size_t> calls_ = 0;
    std::atomic<size_t> failures_ = 0;
    size_t seen_ = 0;  // of the loop's thread
};

constexpr std::string_view kReply =
    R"({"id":"c1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}})";

TEST_F(Allocations, ASmallCallTakesNone) {
    start(Imposter::answers(json_answer(kReply)));
    const std::string body = R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]})";
    EXPECT_EQ(most_in_a_call(post("/v1/chat/completions", secret(), body), kReply), 0U);
}

TEST_F(Allocations, ACallThatIsChargedTakesNone) {
    charge_calls();
    money_->spend.put_budget({.id = "budget_1",
                              .team_id = "team_a",
                              .name = "all",
                              .amount = {1'000'000'000'000},
                              .period = Period::Month});
    start(Imposter::answers(json_answer(kReply)));
    const std::string body =
        R"({"model":"gpt-4o","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
    EXPECT_EQ(most_in_a_call(post("/v1/chat/completions", secret(), body), kReply), 0U);
}

TEST_F(Allocations, ACallUnderAllListsAndLimitsOfEachScopeTakesNone) {
    Policy policy;
    for (const LimitKindInfo& row : all_limit_kinds()) policy.limits[row.kind] = row.largest;
    policy.limits[LimitKind::Burst] = 1'000'000;
    policy.kinds.allow = {KeyKind::Full};
    policy.addresses.allow = {*IpRange::parse("127.0.0.0/8")};
    policy.endpoints.deny = {*Glob::parse("/v1/embeddings")};
    policy.models.allow = {*Glob::parse("up/*")};
    policy.models.deny = {*Glob::parse("gpt-3*"), *Glob::parse("other")};
    policy.providers.allow = {*Glob::parse("up")};
    policy.classes.allow = {PrivacyClass::Standard};
    PolicyDirectory& house = directory_->policies();
    house.put(InstanceRules{.policy = policy});
    house.put(PlanRules{.id = "plan_a", .policy = policy});
    house.put(TeamRules{.id = "team_a", .plan_id = "plan_a", .policy = policy, .version = 2});
    house.put(ModelRules{.id = "up/gpt-4o", .limits = policy.limits});
    start(Imposter::answers(json_answer(kReply)));
    const std::string body = R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]})";
    EXPECT_EQ(most_in_a_call(post("/v1/chat/completions", secret(), body), kReply), 0U);
}

TEST_F(Allocations, ACallWithManyToolsAndNoSelectionTakesNone) {
    ToolSelector selector;
    ToolHealth health;
    parts_.tool_selector = &selector;
    parts_.tool_health = &health;
    Policy policy;
    policy.tool_selection = {.mode = SelectionMode::Off, .keep_max = 5};
    directory_->policies().put(TeamRules{.id = "team_a", .policy = policy, .version = 2});
    start(Imposter::answers(json_answer(kReply)));
    std::string body = R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"tools":[)";
    for (int i = 0; i < 60; ++i) {
        body += R"({"type":"function","function":{"name":"tool_)" + std::to_string(i) + R"("}},)";
    }
    body.back() = ']';
    body += "}";
    EXPECT_EQ(most_in_a_call(post("/v1/chat/completions", secret(), body), kReply), 0U);
    EXPECT_FALSE(health.report("team_a").since) << "nobody has looked";
}

TEST_F(Allocations, ACallWithAnOldSecretTakesNone) {
    start(Imposter::answers(json_answer(kReply)));
    clock_.advance(system_clock().now() - clock_.now());
    ASSERT_TRUE(directory_->rotate("team_a", key_.key.id, {}, {}));
    const std::string body = R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]})";
    EXPECT_EQ(most_in_a_call(post("/v1/chat/completions", secret(), body), kReply), 0U);
}

TEST_F(Allocations, ABigCallWithAnotherNameForTheModelTakesNone) {
    start(Imposter::answers(json_answer(kReply)));
    std::string body = R"({"model":"small","messages":[{"role":"user","content":")";
    body += std::string(40'000, 'x') + R"("}],"tools":[]})";
    EXPECT_EQ(most_in_a_call(post("/v1/chat/completions", secret(), body), kReply), 0U);
}

TEST_F(Allocations, ACallInAnthropicsDialectTakesNone) {
    constexpr std::string_view kMessage =
        R"({"type":"message","content":[{"type":"tool_use","input":{"a":{}}}],)"
        R"("usage":{"input_tokens":5,"output_tokens":7}})";
    imposter_ = std::make_unique<Imposter>(Imposter::answers(json_answer(kMessage)));
    add_provider("claude", imposter_->port(), {{"claude-x", ""}}, Dialect::Anthropic);
    start();
    const std::string body = R"({"model":"claude-x","max_tokens":9,"messages":[]})";
    EXPECT_EQ(most_in_a_call(post("/v1/messages", secret(), body), kMessage), 0U);
}

TEST_F(Allocations, AStreamTakesNone) {
    std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 20; ++i) answer += "f\r\ndata: {\"i\":1}\n\n\r\n";
    const std::string usage = R"(data: {"choices":[],"usage":{"prompt_tokens":5}})";
    ASSERT_EQ(usage.size() + 2, 0x32U);
    answer += "32\r\n" + usage + "\n\n\r\n0\r\n\r\n";
    start(Imposter::answers(answer));
    const std::string body = R"({"model":"gpt-4o","stream":true,"messages":[]})";
    EXPECT_EQ(most_in_a_call(post("/v1/chat/completions", secret(), body), "0\r\n\r\n"), 0U);
}

}  // namespace
}  // namespace keywarden
