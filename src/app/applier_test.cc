#include "app/applier.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/id.h"

namespace keywarden {
namespace {

/// Keeps rows, and is away when told to.
class SmallStore final : public CallSink {
public:
    std::atomic<bool> away = false;
    std::atomic<int64_t> asked = 0;
    std::atomic<int64_t> count = 0;
    int64_t twice = 0;
    int64_t old_rows = 0;
    std::vector<TimePoint> pruned_before;
    std::map<CallId, int64_t> costs;
    std::map<std::string, int64_t> positions;

    Result<void> apply(std::span<const CallRecord> rows,
                       std::span<const JournalPosition> upto) override {
        ++asked;
        if (away) return gone();
        for (const CallRecord& row : rows) {
            twice += costs.try_emplace(row.id, row.cost.value).second ? 0 : 1;
        }
        for (const JournalPosition& each : upto) positions[each.segment] = each.offset;
        count += static_cast<int64_t>(rows.size());
        count.notify_all();
        return {};
    }
    Result<void> forget_segments(std::span<const std::string> segments) override {
        if (away) return gone();
        for (const std::string& each : segments) positions.erase(each);
        return {};
    }
    Result<int64_t> prune_calls(TimePoint before, size_t rows_max) override {
        if (away) return gone();
        pruned_before.push_back(before);
        const int64_t some = std::min(old_rows, static_cast<int64_t>(rows_max));
        old_rows -= some;
        return some;
    }

private:
    static std::unexpected<Error> gone() { return fail(ErrorCode::StoreUnavailable, "away"); }
};

class ApplierTest : public testing::Test {
protected:
    ApplierTest() {
        auto opened = Journal::open(
            {.dir = dir_, .bytes_max = size_t{16} << 20U},
            {},
            [](const CallRecord&) {},
            clock_.now());
        if (opened) journal_ = *std::move(opened);
    }
    void SetUp() override { ASSERT_NE(journal_, nullptr); }
    ~ApplierTest() override {
        journal_.reset();
        std::filesystem::remove_all(dir_);
    }

    ApplierParts parts() { return {.journal = journal_.get(), .store = &store_, .clock = &clock_}; }
    void make_calls(int count) {
        for (int i = 0; i < count; ++i) {
            CallRecord call{
                .id = {static_cast<uint8_t>(made_ & 0xff), static_cast<uint8_t>(made_ >> 8)},
                .team_id = "team_a",
                .cost = {made_++}};
            auto hold = journal_->writer(0).open(call, {});
            ASSERT_TRUE(hold) << hold.error().message;
            journal_->writer(0).close(*std::move(hold), call);
        }
        journal_->sync();
    }

    ManualClock clock_;
    std::string dir_ = testing::TempDir() + new_id("journal");
    std::unique_ptr<Journal> journal_;
    SmallStore store_;
    int made_ = 0;
};

TEST_F(ApplierTest, RowsComeIntoTheStoreOnceAndInBatches) {
    Applier applier(parts());
    make_calls(200);
    ASSERT_EQ(applier.apply_batch(), 200U);
    ASSERT_EQ(applier.apply_batch(), 0U);
    EXPECT_EQ(store_.costs.size(), 200U);
    EXPECT_EQ(store_.twice, 0);
    EXPECT_EQ(store_.asked, 1) << "an empty batch is no transaction";
    make_calls(static_cast<int>(kApplyRowsMax) + 500);
    ASSERT_EQ(applier.apply_batch(), kApplyRowsMax);
    ASSERT_EQ(applier.apply_batch(), 500U);
    EXPECT_EQ(store_.costs.size(), kApplyRowsMax + 700);
    EXPECT_EQ(store_.twice, 0);
    EXPECT_LE(store_.positions.size(), journal_->state().segments) << "the rest is forgotten";
}

TEST_F(ApplierTest, AStoreThatIsAwayLosesNothing) {
    Applier applier(parts());
    make_calls(10);
    store_.away = true;
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(applier.apply_batch());
    EXPECT_EQ(journal_->state().rows_waiting, 10);
    EXPECT_TRUE(journal_->state().oldest_waiting);
    make_calls(10);
    store_.away = false;
    ASSERT_EQ(applier.apply_batch(), 20U);
    EXPECT_EQ(store_.costs.size(), 20U);
    EXPECT_EQ(store_.twice, 0);
    EXPECT_EQ(journal_->state().rows_waiting, 0);
    EXPECT_FALSE(journal_->state().oldest_waiting);
}

TEST_F(ApplierTest, TheThreadDoesItByItself) {
    Applier applier(parts());
    store_.away = true;
    applier.start();
    make_calls(20);
    while (store_.asked == 0) std::this_thread::yield();
    store_.away = false;
    for (int64_t seen = 0; (seen = store_.count) < 20;) store_.count.wait(seen);
    EXPECT_EQ(store_.count, 20);
}

TEST_F(ApplierTest, ItsEndAppliesWhatIsLeft) {
    {
        Applier applier(parts());
        applier.start();
        make_calls(3000);
    }
    EXPECT_EQ(store_.costs.size(), 3000U);
    EXPECT_EQ(store_.twice, 0);
}

TEST_F(ApplierTest, ItsEndDoesNotWaitForAStoreThatIsAway) {
    store_.away = true;
    make_calls(10);
    {
        Applier applier(parts());
    }
    EXPECT_EQ(store_.asked, 1);
    EXPECT_EQ(journal_->state().rows_waiting, 10) << "they are there for the next start";
}

TEST_F(ApplierTest, OldRowsGoOnceAnHourAFewAtATime) {
    ApplierParts some = parts();
    some.calls_kept = std::chrono::days(30);
    Applier applier(some);
    store_.old_rows = 2500;
    EXPECT_EQ(applier.prune_some(), true);
    EXPECT_EQ(applier.prune_some(), true);
    EXPECT_EQ(applier.prune_some(), false);
    EXPECT_EQ(store_.old_rows, 0);
    EXPECT_EQ(store_.pruned_before.front(), clock_.now() - std::chrono::days(30));
    EXPECT_EQ(applier.prune_some(), false);
    EXPECT_EQ(store_.pruned_before.size(), 3U) << "not again within the hour";
    clock_.advance(std::chrono::hours(1));
    EXPECT_EQ(applier.prune_some(), false);
    EXPECT_EQ(store_.pruned_before.size(), 4U);
    clock_.advance(std::chrono::hours(1));
    store_.away = true;
    EXPECT_FALSE(applier.prune_some());
}

}  // namespace
}  // namespace keywarden
