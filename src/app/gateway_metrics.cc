#include "app/gateway_metrics.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

#include "app/providers.h"

namespace keywarden {
namespace {

Nanos in_nanos(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

void write_journal(const GatewayState& state, MetricsText& text) {
    const JournalState& journal = state.journal;
    text.begin(Metric::JournalBytes);
    text.add({}, static_cast<int64_t>(journal.bytes));
    text.begin(Metric::JournalBytesMax);
    text.add({}, static_cast<int64_t>(journal.bytes_max));
    text.begin(Metric::JournalRowsWaiting);
    text.add({}, journal.rows_waiting);
    text.begin(Metric::JournalOldestWaiting);
    const TimePoint oldest = journal.oldest_waiting.value_or(state.now);
    text.add_seconds({}, std::max(state.now - oldest, Nanos(0)));
    text.begin(Metric::JournalFailing);
    text.add({}, journal.failing ? 1 : 0);
}

void write_process(MetricsText& text) {
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        text.begin(Metric::ProcessCpu);
        text.add_seconds({}, in_nanos(usage.ru_utime) + in_nanos(usage.ru_stime));
    }
    int64_t pages_all = 0;
    int64_t pages = 0;
    if (std::ifstream("/proc/self/statm") >> pages_all >> pages) {
        text.begin(Metric::ProcessMemory);
        text.add({}, pages * ::getpagesize());
    }
    std::error_code error;
    const std::filesystem::directory_iterator files("/proc/self/fd", error);
    if (!error) {
        text.begin(Metric::ProcessOpenFiles);
        text.add({}, std::distance(begin(files), end(files)) - 1);  // that of this look is gone
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        text.begin(Metric::ProcessFilesMax);
        text.add({}, static_cast<int64_t>(limit.rlim_cur));
    }
}

}  // namespace

Result<std::optional<Digest>> read_metrics_token(const std::string& path) {
    if (path.empty()) return std::nullopt;
    TRY(const Secret text, read_text_file(path));
    std::string_view token = text.reveal();
    while (token.ends_with('\n') || token.ends_with('\r')) token.remove_suffix(1);
    const bool is_word = std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
    if (is_word && token.size() >= kMetricsTokenMin) return sha256(token);
    return fail(ErrorCode::InvalidConfig,
                fmt::format("metrics.token_file: {} must hold one word of {} characters or more, "
                            "like what `openssl rand -hex 32` says",
                            path,
                            kMetricsTokenMin));
}

void write_gateway_metrics(const GatewayState& state, MetricsText& text) {
    write_journal(state, text);
    text.begin(Metric::StoreUp);
    text.add({}, state.store_answers ? 1 : 0);
    text.begin(Metric::Draining);
    text.add({}, state.draining ? 1 : 0);
    write_process(text);
    text.begin(Metric::ProcessStart);
    text.add_seconds({}, state.started_at.time_since_epoch());
}

}  // namespace keywarden
