#include "admin/csv.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

/// One record's line, of one column.
std::string cell(const Json& value) {
    static constexpr std::array kColumns = {CsvColumn{"v"}};
    const std::string text = csv(kColumns, Json::array({{{"v", value}}}));
    return text.substr(3, text.size() - 5);  // without "v\r\n", and without the last "\r\n"
}

TEST(Csv, HasALineOfHeadsAndALineARecord) {
    constexpr std::array kColumns = {
        CsvColumn{"id"}, CsvColumn{"usage.input_tokens", "input_tokens"}, CsvColumn{"gone.deep"}};
    const Json records = {{{"id", "a"}, {"usage", {{"input_tokens", 7}}}},
                          {{"id", "b"}, {"usage", nullptr}}};
    EXPECT_EQ(csv(kColumns, records), "id,input_tokens,gone.deep\r\na,7,\r\nb,,\r\n");
    EXPECT_EQ(csv(kColumns, Json::array()), "id,input_tokens,gone.deep\r\n");
}

TEST(Csv, QuotesWhatWouldEndACell) {
    EXPECT_EQ(cell("a,b"), "\"a,b\"");
    EXPECT_EQ(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
    EXPECT_EQ(cell("two\nlines"), "\"two\nlines\"");
    EXPECT_EQ(cell("plain text"), "plain text");
    EXPECT_EQ(cell("ü…"), "ü…");
}

TEST(Csv, LeavesNoTextThatASpreadsheetRuns) {
    EXPECT_EQ(cell("=1+1"), "'=1+1");
    EXPECT_EQ(cell("=HYPERLINK(\"http://x\",\"y\")"),
              "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
    EXPECT_EQ(cell("+1"), "'+1");
    EXPECT_EQ(cell("-2+3"), "'-2+3");
    EXPECT_EQ(cell("-"), "'-");
    EXPECT_EQ(cell("@SUM(A1)"), "'@SUM(A1)");
    EXPECT_EQ(cell("\t=1"), "'\t=1");
    EXPECT_EQ(cell("\r=1"), "\"'\r=1\"");
}

TEST(Csv, LeavesNumbersAsTheyAre) {
    EXPECT_EQ(cell("-12.345678901"), "-12.345678901");
    EXPECT_EQ(cell("12"), "12");
    EXPECT_EQ(cell(-5), "-5");
    EXPECT_EQ(cell("-1.2.3"), "'-1.2.3");
    EXPECT_EQ(cell("-.5"), "'-.5") << "none that we write";
}

TEST(Csv, ShowsListsTruthAndNothing) {
    EXPECT_EQ(cell(Json::array({"a", "b"})), "a b");
    EXPECT_EQ(cell(Json::array({"=a"})), "'=a");
    EXPECT_EQ(cell(true), "true");
    EXPECT_EQ(cell(nullptr), "");
}

TEST(Csv, IsAskedForByFormatOrByAccept) {
    const auto asks = [](std::string_view format, std::string accept) {
        return wants_csv({.headers = {{"Accept", std::move(accept)}}}, format);
    };
    EXPECT_TRUE(*asks("csv", ""));
    EXPECT_FALSE(*asks("json", "text/csv"));
    EXPECT_TRUE(*asks("", "text/csv"));
    EXPECT_TRUE(*asks("", "TEXT/CSV; charset=utf-8, */*;q=0.1"));
    EXPECT_FALSE(*asks("", "application/json, text/csv"));
    EXPECT_FALSE(*asks("", "*/*"));
    EXPECT_FALSE(*asks("", ""));
    EXPECT_EQ(asks("xml", "").error().param, "format");
}

TEST(Csv, SaysWhereTheRestBegins) {
    const HttpResponse whole = csv_response("a\r\n", "usage", "");
    EXPECT_EQ(whole.headers.size(), 3U);
    EXPECT_EQ(whole.headers.at(1).value, "attachment; filename=\"usage.csv\"");
    EXPECT_EQ(csv_response("a\r\n", "usage", "x").headers.back().value, "x");
}

}  // namespace
}  // namespace keywarden
