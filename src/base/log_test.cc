#include "base/log.h"

#include <type_traits>

#include <gtest/gtest.h>

#include "base/secret.h"

namespace keywarden {
namespace {

const std::vector<LogField> kFields = {
    {"path", std::string_view("/v1/a b")}, {"status", int64_t{200}}, {"ok", true}};

TEST(Log, AJsonLineIsOneObjectAnEvent) {
    EXPECT_EQ(format_log_line(LogFormat::Json, true, "T", LogLevel::Info, "call.ended", kFields),
              R"({"time":"T","level":"info","event":"call.ended","path":"/v1/a b",)"
              R"("status":200,"ok":true})");
}

TEST(Log, ATextLineQuotesWhatWouldBeTakenForTwo) {
    EXPECT_EQ(format_log_line(LogFormat::Text, false, "T", LogLevel::Error, "call.ended", kFields),
              R"(T error call.ended path="/v1/a b" status=200 ok=true)");
}

TEST(Log, ANewlineCannotForgeALine) {
    const std::string line = format_log_line(LogFormat::Text,
                                             false,
                                             "T",
                                             LogLevel::Info,
                                             "e",
                                             {{"x", std::string_view("a\nT error forged")}});
    EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Log, ASecretCannotBeAField) {
    EXPECT_FALSE((std::is_constructible_v<decltype(LogField::value), const Secret&>));
}

}  // namespace
}  // namespace keywarden
