#include "base/clock.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(Clock, WritesAMomentAsPeopleReadIt) {
    EXPECT_EQ(format_iso8601(from_millis(1'795'173'342'123)), "2026-11-20T11:15:42.123Z");
    EXPECT_EQ(format_iso8601(from_millis(0)), "1970-01-01T00:00:00.000Z");
}

TEST(Clock, ReadsBackWhatItWrote) {
    for (const int64_t millis : {0L, 1L, 951'782'399'999L, 1'795'173'342'123L}) {
        EXPECT_EQ(parse_iso8601(format_iso8601(from_millis(millis))), from_millis(millis));
    }
}

TEST(Clock, ReadsOffsetsAndFractions) {
    EXPECT_EQ(parse_iso8601("1970-01-01T02:00:00+02:00"), from_millis(0));
    EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.5Z"), from_millis(500));
    EXPECT_EQ(parse_iso8601("1970-01-01 00:00:01Z"), from_millis(1000));
}

TEST(Clock, RefusesWhatIsNotAMoment) {
    for (const char* text : {"",
                             "2026",
                             "2026-11-20",
                             "2026-13-01T00:00:00Z",
                             "2026-02-30T00:00:00Z",
                             "2026-11-20T24:00:00Z",
                             "2026-11-20T11:15:42",
                             "2026-11-20T11:15:42.Z",
                             "2026-11-20T11:15:42Zx",
                             "-026-11-20T11:15:42Z",
                             "9999-11-20T11:15:42Z"}) {
        EXPECT_EQ(parse_iso8601(text), std::nullopt) << text;
    }
}

TEST(Clock, AManualClockMovesOnlyWhenTold) {
    ManualClock clock;
    const TimePoint before = clock.now();
    const MonoTime mono_before = clock.mono();
    clock.advance(std::chrono::seconds(3));
    EXPECT_EQ(clock.now() - before, std::chrono::seconds(3));
    EXPECT_EQ(clock.mono() - mono_before, std::chrono::seconds(3));
}

}  // namespace
}  // namespace keywarden
