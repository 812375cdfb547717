#include "base/nearest_name.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 5> kNames = {
    "name", "rate_limit_rpm", "expires_at", "tags", "not_before"};

TEST(NearestName, FindsWhatWasMeant) {
    EXPECT_EQ(nearest_name("nmae", kNames), "name");
    EXPECT_EQ(nearest_name("rate_limt_rpm", kNames), "rate_limit_rpm");
    EXPECT_EQ(nearest_name("expiresAt", kNames), "expires_at");
    EXPECT_EQ(nearest_name("tag", kNames), "tags");
    EXPECT_EQ(nearest_name("Not-Before", kNames), "not_before");
}

TEST(NearestName, ABeginningIsEnough) {
    EXPECT_EQ(nearest_name("rate_limit", kNames), "rate_limit_rpm");
    EXPECT_EQ(nearest_name("expires", kNames), "expires_at");
    EXPECT_EQ(nearest_name("ra", kNames), "");
}

TEST(NearestName, SaysNothingWhenNothingIsNear) {
    EXPECT_EQ(nearest_name("budget", kNames), "");
    EXPECT_EQ(nearest_name("", kNames), "");
    EXPECT_EQ(nearest_name("name", {}), "");
    EXPECT_EQ(nearest_name(std::string(kNearestNameMax + 1, 'x'), kNames), "");
}

TEST(NearestName, TheFirstOfEqualsWins) {
    constexpr std::array<std::string_view, 2> kTwins = {"cat", "bat"};
    EXPECT_EQ(nearest_name("rat", kTwins), "cat");
}

TEST(EditDistance, CountsEachKindOfEditAsOne) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("abc", "abc"), 0U);
    EXPECT_EQ(edit_distance("abc", "ab"), 1U);
    EXPECT_EQ(edit_distance("ab", "abc"), 1U);
    EXPECT_EQ(edit_distance("abc", "axc"), 1U);
    EXPECT_EQ(edit_distance("abc", "acb"), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("A-b", "a_B"), 0U);
}

TEST(EditDistance, IsTheSameBothWays) {
    for (const std::string_view a : kNames) {
        for (const std::string_view b : kNames) EXPECT_EQ(edit_distance(a, b), edit_distance(b, a));
    }
}

}  // namespace
}  // namespace keywarden
