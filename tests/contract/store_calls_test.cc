// Pages of calls, sessions, what is pruned: what every store promises of single rows.
#include <gmock/gmock.h>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/contract/usage_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kCallsMax = 100;  // of a test: more are pages that come again

class CallsContract : public UsageContract {
protected:
    /// The costs of all calls that a query finds, page by page.
    std::vector<int64_t> costs(CallQuery query) {
        query.team_id = "team_a";
        std::vector<int64_t> found;
        do {
            const auto page = usage().list_calls(query);
            EXPECT_TRUE(page) << page.error().message << page.error().detail;
            if (!page) return {};
            EXPECT_LE(page->items.size(), query.limit);
            for (const CallRow& row : page->items) found.push_back(row.record.cost.value);
            query.after = page->next;
        } while (!query.after.empty() && found.size() <= kCallsMax);
        return found;
    }

    std::string session(const CallRecord& call) {
        return usage().get_call(call.team_id, call.id)->session_id;
    }

    static std::string made_of(const CallRecord& call) {
        return "ses_" + std::string(text_of(call.id).view());
    }
};

INSTANTIATE_TEST_SUITE_P(Memory, CallsContract, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, CallsContract, testing::Values("sqlite:"));

// ---- pages -------------------------------------------------------------------------------------

TEST_P(CallsContract, CallsComeNewestFirstInPagesWithoutGaps) {
    apply({a_call(kNow, 1), a_call(kNow - 2s, 2), a_call(kNow - 1s, 3), a_call(kNow, 4)});
    apply({a_call(kNow - 1s, 5), a_call(kNow + 1s, 6)});
    CallRecord other = a_call(kNow, 99);
    other.team_id = "team_b";
    apply({other});
    for (const size_t limit : {1U, 2U, 3U, 5U, 6U, 100U}) {
        EXPECT_THAT(costs({.limit = limit}), ElementsAre(6, 4, 1, 5, 3, 2)) << limit;
    }
    EXPECT_FALSE(usage().list_calls({.team_id = "team_a", .after = "no cursor"}));
    EXPECT_FALSE(
        usage().list_calls({.team_id = "team_a", .after = std::string(text_of(other.id).view())}));
}

TEST_P(CallsContract, ACallThatComesMeanwhileChangesNoLaterPage) {
    apply({a_call(kNow, 1), a_call(kNow - 1s, 2), a_call(kNow - 2s, 3)});
    const auto first = *usage().list_calls({.team_id = "team_a", .limit = 2});
    apply({a_call(kNow + 1s, 4)});
    const auto second = *usage().list_calls({.team_id = "team_a", .after = first.next, .limit = 2});
    ASSERT_EQ(second.items.size(), 1U);
    EXPECT_EQ(second.items[0].record.cost, NanoUsd{3});
    EXPECT_EQ(second.next, "");
}

TEST_P(CallsContract, FiltersLeaveOnlyWhatFits) {
    CallRecord key = a_call(kNow, 2);
    key.key_id = "key_2";
    CallRecord app = a_call(kNow, 3);
    app.app_id = "app_2";
    CallRecord model = a_call(kNow, 4);
    model.provider = "openrouter";
    model.model = "meta/llama";
    CallRecord session = a_call(kNow, 5);
    session.session_id = "mine";
    CallRecord failed = a_call(kNow, 6);
    failed.status = 500;
    CallRecord lost = a_call(kNow, 7);
    lost.status = 0;
    lost.key_id = "key_2";
    apply({a_call(kNow - 1h, 1), key, app, model, session, failed, lost});
    EXPECT_THAT(costs({.limit = 2, .key_id = "key_2"}), ElementsAre(7, 2));
    EXPECT_THAT(costs({.app_id = "app_2"}), ElementsAre(3));
    EXPECT_THAT(costs({.model = "openrouter/meta/llama"}), ElementsAre(4));
    EXPECT_THAT(costs({.model = "meta/llama"}), ElementsAre(4));
    EXPECT_THAT(costs({.model = "llama"}), IsEmpty());
    EXPECT_THAT(costs({.session_id = "mine"}), ElementsAre(5));
    EXPECT_THAT(costs({.failed = true}), ElementsAre(7, 6));
    EXPECT_THAT(costs({.limit = 1, .key_id = "key_2", .failed = true}), ElementsAre(7));
    EXPECT_THAT(costs({.failed = false}), ElementsAre(5, 4, 3, 2, 1));
    EXPECT_THAT(costs({.from = kNow}), ElementsAre(7, 6, 5, 4, 3, 2));
    EXPECT_THAT(costs({.until = kNow}), ElementsAre(1));
    EXPECT_THAT(costs({.from = kNow - 1h, .until = kNow}), ElementsAre(1));
    EXPECT_THAT(costs({.from = kNow, .until = kNow}), IsEmpty());
    for (const CallQuery& none : std::vector<CallQuery>{{.key_id = "none"},
                                                        {.app_id = "none"},
                                                        {.model = "none"},
                                                        {.session_id = "none"},
                                                        {.key_id = "key_2", .app_id = "app_2"}}) {
        EXPECT_THAT(costs(none), IsEmpty());
    }
}

TEST_P(CallsContract, WhatIsRareIsFoundWhereverItIs) {
    std::vector<CallRecord> calls;
    for (int i = 0; i < 50; ++i) calls.push_back(a_call(kNow - 24h * i, 1000 + i));
    CallRecord app = a_call(kNow - 24h * 30, 1);
    app.app_id = "app_2";
    CallRecord model = a_call(kNow - 24h * 20, 2);
    model.model = "o3";
    CallRecord last = a_call(kNow - 24h * 20 + 12h, 3);
    last.model = "o3";
    last.provider = "azure";
    apply(calls);
    apply({app, model, last});
    EXPECT_THAT(costs({.app_id = "app_2"}), ElementsAre(1));
    EXPECT_THAT(costs({.model = "openai/o3"}), ElementsAre(2));
    EXPECT_THAT(costs({.limit = 1, .model = "o3"}), ElementsAre(3, 2));
    EXPECT_THAT(costs({.until = kNow - 24h * 20, .model = "openai/o3"}), IsEmpty());
    EXPECT_THAT(costs({.from = kNow - 24h * 20, .model = "openai/o3"}), ElementsAre(2));
    EXPECT_THAT(costs({.app_id = "app_2", .model = "o3"}), IsEmpty());
    EXPECT_THAT(costs({.app_id = "app_2", .model = "gpt-4o"}), ElementsAre(1));
    EXPECT_THAT(costs({.until = kNow - 24h * 30, .app_id = "app_2"}), IsEmpty());
}

// ---- sessions ----------------------------------------------------------------------------------

TEST_P(CallsContract, CallsOfAKeyThatFollowOneAnotherAreOneSession) {
    const CallRecord first = a_call(kNow);
    CallRecord second = a_call(kNow + 31min);
    second.admitted_at = kNow + 30min - 1ms;
    CallRecord third = a_call(kNow + 90min);
    third.admitted_at = second.ended_at + 30min;
    const CallRecord fourth = a_call(kNow + 91min);
    apply({first, second});
    if (lasts()) open();
    apply({third, fourth});
    EXPECT_EQ(session(first), made_of(first));
    EXPECT_EQ(session(second), made_of(first)) << "less than half an hour later";
    EXPECT_EQ(session(third), made_of(third)) << "half an hour later";
    EXPECT_EQ(session(fourth), made_of(third));
    EXPECT_EQ(usage().get_call("team_a", first.id)->record.session_id, "")
        << "the client named none";
    EXPECT_EQ(usage().list_calls({.team_id = "team_a", .session_id = made_of(first)})->items.size(),
              2U);
}

TEST_P(CallsContract, EachKeyHasItsOwnSessionAndSoHasEachName) {
    CallRecord other_key = a_call(kNow + 1s);
    other_key.key_id = "key_2";
    CallRecord named = a_call(kNow + 2s);
    named.session_id = "mine";
    CallRecord named_by_other = a_call(kNow + 5h);
    named_by_other.key_id = "key_2";
    named_by_other.session_id = "mine";
    CallRecord of_team_b = a_call(kNow);
    of_team_b.team_id = "team_b";
    of_team_b.session_id = "mine";
    const CallRecord first = a_call(kNow);
    const CallRecord later = a_call(kNow + 3s);
    apply({first, other_key, named, later, named_by_other, of_team_b});
    EXPECT_EQ(session(first), made_of(first));
    EXPECT_EQ(session(later), made_of(first)) << "a named one in between is another matter";
    EXPECT_EQ(session(other_key), made_of(other_key));
    EXPECT_EQ(session(named), "mine");
    EXPECT_EQ(session(named_by_other), "mine");
    EXPECT_EQ(usage().list_calls({.team_id = "team_a", .session_id = "mine"})->items.size(), 2U);
    EXPECT_EQ(usage().list_calls({.team_id = "team_b", .session_id = "mine"})->items.size(), 1U);
}

TEST_P(CallsContract, ACallThatComesLateDoesNotMoveTheSessionBack) {
    const CallRecord first = a_call(kNow);
    const CallRecord overlapping = a_call(kNow - 10min);
    const CallRecord late = a_call(kNow - 5h);
    const CallRecord next = a_call(kNow + 10min);
    apply({first, overlapping, late, next});
    EXPECT_EQ(session(overlapping), made_of(first));
    EXPECT_EQ(session(late), made_of(late));
    EXPECT_EQ(session(next), made_of(first));
}

TEST_P(CallsContract, ARowThatIsThereAlreadyDoesNotStretchASession) {
    const CallRecord first = a_call(kNow);
    CallRecord again = first;
    again.ended_at = kNow + 50min;
    const CallRecord later = a_call(kNow + 60min);
    apply({first});
    apply({again, later});
    EXPECT_EQ(session(later), made_of(later));
}

// ---- pruning -----------------------------------------------------------------------------------

TEST_P(CallsContract, OldRowsGoInStepsAndWhatTheyCameToStays) {
    std::vector<CallRecord> calls;
    for (int i = 0; i < 10; ++i) {
        calls.push_back(a_call(kNow - 24h * i, 1 << i));
        calls.back().tags = {"blue"};
        calls.back().makers = {"key_m"};
    }
    apply(calls);
    CallRecord other = a_call(kNow - 24h * 9, 7);
    other.team_id = "team_b";
    apply({other});
    const auto all = spends();
    const auto months = spends(Period::Month);
    const UsageQuery days{.team_id = "team_a",
                          .from = kNow - 24h * 30,
                          .until = kNow,
                          .grain = UsageGrain::Day,
                          .split = UsageSplit::Key};
    const auto before = told(days);
    const TimePoint limit = kNow - 24h * 4;
    std::vector<int64_t> steps;
    do {
        steps.push_back(*usage().prune_calls(limit, 2));
        EXPECT_THAT(findings(), IsEmpty());
    } while (steps.back() > 0);
    EXPECT_THAT(steps, ElementsAre(2, 2, 2, 0)) << "five of team_a, one of team_b";
    if (lasts()) open();
    EXPECT_THAT(costs({}), ElementsAre(1, 2, 4, 8, 16));
    EXPECT_FALSE(usage().get_call("team_a", calls[9].id));
    EXPECT_EQ(spends(), all);
    EXPECT_EQ(spends(Period::Month), months);
    EXPECT_EQ(told(days), before);
    EXPECT_EQ(usage().get_credit("team_a")->spent, NanoUsd{1023});
    EXPECT_EQ(usage().verify()->rows, 5);
    apply({a_call(kNow - 24h * 6, 2000), a_call(kNow, 4000)});
    EXPECT_EQ(spent(Period::Total), 7023);
    EXPECT_THAT(findings(), IsEmpty()) << "with a row that came later than its day was pruned";
}

TEST_P(CallsContract, APrunedSessionIsForgottenAndOneThatGoesOnIsNot) {
    CallRecord old_name = a_call(kNow - 24h);
    old_name.session_id = "old";
    CallRecord kept = a_call(kNow - 24h + 1s);
    kept.session_id = "kept";
    CallRecord goes_on = a_call(kNow);
    goes_on.session_id = "kept";
    apply({old_name, kept, goes_on, a_call(kNow - 24h)});
    EXPECT_EQ(*usage().prune_calls(kNow, 100), 3);
    EXPECT_EQ(session(goes_on), "kept");
    EXPECT_THAT(usage().list_calls({.team_id = "team_a", .session_id = "old"})->items, IsEmpty());
    const CallRecord next = a_call(kNow - 24h + 2s);
    apply({next});
    EXPECT_THAT(session(next), testing::StartsWith("ses_"));
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_P(CallsContract, APruneThatFindsNothingChangesNothing) {
    apply({a_call(kNow)});
    EXPECT_EQ(*usage().prune_calls(kNow, 100), 0) << "what ended just then stays";
    EXPECT_EQ(*usage().prune_calls(kNow + 1h, 0), 0);
    EXPECT_EQ(costs({}).size(), 1U);
    EXPECT_EQ(*usage().prune_calls(kNow + 1h, 100), 1);
    EXPECT_THAT(costs({}), IsEmpty());
    apply({a_call(kNow + 2h, 5)});
    EXPECT_THAT(costs({}), ElementsAre(5));
    EXPECT_EQ(usage().verify()->rows, 1);
}

// ---- calls that may be sent again --------------------------------------------------------------

CallRecord for_key(uint8_t key, TimePoint ended_at = kNow) {
    CallRecord call = a_call(ended_at);
    call.repeat_key = {key};
    return call;
}

TEST_P(CallsContract, WhatWasMadeForAnIdempotencyKeyIsKept) {
    const auto repeatable = [&] {
        std::vector<std::tuple<int, CallId, TimePoint>> found;
        EXPECT_TRUE(usage().for_each_repeatable([&](const RepeatableCall& each) {
            found.emplace_back(each.key[0], each.call, each.ended_at);
        }));
        return found;
    };
    EXPECT_THAT(repeatable(), IsEmpty());
    const CallRecord first = for_key(1, kNow - 2s);
    CallRecord failed = for_key(2);
    failed.error = "upstream_error";
    const CallRecord second = for_key(3, kNow - 1s);
    apply({first, failed, a_call(), second});
    EXPECT_THAT(
        repeatable(),
        ElementsAre(std::tuple(1, first.id, kNow - 2s), std::tuple(3, second.id, kNow - 1s)));
    apply({second});
    const CallRecord again = for_key(1);
    apply({again});
    EXPECT_THAT(repeatable(),
                ElementsAre(std::tuple(3, second.id, kNow - 1s), std::tuple(1, again.id, kNow)))
        << "a day later, for the same key";
}

TEST_P(CallsContract, OfThoseOnlyTheLatestAreKept) {
    constexpr size_t kMore = 10;
    std::vector<CallRecord> calls;
    for (size_t i = 0; i < kRepeatsMax + kMore; ++i) {
        CallRecord call = a_call();
        for (size_t byte = 0; byte < 3; ++byte) {
            call.repeat_key.at(byte) = static_cast<uint8_t>((i + 1) >> (8 * byte));
        }
        calls.push_back(call);
        if (calls.size() < 5'000 && i + 1 < kRepeatsMax + kMore) continue;
        apply(calls);
        calls.clear();
    }
    size_t count = 0;
    std::optional<uint8_t> oldest;
    ASSERT_TRUE(usage().for_each_repeatable([&](const RepeatableCall& each) {
        ++count;
        if (!oldest) oldest = each.key[0];
    }));
    EXPECT_EQ(count, kRepeatsMax);
    EXPECT_EQ(oldest, kMore + 1);
}

}  // namespace
}  // namespace keywarden
