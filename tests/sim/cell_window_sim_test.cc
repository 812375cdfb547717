#include <deque>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "domain/cell_window.h"

namespace keywarden {
namespace {

constexpr Nanos kMinute = std::chrono::minutes(1);
constexpr int kRounds = 60;
constexpr int kEvents = 3000;

struct Outcome {
    bool allowed = false;
    Nanos retry_after{};
};

/// Takes `cost` of `limit`, or nothing.
Outcome take(MinuteCells& window, int64_t limit, int64_t cost, MonoTime now) {
    if (window.used(now) + cost > limit) return {false, window.until_used_is(limit - cost, now)};
    window.add(cost, now);
    return {true, {}};
}

uint64_t fresh_seed() {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
}

/// Every call let through in the last minute.
class Witness {
public:
    void add(MonoTime at, int64_t cost) {
        calls_.emplace_back(at, cost);
        sum_ += cost;
        while (at - calls_.front().first > kMinute) {
            sum_ -= calls_.front().second;
            calls_.pop_front();
        }
    }
    /// What the closed window of a minute that ends with the last call holds. Any window that
    /// holds more than another ends with a call, so looking at these is looking at all.
    int64_t held() const { return sum_; }

private:
    std::deque<std::pair<MonoTime, int64_t>> calls_;
    int64_t sum_ = 0;
};

class CellWindowSim : public testing::Test {
protected:
    CellWindowSim() : seed_(fresh_seed()), random_(seed_) {}

    int64_t pick(int64_t low, int64_t high) {
        return std::uniform_int_distribution(low, high)(random_);
    }

    /// Bursts, trickles, and long silences.
    Nanos pause() {
        switch (pick(0, 9)) {
            case 0:
                return Nanos(pick(0, 5));
            case 1:
                return std::chrono::milliseconds(pick(0, 70'000));
            case 2:
                return MinuteCells::kCell * pick(0, 13);
            default:
                return std::chrono::microseconds(pick(0, 2'000'000));
        }
    }

    int64_t pick_limit() {
        const int64_t most[] = {1, 10, 100, 10'000, 1'000'000};
        return pick(1, most[pick(0, 4)]);
    }

    const uint64_t seed_;
    std::mt19937_64 random_;
};

TEST_F(CellWindowSim, NoWindowOfAMinuteEverHoldsMoreThanTheLimit) {
    SCOPED_TRACE("seed " + std::to_string(seed_));
    for (int round = 0; round < kRounds; ++round) {
        const int64_t limit = pick_limit();
        MinuteCells window;
        Witness witness;
        MonoTime now(Nanos(pick(0, 1'000'000'000'000)));
        for (int event = 0; event < kEvents; ++event) {
            now += pause();
            const int64_t cost = pick(0, 4) == 0 ? pick(1, limit) : 1;
            if (!take(window, limit, cost, now).allowed) continue;
            witness.add(now, cost);
            ASSERT_LE(witness.held(), limit) << "limit " << limit << " at event " << event;
        }
    }
}

TEST_F(CellWindowSim, WhoWaitsAsToldGetsIn) {
    SCOPED_TRACE("seed " + std::to_string(seed_));
    int refused = 0;
    for (int round = 0; round < kRounds; ++round) {
        const int64_t limit = pick_limit();
        MinuteCells window;
        MonoTime now(Nanos(pick(0, 1'000'000'000'000)));
        for (int event = 0; event < kEvents; ++event) {
            now += pause() / 4;
            const int64_t cost = pick(1, limit);
            const Outcome decision = take(window, limit, cost, now);
            if (decision.allowed) continue;
            ++refused;
            ASSERT_GT(decision.retry_after, Nanos(0));
            ASSERT_LE(decision.retry_after,
                      static_cast<int64_t>(MinuteCells::kCells) * MinuteCells::kCell);
            MinuteCells then = window;
            ASSERT_TRUE(take(then, limit, cost, now + decision.retry_after).allowed)
                << "limit " << limit << " cost " << cost << " at event " << event;
            then = window;
            ASSERT_FALSE(take(then, limit, cost, now + decision.retry_after - Nanos(1)).allowed)
                << "told to wait longer than needed";
        }
    }
    EXPECT_GT(refused, kRounds) << "the simulation has met the limit";
}

TEST_F(CellWindowSim, AllIsFreeWhenItSaysSo) {
    SCOPED_TRACE("seed " + std::to_string(seed_));
    for (int round = 0; round < kRounds; ++round) {
        const int64_t limit = pick_limit();
        MinuteCells window;
        MonoTime now(Nanos(pick(0, 1'000'000'000'000)));
        for (int event = 0; event < kEvents / 10; ++event) {
            now += pause();
            take(window, limit, pick(1, limit), now);
            const Nanos reset = window.until_used_is(0, now);
            ASSERT_EQ(MinuteCells(window).used(now + reset), 0);
            ASSERT_GT(MinuteCells(window).used(now + reset - Nanos(1)), 0);
        }
    }
}

// What the rounding to whole cells may cost a caller: one cell of thirteen, not more.
TEST_F(CellWindowSim, AnEvenCallerAtNinetyTwoPerCentIsNeverRefused) {
    SCOPED_TRACE("seed " + std::to_string(seed_));
    for (int round = 0; round < kRounds; ++round) {
        const int64_t limit = pick(60, 10'000);
        MinuteCells window;
        MonoTime now(Nanos(pick(0, 1'000'000'000'000)));
        const Nanos step = kMinute * 100 / (92 * limit) + Nanos(1);
        for (int event = 0; event < kEvents; ++event, now += step) {
            ASSERT_TRUE(take(window, limit, 1, now).allowed) << "limit " << limit;
        }
    }
}

}  // namespace
}  // namespace keywarden
