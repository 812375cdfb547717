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

TEST(Uuid, IsItsBytesAndItsTextInBothDirections) {
    const RequestId id = new_request_id(from_millis(1'795'173'342'123));
    const auto bytes = parse_uuid(id.view());
    ASSERT_TRUE(bytes);
    EXPECT_EQ(uuid_text(*bytes).view(), id.view());
    EXPECT_EQ(parse_uuid("019AA0E4-7C1E-7B52-A1F0-3F9B0C6F5F10"),
              parse_uuid("019aa0e4-7c1e-7b52-a1f0-3f9b0c6f5f10"));
}

TEST(Uuid, IsNothingElse) {
    for (const char* text : {"",
                             "019aa0e4",
                             "019aa0e4-7c1e-7b52-a1f0-3f9b0c6f5f1",
                             "019aa0e4-7c1e-7b52-a1f0-3f9b0c6f5f10a",
                             "019aa0e4x7c1e-7b52-a1f0-3f9b0c6f5f10",
                             "019aa0e4-7c1e-7b52-a1f0-3f9b0c6f5g10",
                             "019aa0e4-7c1e-7b52-a1f0-3f9b0c6f5f1\n"}) {
        EXPECT_FALSE(parse_uuid(text)) << text;
    }
}

TEST(Id, CarriesItsPrefix) {
    EXPECT_TRUE(new_id("key").starts_with("key_"));
    EXPECT_EQ(new_id("key").size(), 24U);
    EXPECT_NE(new_id("key"), new_id("key"));
}

}  // namespace
}  // namespace keywarden
