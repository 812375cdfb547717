#include "base/http.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(Http, HeaderNamesAreFoundWithoutCase) {
    const HttpRequest request{.headers = {{"Content-Type", "a"}, {"content-type", "b"}}};
    EXPECT_EQ(request.header("CONTENT-TYPE"), "a");
    EXPECT_EQ(request.header("accept"), "");
}

TEST(Http, PercentDecodingRefusesBrokenEscapesAndControls) {
    std::string out;
    EXPECT_TRUE(percent_decode("a%2Fb%c3%a9+", out));
    EXPECT_EQ(out, "a/b\xc3\xa9+");
    for (const char* bad : {"%", "%2", "%zz", "a%00", "%0a", "%7f"}) {
        EXPECT_FALSE(percent_decode(bad, out)) << bad;
    }
}

TEST(Http, QueryParametersAreDecodedAndTheFirstWins) {
    EXPECT_EQ(query_parameter("a=1&name=x%20y+z&name=2&flag", "name"), "x y z");
    EXPECT_EQ(query_parameter("a=1&flag", "flag"), "");
    EXPECT_EQ(query_parameter("ab=1", "a"), "");
    EXPECT_EQ(query_parameter("", "a"), "");
}

TEST(Http, ReasonPhrases) {
    EXPECT_EQ(reason_phrase(404), "Not Found");
    EXPECT_EQ(reason_phrase(799), "Unknown");
}

}  // namespace
}  // namespace keywarden
