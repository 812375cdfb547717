#include <deque>

#include "domain/minute_window.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

using Json = nlohmann::json;

/// The usual approximation: two cells, the older one weighted by how much of it is still inside.
/// It assumes that the older cell's calls came evenly, and is too loose when they came late.
struct TwoCellCounter {
    int64_t window = 0;
    int64_t cell = 0;
    int64_t current = 0;
    int64_t previous = 0;

    int64_t effective(int64_t at, int64_t cost) {
        const int64_t now = at / window;
        if (now != cell) previous = now == cell + 1 ? current : 0;
        if (now != cell) current = 0;
        cell = now;
        const int64_t weighted = previous * (window - at % window);
        return current + (weighted + window - 1) / window + cost;
    }
};

/// What was let through, and how much of it any closed window that ends now holds.
struct TrueWindow {
    int64_t window = 0;
    std::deque<std::pair<int64_t, int64_t>> calls{};

    int64_t add(int64_t at, int64_t cost) {
        calls.emplace_back(at, cost);
        int64_t sum = 0;
        for (const auto& [when, much] : calls) sum += when >= at - window ? much : 0;
        return sum;
    }
};

TEST(SlidingWindowVectors, OursIsNeverLooserThanTheTrueWindow) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/sliding_window_counter.json");
    bool counter_was_too_loose = false;
    for (const Json& sequence :
         read_vectors("keywarden/sliding_window_counter.json").at("sequences")) {
        const int64_t limit = sequence.at("limit");
        const int64_t window = sequence.at("window_ms");
        const int64_t scale = 60'000 / window;  // ours is a minute
        TwoCellCounter counter{.window = window};
        TrueWindow counted{.window = window};
        TrueWindow ours{.window = window};
        MinuteWindow minute;
        for (const Json& step : sequence.at("steps")) {
            const int64_t at = step.at("t_ms");
            const int64_t cost = step.at("cost");
            const int64_t effective = counter.effective(at, cost);
            EXPECT_EQ(effective, step.at("effective").get<int64_t>())
                << "the reference is the vectors' own";
            EXPECT_EQ(effective <= limit, step.at("allow").get<bool>());
            if (effective <= limit) {
                counter.current += cost;
                counter_was_too_loose |= counted.add(at, cost) > limit;
            }
            const MonoTime now(std::chrono::milliseconds(at * scale));
            if (minute.take(limit, cost, now).allowed) EXPECT_LE(ours.add(at, cost), limit) << at;
        }
    }
    EXPECT_TRUE(counter_was_too_loose) << "why we do not count that way";
}

}  // namespace
}  // namespace keywarden
