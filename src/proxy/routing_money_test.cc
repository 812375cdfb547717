// What a call to a route costs, and which credentials it goes out with.
#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "proxy/routes_fixture.h"
#include "store/credential_directory.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

// ---- money -------------------------------------------------------------------------------------

class RoutesWithMoney : public Routes {
protected:
    static constexpr int64_t kMillion = 1'000'000;

    void SetUp() override {
        Routes::SetUp();
        charge_calls();
        price("p0/m0", 1'000 * kMillion);
        price("p1/m1", 10'000 * kMillion);
        price("p2/m2", 2'000 * kMillion);
    }
    void price(const std::string& model, int64_t each, int64_t output_tokens_max = 0) {
        ASSERT_TRUE(money_->prices.put(
            model,
            Price{.input = each, .output = each, .output_tokens_max = output_tokens_max},
            {.tenant = "instance"}));
    }
    /// What kHouse comes to at most, at so much a token: its bytes, and ten tokens.
    static int64_t most(int64_t each) { return (static_cast<int64_t>(kHouse.size()) + 10) * each; }
    void budget(NanoUsd amount, SpendScope scope, std::string target) {
        money_->spend.put_budget({.id = "budget_1",
                                  .team_id = "team_a",
                                  .name = "monthly",
                                  .scope = scope,
                                  .target = std::move(target),
                                  .amount = amount,
                                  .period = Period::Total});
    }
    std::vector<CallRecord> rows() {
        money_->journal->sync();
        return money_->journal->next_batch(100).rows;
    }
};

TEST_F(RoutesWithMoney, ACallIsHeldForTheDearestAndCostsWhatServed) {
    serve({refusal("503 A"), refusal("503 B"), json_answer(kReply)});
    const std::string answer = chat(kHouse);
    EXPECT_EQ(field(answer, "x-keywarden-cost"),
              "0.000024");  // 12 tokens at $2 a million
    row(1);
    const auto written = rows();
    ASSERT_EQ(written.size(), 1U) << "one call, one row";
    EXPECT_EQ(written[0].provider, "p2");
    EXPECT_EQ(written[0].model, "m2");
    EXPECT_EQ(written[0].attempts, 3);
    EXPECT_EQ(written[0].cost.value, 24'000);
    EXPECT_EQ(written[0].held.value, most(10'000));
    EXPECT_EQ(money_->spend.balance("team_a").balance.value, -24'000);
}

TEST_F(RoutesWithMoney, ATargetThatThereIsNoMoneyForIsPassedOver) {
    serve({refusal("503 A"), json_answer(kReply), json_answer(kReply)});
    budget({300'000}, SpendScope::Team, "");
    EXPECT_EQ(field(chat(kHouse), "x-keywarden-model"), "m2") << "of m1 it could cost more";
    EXPECT_EQ(heard(1), 0);
    row(1);
    const auto written = rows();
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written[0].held.value, most(2'000)) << "enough for the dearest that it may go to";
    budget({24'000 + most(1'000) - 1}, SpendScope::Team, "");
    EXPECT_EQ(status(chat(kHouse)), 429) << "not even the cheapest";
    EXPECT_EQ(heard(0), 1);
}

TEST_F(RoutesWithMoney, ADearFirstTargetGivesWayToACheaperOne) {
    add_imposters({json_answer(kReply), json_answer(kReply)});
    add_route({{"m1"}, {"m0"}});
    start();
    budget({300'000}, SpendScope::Team, "");
    EXPECT_EQ(field(chat(kHouse), "x-keywarden-model"), "m0");
}

TEST_F(RoutesWithMoney, EachTargetIsToldItsOwnBound) {
    price("p0/m0", 1'000 * kMillion, 4'096);
    price("last/last", 1'000 * kMillion, 100);
    std::string told;
    imposter_ = std::make_unique<Imposter>([&](test::Peer& peer) {
        told = peer.hear_answer();
        peer.say(json_answer(kReply));
    });
    add_imposters({refusal("503 A")});
    add_provider("last", imposter_->port(), {{"last", ""}});
    add_route({{"m0"}, {"last"}});
    start();
    budget({kMillion * kMillion}, SpendScope::Team, "");
    EXPECT_EQ(status(chat(R"({"model":"house","messages":[]})")), 200);
    EXPECT_NE(told.find(R"({"max_tokens":100,)"), told.npos) << told;
}

TEST_F(RoutesWithMoney, ATargetThatTheKeyMayNotUseIsNotHeldFor) {
    serve({json_answer(kReply), json_answer(kReply), json_answer(kReply)});
    budget({300'000}, SpendScope::Team, "");
    Policy policy;
    policy.models.deny = {*Glob::parse("m1")};
    put_policy(policy);
    EXPECT_EQ(status(chat(kHouse)), 200);
}

TEST_F(RoutesWithMoney, AModelsBudgetCountsWhatItServedAndNoMore) {
    serve({refusal("503 A"), json_answer(kReply), json_answer(kReply)});
    budget({1'000'000}, SpendScope::Model, "p1/m1");
    EXPECT_EQ(field(chat(kHouse), "x-keywarden-model"), "m1");
    row(1);
    const auto model = [&] { return money_->spend.budget("team_a", "budget_1").value(); };
    EXPECT_EQ(model().spent.value, 120'000);
    EXPECT_EQ(model().held.value, 0);
    budget({120'001}, SpendScope::Model, "p1/m1");
    EXPECT_EQ(field(chat(kHouse), "x-keywarden-model"), "m2") << "its budget is used up";
    row(2);
    EXPECT_EQ(model().spent.value, 120'000);
    EXPECT_EQ(model().held.value, 0);
}

TEST_F(RoutesWithMoney, WhereAllRefuseItCostsNothing) {
    serve({refusal("503 A"), refusal("503 B"), refusal("503 C")});
    EXPECT_EQ(status(chat(kHouse)), 503);
    row(1);
    const auto written = rows();
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written[0].outcome, CallOutcome::Voided);
    EXPECT_EQ(written[0].provider, "p2");
    EXPECT_EQ(written[0].attempts, 3);
}

// ---- credentials -------------------------------------------------------------------------------

TEST_F(Routes, AnotherCredentialComesBeforeAnotherTarget) {
    imposter_ = std::make_unique<Imposter>([](test::Peer& peer) {
        for (;;) {
            const std::string request = peer.hear_answer();
            if (request.empty()) return;
            const bool is_used_up = field(request, "Authorization").ends_with("-used-up");
            if (!peer.say(is_used_up ? refusal("429 Too Many") : json_answer(kReply))) return;
        }
    });
    add_provider("own", imposter_->port(), {{"m-own", ""}});
    CredentialParts parts{.store = &store_->credentials(), .clock = &clock_};
    parts.keys.masters.emplace_back(std::string(64, 'm'));
    parts.origins = {{"own", parts_.providers.back().origin()}};
    CredentialDirectory credentials(std::move(parts));
    for (const char* value : {"sk-used-up", "sk-good"}) {
        ASSERT_TRUE(credentials.create(
            {.id = new_id("cred"), .team_id = "team_a", .provider = "own", .name = value},
            Secret(value),
            {.tenant = "test"}));
    }
    parts_.credentials = &credentials;
    parts_.limits.retries = {.retries_max = 1, .first_wait = 1h};
    add_imposters({json_answer(kReply)});
    add_route({{"m-own"}, {"m0"}});
    start();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(field(chat(kHouse), "x-keywarden-model"), "m-own");
}

/// Five providers that answer at random, and keep what they saw of credentials.
TEST_F(Routes, OfTenThousandFallbacksNoCredentialGoesToAnyOriginButItsOwn) {
    constexpr size_t kProviders = 5;
    constexpr int kCalls = 10'000;
    const uint32_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::atomic<int> strays = 0;
    std::atomic<int> requests = 0;
    CredentialParts parts{.store = &store_->credentials(), .clock = &clock_};
    parts.keys.masters.emplace_back(std::string(64, 'm'));
    std::vector<ModelRoute::Target> targets;
    for (size_t i = 0; i < kProviders; ++i) {
        const std::string number = std::to_string(i);
        imposters_.push_back(std::make_unique<Imposter>([&, i, number](test::Peer& peer) {
            std::minstd_rand random(seed + static_cast<uint32_t>(i));
            const std::string own = "Bearer sk-of-" + number + "-";
            constexpr std::array kStatuses = {
                "200 OK", "429 Too Many", "500 Oh", "503 Busy", "401 Key", "404 None"};
            for (;;) {
                const std::string request = peer.hear_answer();
                if (request.empty()) return;
                ++requests;
                if (!field(request, "Authorization").starts_with(own)) ++strays;
                for (size_t other = 0; other < kProviders; ++other) {
                    const std::string theirs = "sk-of-" + std::to_string(other) + "-";
                    if (other != i && request.find(theirs) != request.npos) ++strays;
                }
                if (!peer.say(json_answer("{}", kStatuses.at(random() % kStatuses.size())))) return;
            }
        }));
        add_provider("p" + number, imposters_.back()->port(), {{"m" + number, ""}});
        parts.origins.emplace_back("p" + number, parts_.providers.back().origin());
        targets.push_back({"m" + number, 1});
    }
    CredentialDirectory credentials(std::move(parts));
    for (size_t i = 0; i < kProviders; ++i) {
        for (const char* team : {"", "team_a"}) {
            const std::string name = std::to_string(i) + "-" + (*team == 0 ? "all" : team);
            ASSERT_TRUE(credentials.create({.id = new_id("cred"),
                                            .team_id = team,
                                            .provider = "p" + std::to_string(i),
                                            .name = name,
                                            .cooldown = Nanos(0)},
                                           Secret("sk-of-" + name),
                                           {.tenant = "test"}));
        }
    }
    parts_.credentials = &credentials;
    parts_.limits.retries = {.retries_max = 1, .first_wait = 1us};
    add_route(targets, RouteStrategy::Weighted);
    start();
    test::Peer peer = connect();
    const std::string call = post("/v1/chat/completions", secret(), kHouse);
    int served = 0;
    for (int i = 0; i < kCalls; ++i) {
        peer.say(call);
        served += status(peer.hear_answer()) == 200 ? 1 : 0;
    }
    EXPECT_EQ(strays, 0);
    EXPECT_GT(requests, kCalls * 2) << "most calls were sent on";
    EXPECT_GT(served, kCalls / 3);
}

}  // namespace
}  // namespace keywarden
