#include "base/id.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"

namespace keywarden {
namespace {

TEST(RequestId, IsAUuidOfVersion7ThatSortsByTime) {
    const std::string early(new_request_id(from_millis(1'795'173'342'123)).view());
    const std::string late(new_request_id(from_millis(1'795'173'342'124)).view());
    EXPECT_LT(early, late);
    EXPECT_EQ(early[14], '7');
    EXPECT_NE(std::string("89ab").find(early[19]), std::string::npos);
    for (const size_t dash : {8U, 13U, 18U, 23U}) EXPECT_EQ(early[dash], '-');
}

TEST(RequestId, NeverRepeats) {
    std::set<std::string> seen;
    for (int i = 0; i < 5000; ++i) {
        EXPECT_TRUE(seen.emplace(new_request_id(from_millis(1)).view()).second);
    }
}

TEST(Id, CarriesItsPrefix) {
    EXPECT_TRUE(new_id("key").starts_with("key_"));
    EXPECT_EQ(new_id("key").size(), 24U);
    EXPECT_NE(new_id("key"), new_id("key"));
}

}  // namespace
}  // namespace keywarden
