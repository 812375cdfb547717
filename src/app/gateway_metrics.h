// What GET /metrics says of the gateway itself, beside its calls.
#pragma once

#include <optional>
#include <string>

#include "app/metrics_text.h"
#include "base/crypto.h"
#include "base/result.h"
#include "base/units.h"
#include "store/journal.h"

namespace keywarden {

struct GatewayState {
    JournalState journal{};
    bool store_answers = false;
    bool draining = false;
    TimePoint started_at{};
    TimePoint now{};
};

inline constexpr size_t kMetricsTokenMin = 32;

/// SHA-256 of the token in that file: one word of kMetricsTokenMin characters or more. Nothing
/// where `path` is empty. Errors: InvalidConfig.
Result<std::optional<Digest>> read_metrics_token(const std::string& path);

/// The process's own figures are left out where /proc cannot be read.
void write_gateway_metrics(const GatewayState& state, MetricsText& text);

}  // namespace keywarden
