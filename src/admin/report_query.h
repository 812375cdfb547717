// What a report of usage, calls, or money is asked for: the query of its route.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "admin/context.h"
#include "base/http.h"
#include "base/result.h"
#include "base/time_zone.h"
#include "base/units.h"

namespace keywarden {

enum class ReportKind : uint8_t {
    Usage,    // sums
    UsageBy,  // sums, the costliest ones first
    Calls,
    Rows,  // of the ledger, or events
};

inline constexpr size_t kReportLinesMax = 10'000;  // of one answer

struct ReportQuery {
    size_t limit = 0;     // lines: at most 100 of a page of JSON, else kReportLinesMax
    std::string after{};  // a cursor: the `next` of the page before
    std::string from{};   // as they were sent: see span_of
    std::string until{};
    // Only these; empty: all.
    std::string key{};
    std::string app{};
    std::string model{};
    std::string provider{};
    std::string session{};
    std::optional<bool> failed{};
    bool csv = false;
};

/// Errors: UnknownField, InvalidRequest.
Result<ReportQuery> read_report_query(const HttpRequest& request, ReportKind kind);

/// The zone of that name; UTC where the machine does not have it.
TimeZone zone_of(const std::string& name);
std::string date_text(std::chrono::local_days day);  // "2026-11-20"

/// A moment, or a day in the team's time zone, as the end of something: the day counts.
/// Errors: InvalidRequest, naming `field`; NotFound (the team).
Result<TimePoint> read_moment(AdminContext& context,
                              std::string_view team_id,
                              std::string_view field,
                              const std::string& text);

struct ReportSpan {
    TimePoint from{};   // counts
    TimePoint until{};  // does not
    std::string time_zone{};
};

/// The span that is asked for; where it is not said, since the beginning of the month, until now.
/// A day without a time begins at midnight in the team's time zone, and as `until` it counts.
/// Errors: InvalidRequest, naming the parameter; NotFound (the team).
Result<ReportSpan> span_of(AdminContext& context,
                           std::string_view team_id,
                           const ReportQuery& query);

}  // namespace keywarden
