#include "app/gateway_metrics.h"

#include <chrono>
#include <fstream>
#include <gmock/gmock.h>
#include <string>

#include <gtest/gtest.h>

#include "base/test_folder.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(GatewayMetrics, SayHowTheJournalTheStoreAndTheProcessAre) {
    constexpr TimePoint kNow(1'000'000s);
    MetricsText text;
    write_gateway_metrics({.journal = {.bytes = 4096,
                                       .bytes_max = 8192,
                                       .rows_waiting = 7,
                                       .oldest_waiting = kNow - 90s,
                                       .failing = true},
                           .store_answers = false,
                           .draining = true,
                           .started_at = kNow - 1h,
                           .now = kNow},
                          text);
    const std::string got = std::move(text).take();
    EXPECT_THAT(got, HasSubstr("\nkeywarden_journal_bytes 4096\n"));
    EXPECT_THAT(got, HasSubstr("\nkeywarden_journal_max_bytes 8192\n"));
    EXPECT_THAT(got, HasSubstr("\nkeywarden_journal_rows_waiting 7\n"));
    EXPECT_THAT(got, HasSubstr("\nkeywarden_journal_oldest_waiting_seconds 90\n"));
    EXPECT_THAT(got, HasSubstr("\nkeywarden_journal_failing 1\n"));
    EXPECT_THAT(got, HasSubstr("\nkeywarden_store_up 0\n"));
    EXPECT_THAT(got, HasSubstr("\nkeywarden_draining 1\n"));
    EXPECT_THAT(got, HasSubstr("\nprocess_start_time_seconds 996400\n"));
    for (const char* each : {"process_cpu_seconds_total",
                             "process_resident_memory_bytes",
                             "process_open_fds",
                             "process_max_fds"}) {
        EXPECT_THAT(got, HasSubstr(std::string("\n") + each + " ")) << each;
    }
}

TEST(GatewayMetrics, ATokenIsOneLongWord) {
    const test::Folder folder;
    const auto read = [&](const std::string& content) {
        const std::string path = folder.path() + "/token";
        std::ofstream(path) << content;
        return read_metrics_token(path);
    };
    const std::string word(kMetricsTokenMin, 'x');
    EXPECT_EQ(read(word + "\n").value(), sha256(word));
    EXPECT_EQ(read(word).value(), sha256(word));
    for (const std::string& wrong : {std::string(), word.substr(1), word + " y", word + "\n\ny"}) {
        EXPECT_THAT(read(wrong).error().message, HasSubstr("openssl rand")) << wrong;
    }
    EXPECT_FALSE(read_metrics_token(folder.path() + "/nowhere"));
    EXPECT_EQ(read_metrics_token("").value(), std::nullopt);
}

}  // namespace
}  // namespace keywarden
