#include "domain/limit_snapshot.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using enum LimitKind;
using std::chrono::hours;
using std::chrono::seconds;

MonoTime at(int64_t moment) { return MonoTime(seconds(moment)); }
TimePoint wall(int64_t moment) { return TimePoint(hours(500'000)) + seconds(moment); }

SourcedLimits limits() {
    SourcedLimits values;
    values[RequestsPerMinute] = {10, Scope::Key};
    values[RequestsPerDay] = {15, Scope::Key};
    values[TokensPerMinute] = {1000, Scope::Key};
    return values;
}

LimitResult take(LimitCounter& counter, MonoTime now, int64_t tokens = 0) {
    static const SourcedLimits kLimits = limits();
    const LimitScope scope{Scope::Key, &kLimits, &counter};
    return take_limits({&scope, 1}, {.tokens_in = tokens}, now);
}

std::string snapshot(const LimitCounter& counter, TimePoint made_at, MonoTime now) {
    LimitSnapshotWriter writer(made_at, now);
    writer.add(Scope::Key, "key_1", counter);
    return std::move(writer).finish();
}

/// `restored` as the process that starts at these moments finds it.
Result<void> restore(LimitCounter& restored, std::string_view bytes, TimePoint when, MonoTime now) {
    return read_limit_snapshot(bytes, when, now, [&](Scope scope, std::string_view id) {
        EXPECT_EQ(scope, Scope::Key);
        EXPECT_EQ(id, "key_1");
        return &restored;
    });
}

TEST(LimitSnapshot, AKeyCannotDoubleItsMinuteByWaitingForADeploy) {
    LimitCounter before;
    for (int i = 0; i < 10; ++i) ASSERT_FALSE(take(before, at(1000 + i)).denial);
    const std::string bytes = snapshot(before, wall(10), at(1010));

    LimitCounter after;  // the machine was booted anew: its clock begins again
    ASSERT_TRUE(restore(after, bytes, wall(20), at(3)));
    EXPECT_TRUE(take(after, at(3)).denial);
    EXPECT_TRUE(take(after, at(40)).denial);
    EXPECT_FALSE(take(after, at(3 + 65)).denial);
}

TEST(LimitSnapshot, ADayOutlastsADeploy) {
    LimitCounter before;
    for (int i = 0; i < 15; ++i) ASSERT_FALSE(take(before, at(i * 70)).denial);
    const std::string bytes = snapshot(before, wall(0), at(1000));
    LimitCounter after;
    ASSERT_TRUE(restore(after, bytes, wall(0) + hours(10), at(0)));
    EXPECT_EQ(take(after, at(1)).denial->kind, RequestsPerDay);
    EXPECT_TRUE(take(after, MonoTime(hours(13))).denial);
    EXPECT_FALSE(take(after, MonoTime(hours(16))).denial);
}

TEST(LimitSnapshot, ACalendarThatStepsBackFreesNothing) {
    LimitCounter before;
    for (int i = 0; i < 10; ++i) take(before, at(1000));
    const std::string bytes = snapshot(before, wall(0), at(1000));
    LimitCounter after;
    ASSERT_TRUE(restore(after, bytes, wall(-5000), at(2000)));
    EXPECT_TRUE(take(after, at(2059)).denial);
}

TEST(LimitSnapshot, RunningRequestsEndWithTheirProcess) {
    SourcedLimits one;
    one[ConcurrentRequests] = {1, Scope::Key};
    LimitCounter before;
    const LimitScope scope{Scope::Key, &one, &before};
    const LimitResult running = take_limits({&scope, 1}, {}, at(0));
    const std::string bytes = snapshot(before, wall(0), at(0));
    LimitCounter after;
    ASSERT_TRUE(restore(after, bytes, wall(0), at(0)));
    const LimitScope later{Scope::Key, &one, &after};
    EXPECT_FALSE(take_limits({&later, 1}, {}, at(0)).denial);
}

TEST(LimitSnapshot, SmoothingGoesOn) {
    SourcedLimits smooth;
    smooth[RequestsPerMinute] = {6, Scope::Key};
    smooth[Burst] = {1, Scope::Key};
    LimitCounter before;
    const LimitScope scope{Scope::Key, &smooth, &before};
    ASSERT_FALSE(take_limits({&scope, 1}, {}, at(100)).denial);
    const std::string bytes = snapshot(before, wall(0), at(100));
    LimitCounter after;
    ASSERT_TRUE(restore(after, bytes, wall(4), at(0)));
    const LimitScope later{Scope::Key, &smooth, &after};
    EXPECT_EQ(take_limits({&later, 1}, {}, at(0)).denial->kind, Burst);
    EXPECT_FALSE(take_limits({&later, 1}, {}, at(7)).denial);
}

TEST(LimitSnapshot, WhatHasNothingToRememberTakesNoRoom) {
    LimitCounter counter;
    LimitSnapshotWriter empty(wall(0), at(0));
    const size_t size = std::move(empty).finish().size();
    EXPECT_EQ(snapshot(counter, wall(0), at(0)).size(), size);
    take(counter, at(0));
    EXPECT_GT(snapshot(counter, wall(0), at(0)).size(), size);
    EXPECT_EQ(snapshot(counter, wall(200'000), at(200'000)).size(), size);
}

TEST(LimitSnapshot, ACutOrAlteredFileIsRefusedWhole) {
    LimitCounter counter;
    take(counter, at(0), 7);
    const std::string bytes = snapshot(counter, wall(0), at(0));
    const auto refuses = [](std::string_view wrong) {
        return !read_limit_snapshot(wrong, wall(0), at(0), [](Scope, std::string_view) {
            ADD_FAILURE() << "asked for a counter";
            return nullptr;
        });
    };
    for (size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_TRUE(refuses(bytes.substr(0, length))) << length;
    }
    for (size_t place = 0; place < bytes.size(); ++place) {
        std::string altered = bytes;
        altered[place] = static_cast<char>(altered[place] ^ 1);
        EXPECT_TRUE(refuses(altered)) << place;
    }
    EXPECT_TRUE(refuses(bytes + "x"));
}

TEST(LimitSnapshot, ACounterRefusesWhatIsNone) {
    LimitCounter counter;
    EXPECT_FALSE(counter.restore("", Nanos(0), at(0)));
    EXPECT_FALSE(counter.restore(std::string(13, '\xff'), Nanos(0), at(0)));
    EXPECT_TRUE(counter.restore(std::string(13, '\0'), Nanos(0), at(0)));
}

TEST(LimitSnapshot, RestartsAtAnyMomentNeverLetMoreThrough) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 100; ++round) {
        auto counter = std::make_unique<LimitCounter>();
        std::vector<TimePoint> taken;
        TimePoint calendar = wall(0);
        Nanos boot(0);  // the calendar when the steady clock was zero, after wall(0)
        for (int step = 0; step < 300; ++step) {
            calendar += Nanos(random() % 4'000'000'000);
            const MonoTime now((calendar - wall(0)) - boot);
            if (random() % 20 == 0) {
                const std::string bytes = snapshot(*counter, calendar, now);
                calendar += Nanos(random() % 9'000'000'000);
                boot = random() % 2 == 0 ? calendar - wall(0) : boot;
                counter = std::make_unique<LimitCounter>();
                const MonoTime later((calendar - wall(0)) - boot);
                ASSERT_TRUE(restore(*counter, bytes, calendar, later));
                continue;
            }
            if (take(*counter, now).denial) continue;
            taken.push_back(calendar);
            const auto in_minute = std::ranges::count_if(
                taken, [&](TimePoint when) { return calendar - when < seconds(60); });
            ASSERT_LE(in_minute, 10) << "step " << step;
        }
    }
}

}  // namespace
}  // namespace keywarden
