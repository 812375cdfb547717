// Balance, ledger, events, billing, and what operators do about them, over the API.
#include <string>

#include "admin/money_fixture.h"

namespace keywarden {
namespace {

constexpr const char* kBilling = "/v1/admin/teams/team_1/billing";

class MoneyApi : public MoneyFixture {
protected:
    Json balance() { return get("/v1/account/balance").json(); }
};

TEST_F(MoneyApi, ATeamThatNobodyBillsSpendsWithoutABound) {
    const Json got = balance();
    EXPECT_EQ(got["object"], "balance");
    EXPECT_EQ(got["mode"], "unlimited");
    EXPECT_EQ(got["balance_usd"], "0.00");
    EXPECT_TRUE(got["spendable_usd"].is_null());
}

TEST_F(MoneyApi, ACreditIsThereForTheNextCall) {
    ASSERT_EQ(change(kBilling, R"({"mode":"prepaid"})").status, 200);
    EXPECT_EQ(balance()["spendable_usd"], "0.00");
    const Reply paid = credit("25.50");
    EXPECT_EQ(paid.status, 201) << paid.body;
    EXPECT_EQ(paid.header("Location"), "(none)");
    EXPECT_EQ(paid.json()["team"], "team_1");
    EXPECT_EQ(paid.json()["actor"], "user:user_operator");
    EXPECT_EQ(last_action(), "credit.create");
    EXPECT_EQ(balance()["balance_usd"], "25.50");
    const std::string id = make_id();
    made(call(id, kDollar));
    SpendHold held = hold(id, {500'000'000});
    EXPECT_EQ(balance()["balance_usd"], "24.50");
    EXPECT_EQ(balance()["held_usd"], "0.50");
    EXPECT_EQ(balance()["spendable_usd"], "24.00");
    held.settle({}, clock_.now());
    EXPECT_EQ(balance()["spendable_usd"], "24.50");
}

TEST_F(MoneyApi, APostpaidTeamMayOweSoMuch) {
    ASSERT_EQ(change(kBilling, R"({"mode":"postpaid","credit_limit_usd":"10"})").status, 200);
    made(call("", {3'000'000'000}));
    EXPECT_EQ(balance()["balance_usd"], "-3.00");
    EXPECT_EQ(balance()["spendable_usd"], "7.00");
    made(call("", {8'000'000'000}));
    EXPECT_EQ(balance()["spendable_usd"], "0.00") << "never below nothing";
}

TEST_F(MoneyApi, TheLedgerListsWhatWasPaidInNewestFirst) {
    for (const char* amount : {"1", "2", "3"}) ASSERT_EQ(credit(amount).status, 201);
    ASSERT_EQ(credit("-0.5", "correction").status, 201);
    const Json first = get("/v1/account/ledger?limit=3").json();
    ASSERT_EQ(first["data"].size(), 3U);
    EXPECT_EQ(first["data"][0]["amount_usd"], "-0.50");
    EXPECT_EQ(first["data"][0]["kind"], "correction");
    EXPECT_EQ(first["data"][0]["reason"], "a test");
    const std::string next = first["next"];
    const Json rest = get("/v1/account/ledger?after=" + next).json();
    ASSERT_EQ(rest["data"].size(), 1U);
    EXPECT_EQ(rest["data"][0]["amount_usd"], "1.00");
    const Reply file = get("/v1/account/ledger?format=csv");
    EXPECT_TRUE(file.body.starts_with("id,created_at,kind,amount_usd,reason,actor\r\n"));
    EXPECT_NE(file.body.find(",correction,-0.50,a test,user:user_operator\r\n"), std::string::npos)
        << file.body;
    be_operator("team_2");
    EXPECT_EQ(get("/v1/account/ledger").json()["data"].size(), 0U);
}

TEST_F(MoneyApi, ACreditHappensOnceForAnIdempotencyKey) {
    const std::string body =
        R"({"team":"team_1","kind":"topup","amount_usd":"5","reason":"invoice 7"})";
    const std::vector<Header> once = {{"Idempotency-Key", "invoice-7"}};
    const Reply first = post("/v1/admin/credits", body, once);
    ASSERT_EQ(first.status, 201);
    const Reply again = post("/v1/admin/credits", body, once);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(balance()["balance_usd"], "5.00");
    EXPECT_EQ(get("/v1/account/ledger").json()["data"].size(), 1U);
    EXPECT_EQ(
        post("/v1/admin/credits", R"({"team":"team_1","kind":"topup","amount_usd":"6"})", once)
            .code(),
        "idempotency_mismatch");
}

TEST_F(MoneyApi, AWrongCreditChangesNothing) {
    const auto wrong = [&](std::string body) {
        const Reply reply = post("/v1/admin/credits", std::move(body));
        EXPECT_GE(reply.status, 400);
        return reply.json()["param"];
    };
    EXPECT_EQ(wrong(R"({"kind":"topup","amount_usd":"1"})"), "team");
    EXPECT_EQ(wrong(R"({"team":"team_9","kind":"topup","amount_usd":"1"})"), "team");
    EXPECT_EQ(wrong(R"({"team":"team_1","amount_usd":"1"})"), "kind");
    EXPECT_EQ(wrong(R"({"team":"team_1","kind":"gift","amount_usd":"1"})"), "kind");
    EXPECT_EQ(wrong(R"({"team":"team_1","kind":"topup"})"), "amount_usd");
    for (const char* amount : {R"("0")",
                               R"("-1")",
                               "1",
                               "1.5",
                               R"("1e3")",
                               R"("$5")",
                               R"("")",
                               R"("1000000000")",
                               R"("0.0000000001")",
                               "null"}) {
        const std::string body =
            std::string(R"({"team":"team_1","kind":"topup","amount_usd":)") + amount + "}";
        EXPECT_EQ(wrong(body), "amount_usd") << amount;
    }
    EXPECT_EQ(wrong(R"({"team":"team_1","kind":"refund","amount_usd":"1"})"), "reason");
    EXPECT_EQ(wrong(R"({"team":"team_1","kind":"topup","amount_usd":"1","reason":")" +
                    std::string(501, 'x') + "\"}"),
              "reason");
    EXPECT_EQ(wrong(R"({"team":"team_1","kind":"topup","amount_usd":"1","currency":"EUR"})"),
              "currency");
    EXPECT_EQ(balance()["balance_usd"], "0.00");
    EXPECT_EQ(get("/v1/account/ledger").json()["data"].size(), 0U);
}

TEST_F(MoneyApi, BillingIsChangedFieldByField) {
    EXPECT_EQ(get(kBilling).header("ETag"), "\"0\"");
    const Reply reply = change(kBilling,
                               R"({"mode":"postpaid","credit_limit_usd":"100","unpriced":"block",
                                   "markup_basis_points":1250,"clamps_output":true,
                                   "time_zone":"Europe/Berlin"})");
    EXPECT_EQ(reply.json(),
              Json::parse(R"({"object":"billing","mode":"postpaid","credit_limit_usd":"100.00",
                  "unpriced":"block","markup_basis_points":1250,"clamps_output":true,
                  "time_zone":"Europe/Berlin","version":1})"));
    EXPECT_EQ(last_action(), "billing.update");
    EXPECT_EQ(spend_->billing("team_1").time_zone, "Europe/Berlin");
    EXPECT_EQ(change(kBilling, R"({"clamps_output":false})").json()["mode"], "postpaid");
    EXPECT_EQ(change(kBilling, R"({"mode":"prepaid"})", {{"If-Match", "\"1\""}}).code(),
              "version_mismatch");
    EXPECT_EQ(get(kBilling).json()["version"], 2);
    const Json prepaid = change(kBilling, R"({"mode":"prepaid"})").json();
    EXPECT_EQ(prepaid["credit_limit_usd"], "0.00") << "a limit goes with its mode";
    EXPECT_EQ(change(kBilling, R"({"credit_limit_usd":"5"})").json()["param"], "credit_limit_usd");
    EXPECT_EQ(spend_->billing("team_1").mode, CreditMode::Prepaid);
    EXPECT_EQ(get("/v1/admin/teams/team_9/billing").code(), "not_found");
    EXPECT_EQ(change("/v1/admin/teams/team_9/billing", R"({"mode":"prepaid"})").code(),
              "not_found");
}

TEST_F(MoneyApi, SaysWhichTermIsWrong) {
    const auto wrong = [&](std::string body) {
        return change(kBilling, std::move(body)).json()["param"];
    };
    EXPECT_EQ(wrong(R"({"mode":"free"})"), "mode");
    EXPECT_EQ(wrong(R"({"credit_limit_usd":"-1"})"), "credit_limit_usd");
    EXPECT_EQ(wrong(R"({"credit_limit_usd":10})"), "credit_limit_usd");
    EXPECT_EQ(wrong(R"({"unpriced":true})"), "unpriced");
    EXPECT_EQ(wrong(R"({"markup_basis_points":100001})"), "markup_basis_points");
    EXPECT_EQ(wrong(R"({"markup_basis_points":1.5})"), "markup_basis_points");
    EXPECT_EQ(wrong(R"({"markup_basis_points":18446744073709551615})"), "markup_basis_points");
    EXPECT_EQ(wrong(R"({"clamps_output":1})"), "clamps_output");
    EXPECT_EQ(wrong(R"({"time_zone":"Mars/Olympus"})"), "time_zone");
    EXPECT_EQ(wrong(R"({"time_zone":"../../etc/passwd"})"), "time_zone");
    EXPECT_EQ(wrong(R"({"timezone":"UTC"})"), "timezone");
    EXPECT_EQ(get(kBilling).json()["version"], 0);
}

TEST_F(MoneyApi, TheOperatorSeesTheBalancesOfAllTeams) {
    ASSERT_EQ(credit("7").status, 201);
    made(call("", kDollar));
    const Json all = get("/v1/admin/credits").json();
    ASSERT_EQ(all["data"].size(), 2U);
    const Json& first = all["data"][all["data"][0]["team"]["id"] == "team_1" ? 0 : 1];
    EXPECT_EQ(first["team"]["name"], "First");
    EXPECT_EQ(first["balance_usd"], "6.00");
    EXPECT_EQ(first["credited_usd"], "7.00");
    EXPECT_EQ(first["spent_usd"], "1.00");
}

TEST_F(MoneyApi, EventsAreListed) {
    ASSERT_TRUE(store_->usage().add_event({.id = "event_1",
                                           .team_id = "team_1",
                                           .kind = "budget.threshold",
                                           .target = "budget_1",
                                           .at = clock_.now(),
                                           .body = R"({"percent":50})"}));
    const Json event = get("/v1/account/events").json()["data"][0];
    EXPECT_EQ(event["kind"], "budget.threshold");
    EXPECT_EQ(event["facts"], Json({{"percent", 50}}));
    EXPECT_NE(get("/v1/account/events?format=csv").body.find("\"{\"\"percent\"\":50}\"\r\n"),
              std::string::npos);
    be_operator("team_2");
    EXPECT_EQ(get("/v1/account/events").json()["data"].size(), 0U);
}

TEST_F(MoneyApi, TheBooksAreVerified) {
    ASSERT_EQ(credit("7").status, 201);
    made(call("", kDollar));
    const Json found = post("/v1/admin/ledger/verify", "").json();
    EXPECT_EQ(found["agrees"], true) << found.dump();
    EXPECT_EQ(found["requests"], 1);
    EXPECT_EQ(found["differences"], Json::array());
}

}  // namespace
}  // namespace keywarden
