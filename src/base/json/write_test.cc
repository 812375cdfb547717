#include "base/json/write.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(JsonWrite, EscapesWhatJsonForbids) {
    EXPECT_EQ(quoted("a\"b\\c\n\r\t\x01\x7f"), R"("a\"b\\c\n\r\t\u0001\u007f")");
}

TEST(JsonWrite, KeepsUtf8AndReplacesWhatIsNot) {
    EXPECT_EQ(quoted("h\xc3\xa9 \xf0\x9f\x94\x91"), "\"h\xc3\xa9 \xf0\x9f\x94\x91\"");
    EXPECT_EQ(quoted("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    EXPECT_EQ(quoted("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // a surrogate
}

}  // namespace
}  // namespace keywarden
