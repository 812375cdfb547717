// Usage for people: sums over a span of time, by day or hour, and by who or what used it.
#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "admin/account_record.h"
#include "admin/csv.h"
#include "admin/handlers.h"
#include "admin/report_query.h"
#include "admin/usage_record.h"
#include "base/clock.h"
#include "store/usage_rules.h"

namespace keywarden {
namespace {

constexpr std::array kSumColumns = {CsvColumn{"calls"},
                                    CsvColumn{"failed_calls"},
                                    CsvColumn{"unpriced_calls"},
                                    CsvColumn{"input_tokens"},
                                    CsvColumn{"cached_input_tokens"},
                                    CsvColumn{"output_tokens"},
                                    CsvColumn{"reasoning_tokens"},
                                    CsvColumn{"cost_usd"},
                                    CsvColumn{"tool_tokens_saved"}};

/// What is asked for, and the span that it means.
struct Asked {
    ReportQuery query{};
    ReportSpan span{};
    UsageQuery usage{};
};

/// Sums are kept by the hour and by the day: a span is as many whole ones as it touches.
void make_whole(ReportSpan& span, UsageGrain grain) {
    if (grain == UsageGrain::Hour) {
        span.from = std::chrono::floor<std::chrono::hours>(span.from);
        span.until = std::chrono::ceil<std::chrono::hours>(span.until);
        return;
    }
    const TimeZone zone = zone_of(span.time_zone);
    span.from = zone.start_of(zone.day_of(span.from));
    const auto last = zone.day_of(span.until - Nanos(1));
    span.until = zone.start_of(last + std::chrono::days(1));
}

Result<Asked> read_asked(AdminContext& context,
                         const ApiCall& call,
                         ReportKind kind,
                         UsageGrain grain = UsageGrain::Whole) {
    Asked asked;
    TRY(asked.query, read_report_query(call.request, kind));
    TRY(asked.span, span_of(context, call.caller->team_id, asked.query));
    make_whole(asked.span, grain);
    asked.usage = {.team_id = std::string(call.caller->team_id),
                   .from = asked.span.from,
                   .until = asked.span.until,
                   .grain = grain,
                   .key_id = asked.query.key,
                   .app_id = asked.query.app,
                   .model = asked.query.model,
                   .provider = asked.query.provider,
                   .limit = asked.query.limit};
    return asked;
}

UsageStore& usage_of(AdminContext& context) { return context.keys.store().usage(); }

void add_span(const ReportSpan& span, Json& answer) {
    answer["from"] = format_iso8601(span.from);
    answer["until"] = format_iso8601(span.until);
    answer["time_zone"] = span.time_zone;
}

/// All of what is asked for, in one line.
Result<UsageSums> total_of(AdminContext& context, UsageQuery query) {
    query.grain = UsageGrain::Whole;
    query.split = UsageSplit::None;
    TRY(const std::vector<UsageLine> lines, usage_of(context).usage(query));
    return lines.empty() ? UsageSums() : lines.front().sums;
}

/// The lines as a list, or as a file of `columns` and the sums.
Result<HttpResponse> answer_lines(const Asked& asked,
                                  const UsageSums& total,
                                  Json data,
                                  std::vector<CsvColumn> columns,
                                  bool has_more) {
    if (asked.query.csv) {
        columns.insert(columns.end(), kSumColumns.begin(), kSumColumns.end());
        return csv_response(csv(columns, data), "usage", "");
    }
    Json answer = {{"object", "list"}, {"data", std::move(data)}};
    answer["has_more"] = has_more;
    answer["next"] = nullptr;
    add_span(asked.span, answer);
    answer["total"] = Json::object();
    add_sums(total, answer["total"]);
    return json_response(200, answer);
}

/// The beginnings of the days, or hours, of a span. Errors: InvalidRequest: there are too many.
Result<std::vector<TimePoint>> starts_of(const ReportSpan& span, UsageGrain grain) {
    std::vector<TimePoint> starts;
    const TimeZone zone = zone_of(span.time_zone);
    auto day = zone.day_of(span.from);
    TimePoint next = span.from;
    while (next < span.until) {
        if (starts.size() == kReportLinesMax) {
            return fail_field("from", "is so long ago that there are more than 10000 lines");
        }
        if (starts.empty() || starts.back() != next) starts.push_back(next);
        next = grain == UsageGrain::Day ? zone.start_of(++day) : next + std::chrono::hours(1);
    }
    return starts;
}

/// A line each span of time, also where nothing was used: charts want no gaps.
Result<HttpResponse> by_time(AdminContext& context, const ApiCall& call, UsageGrain grain) {
    TRY(const Asked asked, read_asked(context, call, ReportKind::Usage, grain));
    TRY(const std::vector<TimePoint> starts, starts_of(asked.span, grain));
    TRY(const std::vector<UsageLine> lines, usage_of(context).usage(asked.usage));
    const TimeZone zone = zone_of(asked.span.time_zone);
    Json data = Json::array();
    UsageSums total;
    for (const UsageLine& each : lines) TRY_VOID(add_to(total, each.sums));
    auto line = lines.begin();
    for (const TimePoint start : starts) {
        Json record = {{"start", format_iso8601(start)}, {"date", date_text(zone.day_of(start))}};
        while (line != lines.end() && line->start < start) ++line;
        const bool is_there = line != lines.end() && line->start == start;
        add_sums(is_there ? line->sums : UsageSums(), record);
        data.push_back(std::move(record));
    }
    return answer_lines(asked, total, std::move(data), {{"start"}, {"date"}}, false);
}

using Name = Result<Json> (*)(ReportNames& names, const std::string& target);

struct Split {
    UsageSplit split;
    const char* member;
    Name name;
    std::vector<CsvColumn> columns;
};

/// A line each key, app, …: the costliest ones first.
Result<HttpResponse> by_target(AdminContext& context, const ApiCall& call, Split split) {
    TRY(Asked asked, read_asked(context, call, ReportKind::UsageBy));
    asked.usage.split = split.split;
    ++asked.usage.limit;
    TRY(std::vector<UsageLine> lines, usage_of(context).usage(asked.usage));
    const bool has_more = lines.size() > asked.query.limit;
    if (has_more) lines.resize(asked.query.limit);
    ReportNames names(context, call.caller->team_id);
    Json data = Json::array();
    for (const UsageLine& line : lines) {
        TRY(Json target, split.name(names, line.target));
        Json record = {{split.member, std::move(target)}};
        add_sums(line.sums, record);
        data.push_back(std::move(record));
    }
    TRY(const UsageSums total, total_of(context, asked.usage));
    return answer_lines(asked, total, std::move(data), std::move(split.columns), has_more);
}

Result<Json> as_it_is(ReportNames&, const std::string& target) {
    return target.empty() ? Json(nullptr) : Json(target);
}

}  // namespace

Result<HttpResponse> read_usage_summary(AdminContext& context, const ApiCall& call) {
    TRY(const Asked asked, read_asked(context, call, ReportKind::Usage));
    TRY(const UsageSums total, total_of(context, asked.usage));
    Json answer = {{"object", "usage_summary"}};
    add_span(asked.span, answer);
    add_sums(total, answer);
    if (!asked.query.csv) return json_response(200, answer);
    std::vector<CsvColumn> columns = {{"from"}, {"until"}, {"time_zone"}};
    columns.insert(columns.end(), kSumColumns.begin(), kSumColumns.end());
    return csv_response(csv(columns, Json::array({answer})), "usage", "");
}

Result<HttpResponse> list_usage_by_day(AdminContext& context, const ApiCall& call) {
    return by_time(context, call, UsageGrain::Day);
}

Result<HttpResponse> list_usage_by_hour(AdminContext& context, const ApiCall& call) {
    return by_time(context, call, UsageGrain::Hour);
}

Result<HttpResponse> list_usage_by_key(AdminContext& context, const ApiCall& call) {
    return by_target(
        context,
        call,
        {.split = UsageSplit::Key,
         .member = "key",
         .name = [](ReportNames& names, const std::string& id) { return names.key(id); },
         .columns = {{"key.id", "key"}, {"key.name", "name"}, {"key.display", "display"}}});
}

Result<HttpResponse> list_usage_by_app(AdminContext& context, const ApiCall& call) {
    return by_target(
        context,
        call,
        {.split = UsageSplit::App,
         .member = "app",
         .name = [](ReportNames& names, const std::string& id) { return names.app(id); },
         .columns = {{"app.id", "app"}, {"app.name", "name"}}});
}

Result<HttpResponse> list_usage_by_model(AdminContext& context, const ApiCall& call) {
    return by_target(
        context,
        call,
        {.split = UsageSplit::Model, .member = "model", .name = as_it_is, .columns = {{"model"}}});
}

Result<HttpResponse> list_usage_by_provider(AdminContext& context, const ApiCall& call) {
    return by_target(context,
                     call,
                     {.split = UsageSplit::Provider,
                      .member = "provider",
                      .name = as_it_is,
                      .columns = {{"provider"}}});
}

}  // namespace keywarden
