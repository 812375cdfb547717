#include "app/call_log.h"

#include <string>

#include <gtest/gtest.h>

#include "base/log.h"
#include "base/test_heap.h"

namespace keywarden {
namespace {

/// With every field that a line can have.
constexpr CallLine kFullRow = {.request_id = "00000000-0000-7000-8000-000000000000",
                               .method = "POST",
                               .route = "/v1/chat/completions",
                               .key_id = "key_00000000000000000000",
                               .team_id = "team_00000000000000000000",
                               .provider = "somewhere",
                               .model = "some-model",
                               .error = "upstream_error",
                               .error_detail = "not for every reader",
                               .status = 502,
                               .attempts = 2,
                               .streamed = true,
                               .client_left = true,
                               .usage = {.input = 5, .output = 7},
                               .duration = std::chrono::microseconds(1'500),
                               .overhead = std::chrono::microseconds(20)};

std::string flushed() {
    testing::internal::CaptureStderr();
    flush_log();
    return testing::internal::GetCapturedStderr();
}

TEST(CallLog, OneLineTellsWhatIsKnownOfACall) {
    configure_log(LogLevel::Info, LogFormat::Text, false);
    log_call(kFullRow);
    const std::string line = flushed();
    EXPECT_NE(line.find(" info call.ended request_id=00000000-0000-7000-8000-000000000000 "
                        "method=POST route=/v1/chat/completions status=502 duration_us=1500 "
                        "overhead_us=20 key=key_00000000000000000000 "
                        "team=team_00000000000000000000 provider=somewhere model=some-model "
                        "error=upstream_error attempts=2 streamed=true client_left=true "
                        "input_tokens=5 output_tokens=7\n"),
              line.npos)
        << line;
}

TEST(CallLog, WhatIsNotKnownIsLeftOut) {
    configure_log(LogLevel::Info, LogFormat::Text, false);
    CallLine row{};
    row.request_id = "r";
    row.method = "GET";
    row.route = "/";
    row.status = 200;
    row.attempts = 1;
    log_call(row);
    EXPECT_NE(flushed().find("request_id=r method=GET route=/ status=200 duration_us=0 "
                             "overhead_us=0\n"),
              std::string::npos);
}

TEST(CallLog, InTheSteadyStateALineTakesNothingFromTheHeap) {
    if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer counts for itself";
    constexpr int kLines = 100;
    for (const LogFormat format : {LogFormat::Json, LogFormat::Text}) {
        configure_log(LogLevel::Info, format, false);
        size_t taken = 0;
        for (int round = 0; round < 4; ++round) {  // the first ones make room
            const size_t before = news_of_this_thread;
            for (int i = 0; i < kLines; ++i) log_call(kFullRow);
            taken = news_of_this_thread - before;
            EXPECT_NE(flushed(), "");
        }
        EXPECT_EQ(taken, 0U);
    }
}

}  // namespace
}  // namespace keywarden
