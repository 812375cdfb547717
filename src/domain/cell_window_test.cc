#include "domain/cell_window.h"

#include <deque>
#include <random>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using std::chrono::milliseconds;

MonoTime at_millis(int64_t millis) { return MonoTime(milliseconds(millis)); }

/// Runs lines of `MILLIS add AMOUNT USED`, `MILLIS back AMOUNT USED` (of what was added at the
/// moment of the line before), or `MILLIS until WANTED MILLIS`.
void check(const std::string& script) {
    MinuteCells window;
    std::istringstream lines(script);
    int64_t at = 0;
    int64_t amount = 0;
    int64_t figure = 0;
    MonoTime before{};
    std::string verb;
    while (lines >> at >> verb >> amount >> figure) {
        const std::string where = std::to_string(at) + " " + verb + " " + std::to_string(amount);
        const MonoTime now = at_millis(at);
        if (verb == "until") {
            EXPECT_EQ(window.until_used_is(amount, now), milliseconds(figure)) << where;
            continue;
        }
        if (verb == "add") window.add(amount, now);
        if (verb == "back") window.give_back(amount, before);
        EXPECT_EQ(window.used(now), figure) << where;
        before = now;
    }
}

// A cell is 5003 ms long; what stands in cell n is forgotten at (n + 13) * 5003.
TEST(CellWindow, RemembersForAMinuteAndForgetsThen) {
    check(R"(
            0 add 3 3
         5003 add 2 5
        65038 add 0 5
        65039 add 1 3
        70041 add 0 3
        70042 add 0 1
    )");
}

TEST(CellWindow, SaysWhenThereIsRoom) {
    check(R"(
            0 add 3 3
         5003 add 2 5
         6000 until 5 0
         6000 until 4 59039
         6000 until 2 59039
         6000 until 1 64042
         6000 until 0 64042
    )");
}

TEST(CellWindow, GivesBackWhatIsStillThere) {
    check("0 add 9 9  6000 back 4 5  65039 add 0 0");
    check("0 add 5 5  1000 back 9 0");
    check("0 add 5 5  65039 back 5 0  65014 add 7 7");
}

TEST(CellWindow, GivesNothingBackOfWhatIsForgotten) {
    MinuteCells window;
    window.add(5, at_millis(0));
    window.add(7, at_millis(65'039));  // stands in the same place
    window.give_back(5, at_millis(0));
    EXPECT_EQ(window.used(at_millis(65'039)), 7);
}

TEST(CellWindow, AClockThatStepsBackFreesNothing) {
    check("90000 add 4 4  0 add 1 5  20000 add 0 5");
}

TEST(CellWindow, ALongSilenceForgetsAll) { check("0 add 4 4  999999999 add 1 1"); }

TEST(CellWindow, ACellIsFullAtItsBound) {
    MinuteCells window;
    window.add(int64_t{1} << 40, at_millis(0));
    EXPECT_EQ(window.used(at_millis(0)), (int64_t{1} << 32) - 1);
    window.add(1, at_millis(1));
    EXPECT_EQ(window.used(at_millis(1)), (int64_t{1} << 32) - 1);
}

TEST(CellWindow, MomentsBeforeTheClocksEpochAreOlder) {
    MinuteCells window;
    window.restore(3, at_millis(-5'003), at_millis(1));
    window.restore(4, at_millis(-5'004), at_millis(1));
    window.restore(9, at_millis(-60'037), at_millis(1));
    EXPECT_EQ(window.used(at_millis(1)), 7);
    EXPECT_EQ(window.used(at_millis(5'003 * 11)), 3);
    EXPECT_EQ(window.used(at_millis(5'003 * 12)), 0);
}

TEST(CellWindow, ADayIsADay) {
    DayCells window;
    window.add(1, at_millis(0));
    EXPECT_EQ(window.used(MonoTime(std::chrono::hours(24))), 1);
    EXPECT_EQ(window.used(MonoTime(std::chrono::hours(26))), 0);
}

/// Lets random amounts in while they fit `limit`, and holds each window of `span` against it.
template <class Window>
void check_promise(Nanos span, std::mt19937_64& random) {
    Window window;
    const int64_t limit = 1 + static_cast<int64_t>(random() % 50);
    std::deque<std::pair<MonoTime, int64_t>> taken;
    int64_t sum = 0;
    MonoTime now{};
    for (int step = 0; step < 2000; ++step) {
        now += span * static_cast<int64_t>(random() % 1000) / 20'000;
        const auto cost = static_cast<int64_t>(1 + random() % 3);
        if (window.used(now) + cost > limit) {
            const MonoTime later = now + window.until_used_is(limit - cost, now);
            Window copy = window;
            if (cost <= limit) ASSERT_LE(copy.used(later) + cost, limit);
            continue;
        }
        window.add(cost, now);
        taken.emplace_back(now, cost);
        sum += cost;
        while (now - taken.front().first >= span) {
            sum -= taken.front().second;
            taken.pop_front();
        }
        ASSERT_LE(sum, limit) << "at " << now.time_since_epoch().count();
    }
}

TEST(CellWindow, NoSpanEverHoldsMoreThanWasLetIn) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 50; ++round) {
        // The coarse clock may lag by 10 ms: a true minute may look like less.
        check_promise<MinuteCells>(std::chrono::minutes(1) + milliseconds(10), random);
        check_promise<DayCells>(std::chrono::hours(24) + milliseconds(10), random);
    }
}

}  // namespace
}  // namespace keywarden
