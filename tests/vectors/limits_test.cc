#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "domain/cell_window.h"
#include "domain/gcra.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

TEST(GcraVectors, EveryStepHolds) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/gcra.json");
    for (const nlohmann::json& sequence : read_vectors("keywarden/gcra.json")["sequences"]) {
        const Gcra limit{.burst = sequence["burst"],
                         .per_period = sequence["limit"],
                         .period = Nanos(sequence["period_ns"].get<int64_t>())};
        MonoTime full_at{};
        for (const nlohmann::json& step : sequence["steps"]) {
            SCOPED_TRACE(step.dump());
            const MonoTime now(Nanos(step["t_ns"].get<int64_t>()));
            const GcraDecision got = take(limit, full_at, step["cost"], now);
            full_at = got.full_at;
            EXPECT_EQ(got.allowed, step["allow"]);
            EXPECT_EQ(got.retry_after.count(), step["retry_after_ns"]);
            EXPECT_EQ(got.reset_after.count(), step["reset_after_ns"]);
            EXPECT_EQ(got.remaining, step["remaining"]);
        }
    }
}

/// What stands in the last minute, exactly.
class TrueMinute {
public:
    void add(int64_t amount, MonoTime now) { added_.emplace_back(now, amount); }
    int64_t used(MonoTime now) {
        while (!added_.empty() && now - added_.front().first >= std::chrono::minutes(1)) {
            added_.pop_front();
        }
        int64_t sum = 0;
        for (const auto& [when, amount] : added_) sum += amount;
        return sum;
    }

private:
    std::deque<std::pair<MonoTime, int64_t>> added_;
};

// The counter of the vectors weighs the cell before by the share of it that the window still has:
// as if calls came evenly. They do not, so it lets through more than its limit. Our windows meet
// the same calls and never do; that is why no limit of ours, a day's neither, is that counter.
TEST(SlidingWindowVectors, OurWindowKeepsThePromiseThatTheWeightedCounterBreaks) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/sliding_window_counter.json");
    int broken_by_the_counter = 0;
    const nlohmann::json vectors = read_vectors("keywarden/sliding_window_counter.json");
    for (const nlohmann::json& sequence : vectors["sequences"]) {
        const int64_t limit = sequence["limit"];
        const int64_t stretch = 60'000 / sequence["window_ms"].get<int64_t>();
        MinuteCells ours;
        TrueMinute let_in_by_us;
        TrueMinute let_in_by_the_counter;
        for (const nlohmann::json& step : sequence["steps"]) {
            SCOPED_TRACE(step.dump());
            const MonoTime now(std::chrono::milliseconds(step["t_ms"].get<int64_t>() * stretch));
            const int64_t cost = step["cost"];
            if (step["allow"].get<bool>()) let_in_by_the_counter.add(cost, now);
            if (let_in_by_the_counter.used(now) > limit) ++broken_by_the_counter;
            if (ours.used(now) + cost > limit) continue;
            ours.add(cost, now);
            let_in_by_us.add(cost, now);
            EXPECT_LE(let_in_by_us.used(now), limit);
        }
    }
    EXPECT_GT(broken_by_the_counter, 0);
}

}  // namespace
}  // namespace keywarden
