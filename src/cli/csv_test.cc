#include "cli/csv.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(Csv, CellsAreWhatStandsBetweenCommas) {
    EXPECT_EQ(read_csv("a,b\n1,2\n").value(), (Rows{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(read_csv("\xEF\xBB\xBF"
                       "a,b\r\n\r\n,x\r\n")
                  .value(),
              (Rows{{"a", "b"}, {"", "x"}}));
    EXPECT_EQ(read_csv("a,").value(), (Rows{{"a", ""}}));
    EXPECT_EQ(read_csv("").value(), Rows{});
}

TEST(Csv, QuotesHoldWhatWouldEndACell) {
    EXPECT_EQ(read_csv("\"a,b\",\"c \"\"d\"\"\",\"e\nf\"\n\"\",g").value(),
              (Rows{{"a,b", "c \"d\"", "e\nf"}, {"", "g"}}));
}

TEST(Csv, AQuoteThatIsWrongIsPlaced) {
    EXPECT_EQ(read_csv("a\n\"b\nc").error().message, "line 2: a quote does not end");
    EXPECT_TRUE(read_csv("a\n\"b\n\"c").error().message.starts_with("line 3:"));
    EXPECT_TRUE(read_csv("a\nb\"c").error().message.starts_with("line 2:"));
}

}  // namespace
}  // namespace keywarden
