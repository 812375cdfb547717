#include "app/metrics_text.h"

#include <array>
#include <cassert>
#include <fmt/format.h>

namespace keywarden {
namespace {

using enum Metric;

// Names as Prometheus' "Metric and label naming" asks for them. A label's values are bounded by the
// configuration: never a key, a team, or a model.
constexpr std::array kMetrics = {
    MetricInfo{BuildInfo, "keywarden_build_info", "gauge", "version", "Always 1."},
    MetricInfo{Requests,
               "keywarden_requests_total",
               "counter",
               "route, method, status",
               "Requests that have ended. The status is `left` where the client had gone before "
               "there was one, and `other` for one that the gateway itself never sends."},
    MetricInfo{RequestErrors,
               "keywarden_request_errors_total",
               "counter",
               "code, fault",
               "Requests that ended in an error of the gateway's own, and who has to act."},
    MetricInfo{RequestDuration,
               "keywarden_request_duration_seconds",
               "histogram",
               "route",
               "How long relayed requests took, to the last byte of a stream."},
    MetricInfo{RequestOverhead,
               "keywarden_request_overhead_seconds",
               "histogram",
               "route",
               "Of that, what was not waiting for the provider: what the gateway adds."},
    MetricInfo{ClientsLeft,
               "keywarden_clients_left_total",
               "counter",
               "",
               "Relayed requests whose client went away before the end."},
    MetricInfo{UpstreamRequests,
               "keywarden_upstream_requests_total",
               "counter",
               "provider",
               "Requests sent to a provider, further attempts included."},
    MetricInfo{Tokens,
               "keywarden_tokens_total",
               "counter",
               "provider, type",
               "Tokens that providers reported. `input` includes `cached`."},
    MetricInfo{Cost,
               "keywarden_cost_usd_total",
               "counter",
               "provider",
               "What calls came to, markup included."},
    MetricInfo{JournalBytes, "keywarden_journal_bytes", "gauge", "", "The journal on the disk."},
    MetricInfo{JournalBytesMax,
               "keywarden_journal_max_bytes",
               "gauge",
               "",
               "Its bound: beyond it, new calls are refused."},
    MetricInfo{JournalRowsWaiting,
               "keywarden_journal_rows_waiting",
               "gauge",
               "",
               "Rows of calls that are not in the store yet."},
    MetricInfo{JournalOldestWaiting,
               "keywarden_journal_oldest_waiting_seconds",
               "gauge",
               "",
               "How long the oldest of them has waited."},
    MetricInfo{JournalFailing,
               "keywarden_journal_failing",
               "gauge",
               "",
               "1 while the journal's disk refuses, and so calls are refused."},
    MetricInfo{StoreUp, "keywarden_store_up", "gauge", "", "1 if the store answers."},
    MetricInfo{Draining, "keywarden_draining", "gauge", "", "1 once the gateway shuts down."},
    MetricInfo{ProcessCpu,
               "process_cpu_seconds_total",
               "counter",
               "",
               "Processor time of the gateway, user and system."},
    MetricInfo{ProcessMemory,
               "process_resident_memory_bytes",
               "gauge",
               "",
               "Memory of the gateway that is resident."},
    MetricInfo{ProcessOpenFiles, "process_open_fds", "gauge", "", "Open files and connections."},
    MetricInfo{ProcessFilesMax, "process_max_fds", "gauge", "", "As many as there may be."},
    MetricInfo{ProcessStart,
               "process_start_time_seconds",
               "gauge",
               "",
               "When the gateway was started, in seconds since 1970."},
};

constexpr bool rows_follow_the_enum() {
    for (size_t i = 0; i < kMetrics.size(); ++i) {
        if (kMetrics[i].metric != static_cast<Metric>(i)) return false;
    }
    return kMetrics.size() == static_cast<size_t>(Metric::kCount);
}
static_assert(rows_follow_the_enum());

constexpr std::string_view kHead = R"(# Metrics

<!-- Made from src/app/metrics_text.cc:
     KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/reference/reference_test -->

`GET /metrics` answers in Prometheus' text format. It tells of all teams, so no API key opens it:
the operator's local socket does, and the token of `metrics.token_file`, which opens nothing else.
See [the guide](../guide/watch-the-gateway.md). Counters begin at zero with each start. No label
names a key, a team, a model, or anything that a client chose, so that there are never more series
than routes and providers: who spent what on which model is what
[usage](../guide/where-did-the-money-go.md) answers, exactly.

| metric | type | labels | what it says |
|---|---|---|---|
)";

/// "1.5" for 1'500'000'000 of a billion.
std::string in_billionths(int64_t amount) {
    constexpr int64_t kBillion = 1'000'000'000;
    std::string text = fmt::format("{}.{:09}", amount / kBillion, amount % kBillion);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

void append_escaped(std::string& text, std::string_view value) {
    for (const char c : value) {
        if (c == '\n') {
            text += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
}

}  // namespace

std::span<const MetricInfo> all_metrics() { return kMetrics; }

std::string metrics_reference() {
    std::string page(kHead);
    for (const MetricInfo& row : kMetrics) {
        page += fmt::format("| `{}` | {} | {} | {} |\n", row.name, row.type, row.labels, row.help);
    }
    return page;
}

void MetricsText::begin(Metric metric) {
    const MetricInfo& row = kMetrics.at(static_cast<size_t>(metric));
    name_ = row.name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", row.name, row.help, row.name, row.type);
}

void MetricsText::add(Labels labels, int64_t value) {
    add_line("", labels, fmt::format_int(value).c_str());
}

void MetricsText::add_seconds(Labels labels, Nanos value) {
    assert(value >= Nanos(0));
    add_line("", labels, in_billionths(value.count()));
}

void MetricsText::add_usd(Labels labels, NanoUsd value) {
    add_line("", labels, in_billionths(value.value));
}

void MetricsText::add_histogram(Label label,
                                BucketEnds ends,
                                std::span<const int64_t> counts,
                                Nanos sum) {
    assert(counts.size() == ends.size() + 1);
    int64_t below = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
        below += counts[i];
        const std::string end = i < ends.size() ? in_billionths(ends[i].count()) : "+Inf";
        add_line("_bucket", {label, {"le", end}}, fmt::format_int(below).c_str());
    }
    add_line("_sum", {label}, in_billionths(sum.count()));
    add_line("_count", {label}, fmt::format_int(below).c_str());
}

void MetricsText::add_line(std::string_view suffix, Labels labels, std::string_view value) {
    text_ += name_;
    text_ += suffix;
    char before = '{';
    for (const Label& label : labels) {
        text_ += before;
        text_ += label.name;
        text_ += "=\"";
        append_escaped(text_, label.value);
        text_ += '"';
        before = ',';
    }
    if (before == ',') text_ += '}';
    text_ += ' ';
    text_ += value;
    text_ += '\n';
}

}  // namespace keywarden
