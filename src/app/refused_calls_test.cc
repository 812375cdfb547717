#include "app/refused_calls.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kHour(Nanos(480'000h));

TEST(RefusedCalls, AreCountedByKeyAndHour) {
    RefusedCalls refused;
    refused.note("team_a", "key_1", kHour);
    refused.note("team_a", "key_1", kHour + 59min);
    refused.note("team_b", "key_2", kHour + 1min);
    const auto lines = refused.of_hour(kHour);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].team_id, "team_a");
    EXPECT_EQ(lines[0].key_id, "key_1");
    EXPECT_EQ(lines[0].count, 2);
    EXPECT_EQ(lines[1].count, 1);
    EXPECT_TRUE(refused.of_hour(kHour - 1h).empty());
    refused.note("team_b", "key_2", kHour + 1h);
    EXPECT_TRUE(refused.of_hour(kHour).empty());
    EXPECT_EQ(refused.of_hour(kHour + 1h).front().count, 1);
}

TEST(RefusedCalls, OnlySoManyKeysAreCounted) {
    RefusedCalls refused;
    for (size_t i = 0; i <= RefusedCalls::kKeysMax; ++i) {
        refused.note("team_a", "key_" + std::to_string(i), kHour);
    }
    EXPECT_EQ(refused.of_hour(kHour).size(), RefusedCalls::kKeysMax);
    refused.note("team_a", "key_0", kHour);
    EXPECT_EQ(refused.of_hour(kHour).front().count, 2) << "those that are there go on";
}

}  // namespace
}  // namespace keywarden
