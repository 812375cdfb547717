// keywarden usage, requests, balance, topup, ledger, budgets.
#include <gmock/gmock.h>

#include "cli/money_text.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kDays = R"({"object":"list","has_more":false,"next":null,
    "from":"2026-11-01T00:00:00.000Z","until":"2026-11-03T00:00:00.000Z","time_zone":"UTC",
    "data":[{"date":"2026-11-01","calls":3,"failed_calls":1,"unpriced_calls":0,"input_tokens":1200,
             "output_tokens":300,"cost_usd":"0.50"},
            {"date":"2026-11-02","calls":12345,"failed_calls":0,"unpriced_calls":2,
             "input_tokens":1000000,"output_tokens":0,"cost_usd":"2.00"}],
    "total":{"calls":12348,"failed_calls":1,"unpriced_calls":2,"input_tokens":1001200,
             "output_tokens":300,"cost_usd":"2.50"}})";
constexpr const char* kRow = R"({"id":"0199-a","ended_at":"2026-11-01T00:00:01.000Z",
    "key":{"id":"key_1","name":"ci"},"provider":"openai","model":"gpt-4o","status":200,
    "error":null,"usage":{"basis":"exact","input_tokens":10,"output_tokens":5,"images":null},
    "cost_usd":"0.000075","duration_ms":120})";

std::string page(const std::vector<std::string>& rows, const std::string& next = "null") {
    std::string out = R"({"object":"list","data":[)";
    for (const std::string& row : rows) out += (out.ends_with('[') ? "" : ",") + row;
    return out + R"(],"has_more":false,"next":)" + next + "}";
}

std::string row(const std::string& id) {
    std::string text = kRow;
    return text.replace(text.find("0199-a"), 6, id);
}

class MoneyCommands : public CommandLineTest {};

TEST(MoneyText, RoundsToWhatPeopleRead) {
    EXPECT_EQ(dollars({12'344'999'999}), "$12.34");
    EXPECT_EQ(dollars({12'345'000'000}), "$12.35");
    EXPECT_EQ(dollars({15'000}), "$0.000015");
    EXPECT_EQ(dollars({499}), "$0.00");
    EXPECT_EQ(dollars({500}), "$0.000001");
    EXPECT_EQ(dollars({-500'000'000}), "-$0.50");
    EXPECT_EQ(dollars({-1}), "$0.00");
    EXPECT_EQ(dollars({0}), "$0.00");
    EXPECT_EQ(grouped(1'234'567), "1,234,567");
    EXPECT_EQ(grouped(-1'000), "-1,000");
    EXPECT_EQ(grouped(999), "999");
}

TEST(MoneyText, ABarIsAsLongAsItsShare) {
    EXPECT_EQ(bar(10, 10, 2), "██");
    EXPECT_EQ(bar(5, 10, 2), "█");
    EXPECT_EQ(bar(5, 10, 1), "▌");
    EXPECT_EQ(bar(1, 1'000'000, 2), "▏") << "something is more than nothing";
    EXPECT_EQ(bar(0, 10, 2), "");
    EXPECT_EQ(bar(3, 0, 2), "");
    EXPECT_EQ(bar(INT64_MAX, INT64_MAX, 3), "███");
}

TEST_F(MoneyCommands, UsageIsATableByDayWithAChart) {
    will_answer(200, kDays);
    EXPECT_EQ(run({"usage"}), 0) << err_;
    EXPECT_EQ(sent_.back().line, "GET /v1/account/usage/daily");
    EXPECT_THAT(out_, HasSubstr("2026-11-01  3"));
    EXPECT_THAT(out_, HasSubstr("12,345"));
    EXPECT_THAT(out_, HasSubstr("$2.00  ████████████████████████\n"));
    EXPECT_THAT(out_, HasSubstr("$0.50  ██████\n"));
    EXPECT_THAT(out_, HasSubstr("total"));
    EXPECT_THAT(out_, Not(HasSubstr("\033"))) << "color is for terminals";
    EXPECT_THAT(err_, HasSubstr("2 calls had no price"));
}

TEST_F(MoneyCommands, UsageIsSplitAndNarrowedAsAsked) {
    will_answer(200, R"({"data":[{"key":{"id":"key_1","name":"ci","display":"kw…"},"calls":1,
        "cost_usd":"1.00"},{"key":{"id":"key_gone"},"calls":1,"cost_usd":"0.10"},
        {"key":null,"calls":1,"cost_usd":"0.10"}],"has_more":true,"total":{"calls":3,
        "cost_usd":"1.20"}})");
    EXPECT_EQ(run({"usage", "--by", "key", "--from", "2026-11-01", "--model", "openai/gpt-4o"}), 0);
    EXPECT_EQ(sent_.back().line,
              "GET /v1/account/usage/by-key?from=2026-11-01&model=openai%2Fgpt-4o");
    EXPECT_THAT(out_, HasSubstr("ci (key_1)"));
    EXPECT_THAT(out_, HasSubstr("key_gone"));
    EXPECT_THAT(out_, HasSubstr("the operator"));
    EXPECT_THAT(err_, HasSubstr("There are more"));
    EXPECT_EQ(run({"usage", "--by", "colour"}), 2);
    EXPECT_THAT(err_, HasSubstr("--by"));
}

TEST_F(MoneyCommands, UsageComesAsCsvAndJsonAsTheGatewaySendsIt) {
    will_answer(200, "start,calls\r\nx,1\r\n");
    EXPECT_EQ(run({"usage", "--csv", "--by", "model"}), 0);
    EXPECT_EQ(sent_.back().line, "GET /v1/account/usage/by-model?format=csv");
    EXPECT_EQ(out_, "start,calls\r\nx,1\r\n");
    answers_.clear();
    will_answer(200, kDays);
    EXPECT_EQ(run({"usage", "--json"}), 0);
    EXPECT_THAT(out_, HasSubstr("\"cost_usd\": \"2.00\""));
}

TEST_F(MoneyCommands, RequestsAreListedPageByPage) {
    will_answer(200, page({row("a"), row("b")}, "\"cursor+/\""));
    will_answer(200, page({row("c")}));
    EXPECT_EQ(run({"requests", "list", "--status", "failed"}), 0) << err_;
    ASSERT_EQ(sent_.size(), 2U);
    EXPECT_EQ(sent_[0].line, "GET /v1/account/requests?status=failed&limit=50");
    EXPECT_EQ(sent_[1].line, "GET /v1/account/requests?status=failed&limit=48&after=cursor%2B%2F");
    EXPECT_THAT(out_, HasSubstr("openai/gpt-4o  200     10  5    $0.000075  120 ms"));
}

TEST_F(MoneyCommands, ARequestIsShownWithoutWhatIsNotSet) {
    will_answer(200, kRow);
    EXPECT_EQ(run({"requests", "show", "0199-a"}), 0);
    EXPECT_EQ(sent_.back().line, "GET /v1/account/requests/0199-a");
    EXPECT_THAT(out_, HasSubstr("$0.000075"));
    EXPECT_THAT(out_, HasSubstr("output_tokens"));
    EXPECT_THAT(out_, Not(HasSubstr("images")));
    EXPECT_THAT(out_, Not(HasSubstr("error")));
}

TEST_F(MoneyCommands, TailShowsEachCallOnceAndOnlyTheLastOfThoseBefore) {
    will_answer(200, page({row("c"), row("b"), row("a")}, "\"more\""));
    will_answer(200, page({row("d"), row("c"), row("b")}, "\"more\""));
    will_answer(200, page({row("f")}, "\"more\""));
    will_answer(200, page({row("e"), row("d")}, "\"more\""));
    host_.pauses = 2;
    EXPECT_EQ(run({"requests", "tail", "--limit", "2"}), kExitInterrupted);
    std::string ids;
    for (const char id : {'a', 'b', 'c', 'd', 'e', 'f'}) {
        const size_t at = out_.find(std::string("  ") + id + "  ");
        if (at == std::string::npos) continue;
        ids += id;
        EXPECT_EQ(out_.find(std::string("  ") + id + "  ", at + 1), std::string::npos) << id;
    }
    EXPECT_EQ(ids, "bcdef");
    EXPECT_LT(out_.find("  e  "), out_.find("  f  ")) << "oldest first";
    EXPECT_EQ(sent_.size(), 4U) << "it reads on only until it meets what it has seen";
    EXPECT_THAT(host_.asked, testing::Each("pause 2"));
}

TEST_F(MoneyCommands, TheBalanceSaysWhatCanBeSpent) {
    will_answer(200, R"({"object":"balance","mode":"postpaid","balance_usd":"-2.00",
        "held_usd":"0.50","credit_limit_usd":"10.00","spendable_usd":"7.50"})");
    EXPECT_EQ(run({"balance"}), 0);
    EXPECT_THAT(out_, HasSubstr("-$2.00"));
    EXPECT_THAT(out_, HasSubstr("$7.50"));
    answers_.clear();
    will_answer(200, R"({"mode":"unlimited","balance_usd":"0.00","held_usd":"0.00",
        "credit_limit_usd":"0.00","spendable_usd":null})");
    EXPECT_EQ(run({"balance"}), 0);
    EXPECT_THAT(out_, HasSubstr("without a bound"));
    EXPECT_THAT(out_, Not(HasSubstr("credit limit")));
}

TEST_F(MoneyCommands, ATopupSaysWhoGetsHowMuchAndWhy) {
    will_answer(201, R"({"id":"credit_1","kind":"topup","amount_usd":"25.00","team":"team_1"})");
    EXPECT_EQ(run({"topup", "team_1", "25", "--reason", "invoice 7"}), 0) << err_;
    EXPECT_EQ(sent_.back().line, "POST /v1/admin/credits");
    EXPECT_EQ(Json::parse(sent_.back().body),
              Json({{"team", "team_1"},
                    {"kind", "topup"},
                    {"amount_usd", "25"},
                    {"reason", "invoice 7"}}));
    EXPECT_EQ(out_, "credit_1: topup of $25.00 for team_1.\n");
    EXPECT_EQ(run({"topup", "--kind", "correction", "--", "team_1", "-3.5"}), 0) << err_;
    EXPECT_EQ(Json::parse(sent_.back().body)["amount_usd"], "-3.5");
}

TEST_F(MoneyCommands, TheLedgerIsListed) {
    will_answer(200, page({R"({"id":"credit_1","kind":"topup","amount_usd":"25.00",
        "reason":null,"actor":"user:user_1","created_at":"2026-11-01T00:00:00.000Z"})"}));
    EXPECT_EQ(run({"ledger", "list"}), 0);
    EXPECT_EQ(sent_.back().line, "GET /v1/account/ledger?limit=50");
    EXPECT_THAT(out_, HasSubstr("$25.00  -       user:user_1"));
}

TEST_F(MoneyCommands, VerifyFailsWhereSomethingDiffers) {
    will_answer(200, R"({"agrees":true,"requests":1200,"teams":2,"differences":[]})");
    EXPECT_EQ(run({"ledger", "verify"}), 0);
    EXPECT_EQ(sent_.back().line, "POST /v1/admin/ledger/verify");
    EXPECT_THAT(out_, HasSubstr("1,200 requests of 2 teams: every balance"));
    answers_.clear();
    will_answer(200, R"({"agrees":false,"requests":1,"teams":1,"differences":["team_1: x"]})");
    EXPECT_EQ(run({"ledger", "verify"}), 1);
    EXPECT_THAT(out_, HasSubstr("team_1: x\n"));
    EXPECT_EQ(run({"ledger", "verify", "--json"}), 1);
}

constexpr const char* kBudget = R"({"id":"budget_1","name":"CI","scope":"key","target":"key_1",
    "target_name":"ci","amount_usd":"5.00","period":"day","blocks":false,"raise":null,
    "state":{"limit_usd":"5.00","spent_usd":"2.50","held_usd":"0.10","remaining_usd":"2.40",
    "percent":50,"resets_at":"2026-11-02T00:00:00.000Z"}})";

TEST_F(MoneyCommands, BudgetsAreListedWithWhatIsLeft) {
    will_answer(200, page({kBudget}));
    EXPECT_EQ(run({"budgets", "list"}), 0);
    EXPECT_EQ(sent_.back().line, "GET /v1/account/budgets");
    EXPECT_THAT(out_, HasSubstr("$2.40  50%   █████"));
    EXPECT_THAT(out_, HasSubstr("only tells"));
    EXPECT_EQ(run({"budgets", "list", "--plans"}), 0);
    EXPECT_EQ(sent_.back().line, "GET /v1/admin/budgets");
}

TEST_F(MoneyCommands, ABudgetIsCreatedChangedRaisedAndDeleted) {
    will_answer(201, kBudget);
    EXPECT_EQ(run({"budgets",
                   "create",
                   "CI",
                   "5",
                   "--scope",
                   "key",
                   "--target",
                   "key_1",
                   "--period",
                   "day",
                   "--thresholds",
                   "80,100",
                   "--only-tell"}),
              0)
        << err_;
    EXPECT_EQ(Json::parse(sent_.back().body),
              Json::parse(R"({"name":"CI","amount_usd":"5","scope":"key","target":"key_1",
                  "period":"day","thresholds":[80,100],"blocks":false})"));
    EXPECT_EQ(out_, "budget_1 \"CI\": $5.00 a day; $2.40 of it is left.\n");
    EXPECT_EQ(run({"budgets", "update", "budget_1", "--amount", "8.50"}), 0);
    EXPECT_EQ(sent_.back().line, "PATCH /v1/account/budgets/budget_1");
    EXPECT_EQ(sent_.back().body, R"({"amount_usd":"8.50"})");
    EXPECT_EQ(run({"budgets", "raise", "budget_1", "2", "--until", "2026-12-01"}), 0);
    EXPECT_EQ(sent_.back().line, "POST /v1/account/budgets/budget_1/raise");
    EXPECT_EQ(sent_.back().body, R"({"amount_usd":"2","until":"2026-12-01"})");
    EXPECT_EQ(run({"budgets", "raise", "budget_1", "--end"}), 0);
    EXPECT_EQ(sent_.back().line, "DELETE /v1/account/budgets/budget_1/raise");
    EXPECT_EQ(sent_.back().body, "");
    EXPECT_EQ(run({"budgets", "delete", "budget_1"}), 2) << "nobody was asked";
    EXPECT_EQ(run({"budgets", "delete", "budget_1", "--yes"}), 0);
    EXPECT_EQ(sent_.back().line, "DELETE /v1/account/budgets/budget_1");
}

TEST_F(MoneyCommands, ABudgetOfAPlanIsTheOperators) {
    will_answer(201, kBudget);
    EXPECT_EQ(
        run({"budgets", "create", "Free", "5", "--scope", "plan", "--target", "plan_default"}), 0);
    EXPECT_EQ(sent_.back().line, "POST /v1/admin/budgets");
    EXPECT_EQ(run({"budgets", "delete", "budget_1", "--plans", "--yes"}), 0);
    EXPECT_EQ(sent_.back().line, "DELETE /v1/admin/budgets/budget_1");
}

TEST_F(MoneyCommands, SayWhatIsMissing) {
    will_answer(200, kBudget);
    EXPECT_EQ(run({"budgets", "raise", "budget_1", "2"}), 2);
    EXPECT_EQ(run({"budgets", "update", "budget_1"}), 2);
    EXPECT_EQ(run({"budgets", "create", "CI", "5", "--thresholds", "50,x"}), 2);
    EXPECT_EQ(run({"requests", "list", "--limit", "0"}), 2);
    EXPECT_TRUE(sent_.empty());
}

}  // namespace
}  // namespace keywarden
