#include "admin/report_query.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <vector>

#include "admin/csv.h"
#include "admin/list_query.h"
#include "admin/query.h"
#include "base/clock.h"

namespace keywarden {
namespace {

constexpr size_t kFilterMax = 300;  // characters

struct Draft {
    ReportQuery query{};
    std::string format{};
};

using Row = Parameter<Draft>;

/// A text that is taken as it is.
template <std::string ReportQuery::* kMember>
Result<void> read_text(std::string_view text, Draft& draft) {
    if (text.size() > kFilterMax) return fail_field("query", "is too long");
    draft.query.*kMember = text;
    return {};
}

constexpr std::array kSpan = {Row{"from", read_text<&ReportQuery::from>},
                              Row{"until", read_text<&ReportQuery::until>}};
constexpr std::array kFilters = {Row{"key", read_text<&ReportQuery::key>},
                                 Row{"app", read_text<&ReportQuery::app>},
                                 Row{"model", read_text<&ReportQuery::model>}};
constexpr Row kProvider = {"provider", read_text<&ReportQuery::provider>};
constexpr Row kSession = {"session", read_text<&ReportQuery::session>};
constexpr Row kAfter = {"after", read_text<&ReportQuery::after>};
constexpr Row kFormat = {"format", [](std::string_view text, Draft& draft) -> Result<void> {
                             draft.format = text;
                             return {};
                         }};
constexpr Row kLimit = {"limit", [](std::string_view text, Draft& draft) -> Result<void> {
                            TRY(draft.query.limit, read_limit_of(text, kReportLinesMax));
                            return {};
                        }};
constexpr Row kStatus = {"status", [](std::string_view text, Draft& draft) -> Result<void> {
                             if (text != "failed" && text != "ok") {
                                 return fail_field("status", "must be \"failed\" or \"ok\"");
                             }
                             draft.query.failed = text == "failed";
                             return {};
                         }};

std::vector<Row> rows_of(ReportKind kind) {
    std::vector<Row> rows = {kFormat};
    const auto add = [&rows](std::span<const Row> more) {
        rows.insert(rows.end(), more.begin(), more.end());
    };
    if (kind != ReportKind::Rows) {
        add(kSpan);
        add(kFilters);
    }
    if (kind == ReportKind::Usage || kind == ReportKind::UsageBy) rows.push_back(kProvider);
    if (kind != ReportKind::Usage) rows.push_back(kLimit);
    if (kind == ReportKind::Calls || kind == ReportKind::Rows) rows.push_back(kAfter);
    if (kind == ReportKind::Calls) add(std::array{kSession, kStatus});
    return rows;
}

/// "2026-11-20" as a day.
std::optional<std::chrono::local_days> day_of(std::string_view text) {
    const auto midnight = text.size() == 10 ? parse_iso8601(std::string(text) + "T00:00:00Z")
                                            : std::optional<TimePoint>();
    if (!midnight) return std::nullopt;
    return std::chrono::local_days(
        std::chrono::floor<std::chrono::days>(*midnight).time_since_epoch());
}

/// `day_later`: a day is meant whole, to its end.
Result<TimePoint> moment_of(std::string_view field,
                            const std::string& text,
                            const TimeZone& zone,
                            bool day_later) {
    if (const auto day = day_of(text)) {
        return zone.start_of(*day + std::chrono::days(day_later ? 1 : 0));
    }
    if (const auto moment = parse_iso8601(text)) return *moment;
    return fail_field(field,
                      "must be a day such as \"2026-11-20\", or a moment such as "
                      "\"2026-11-20T09:30:00Z\"");
}

std::chrono::local_days month_of(std::chrono::local_days day) {
    const std::chrono::year_month_day date(day);
    return std::chrono::local_days(date.year() / date.month() / 1);
}

}  // namespace

TimeZone zone_of(const std::string& name) {
    return TimeZone::find(name).value_or(TimeZone());  // one that was there when it was set
}

std::string date_text(std::chrono::local_days day) {
    return format_iso8601(TimePoint(day.time_since_epoch())).substr(0, 10);
}

Result<TimePoint> read_moment(AdminContext& context,
                              std::string_view team_id,
                              std::string_view field,
                              const std::string& text) {
    TRY(const CreditAccount account, context.keys.store().usage().get_credit(team_id));
    return moment_of(field, text, zone_of(account.terms.time_zone), true);
}

Result<ReportSpan> span_of(AdminContext& context,
                           std::string_view team_id,
                           const ReportQuery& query) {
    TRY(const CreditAccount account, context.keys.store().usage().get_credit(team_id));
    const TimeZone zone = zone_of(account.terms.time_zone);
    const TimePoint now = context.clock.now();
    ReportSpan span = {.from = zone.start_of(month_of(zone.day_of(now))),
                       .until = now + Nanos(1),  // what ends now counts
                       .time_zone = account.terms.time_zone};
    if (!query.from.empty()) {
        TRY(span.from, moment_of("from", query.from, zone, false));
    }
    if (!query.until.empty()) {
        TRY(span.until, moment_of("until", query.until, zone, true));
    }
    if (span.from < span.until) return span;
    if (query.until.empty()) return fail_field("from", "must not lie in the future");
    return fail_field("until", "must come after 'from'");
}

Result<ReportQuery> read_report_query(const HttpRequest& request, ReportKind kind) {
    Draft draft;
    TRY_VOID(read_parameters<Draft>(request.query, rows_of(kind), draft));
    ReportQuery& query = draft.query;
    TRY(query.csv, wants_csv(request, draft.format));
    const bool is_page = !query.csv && (kind == ReportKind::Calls || kind == ReportKind::Rows);
    if (is_page && query.limit > kListLimitMax) {
        return fail_field("limit", "must be a whole number from 1 to 100, but for CSV");
    }
    if (query.limit == 0) query.limit = is_page ? kListLimitDefault : kReportLinesMax;
    return std::move(query);
}

}  // namespace keywarden
