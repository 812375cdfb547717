#include "app/call_metrics.h"

#include <chrono>
#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class CallMetricsTest : public testing::Test {
protected:
    void SetUp() override {
        std::vector<Provider> providers;
        providers.push_back(open_provider({.name = "sandbox"}).value());
        providers.push_back(open_provider({.name = "groq"}).value());
        proxy_ = Proxy::open({.providers = std::move(providers)}).value();
        metrics_ = std::make_unique<CallMetrics>(*proxy_, 2);
    }
    /// A chat with the second provider that went well.
    static CallLine chat() {
        CallLine line = refusal(200, "");
        line.attempts = 1;
        line.usage = {.input = 20, .output = 5, .cached_input = 8};
        line.duration = 30ms;
        line.overhead = 60us;
        line.cost = NanoUsd{1'500'000};
        return line;
    }
    /// One that went nowhere.
    static CallLine refusal(int status, std::string_view error) {
        CallLine line{};
        line.route = endpoints()[0].facts.path;
        line.provider = "groq";
        line.provider_row = 1;
        line.status = status;
        line.error = error;
        return line;
    }
    std::string text() const {
        MetricsText text;
        metrics_->write(text);
        return std::move(text).take();
    }

    std::unique_ptr<Proxy> proxy_;
    std::unique_ptr<CallMetrics> metrics_;
};

TEST_F(CallMetricsTest, SayWhatCallsCameTo) {
    metrics_->note(chat());
    CallLine again = chat();
    again.attempts = 3;
    again.duration = 2s;
    metrics_->note(again);
    const std::string path(endpoints()[0].facts.path);
    const std::string got = text();
    EXPECT_THAT(got,
                HasSubstr("keywarden_requests_total{route=\"" + path +
                          "\",method=\"POST\",status=\"200\"} 2\n"));
    EXPECT_THAT(got, HasSubstr("keywarden_upstream_requests_total{provider=\"groq\"} 4\n"));
    EXPECT_THAT(got, HasSubstr("keywarden_tokens_total{provider=\"groq\",type=\"input\"} 40\n"));
    EXPECT_THAT(got, HasSubstr("keywarden_tokens_total{provider=\"groq\",type=\"cached\"} 16\n"));
    EXPECT_THAT(got, HasSubstr("keywarden_tokens_total{provider=\"groq\",type=\"output\"} 10\n"));
    EXPECT_THAT(got, HasSubstr("keywarden_cost_usd_total{provider=\"groq\"} 0.003\n"));
    EXPECT_THAT(got, HasSubstr("keywarden_cost_usd_total{provider=\"sandbox\"} 0\n"));
}

TEST_F(CallMetricsTest, ABucketHoldsWhatIsAsLongAsItsEndAndAllThatIsShorter) {
    for (const Nanos took : {Nanos(5ms), Nanos(5ms + 1ns), Nanos(10ms), Nanos(301s)}) {
        CallLine line = chat();
        line.duration = took;
        metrics_->note(line);
    }
    const std::string got = text();
    const std::string bucket = "keywarden_request_duration_seconds_bucket{route=\"" +
                               std::string(endpoints()[0].facts.path) + "\",le=";
    EXPECT_THAT(got, HasSubstr(bucket + "\"0.005\"} 1\n"));
    EXPECT_THAT(got, HasSubstr(bucket + "\"0.01\"} 3\n"));
    EXPECT_THAT(got, HasSubstr(bucket + "\"300\"} 3\n"));
    EXPECT_THAT(got, HasSubstr(bucket + "\"+Inf\"} 4\n"));
    EXPECT_THAT(got,
                HasSubstr("duration_seconds_count{route=\"" +
                          std::string(endpoints()[0].facts.path) + "\"} 4\n"));
    EXPECT_THAT(got, HasSubstr("} 301.020000001\n")) << "their sum";
}

TEST_F(CallMetricsTest, WhatWasRefusedIsAnErrorAndTookNobodysTime) {
    metrics_->note(refusal(429, "rate_limit_exceeded"));
    CallLine unknown = refusal(404, "not_found");
    unknown.route = "";
    metrics_->note(unknown);
    CallLine left = refusal(0, "");
    left.client_left = true;
    metrics_->note(left);
    metrics_->note(refusal(777, ""));
    const std::string got = text();
    EXPECT_THAT(got, HasSubstr("{code=\"rate_limit_exceeded\",fault=\"caller\"} 1\n"));
    EXPECT_THAT(got, HasSubstr("{route=\"none\",method=\"\",status=\"404\"} 1\n"));
    EXPECT_THAT(got, HasSubstr("status=\"left\"} 1\n"));
    EXPECT_THAT(got, HasSubstr("status=\"other\"} 1\n"));
    EXPECT_THAT(got, Not(HasSubstr("_bucket")));
    EXPECT_THAT(got, HasSubstr("keywarden_clients_left_total 0\n")) << "it was never relayed";
}

TEST_F(CallMetricsTest, NoThreadLosesACount) {
    constexpr int kThreads = 5;  // more than there are shards
    constexpr int kCalls = 2'000;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([this] {
            for (int call = 0; call < kCalls; ++call) metrics_->note(chat());
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(text(), HasSubstr("keywarden_upstream_requests_total{provider=\"groq\"} 10000\n"));
}

TEST(MetricsText, ALabelSaysWhatItWasGivenWhateverThatIs) {
    MetricsText text;
    text.begin(Metric::BuildInfo);
    text.add({{"version", "a\"b\\c\nd"}}, 1);
    EXPECT_THAT(std::move(text).take(), HasSubstr("{version=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

}  // namespace
}  // namespace keywarden
