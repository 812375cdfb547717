#include "app/money_events.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

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
    events_.note({.budget_id = "budget_1",
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

}  // namespace
}  // namespace keywarden
