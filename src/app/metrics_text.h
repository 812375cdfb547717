// What GET /metrics says: the families there are, and their samples in Prometheus' text format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/units.h"

namespace keywarden {

/// In the order of the table in metrics_text.cc, which is the order of the answer.
enum class Metric : uint8_t {
    BuildInfo,
    Requests,
    RequestErrors,
    RequestDuration,
    RequestOverhead,
    ClientsLeft,
    UpstreamRequests,
    Tokens,
    Cost,
    JournalBytes,
    JournalBytesMax,
    JournalRowsWaiting,
    JournalOldestWaiting,
    JournalFailing,
    StoreUp,
    Draining,
    ProcessCpu,
    ProcessMemory,
    ProcessOpenFiles,
    ProcessFilesMax,
    ProcessStart,
    kCount,
};

struct MetricInfo {
    Metric metric;
    std::string_view name;
    std::string_view type;    // "counter", "gauge", "histogram"
    std::string_view labels;  // for documents: "route, status"
    std::string_view help;    // one sentence
};

std::span<const MetricInfo> all_metrics();

/// docs/reference/metrics.md.
std::string metrics_reference();

/// Upper ends of a histogram's buckets, in ascending order.
using BucketEnds = std::span<const Nanos>;

/// Source: Prometheus' "Exposition formats", text format 0.0.4.
class MetricsText {
public:
    struct Label {
        std::string_view name;
        std::string_view value;
    };
    using Labels = std::initializer_list<Label>;

    /// The samples that follow are of this family.
    void begin(Metric metric);
    void add(Labels labels, int64_t value);
    void add_seconds(Labels labels, Nanos value);
    void add_usd(Labels labels, NanoUsd value);
    /// `counts`: how many fell into each bucket, and at last beyond them all.
    void add_histogram(Label label, BucketEnds ends, std::span<const int64_t> counts, Nanos sum);

    std::string take() && { return std::move(text_); }

private:
    void add_line(std::string_view suffix, Labels labels, std::string_view value);

    std::string text_;
    std::string_view name_;
};

}  // namespace keywarden
