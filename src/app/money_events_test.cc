#include "app/money_events.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "store/open.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow{1'700'000'000s};

class MoneyEventsTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(
            store_->accounts().create_team({.id = "team_a", .name = "A"}, {.tenant = "test"}));
    }

    std::vector<UsageEvent> written() {
        EXPECT_TRUE(events_.write(store_->usage()));
        return store_->usage().list_events("team_a", {.limit = 100})->items;
    }
    static CallRecord unpriced(std::string_view model, TimePoint at = kNow) {
        CallRecord row{.ended_at = at, .team_id = "team_a", .provider = "up", .model = model};
        row.usage.output = 1;
        return row;
    }
    void note(const CallRecord& row) { events_.note(std::span(&row, 1)); }

    std::unique_ptr<Store> store_ = *open_store("memory:");
    MoneyEvents events_;
};

TEST_F(MoneyEventsTest, AThresholdIsWrittenWithWhatIsSpent) {
    events_.note(ThresholdCrossed{.budget_id = "budget_1",
                                  .team_id = "team_a",
                                  .percent = 75,
                                  .amount = {2'000'000'000},
                                  .spent = {1'500'000'000},
                                  .at = kNow});
    const std::vector<UsageEvent> events = written();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, "budget.threshold");
    EXPECT_EQ(events[0].target, "budget_1");
    EXPECT_EQ(events[0].body, R"({"percent":75,"amount_usd":"2.00","spent_usd":"1.50"})");
    EXPECT_EQ(written().size(), 1U);  // once
}

TEST_F(MoneyEventsTest, TokensThatCostNothingAreToldOnceADayForAModel) {
    note(unpriced("a"));
    note(unpriced("a", kNow + 1h));
    note(unpriced("b\""));
    note(unpriced("a", kNow + 24h));
    const std::vector<UsageEvent> events = written();
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0].kind, "usage.unpriced");
    EXPECT_EQ(events[0].target, "up/a");
    EXPECT_EQ(events[1].body, R"({"model":"up/b\""})");
}

TEST_F(MoneyEventsTest, WhatHasAPriceOrUsedNothingIsNoNews) {
    CallRecord row = unpriced("a");
    row.priced = true;
    note(row);
    row.priced = false;
    row.usage = {};
    note(row);
    row = unpriced("estimated");
    row.cost = {5};
    note(row);
    EXPECT_TRUE(written().empty());
}

TEST_F(MoneyEventsTest, WhatIsToldAgainAfterAStartIsThereOnce) {
    const ThresholdCrossed crossed{.budget_id = "budget_1",
                                   .team_id = "team_a",
                                   .percent = 75,
                                   .at = kNow,
                                   .period_start = kNow - 1h};
    const KeySpike spike{.team_id = "team_a", .key_id = "key_1", .start = kNow - 1h, .at = kNow};
    for (int starts = 0; starts < 2; ++starts) {
        MoneyEvents told;
        told.note(crossed);
        told.note(spike);
        ASSERT_TRUE(told.write(store_->usage()));
    }
    EXPECT_EQ(written().size(), 2U);
    ThresholdCrossed next = crossed;
    next.period_start = kNow - 1h + 24h;
    events_.note(next);
    KeySpike later = spike;
    later.start = kNow;
    events_.note(later);
    EXPECT_EQ(written().size(), 4U) << "another day, another hour";
}

TEST_F(MoneyEventsTest, WhatIsToldAgainInAnotherTimeZoneIsThereOnce) {
    for (const char* midnight : {"2026-11-20T00:00:00Z",     // in London
                                 "2026-11-20T08:00:00Z",     // in Los Angeles
                                 "2026-11-19T12:00:00Z"}) {  // in Auckland
        events_.note(ThresholdCrossed{.budget_id = "budget_1",
                                      .team_id = "team_a",
                                      .percent = 75,
                                      .at = kNow,
                                      .period_start = parse_iso8601(midnight).value()});
    }
    EXPECT_EQ(written().size(), 1U);
}

TEST_F(MoneyEventsTest, ASpikeSaysWhatItIsHeldTo) {
    events_.note(KeySpike{.team_id = "team_a",
                          .key_id = "key_1",
                          .start = parse_iso8601("2026-11-20T10:00:00Z").value(),
                          .at = kNow,
                          .hour = {.spent = {50'000'000'000}, .tokens = 7},
                          .before = {.spent = {1'000'000'000}, .tokens = 3},
                          .elsewhere = true});
    const std::vector<UsageEvent> events = written();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, "key.spike");
    EXPECT_EQ(events[0].target, "key_1");
    EXPECT_EQ(events[0].body,
              R"({"of":"spend","since":"2026-11-20T10:00:00.000Z","spent_usd":"50.00",)"
              R"("tokens":7,"busiest_hour_spent_usd":"1.00","busiest_hour_tokens":3,)"
              R"("refusals":0,"from_elsewhere":true,"quarantined":false})");
}

}  // namespace
}  // namespace keywarden
