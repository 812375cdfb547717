// Anything may happen to a journal, in any order: what was acknowledged has one row, always.
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "store/journal/journal_fixture.h"

namespace keywarden {
namespace {

using test::Books;
using test::call;
using test::ended;
using test::FakeDisk;
using test::kCheap;
using test::KeptRow;
using test::kNoon;

struct World {
    Durability durability = Durability::Process;
    bool kills = true;
    bool power_cuts = false;
    bool disk_fails = false;
};

/// One process after another on one disk, and the books that outlive them. Any seed replays, but
/// for when the journal's own threads come.
class Simulation {
public:
    Simulation(const World& world, uint64_t seed)
        : world_(world), random_(seed), disk_(std::make_unique<FakeDisk>()) {
        start();
    }
    ~Simulation() { end_process(); }

    void run(int steps) {
        for (int i = 0; i < steps; ++i) step();
        disk_->work_again();
        crash(disk_->after_kill());
        books_.apply(*journal_);
        check();
    }

    int64_t lost() const { return lost_; }
    int64_t refused() const { return refused_; }

private:
    struct Expected {
        std::optional<KeptRow> row{};  // nothing: it was open when its process died
    };

    bool one_in(uint64_t chances) { return random_() % chances == 0; }

    void start() {
        const JournalOptions options{.segment_bytes = size_t{64} << 10U,
                                     .bytes_max = size_t{16} << 20U,
                                     .durability = world_.durability,
                                     .disk = disk_.get()};
        std::set<uint64_t> found;
        auto opened = Journal::open(
            options,
            books_.positions,
            [&](const CallRecord& row) {
                // What memory counts at a start is what the store does not have.
                EXPECT_TRUE(found.insert(test::number_of(row.id)).second);
                EXPECT_FALSE(books_.rows.contains(test::number_of(row.id)));
            },
            kNoon);
        ASSERT_TRUE(opened) << opened.error().message;
        journal_ = *std::move(opened);
    }

    void step() {
        const uint64_t dice = random_() % 100;
        if (dice < 45) {
            open();
        } else if (dice < 80) {
            go_on();
        } else if (dice < 90) {
            journal_->sync();
        } else if (dice < 95) {
            if (one_in(4)) books_.apply(*journal_, 1 + random_() % 50);
        } else if (dice < 97 && world_.disk_fails) {
            disk_->fail_after(static_cast<int64_t>(random_() % 5),
                              static_cast<int64_t>(random_() % 20));
        } else if (dice == 98 && one_in(5) && world_.power_cuts) {
            crash(disk_->after_power_cut(random_));
        } else if (dice == 99 && one_in(5) && world_.kills) {
            crash(disk_->after_kill());
        }
    }

    void open() {
        if (holds_.size() >= kHoldsMax) return;
        JournalWriter& writer = journal_->writer(0);
        const uint64_t number = ++last_;
        auto hold = writer.open(call(number), kCheap);
        if (!hold) {
            EXPECT_EQ(hold.error().code, ErrorCode::LedgerUnavailable);
            EXPECT_GT(hold.error().retry_after, Nanos{});
            ++refused_;
            return;
        }
        if (!writer.is_durable()) {
            std::promise<bool> told;
            auto durable = told.get_future();
            writer.when_durable([&told](bool is_so) { told.set_value(is_so); });
            if (!durable.get()) {  // it goes nowhere, and nobody was told that it would
                writer.close(*std::move(hold), call(number));
                ++refused_;
                return;
            }
        }
        expected_[number] = {};
        holds_.emplace(number, *std::move(hold));
    }

    /// A call that runs comes further, or to its end.
    void go_on() {
        if (holds_.empty()) return;
        auto at = holds_.begin();
        std::advance(at, static_cast<ptrdiff_t>(random_() % holds_.size()));
        if (one_in(3)) return at->second.note_sent();
        if (one_in(3)) return at->second.note_progress(static_cast<uint32_t>(random_() % 100));
        if (holds_.size() < 20 && one_in(2)) return;  // some stay for long
        journal_->writer(0).close(std::move(at->second), ended(at->first));
        expected_[at->first].row = test::kept(ended(at->first));
        holds_.erase(at);
    }

    void end_process() {
        if (journal_ == nullptr) return;
        for (auto& [number, hold] : holds_) {
            journal_->writer(0).close(std::move(hold), call(number));
        }
        holds_.clear();
        journal_.reset();
    }

    void crash(std::unique_ptr<FakeDisk> left) {
        end_process();  // what it still does is on a disk that nobody looks at
        disk_ = std::move(left);
        start();
    }

    void check() {
        EXPECT_EQ(books_.twice, 0);
        for (const auto& [number, expected] : expected_) {
            const auto found = books_.rows.find(number);
            if (found == books_.rows.end()) {
                ++lost_;
                continue;
            }
            const KeptRow& row = found->second;
            EXPECT_LE(row.cost, call(number).held);
            if (expected.row == row) continue;
            EXPECT_NE(row.outcome, CallOutcome::Settled) << number;
            // Only a machine that goes down may take the end of a call with it, not its beginning.
            EXPECT_TRUE(!expected.row || world_.power_cuts) << number;
        }
    }

    static constexpr size_t kHoldsMax = 30;  // a segment has room for a few more

    World world_;
    std::mt19937_64 random_;
    std::unique_ptr<FakeDisk> disk_;
    std::unique_ptr<Journal> journal_;
    std::map<uint64_t, OpenHold> holds_;
    std::map<uint64_t, Expected> expected_;  // that were acknowledged
    Books books_;
    uint64_t last_ = 0;
    int64_t lost_ = 0;
    int64_t refused_ = 0;
};

struct Sums {
    int64_t lost = 0;
    int64_t refused = 0;
};

Sums run_many(const World& world, int seeds, int steps) {
    const uint64_t first = std::random_device{}();
    Sums out;
    for (int i = 0; i < seeds; ++i) {
        const uint64_t seed = first + static_cast<uint64_t>(i);
        SCOPED_TRACE("seed " + std::to_string(seed));
        Simulation simulation(world, seed);
        simulation.run(steps);
        out.lost += simulation.lost();
        out.refused += simulation.refused();
        if (testing::Test::HasFailure()) break;
    }
    return out;
}

TEST(JournalSimulation, KillsLoseNothing) { EXPECT_EQ(run_many({}, 100, 1500).lost, 0); }

TEST(JournalSimulation, ADiskThatFailsNowAndThenLosesNothingThatWasAcknowledged) {
    const Sums sums = run_many({.disk_fails = true}, 200, 1500);
    EXPECT_EQ(sums.lost, 0);
    EXPECT_GT(sums.refused, 0) << "or nothing was tried";
}

TEST(JournalSimulation, WithDurabilityPowerACutOfThePowerLosesNothing) {
    const Sums sums = run_many({.durability = Durability::Power, .power_cuts = true}, 200, 600);
    EXPECT_EQ(sums.lost, 0);
    EXPECT_EQ(sums.refused, 0);
}

TEST(JournalSimulation, NorDoesItWhereTheDiskFailsBefore) {
    const Sums sums = run_many(
        {.durability = Durability::Power, .power_cuts = true, .disk_fails = true}, 200, 600);
    EXPECT_EQ(sums.lost, 0);
    EXPECT_GT(sums.refused, 0);
}

TEST(JournalSimulation, WithDurabilityProcessItMayOrTheseTestsWouldShowNothing) {
    EXPECT_GT(run_many({.power_cuts = true}, 60, 600).lost, 0);
}

}  // namespace
}  // namespace keywarden
