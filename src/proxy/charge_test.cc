#include "proxy/charge.h"

#include <future>
#include <string>
#include <vector>

#include "base/money.h"
#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kBody = R"({"model":"up/gpt-4o","max_tokens":10,"messages":[]})";
constexpr std::string_view kReply =
    R"({"id":"c1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}})";
constexpr int64_t kMillion = 1'000'000;
/// $1 and $10 a million tokens: 5 in and 7 out are 75 millionths of a dollar.
constexpr Price kPrice{.input = 1'000 * kMillion, .output = 10'000 * kMillion};
constexpr NanoUsd kCost{75'000};

class Charges : public ProxyFixture {
protected:
    void SetUp() override {
        ProxyFixture::SetUp();
        charge_calls();
        set_price(kPrice);
    }

    void set_price(const std::optional<Price>& price) {
        ASSERT_TRUE(money_->prices.put("up/gpt-4o", price, {.tenant = "instance"}));
    }
    void set_terms(BillingTerms terms) {
        terms.version = ++terms_version_;
        ASSERT_TRUE(money_->spend.put_billing("team_a", terms));
    }
    void set_budget(NanoUsd amount, SpendScope scope = SpendScope::Team, std::string target = "") {
        money_->spend.put_budget({.id = "budget_1",
                                  .team_id = "team_a",
                                  .name = "monthly",
                                  .scope = scope,
                                  .target = std::move(target),
                                  .amount = amount,
                                  .period = Period::Month});
    }
    NanoUsd held() const { return money_->spend.balance("team_a").held; }

    /// Rows that were written since the last time, with views that live until the next.
    const std::vector<CallRecord>& rows() {
        money_->journal->sync();
        const Journal::Batch& batch = money_->journal->next_batch(100);
        return batch.rows;
    }

    int64_t terms_version_ = 0;
};

TEST_F(Charges, TheModelListSaysWhatAModelCostsAndTakes) {
    start(Imposter::answers(json_answer(kReply)));
    constexpr std::string_view kPriced =
        R"("privacy":"standard","price":{"currency":"USD","input":"1.00","output":"10.00"}})";
    const std::string plain = ask(get("/v1/models/up%2Fgpt-4o", secret()));
    EXPECT_NE(plain.find(kPriced), std::string::npos) << "of the unknown nothing: " << plain;
    Price price = kPrice;
    price.cached_input = 0;
    price.long_context_above = 200'000;
    price.long_output = 20'000 * kMillion;
    price.context_tokens_max = 1'000'000;
    price.output_tokens_max = 64'000;
    set_price(price);
    const std::string one = ask(get("/v1/models/up%2Fgpt-4o", secret()));
    for (const char* part :
         {R"("context_window":1000000,"max_output_tokens":64000,"price":{"currency":"USD",)",
          R"("input":"1.00","output":"10.00","cached_input":"0.00","long_output":"20.00",)",
          R"("long_context_above":200000}})"}) {
        EXPECT_NE(one.find(part), std::string::npos) << one;
    }
    EXPECT_NE(ask(get("/v1/models", secret())).find(R"("context_window":1000000)"),
              std::string::npos);
    set_price(std::nullopt);
}

TEST_F(Charges, ACallCostsWhatItsProviderSaysItUsed) {
    start(Imposter::answers(json_answer(kReply)));
    const std::string answer = chat(kBody, "X-Keywarden-Session-Id: session-1\r\n");
    EXPECT_EQ(field(answer, "x-keywarden-cost"), "0.000075");
    row(1);
    ASSERT_EQ(rows().size(), 1U);
    const CallRecord& written = rows().front();
    EXPECT_EQ(written.cost.value, kCost.value);
    EXPECT_GE(written.held.value, written.cost.value);
    EXPECT_EQ(written.outcome, CallOutcome::Settled);
    EXPECT_EQ(written.basis, UsageBasis::Exact);
    EXPECT_EQ(written.session_id, "session-1");
    EXPECT_EQ(written.team_id, "team_a");
    EXPECT_EQ(written.key_id, key_.key.id);
    EXPECT_EQ(written.provider, "up");
    EXPECT_EQ(written.model, "gpt-4o");
    EXPECT_EQ(written.route, "/v1/chat/completions");
    EXPECT_EQ(written.status, 200);
    EXPECT_TRUE(written.priced);
    EXPECT_EQ(uuid_text(written.id).view(), field(answer, "X-Request-Id"));
    EXPECT_EQ(money_->spend.balance("team_a").balance.value, -kCost.value);
    EXPECT_EQ(held().value, 0);
}

TEST_F(Charges, TheMarkupOfTheTeamCounts) {
    set_terms({.markup_basis_points = 10'000});  // as much again
    start(Imposter::answers(json_answer(kReply)));
    EXPECT_EQ(field(chat(kBody), "x-keywarden-cost"), "0.00015");
}

TEST_F(Charges, ACallThatFailsCostsNothingAndHasARow) {
    start(Imposter::answers(json_answer(R"({"error":{"message":"no"}})", "500 Broken")));
    EXPECT_EQ(status(chat(kBody)), 502);
    row(1);
    ASSERT_EQ(rows().size(), 1U);
    const CallRecord& written = rows().front();
    EXPECT_EQ(written.outcome, CallOutcome::Voided);
    EXPECT_EQ(written.cost.value, 0);
    EXPECT_EQ(written.status, 502);
    EXPECT_EQ(written.error, "upstream_error");
    EXPECT_EQ(held().value, 0);
}

TEST_F(Charges, AnEmptyBalanceIsNoRateLimit) {
    set_terms({.mode = CreditMode::Prepaid});
    start(Imposter::answers(json_answer(kReply)));
    const std::string answer = chat(kBody);
    EXPECT_EQ(status(answer), 402);
    EXPECT_NE(answer.find("insufficient_credits"), std::string::npos) << answer;
    EXPECT_TRUE(rows().empty());
    EXPECT_EQ(imposter_->connections(), 0U);
}

TEST_F(Charges, ABudgetThatIsUsedUpSaysWhatIsUsedAndWhenItResets) {
    start(Imposter::answers(json_answer(kReply)));
    EXPECT_EQ(status(chat(kBody)), 200);
    row(1);
    set_budget({160'000});  // the next holds more than is left of it, and less than all
    const std::string answer = chat(kBody);
    EXPECT_EQ(status(answer), 429) << answer;
    EXPECT_NE(answer.find("budget_exceeded"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("used":"0.000075")"), std::string::npos) << answer;
    EXPECT_NE(answer.find("resets_at"), std::string::npos) << answer;
}

TEST_F(Charges, AKeyThatAKeyMadeSpendsItsMakersBudget) {
    Key child;
    child.id = new_id("key");
    child.team_id = "team_a";
    child.name = "child";
    child.maker_key_id = key_.key.id;
    const MintedKey made = *directory_->create(child, "", false);
    set_budget({1'000}, SpendScope::Key, key_.key.id);
    start(Imposter::answers(json_answer(kReply)));
    EXPECT_EQ(status(ask(post("/v1/chat/completions", made.secret.reveal(), kBody))), 413);
}

TEST_F(Charges, WhatALimitRefusesHoldsNoMoney) {
    const MintedKey slow = create(KeyKind::Full, 1);
    start(Imposter::answers(json_answer(kReply)));
    const std::string request = post("/v1/chat/completions", slow.secret.reveal(), kBody);
    EXPECT_EQ(status(ask(request)), 200);
    row(1);
    EXPECT_EQ(status(ask(request)), 429);
    EXPECT_EQ(held().value, 0);
    EXPECT_EQ(rows().size(), 1U);
}

TEST_F(Charges, WhatMoneyRefusesTakesNothingOfALimit) {
    const MintedKey slow = create(KeyKind::Full, 1);
    set_terms({.mode = CreditMode::Prepaid});
    start(Imposter::answers(json_answer(kReply)));
    const std::string request = post("/v1/chat/completions", slow.secret.reveal(), kBody);
    EXPECT_EQ(status(ask(request)), 402);
    set_terms({.mode = CreditMode::Unlimited});
    EXPECT_EQ(status(ask(request)), 200);
}

TEST_F(Charges, ThePriceIsThatOfTheAdmission) {
    std::promise<void> heard;
    std::promise<void> goes_on;
    start([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        heard.set_value();
        goes_on.get_future().wait();
        peer.say(json_answer(kReply));
    });
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions", secret(), kBody));
    heard.get_future().wait();
    EXPECT_GT(held().value, 0);
    set_price(Price{.input = kPriceMax, .output = kPriceMax});
    goes_on.set_value();
    EXPECT_EQ(field(peer.hear_answer(), "x-keywarden-cost"), "0.000075");
    row(1);
    EXPECT_EQ(rows().front().price_version, 1);
}

TEST_F(Charges, AModelOfAnotherNameHereCostsWhatItIsAtItsProvider) {
    const std::string body = R"({"model":"small","messages":[]})";  // there: "small-2024"
    ASSERT_TRUE(money_->prices.put("up/small-2024", kPrice, {.tenant = "instance"}));
    start(Imposter::answers(json_answer(kReply)));
    EXPECT_EQ(field(chat(body), "x-keywarden-cost"), "0.000075");
    const Price twice{.input = 2 * kPrice.input, .output = 2 * kPrice.output};
    ASSERT_TRUE(money_->prices.put("small", twice, {.tenant = "instance"}));
    EXPECT_EQ(field(chat(body), "x-keywarden-cost"), "0.00015") << "set for its name here";
}

TEST_F(Charges, AModelWithoutAPriceIsWhatTheTeamSays) {
    set_price(std::nullopt);
    start(Imposter::answers(json_answer(kReply)));
    const std::string free = chat(R"({"model":"up/unheard-of","messages":[]})");
    EXPECT_EQ(status(free), 404);  // `up` lists its models
    const std::string body = R"({"model":"up/small","messages":[]})";
    EXPECT_EQ(status(chat(body)), 200);
    row(2);
    EXPECT_FALSE(rows().front().priced);
    EXPECT_EQ(rows().front().cost.value, 0);
    set_terms({.unpriced = UnpricedRule::Block});
    const std::string blocked = chat(body);
    EXPECT_EQ(status(blocked), 403);
    EXPECT_NE(blocked.find(R"("denied_by":"team")"), std::string::npos) << blocked;
    set_terms({.unpriced = UnpricedRule::Estimate});
    EXPECT_EQ(status(chat(body)), 200);
    row(4);
    ASSERT_EQ(rows().size(), 2U);
    EXPECT_FALSE(rows().back().priced);
    EXPECT_EQ(rows().back().cost.value, 12 * 3'000);
}

TEST_F(Charges, AStreamThatBreaksOffIsChargedForWhatCame) {
    start([](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n");
        peer.say("data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n");
        peer.say("data: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\n");
    });
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions",
                  secret(),
                  R"({"model":"up/gpt-4o","stream":true,"max_tokens":10,"messages":[]})"));
    peer.hear_until("0\r\n\r\n");
    row(1);
    ASSERT_EQ(rows().size(), 1U);
    const CallRecord& written = rows().front();
    EXPECT_EQ(written.basis, UsageBasis::Counted);
    EXPECT_EQ(written.usage.output, 2);
    EXPECT_GT(written.cost.value, 0);
    EXPECT_LE(written.cost.value, written.held.value);
    EXPECT_EQ(written.error, "upstream_error");
}

TEST_F(Charges, AProviderThatLiesAboutItsUsageInventsNoMoney) {
    start([](test::Peer& peer) {
        for (const std::string_view usage :
             {R"({"prompt_tokens":-5,"completion_tokens":-7})",
              R"({"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807})"}) {
            if (peer.hear_answer().empty()) return;
            peer.say(json_answer(R"({"usage":)" + std::string(usage) + "}"));
        }
    });
    test::Peer peer = connect();
    for (int i = 0; i < 2; ++i) {
        peer.say(post("/v1/chat/completions", secret(), kBody));
        EXPECT_EQ(status(peer.hear_answer()), 200);
    }
    row(2);
    ASSERT_EQ(rows().size(), 2U);
    // What is below zero is no count: it is estimated. What is huge is no more than a call can be.
    EXPECT_EQ(rows().front().basis, UsageBasis::Estimated);
    EXPECT_GT(rows().front().cost.value, 0);
    const TokenUsage most{.input = kTokensMax, .output = kTokensMax};
    EXPECT_EQ(rows().back().cost.value, cost_of(kPrice, most, 0).value);
}

TEST_F(Charges, ASessionIdThatIsNoneIsRefusedAndTakesNothing) {
    start(Imposter::answers(json_answer(kReply)));
    const std::string field = "X-Keywarden-Session-Id: " + std::string(kSessionIdMax + 1, 'a');
    EXPECT_EQ(status(chat(kBody, field + "\r\n")), 400);
    EXPECT_EQ(held().value, 0);
    EXPECT_TRUE(rows().empty());
}

TEST_F(Charges, AJournalThatIsFullRefusesAndHoldsNothing) {
    charge_calls(size_t{4} << 20U);
    set_price(kPrice);
    start(Imposter::answers(json_answer(kReply)));
    test::Peer peer = connect();
    const std::string request = post("/v1/chat/completions", secret(), kBody);
    std::string answer;
    int served = 0;
    for (; served < 40'000; ++served) {  // nobody applies the rows
        peer.say(request);
        answer = peer.hear_answer();
        if (status(answer) != 200) break;
    }
    EXPECT_GT(served, 1'000);
    EXPECT_EQ(status(answer), 503);
    EXPECT_NE(answer.find("ledger_unavailable"), std::string::npos) << answer;
    EXPECT_NE(field(answer, "Retry-After"), "");
    EXPECT_EQ(held().value, 0);
}

}  // namespace
}  // namespace keywarden
