#include "base/json/write.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(JsonWrite, EscapesWhatJsonForbids) {
    EXPECT_EQ(json_string("a\"b\\c\n\r\t\x01\x7f"), R"("a\"b\\c\n\r\t\u0001\u007f")");
}

TEST(JsonWrite, KeepsUtf8AndReplacesWhatIsNot) {
    EXPECT_EQ(json_string("h\xc3\xa9 \xf0\x9f\x94\x91"), "\"h\xc3\xa9 \xf0\x9f\x94\x91\"");
    EXPECT_EQ(json_string("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    EXPECT_EQ(json_string("\xed\xa0\x80"),
              "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // a surrogate
}

}  // namespace
}  // namespace keywarden
