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
                                             std::vector<LogField>{{"x", "a\nT error forged"}});
    EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Log, ASecretCannotBeAField) {
    EXPECT_FALSE((std::is_constructible_v<decltype(LogField::value), const Secret&>));
}

TEST(Log, LinesThatMayWaitComeInOrderBeforeTheNextThatMayNot) {
    configure_log(LogLevel::Info, LogFormat::Text, false);
    testing::internal::CaptureStderr();
    log_soon(LogLevel::Info, "first");
    log_soon(LogLevel::Debug, "below the level");
    log_soon(LogLevel::Info, "second");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    testing::internal::CaptureStderr();
    log(LogLevel::Info, "third");
    flush_log();
    const std::string written = testing::internal::GetCapturedStderr();
    const size_t first = written.find("info first\n");
    const size_t second = written.find("info second\n");
    EXPECT_LT(first, second);
    EXPECT_LT(second, written.find("info third\n"));
    EXPECT_NE(written.find("info third\n"), written.npos);
}

TEST(Log, WaitingLinesAreBoundedAndTheRestIsCounted) {
    configure_log(LogLevel::Info, LogFormat::Text, false);
    const std::string large(kLogWaitingMax / 2, 'x');
    const LogField field{"x", std::string_view(large)};
    for (int i = 0; i < 3; ++i) log_soon(LogLevel::Info, "large", {&field, 1});
    testing::internal::CaptureStderr();
    flush_log();
    const std::string written = testing::internal::GetCapturedStderr();
    EXPECT_LT(written.size(), kLogWaitingMax + 200);
    EXPECT_NE(written.find("warning log.lines_dropped count=2"), written.npos);
}

}  // namespace
}  // namespace keywarden
