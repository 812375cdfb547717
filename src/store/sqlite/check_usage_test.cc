// What was altered behind the store's back is found, and named.
#include "store/sqlite/check_usage.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <string>

#include "base/clock.h"
#include "domain/call_id.h"
#include "store/sqlite/call_blocks.h"
#include "store/sqlite/sqlite_store.h"

namespace keywarden {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const TimePoint kNow = from_millis(1'795'173'342'123);  // 2026-11-20T11:15:42.123Z

class CheckUsage : public testing::Test {
protected:
    CheckUsage() {
        std::string made = (fs::temp_directory_path() / "kw_check_XXXXXX").string();
        folder_ = mkdtemp(made.data());
        store_ = *open_sqlite_store((folder_ / "kw.db").string());
        const AuditEntry audit{.at = kNow, .tenant = "team_1"};
        EXPECT_TRUE(store_->accounts().create_team({.id = "team_1", .name = "A"}, audit));
        EXPECT_TRUE(store_->usage().add_ledger_entry(
            {.id = "led_1", .team_id = "team_1", .amount = {1000}, .at = kNow}, audit));
        const std::vector<CallRecord> calls = {
            a_call(kNow, 3), a_call(kNow, 4), a_call(kNow - 24h, 5), a_call(kNow - 24h * 40, 6)};
        EXPECT_TRUE(store_->usage().apply(calls, {}));
        EXPECT_THAT(findings(), IsEmpty());
    }
    ~CheckUsage() override { fs::remove_all(folder_); }

    static CallRecord a_call(TimePoint at, int64_t cost) {
        return {.id = *call_id_of(new_request_id(at).view()),
                .admitted_at = at,
                .ended_at = at,
                .team_id = "team_1",
                .app_id = "app_1",
                .key_id = "key_1",
                .provider = "openai",
                .model = "gpt-4o",
                .makers = {"key_m"},
                .tags = {"blue"},
                .status = 200,
                .priced = true,
                .usage = {.input = 10, .output = 5},
                .cost = {cost}};
    }

    /// On a connection of its own, beside the store.
    Result<void> run(const std::string& sql) {
        return (*Database::open((folder_ / "kw.db").string(), Database::Mode::ReadWrite))->run(sql);
    }

    std::vector<std::string> findings() {
        const auto found = store_->usage().verify();
        EXPECT_TRUE(found) << found.error().detail;
        return found ? found->differences : std::vector<std::string>{"no answer"};
    }

    /// What is found once that was run.
    std::vector<std::string> after(const std::string& sql) {
        EXPECT_TRUE(run(sql));
        return findings();
    }

    /// Alters the stored call of that cost, or deletes it where nothing is left of its block.
    template <class Alter>
    void alter(int64_t cost, const Alter& alter) {
        const auto file = *Database::open((folder_ / "kw.db").string(), Database::Mode::ReadWrite);
        int64_t block = 0;
        std::vector<uint8_t> bytes;
        {
            Query blocks(*file, "SELECT n, team, rows FROM call_blocks");
            bool is_found = false;
            while (!is_found && *blocks.next()) {
                block = blocks.integer(0);
                bytes.clear();
                StoredCall call;
                EXPECT_TRUE(for_each_call(std::as_const(blocks), call, [&]() -> Result<void> {
                    const bool is_it = call.record.cost.value == cost;
                    is_found |= is_it;
                    if (!is_it || alter(call)) write_call(call, bytes);
                    return {};
                }));
            }
            ASSERT_TRUE(is_found) << cost;
        }
        if (bytes.empty()) {
            ASSERT_TRUE(Query(*file, "DELETE FROM call_blocks WHERE n = ?1", block).run());
            return;
        }
        ASSERT_TRUE(Query(*file,
                          "UPDATE call_blocks SET rows = ?1 WHERE n = ?2",
                          std::span<const uint8_t>(bytes),
                          block)
                        .run());
    }

    fs::path folder_;
    std::unique_ptr<Store> store_;
};

TEST_F(CheckUsage, AFinerSumThatIsNotTheSumOfItsCalls) {
    EXPECT_THAT(
        after("UPDATE rollup_parts SET cost = cost + 1, output = 0 "
              "WHERE grain = 0 AND start = 1795172400000"),
        Contains("Team team_1, hour from 2026-11-20T11:00:00.000Z, key 'key_1', app 'app_1', "
                 "model 'openai/gpt-4o': output tokens are 0 and not 10, cost in nano-dollars is "
                 "8 and not 7."));
}

TEST_F(CheckUsage, AFinerSumThatIsMissing) {
    EXPECT_THAT(after("DELETE FROM rollup_parts WHERE grain = 1 AND start = 1795132800000"),
                Contains(AllOf(HasSubstr("day from 2026-11-20T00:00:00.000Z, key 'key_1'"),
                               HasSubstr("calls are 0 and not 2"))));
}

TEST_F(CheckUsage, AFinerSumOfNoCalls) {
    const auto found = after(
        "INSERT INTO rollup_parts SELECT team, grain, start + 7200000, key, app, provider, "
        "model, calls, failed, input, cached_input, output, reasoning, unpriced, cost, "
        "tools_saved "
        "FROM rollup_parts WHERE grain = 0 AND start = 1795172400000");
    EXPECT_THAT(found,
                Contains("Team team_1, hour from 2026-11-20T13:00:00.000Z: there are sums, and no "
                         "calls."));
    EXPECT_THAT(found, Contains(HasSubstr("the hour's sum: calls are 0 and not 2")));
}

TEST_F(CheckUsage, ACoarserSumOfEachKind) {
    const std::vector<std::pair<std::string, std::string>> dims = {{"0", "the day's sum"},
                                                                   {"1", "key 'key_1'"},
                                                                   {"2", "app 'app_1'"},
                                                                   {"3", "model 'openai/gpt-4o'"},
                                                                   {"4", "provider 'openai'"},
                                                                   {"5", "the hour's sum"}};
    for (const auto& [dim, name] : dims) {
        const std::string where =
            " WHERE dim = " + dim + " AND start > 1795132800000 - 86400001 AND calls = 2";
        EXPECT_THAT(after("UPDATE rollups SET failed = failed + 9" + where),
                    ElementsAre(HasSubstr(name + ": failed calls are 9 and not 0.")));
        EXPECT_THAT(after("UPDATE rollups SET failed = 0" + where), IsEmpty());
    }
}

TEST_F(CheckUsage, ACoarserSumOfNothing) {
    EXPECT_THAT(
        after("INSERT INTO rollups SELECT team, dim, start - 86400000 * 7, target, 0, 0, 0, 0, 0, "
              "0, 0, 0, 0 FROM rollups WHERE dim = 1 AND start = 1795132800000"),
        ElementsAre("Team team_1, from 2026-11-13T00:00:00.000Z, key 'key_1': there is a sum, and "
                    "nothing that it sums."));
}

TEST_F(CheckUsage, WhatAnAccountHasSpent) {
    const std::vector<std::pair<std::string, std::string>> scopes = {
        {"scope = 0", "account of the team"},
        {"scope = 1", "account of app 'app_1'"},
        {"scope = 2 AND target = (SELECT n FROM words WHERE word = 'key_1')",
         "account of key 'key_1'"},
        {"scope = 2 AND target = (SELECT n FROM words WHERE word = 'key_m')",
         "account of key 'key_m'"},
        {"scope = 3", "account of model 'openai/gpt-4o'"},
        {"scope = 4", "account of tag 'blue'"}};
    const std::vector<std::pair<std::string, std::string>> periods = {
        {"day", "and its calls come to 7."},
        {"week", "and its calls come to 12."},
        {"month", "and its calls come to 12."},
        {"total", "and its calls come to 18."}};
    for (const auto& [scope, name] : scopes) {
        for (const auto& [period, truth] : periods) {
            const std::string change = "UPDATE spend SET " + period + " = " + period;
            EXPECT_THAT(
                after(change + " - 1 WHERE " + scope),
                ElementsAre(AllOf(HasSubstr(name + ": the " + period + " is"), HasSubstr(truth))));
            EXPECT_THAT(after(change + " + 1 WHERE " + scope), IsEmpty());
        }
    }
    EXPECT_THAT(after("DELETE FROM spend WHERE scope = 4"),
                Contains(HasSubstr("tag 'blue': the total is 0 nano-dollars, and its calls come "
                                   "to 18.")));
}

TEST_F(CheckUsage, ABalance) {
    EXPECT_THAT(after("UPDATE credit SET spent = spent + 1"),
                ElementsAre("Team team_1: by its calls, the balance takes off 19 nano-dollars and "
                            "not 18.",
                            "Team team_1: by its days, the balance takes off 19 nano-dollars and "
                            "not 18."));
    EXPECT_THAT(after("UPDATE credit SET spent = 18, credited = 999"),
                ElementsAre("Team team_1: by its ledger, the balance has 999 nano-dollars and not "
                            "1000."));
}

TEST_F(CheckUsage, ALedgerThatWasAltered) {
    EXPECT_FALSE(run("UPDATE ledger SET amount = 1"));
    EXPECT_FALSE(run("DELETE FROM ledger"));
    EXPECT_THAT(findings(), IsEmpty());
    EXPECT_THAT(after("DROP TRIGGER ledger_is_not_altered; UPDATE ledger SET amount = 1"),
                ElementsAre(HasSubstr("by its ledger, the balance has 1000 nano-dollars and not "
                                      "1.")));
}

TEST_F(CheckUsage, ACallThatWasAltered) {
    alter(5, [](StoredCall& call) {
        call.record.cost = {};
        return true;
    });
    const auto found = findings();
    EXPECT_THAT(found, Contains(HasSubstr("day from 2026-11-19T00:00:00.000Z")));
    EXPECT_THAT(found, Contains(HasSubstr("account of tag 'blue': the week is")));
    EXPECT_THAT(found, Contains(HasSubstr("takes off 18 nano-dollars and not 13.")));
}

TEST_F(CheckUsage, ACallThatIsMissingOrIsNobodys) {
    alter(6, [](StoredCall&) { return false; });
    EXPECT_THAT(findings(), Contains(HasSubstr("takes off 18 nano-dollars and not 12.")));
    EXPECT_THAT(after("DELETE FROM credit"),
                Contains("3 calls belong to a team without an account."));
}

TEST_F(CheckUsage, ACallThatIsNotFoundByWhatItNames) {
    for (int kind = 0; kind < 6; ++kind) {
        SCOPED_TRACE(kind);
        const std::string where = " FROM call_places WHERE kind = " + std::to_string(kind) +
                                  " AND last_at = 1795173342123";
        ASSERT_TRUE(run("CREATE TABLE kept AS SELECT *" + where));
        const auto found = after("DELETE" + where);
        EXPECT_THAT(found, Contains(HasSubstr("Calls are found by ")));
        if (kind == 1) {
            EXPECT_THAT(found, Contains("2 calls belong to a team without an account."));
        } else {
            EXPECT_EQ(found.size(), 1U);
        }
        EXPECT_THAT(after("INSERT INTO call_places SELECT * FROM kept; DROP TABLE kept"),
                    IsEmpty());
    }
}

TEST_F(CheckUsage, WhatPrunedRowsCameToIsHeldToTheDays) {
    EXPECT_EQ(*store_->usage().prune_calls(kNow - 24h * 10, 100), 1);
    EXPECT_THAT(findings(), IsEmpty());
    EXPECT_THAT(after("UPDATE spend SET pruned = pruned - 1 WHERE scope = 0"),
                ElementsAre(HasSubstr("account of the team: the total is 18"),
                            HasSubstr("by its calls, the balance takes off 18")));
    EXPECT_THAT(after("UPDATE spend SET pruned = pruned + 1 WHERE scope = 0"), IsEmpty());
    EXPECT_THAT(after("UPDATE rollups SET cost = cost + 1 WHERE dim = 0 AND cost = 6"),
                ElementsAre(HasSubstr("the day's sum: cost in nano-dollars is 7 and not 6"),
                            HasSubstr("by its days, the balance takes off 18")));
}

TEST_F(CheckUsage, SaysNoMoreThanAPersonReads) {
    const auto found = after(
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 500) "
        "INSERT INTO rollups SELECT team, 1, n * 86400000, target, 0, 0, 0, 0, 0, 0, 0, 0, 0 "
        "FROM c JOIN rollups WHERE dim = 1 AND start = 1795132800000");
    EXPECT_EQ(found.size(), kFindingsMax);
}

TEST_F(CheckUsage, ARowThatWeDidNotWriteIsDamageAndNotAGuess) {
    const Page<CallRow> all = *store_->usage().list_calls({.team_id = "team_1"});
    ASSERT_EQ(all.items.size(), 4U);
    alter(6, [](StoredCall& call) {
        call.numbers.makers = {999};
        return true;
    });
    EXPECT_FALSE(store_->usage().get_call("team_1", all.items.back().record.id)) << "no such word";
    ASSERT_TRUE(run("UPDATE call_blocks SET rows = substr(rows, 1, length(rows) - 1)"));
    for (const CallRow& row : all.items) {
        const auto got = store_->usage().get_call("team_1", row.record.id);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code, ErrorCode::StoreUnavailable);
    }
    EXPECT_EQ(store_->usage().list_calls({.team_id = "team_1"}).error().code,
              ErrorCode::StoreUnavailable);
    EXPECT_EQ(store_->usage().verify().error().code, ErrorCode::StoreUnavailable);
    ASSERT_TRUE(
        run("UPDATE credit SET mode = 9; "
            "INSERT INTO prices VALUES ('a', 1, '{\"input\":\"x\"}')"));
    EXPECT_EQ(store_->usage().get_credit("team_1").error().code, ErrorCode::StoreUnavailable);
    EXPECT_EQ(store_->usage().get_prices().error().code, ErrorCode::StoreUnavailable);
}

TEST_F(CheckUsage, AChangeOfMoneyWhoseRowCannotBeWrittenDoesNotHappen) {
    UsageStore& usage = store_->usage();
    const AuditEntry audit{.at = kNow, .tenant = "team_1"};
    const Budget budget{.id = "bud_1", .team_id = "team_1", .name = "b", .amount = {1}};
    ASSERT_TRUE(usage.create_budget(budget, audit));
    Budget changed = budget;
    changed.version = 2;
    Budget another = budget;
    another.id = "bud_2";
    ASSERT_TRUE(
        run("CREATE TRIGGER disk_is_full BEFORE INSERT ON audit "
            "BEGIN SELECT raise(ABORT, 'full'); END"));
    EXPECT_FALSE(usage.create_budget(another, audit));
    EXPECT_FALSE(usage.update_budget(changed, audit));
    EXPECT_FALSE(usage.delete_budget("team_1", "bud_1", audit));
    EXPECT_FALSE(usage.put_price("m", Price{.input = 1}, audit));
    EXPECT_FALSE(usage.put_billing("team_1", {.time_zone = "Asia/Tokyo", .version = 1}, audit));
    EXPECT_FALSE(usage.add_ledger_entry(
        {.id = "led_2", .team_id = "team_1", .amount = {1}, .at = kNow}, audit));
    EXPECT_EQ(usage.list_budgets("team_1")->size(), 1U);
    EXPECT_EQ(usage.get_budget("team_1", "bud_1")->version, 1);
    EXPECT_EQ(usage.get_prices()->version, 0);
    EXPECT_EQ(usage.get_credit("team_1")->credited, NanoUsd{1000});
    EXPECT_EQ(usage.get_credit("team_1")->terms, BillingTerms());
    EXPECT_EQ(usage.list_ledger("team_1", {})->items.size(), 1U);
    EXPECT_THAT(findings(), IsEmpty());
}

}  // namespace
}  // namespace keywarden
