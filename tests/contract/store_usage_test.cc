// Calls, their sums, and what accounts have spent: what every store promises of apply.
#include <algorithm>
#include <array>
#include <gmock/gmock.h>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/contract/usage_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// kNow is a Friday: 2026-11-20T11:15:42.123Z.
const TimePoint kDay = std::chrono::floor<std::chrono::days>(kNow);
const TimePoint kHour = std::chrono::floor<std::chrono::hours>(kNow);

INSTANTIATE_TEST_SUITE_P(Memory, UsageContract, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, UsageContract, testing::Values("sqlite:"));

// ---- rows --------------------------------------------------------------------------------------

TEST_P(UsageContract, ACallComesBackAsItWas) {
    CallRecord call = a_call(kNow + 456us);
    call.admitted_at = kNow - 3s + 789us;
    call.session_id = "the client's";
    call.error = "upstream_timeout";
    call.makers = {"key_m", "key_n"};
    call.tags = {"blue", "green", "red"};
    call.status = 504;
    call.attempts = 2;
    call.streamed = true;
    call.client_left = true;
    call.priced = false;
    call.outcome = CallOutcome::Expired;
    call.basis = UsageBasis::Counted;
    call.usage = {.input = 1,
                  .output = 2,
                  .total = 3,
                  .cached_input = 4,
                  .cache_write = 5,
                  .audio_input = 6,
                  .reasoning = 7,
                  .audio_output = 8,
                  .images = 9,
                  .cache_write_1h = 4};
    call.tools = {.selection = SelectionMode::On,
                  .offered = 60,
                  .permitted = 58,
                  .forwarded = 20,
                  .kept = 20,
                  .called = 2,
                  .missed = 1,
                  .tokens_spared = 3000};
    call.duration = 1'234'567'890ns;
    call.first_byte = 345'678ns;
    call.overhead = 999ns;
    apply({call});
    if (lasts()) open();
    const auto found = usage().get_call("team_a", call.id);
    ASSERT_TRUE(found) << found.error().message << found.error().detail;
    const CallRecord& record = found->record;
    EXPECT_EQ(record.id, call.id);
    EXPECT_EQ(record.admitted_at, kNow - 3s) << "in whole milliseconds";
    EXPECT_EQ(record.ended_at, kNow);
    EXPECT_EQ(record.team_id, "team_a");
    EXPECT_EQ(record.app_id, "app_1");
    EXPECT_EQ(record.key_id, "key_1");
    EXPECT_EQ(record.user_id, "user_1");
    EXPECT_EQ(record.provider, "openai");
    EXPECT_EQ(record.model, "gpt-4o");
    EXPECT_EQ(record.route, "/v1/chat/completions");
    EXPECT_EQ(record.session_id, "the client's");
    EXPECT_EQ(found->session_id, "the client's");
    EXPECT_EQ(record.error, "upstream_timeout");
    EXPECT_EQ(record.makers, call.makers);
    EXPECT_EQ(record.tags, call.tags);
    EXPECT_EQ(record.status, 504);
    EXPECT_EQ(record.attempts, 2);
    EXPECT_TRUE(record.streamed && record.client_left && !record.priced);
    EXPECT_EQ(record.outcome, CallOutcome::Expired);
    EXPECT_EQ(record.basis, UsageBasis::Counted);
    EXPECT_EQ(record.usage, call.usage);
    EXPECT_EQ(record.tools, call.tools);
    EXPECT_EQ(record.price_version, 3);
    EXPECT_EQ(record.held, NanoUsd{200});
    EXPECT_EQ(record.cost, NanoUsd{100});
    EXPECT_EQ(record.duration, 1'234'567us) << "in whole microseconds";
    EXPECT_EQ(record.first_byte, 345us);
    EXPECT_EQ(record.overhead, 0us);
}

TEST_P(UsageContract, WhatTheSelectionWouldHaveMissedIsCountedByKey) {
    const ToolCounts kept{.selection = SelectionMode::Shadow,
                          .offered = 60,
                          .permitted = 60,
                          .forwarded = 60,
                          .kept = 20,
                          .called = 1};
    ToolCounts missed = kept;
    missed.missed = 1;
    ToolCounts on = missed;
    on.selection = SelectionMode::On;
    std::vector<CallRecord> calls;
    for (const ToolCounts& tools : {kept, missed, kept, on}) {
        calls.push_back(a_call(kNow + std::chrono::seconds(calls.size())));
        calls.back().tools = tools;
    }
    apply(calls);
    apply(calls);  // again: they are there already
    if (lasts()) open();
    std::vector<KeyTrial> trials;
    const auto read = [&] {
        trials.clear();
        return usage().for_each_tool_trial([&](const KeyTrial& each) { trials.push_back(each); });
    };
    ASSERT_TRUE(read());
    ASSERT_EQ(trials.size(), 1U);
    EXPECT_EQ(trials[0].team_id, "team_a");
    EXPECT_EQ(trials[0].key_id, calls[0].key_id);
    EXPECT_EQ(trials[0].trial, (ToolTrial{.calls = 3, .missed_millionths = 1'000'000}));
    CallRecord more = a_call(kNow + 9s);
    more.tools = missed;
    apply({more});
    ASSERT_TRUE(read());
    EXPECT_EQ(trials[0].trial, (ToolTrial{.calls = 4, .missed_millionths = 2'000'000}));
}

TEST_P(UsageContract, WhatACallDoesNotSayStaysUnsaid) {
    const CallRecord call{.id = a_call().id, .ended_at = kNow, .team_id = "team_a"};
    apply({call});
    const CallRow found = *usage().get_call("team_a", call.id);
    EXPECT_EQ(found.record.usage, TokenUsage());
    EXPECT_EQ(found.record.app_id, "");
    EXPECT_EQ(found.record.model, "");
    EXPECT_EQ(found.record.tags, CallRecord().tags);
    EXPECT_EQ(found.record.session_id, "");
    EXPECT_THAT(spends(), ElementsAre("team_a team : 0"));
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_P(UsageContract, ARowThatIsThereAlreadyChangesNothing) {
    const CallRecord first = a_call(kNow, 100);
    CallRecord again = first;
    again.cost = {999};
    apply({first, again});
    apply({again, a_call(kNow, 1)});
    if (lasts()) open();
    apply({again});
    EXPECT_EQ(usage().get_call("team_a", first.id)->record.cost, NanoUsd{100});
    EXPECT_EQ(spent(Period::Total), 101);
    EXPECT_THAT(told({.team_id = "team_a", .from = kDay, .until = kNow}),
                ElementsAre(" 2 calls 101"));
    EXPECT_EQ(usage().get_credit("team_a")->spent, NanoUsd{101});
    EXPECT_EQ(usage().list_calls({.team_id = "team_a"})->items.size(), 2U);
}

TEST_P(UsageContract, CallsThatDifferInOneTextKeepTheirOwn) {
    std::vector<CallRecord> calls(14, a_call());
    calls[1].team_id = "other";
    calls[2].key_id = "other";
    calls[3].app_id = "other";
    calls[4].user_id = "other";
    calls[5].provider = "other";
    calls[6].model = "other";
    calls[7].route = "other";
    calls[8].error = "other";
    calls[9].session_id = "other";
    calls[10].makers[0] = "other";
    calls[11].tags[0] = "other";
    calls[12].tags = {"o", "ther"};
    calls[13].makers = {"o", "ther"};
    for (size_t i = 0; i < calls.size(); ++i) {
        calls[i].id = a_call().id;
        calls[i].cost = {static_cast<int64_t>(i)};
    }
    apply(calls);
    for (const CallRecord& call : calls) {
        const CallRow row = *usage().get_call(call.team_id, call.id);
        const CallRecord& kept = row.record;
        SCOPED_TRACE(call.cost.value);
        EXPECT_EQ(std::tie(kept.team_id, kept.key_id, kept.app_id, kept.user_id, kept.provider),
                  std::tie(call.team_id, call.key_id, call.app_id, call.user_id, call.provider));
        EXPECT_EQ(std::tie(kept.model, kept.route, kept.error, kept.session_id, kept.cost),
                  std::tie(call.model, call.route, call.error, call.session_id, call.cost));
        EXPECT_EQ(kept.makers, call.makers);
        EXPECT_EQ(kept.tags, call.tags);
    }
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_P(UsageContract, ACopiedRowKeepsItsTexts) {
    apply({a_call()});
    CallRow copy;
    {
        const auto page = usage().list_calls({.team_id = "team_a"});
        copy = page->items.front();
    }
    EXPECT_EQ(copy.record.key_id, "key_1");
    EXPECT_EQ(copy.record.model, "gpt-4o");
}

// ---- accounts ----------------------------------------------------------------------------------

TEST_P(UsageContract, ACallCountsInAllItsAccounts) {
    CallRecord call = a_call(kNow, 7);
    call.makers = {"key_m"};
    call.tags = {"blue"};
    CallRecord other = a_call(kNow, 5);
    other.team_id = "team_b";
    apply({call, a_call(kNow, 3), other});
    EXPECT_THAT(spends(),
                ElementsAre("team_a app app_1: 10",
                            "team_a key key_1: 10",
                            "team_a key key_m: 7",
                            "team_a model openai/gpt-4o: 10",
                            "team_a tag blue: 7",
                            "team_a team : 10",
                            "team_b app app_1: 5",
                            "team_b key key_1: 5",
                            "team_b model openai/gpt-4o: 5",
                            "team_b team : 5"));
}

TEST_P(UsageContract, OfEachPeriodTheNewestCounts) {
    apply({a_call(kNow, 1)});
    apply({a_call(kNow - 24h, 10), a_call(kNow - 24h * 7, 100), a_call(kNow - 24h * 40, 1000)});
    EXPECT_EQ(spent(Period::Day), 1);
    EXPECT_EQ(spent(Period::Week), 11);
    EXPECT_EQ(spent(Period::Month), 111);
    EXPECT_EQ(spent(Period::Total), 1111);
    apply({a_call(kNow + 24h, 5)});
    EXPECT_EQ(spent(Period::Day), 5) << "a new day begins with its first call";
    EXPECT_EQ(spent(Period::Week), 16);
    apply({a_call(kNow + 24h * 30, 2)});
    EXPECT_EQ(spent(Period::Day), 2);
    EXPECT_EQ(spent(Period::Week), 2);
    EXPECT_EQ(spent(Period::Month), 2);
    EXPECT_EQ(spent(Period::Total), 1118);
    PeriodStarts starts{};
    ASSERT_TRUE(usage().for_each_spend([&](const SpendTotals& each) { starts = each.starts; }));
    EXPECT_EQ(starts, period_starts(TimeZone(), kNow + 24h * 30));
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_P(UsageContract, MoneyThatDoesNotFitIsRefusedAndNothingIsKept) {
    apply({a_call(kNow, INT64_MAX - 5)});
    CallRecord more = a_call(kNow, 6);
    more.key_id = "key_new";
    more.session_id = "new";
    const auto refused = usage().apply(std::vector{a_call(kNow, 1), more}, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::StoreUnavailable);
    EXPECT_EQ(spent(Period::Total), INT64_MAX - 5);
    EXPECT_FALSE(usage().get_call("team_a", more.id));
    EXPECT_THAT(findings(), IsEmpty());
    more.cost = {5};
    apply({more});
    EXPECT_EQ(spent(Period::Total), INT64_MAX);
    EXPECT_EQ(usage().get_call("team_a", more.id)->record.key_id, "key_new")
        << "what the batch before had brought is not taken for there";
    EXPECT_EQ(usage().get_call("team_a", more.id)->session_id, "new");
}

// ---- positions ---------------------------------------------------------------------------------

TEST_P(UsageContract, PositionsComeWithTheirRowsAndOnlyMoveForward) {
    const auto positions = [&] {
        std::vector<std::string> all;
        for (const JournalPosition& each : *usage().journal_positions()) {
            all.push_back(each.segment + " " + std::to_string(each.offset));
        }
        return all;
    };
    EXPECT_THAT(positions(), IsEmpty());
    const std::vector<JournalPosition> first = {{"a.journal", 100}, {"b.journal", 7}};
    ASSERT_TRUE(usage().apply({}, first));
    const std::vector<JournalPosition> second = {{"a.journal", 50}, {"b.journal", 8}};
    ASSERT_TRUE(usage().apply(std::vector{a_call()}, second));
    if (lasts()) open();
    EXPECT_THAT(positions(), testing::UnorderedElementsAre("a.journal 100", "b.journal 8"));
    const std::vector<std::string> gone = {"a.journal", "none"};
    ASSERT_TRUE(usage().forget_segments(gone));
    EXPECT_THAT(positions(), ElementsAre("b.journal 8"));
}

// ---- sums --------------------------------------------------------------------------------------

TEST_P(UsageContract, SumsAreThoseOfTheirCalls) {
    CallRecord failed = a_call(kNow, 1);
    failed.status = 429;
    CallRecord lost = a_call(kNow, 2);
    lost.status = 0;
    lost.priced = false;
    CallRecord odd = a_call(kNow, 4);
    odd.status = 399;
    odd.usage = {.input = -5, .output = INT64_MAX};
    apply({failed, lost, odd});
    const auto found =
        lines({.team_id = "team_a", .from = kDay, .until = kDay + 24h, .grain = UsageGrain::Day});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].start, kDay);
    const UsageSums& sums = found[0].sums;
    EXPECT_EQ(sums.calls, 3);
    EXPECT_EQ(sums.failed, 2);
    EXPECT_EQ(sums.input_tokens, 20) << "what is negative is none";
    EXPECT_EQ(sums.cached_input_tokens, 8);
    EXPECT_EQ(sums.output_tokens, 10 + kTokensMax) << "and too many are a lie";
    EXPECT_EQ(sums.reasoning_tokens, 4);
    EXPECT_EQ(sums.unpriced_calls, 1);
    EXPECT_EQ(sums.cost, NanoUsd{7});
}

TEST_P(UsageContract, WithoutCallsThereIsOneLineOrNone) {
    const auto whole = lines({.team_id = "team_a", .from = kDay, .until = kDay + 24h});
    ASSERT_EQ(whole.size(), 1U);
    EXPECT_EQ(whole[0].start, kDay);
    EXPECT_EQ(whole[0].sums.calls, 0);
    EXPECT_THAT(lines({.team_id = "team_a", .until = kNow, .grain = UsageGrain::Day}), IsEmpty());
    EXPECT_THAT(lines({.team_id = "team_a", .until = kNow, .split = UsageSplit::Key}), IsEmpty());
    EXPECT_EQ(lines({.team_id = "no such", .until = kNow}).size(), 1U);
}

TEST_P(UsageContract, UsageIsSplitByEachThing) {
    CallRecord second = a_call(kNow, 50);
    second.key_id = "key_2";
    second.app_id = "";
    second.provider = "groq";
    second.model = "llama/8b";
    apply({a_call(kNow, 10), a_call(kNow, 20), second});
    UsageQuery query{.team_id = "team_a", .from = kDay, .until = kDay + 24h};
    for (const UsageGrain grain : {UsageGrain::Whole, UsageGrain::Day, UsageGrain::Hour}) {
        query.grain = grain;
        query.split = UsageSplit::None;
        EXPECT_THAT(told(query), ElementsAre(" 3 calls 80"));
        query.split = UsageSplit::Key;
        EXPECT_THAT(told(query), ElementsAre("key_2 1 calls 50", "key_1 2 calls 30"));
        query.split = UsageSplit::App;
        EXPECT_THAT(told(query), ElementsAre(" 1 calls 50", "app_1 2 calls 30"));
        query.split = UsageSplit::Model;
        EXPECT_THAT(told(query),
                    ElementsAre("groq/llama/8b 1 calls 50", "openai/gpt-4o 2 calls 30"));
        query.split = UsageSplit::Provider;
        EXPECT_THAT(told(query), ElementsAre("groq 1 calls 50", "openai 2 calls 30"));
        query.limit = 1;
        EXPECT_THAT(told(query), ElementsAre("groq 1 calls 50")) << "what cost most comes first";
        query.limit = 10'000;
    }
}

TEST_P(UsageContract, OfFewLinesThereAreThoseThatCostMostAndOfEqualsTheFirstByName) {
    constexpr std::array kKeys = {"key_e", "key_d", "key_c", "key_b", "key_a"};
    std::vector<CallRecord> calls;
    for (size_t i = 0; i < 12; ++i) {
        const auto number = static_cast<int64_t>(i);
        CallRecord call = a_call(kNow - std::chrono::days(number % 3), number % 4 * 10);
        call.key_id = kKeys.at(i % kKeys.size());
        calls.push_back(call);
    }
    apply(calls);
    UsageQuery query{.team_id = "team_a",
                     .from = kDay - 48h,
                     .until = kDay + 24h,
                     .split = UsageSplit::Key,
                     .limit = 10'000};
    std::vector<std::string> all = told(query);
    ASSERT_EQ(all.size(), kKeys.size());
    query.limit = all.size() + 1;
    EXPECT_EQ(told(query), all);
    for (query.limit = all.size(); query.limit > 0; --query.limit) {
        EXPECT_EQ(told(query), all) << query.limit;
        all.pop_back();
    }
    query.until = kDay - 24h;  // leaves days out
    query.limit = 10'000;
    const std::vector<std::string> fewer = told(query);
    query.limit = 100;
    EXPECT_EQ(told(query), fewer);
}

TEST_P(UsageContract, FiltersHoldTogetherAndWithEachSplit) {
    CallRecord other_key = a_call(kNow, 2);
    other_key.key_id = "key_2";
    CallRecord other_model = a_call(kNow, 4);
    other_model.model = "o3";
    CallRecord elsewhere = a_call(kNow, 8);
    elsewhere.provider = "azure";
    elsewhere.app_id = "app_2";
    apply({a_call(kNow, 1), other_key, other_model, elsewhere});
    const auto sum = [&](UsageQuery query) {
        query.team_id = "team_a";
        query.from = kDay;
        query.until = kDay + 24h;
        int64_t of_days = 0;
        for (const UsageGrain grain : {UsageGrain::Whole, UsageGrain::Day, UsageGrain::Hour}) {
            query.grain = grain;
            for (const UsageSplit split : {UsageSplit::None, UsageSplit::Key, UsageSplit::Model}) {
                query.split = split;
                int64_t cost = 0;
                for (const UsageLine& line : lines(query)) cost += line.sums.cost.value;
                if (grain == UsageGrain::Whole && split == UsageSplit::None) of_days = cost;
                EXPECT_EQ(cost, of_days);
            }
        }
        return of_days;
    };
    EXPECT_EQ(sum({}), 15);
    EXPECT_EQ(sum({.key_id = "key_1"}), 13);
    EXPECT_EQ(sum({.key_id = "key_2"}), 2);
    EXPECT_EQ(sum({.app_id = "app_2"}), 8);
    EXPECT_EQ(sum({.model = "gpt-4o"}), 11) << "at whatever provider";
    EXPECT_EQ(sum({.model = "openai/gpt-4o"}), 3);
    EXPECT_EQ(sum({.provider = "azure"}), 8);
    EXPECT_EQ(sum({.key_id = "key_1", .model = "gpt-4o", .provider = "openai"}), 1);
    EXPECT_EQ(sum({.key_id = "no such"}), 0);
    EXPECT_EQ(sum({.model = "openai/none"}), 0);
}

TEST_P(UsageContract, SpansOfTimeComeOldestFirstAndHaveEnds) {
    apply({a_call(kHour, 1), a_call(kHour - 1ms, 2), a_call(kDay, 4), a_call(kDay - 1ms, 8)});
    const auto starts = [&](UsageQuery query) {
        query.team_id = "team_a";
        std::vector<std::pair<TimePoint, int64_t>> all;
        for (const UsageLine& line : lines(query)) {
            all.emplace_back(line.start, line.sums.cost.value);
        }
        return all;
    };
    using Spans = std::vector<std::pair<TimePoint, int64_t>>;
    EXPECT_EQ(starts({.from = kDay - 24h, .until = kNow, .grain = UsageGrain::Day}),
              (Spans{{kDay - 24h, 8}, {kDay, 7}}));
    EXPECT_EQ(starts({.from = kDay, .until = kNow, .grain = UsageGrain::Day}), (Spans{{kDay, 7}}));
    EXPECT_EQ(starts({.from = kDay - 24h, .until = kDay, .grain = UsageGrain::Day}),
              (Spans{{kDay - 24h, 8}}));
    EXPECT_EQ(starts({.from = kDay, .until = kNow, .grain = UsageGrain::Hour}),
              (Spans{{kDay, 4}, {kHour - 1h, 2}, {kHour, 1}}));
    EXPECT_EQ(starts({.from = kDay, .until = kNow, .grain = UsageGrain::Hour, .limit = 2}),
              (Spans{{kDay, 4}, {kHour - 1h, 2}}));
}

TEST_P(UsageContract, ADayIsTheTeamsOwn) {
    put_zone("Asia/Kolkata");  // 5:30 ahead
    CallRecord other = a_call(kDay + 1h, 100);
    other.team_id = "team_b";
    apply({a_call(kDay + 18h + 29min, 1), a_call(kDay + 18h + 30min, 2), other});
    const UsageQuery days{
        .team_id = "team_a", .from = kDay - 48h, .until = kDay + 48h, .grain = UsageGrain::Day};
    const auto found = lines(days);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].start, kDay - 5h - 30min);
    EXPECT_EQ(found[1].start, kDay + 18h + 30min);
    UsageQuery all = days;
    all.team_id = "";
    const auto of_all = lines(all);
    ASSERT_EQ(of_all.size(), 2U) << "of all teams they are days of UTC";
    EXPECT_EQ(of_all[0].start, kDay);
    EXPECT_EQ(of_all[0].sums.cost, NanoUsd{101});
    EXPECT_EQ(of_all[1].start, kDay + 24h);
    all.grain = UsageGrain::Whole;
    all.until = kDay + 24h;
    EXPECT_EQ(lines(all).front().sums.cost, NanoUsd{101});
    all.split = UsageSplit::Key;
    all.key_id = "key_1";
    EXPECT_EQ(lines(all).front().sums.cost, NanoUsd{101});
}

TEST_P(UsageContract, ATeamSeesNothingOfAnother) {
    CallRecord other = a_call();
    other.team_id = "team_b";
    apply({other});
    EXPECT_EQ(usage().get_call("team_a", other.id).error().code, ErrorCode::NotFound);
    EXPECT_THAT(usage().list_calls({.team_id = "team_a"})->items, IsEmpty());
    EXPECT_THAT(told({.team_id = "team_a", .until = kNow}), ElementsAre(" 0 calls 0"));
    EXPECT_EQ(usage().get_credit("team_a")->spent, NanoUsd{0});
    EXPECT_FALSE(
        usage().list_calls({.team_id = "team_a", .after = std::string(text_of(other.id).view())}))
        << "not even where a call of it stands";
}

// ---- threads -----------------------------------------------------------------------------------

TEST_P(UsageContract, ManyThreadsApplyAndReadAtOnce) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 10; ++i) {
                CallRecord call = a_call(kNow + std::chrono::minutes(i), 1);
                call.key_id = t % 2 == 0 ? "key_1" : "key_2";
                const std::vector<CallRecord> rows = {call, a_call(kNow, 1)};
                EXPECT_TRUE(usage().apply(rows, {}));
                EXPECT_TRUE(usage().list_calls({.team_id = "team_a"}));
                EXPECT_TRUE(usage().usage({.team_id = "team_a", .until = kNow}));
                if (i == 5) EXPECT_THAT(findings(), IsEmpty()) << "while others write";
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(spent(Period::Total), 80);
    EXPECT_THAT(told({.team_id = "team_a", .from = kDay, .until = kNow}),
                ElementsAre(" 80 calls 80"));
    EXPECT_THAT(findings(), IsEmpty());
}

}  // namespace
}  // namespace keywarden
