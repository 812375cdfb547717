#include "store/sqlite/usage_reports.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/clock.h"
#include "domain/call_accounts.h"
#include "domain/call_id.h"
#include "store/account_rules.h"
#include "store/sqlite/apply_calls.h"
#include "store/sqlite/read.h"
#include "store/sqlite/usage_rows.h"
#include "store/sqlite/words.h"

namespace keywarden {
namespace {

/// A model as a query names it: "provider/model", or a model at whatever provider.
struct ModelFilter {
    int64_t bare = kNoWord;
    int64_t provider = kNoWord;
    int64_t model = kNoWord;
};

Result<ModelFilter> model_filter_of(Database& database, std::string_view model) {
    ModelFilter filter;
    TRY(filter.bare, find_word(database, model));
    const size_t slash = model.find('/');
    if (slash == std::string_view::npos) return filter;
    TRY(filter.provider, find_word(database, model.substr(0, slash)));
    TRY(filter.model, find_word(database, model.substr(slash + 1)));
    return filter;
}

/// The number of what must be; nothing where anything may.
Result<std::optional<int64_t>> wanted(Database& database, std::string_view word) {
    if (word.empty()) return std::optional<int64_t>();
    TRY(const int64_t number, find_word(database, word));
    return std::optional(number);
}

constexpr std::string_view kSums =
    "sum(r.calls), sum(r.failed), sum(r.input), sum(r.cached_input), sum(r.output), "
    "sum(r.reasoning), sum(r.unpriced), sum(r.cost)";

UsageSums read_sums(const Query& row, int first) {
    return {.calls = row.integer(first),
            .failed = row.integer(first + 1),
            .input_tokens = row.integer(first + 2),
            .cached_input_tokens = row.integer(first + 3),
            .output_tokens = row.integer(first + 4),
            .reasoning_tokens = row.integer(first + 5),
            .unpriced_calls = row.integer(first + 6),
            .cost = {row.integer(first + 7)}};
}

}  // namespace

struct UsageReports::Filter {
    std::optional<int64_t> team, key, app, provider, bare;
    ModelFilter model{};
};

Result<UsageReports::Filter> UsageReports::filter_of(Database& database, const UsageQuery& query) {
    Filter filter;
    TRY(filter.team, wanted(database, query.team_id));
    TRY(filter.key, wanted(database, query.key_id));
    TRY(filter.app, wanted(database, query.app_id));
    TRY(filter.provider, wanted(database, query.provider));
    if (query.model.empty()) return filter;
    TRY(filter.model, model_filter_of(database, query.model));
    filter.bare = filter.model.bare;
    return filter;
}

/// The finer sums where the query filters, or splits hours; else the coarser ones. ?1 team, ?2 the
/// grain or dim, ?3 from, ?4 until, ?5 limit, ?6 on: filters.
const std::string& UsageReports::sql_of(const UsageQuery& query, bool from_parts) {
    const bool all_teams = query.team_id.empty();
    const int shape = static_cast<int>(query.grain) + 4 * static_cast<int>(query.split) +
                      (from_parts ? 32 : 0) + (all_teams ? 64 : 0);
    std::string& sql = sql_[shape];
    if (!sql.empty()) return sql;
    // Of all teams, days are those of UTC: half a day more on either side is looked at.
    const bool to_utc = all_teams && query.grain != UsageGrain::Hour;
    const std::string_view start =
        to_utc ? "((r.start + 43200000) / 86400000 * 86400000)" : "r.start";
    const bool by_start = query.grain != UsageGrain::Whole;
    const bool by_target = query.split != UsageSplit::None;
    constexpr std::array<std::string_view, 5> kSplits = {
        "0", "r.key", "r.app", "iif(r.model = 0, 0, r.provider), r.model", "r.provider"};
    const std::string_view split =
        from_parts ? kSplits.at(static_cast<size_t>(query.split)) : "r.target";
    const bool by_model = from_parts && query.split == UsageSplit::Model;
    std::string groups;
    if (by_start) groups = fmt::format(" GROUP BY {}", start);
    if (by_target) groups += fmt::format("{}{}", by_start ? ", " : " GROUP BY ", split);
    const std::string_view word = "(SELECT word FROM words WHERE n = {})";
    std::string target = "''";
    if (by_model) {
        target =
            "(SELECT CASE WHEN r.model = 0 THEN '' ELSE p.word || '/' || m.word END "
            "FROM words p, words m WHERE p.n = r.provider AND m.n = r.model)";
    } else if (by_target) {
        target = fmt::format(fmt::runtime(word), split);
    }
    sql = fmt::format(
        "SELECT {}, {}, {} FROM credit t CROSS JOIN {} r ON r.team = t.team AND r.{} = ?2 "
        "AND r.start >= ?3 - {} AND r.start < ?4 + {} WHERE {} {} {}{} ORDER BY {}{} LIMIT ?5",
        by_start ? start : "?3",
        target,
        kSums,
        from_parts ? "rollup_parts" : "rollups",
        from_parts ? "grain" : "dim",
        to_utc ? "86400000" : "0",
        to_utc ? "86400000" : "0",
        all_teams ? "?1 IS NULL" : "t.team = ?1",
        to_utc ? fmt::format("AND {0} >= ?3 AND {0} < ?4", start) : "",
        from_parts ? "AND (?6 IS NULL OR r.key = ?6) AND (?7 IS NULL OR r.app = ?7) "
                     "AND (?8 IS NULL OR r.provider = ?8) AND (?9 IS NULL OR r.model = ?9 "
                     "OR (r.provider = ?10 AND r.model = ?11))"
                   : "",
        groups,
        by_start ? "1, " : "",
        "10 DESC, 2");
    return sql;
}

Result<std::vector<UsageLine>> UsageReports::usage(Database& database, const UsageQuery& query) {
    TRY(const Filter filter, filter_of(database, query));
    const bool is_hour = query.grain == UsageGrain::Hour;
    const bool from_parts = filter.key || filter.app || filter.provider || filter.bare ||
                            (is_hour && query.split != UsageSplit::None);
    const int64_t grain = is_hour ? kHourParts : kDayParts;
    const int64_t dim = is_hour ? kHourWhole : static_cast<int64_t>(query.split);
    const char* sql = sql_of(query, from_parts).c_str();
    const auto limit = static_cast<int64_t>(query.limit);
    const auto run = [&]() -> Query {
        if (!from_parts) return {database, sql, filter.team, dim, query.from, query.until, limit};
        return {database,
                sql,
                filter.team,
                grain,
                query.from,
                query.until,
                limit,
                filter.key,
                filter.app,
                filter.provider,
                filter.bare,
                filter.model.provider,
                filter.model.model};
    };
    Query rows = run();
    std::vector<UsageLine> lines;
    while (true) {
        TRY(const bool row, rows.next());
        if (!row) return lines;
        lines.push_back({.start = rows.moment(0),
                         .target = std::string(rows.text(1)),
                         .sums = read_sums(rows, 2)});
    }
}

// ---- calls -------------------------------------------------------------------------------------

namespace {

// ?1 team, ?2 and ?3: what comes before this, ?4 from, ?5 limit, then what must be.
#define KEYWARDEN_CALLS_(index, condition)                               \
    KEYWARDEN_CALL_COLUMNS_                                              \
    "INDEXED BY " index " WHERE c.team = ?1 " condition                  \
    "AND (c.ended_at, c.n) < (?2, ?3) AND c.ended_at >= ?4 "             \
    "AND (?6 IS NULL OR c.key = ?6) AND (?7 IS NULL OR c.session = ?7) " \
    "AND (?8 IS NULL OR c.app = ?8) AND (?9 IS NULL OR c.model = ?9 "    \
    "OR (c.provider = ?10 AND c.model = ?11)) "                          \
    "AND (?12 IS NULL OR ?12 = (c.status = 0 OR c.status >= 400)) "      \
    "ORDER BY c.ended_at DESC, c.n DESC LIMIT ?5"

constexpr const char* kCallsOfTeam = KEYWARDEN_CALLS_("calls_of_team", "");
constexpr const char* kCallsOfKey = KEYWARDEN_CALLS_("calls_of_key", "AND c.key = ?6 ");
constexpr const char* kCallsOfSession = KEYWARDEN_CALLS_("calls_of_session", "AND c.session = ?7 ");
constexpr const char* kCallsFailed =
    KEYWARDEN_CALLS_("calls_failed", "AND (c.status = 0 OR c.status >= 400) ");

const char* calls_by(const CallQuery& query) {
    if (!query.session_id.empty()) return kCallsOfSession;
    if (!query.key_id.empty()) return kCallsOfKey;
    return query.failed.value_or(false) ? kCallsFailed : kCallsOfTeam;
}

/// Where in time a page is looked for: what ended at `from` or later, and comes before (`before`,
/// `before_n`).
struct Range {
    int64_t from = 0;
    int64_t before = INT64_MAX;
    int64_t before_n = INT64_MAX;

    void end_at(int64_t end) {
        if (end > before) return;
        before = end;
        before_n = 0;  // rows are numbered from 1
    }
};

/// What is rare is not looked for where there is none: the days say when the app had any calls.
Result<void> narrow_to_app(Database& database, int64_t team, std::string_view app, Range& range) {
    constexpr int64_t kTwoDays = int64_t{2} * 86'400'000;  // longer than any day
    TRY(const int64_t word, find_word(database, app));
    Query days(database,
               "SELECT ifnull(min(start), 0), ifnull(max(start), -?4) FROM rollups "
               "WHERE team = ?1 AND dim = ?2 AND target = ?3",
               team,
               static_cast<int64_t>(UsageSplit::App),
               word,
               kTwoDays);
    TRY(const bool row, days.next());
    if (!row) return {};
    range.from = std::max(range.from, days.integer(0));
    range.end_at(days.integer(1) + kTwoDays);
    return {};
}

/// Errors: InvalidRequest when the query's cursor is none.
Result<Range> range_of(Database& database, int64_t team, const CallQuery& query) {
    Range range{.from = to_millis(query.from)};
    if (!query.after.empty()) {
        const auto id = call_id_of(query.after);
        if (!id) return no_such_cursor();
        Query cursor(database,
                     "SELECT ended_at, n FROM calls WHERE id = ?1 AND team = ?2",
                     std::span<const uint8_t>(*id),
                     team);
        TRY(const bool row, cursor.next());
        if (!row) return no_such_cursor();
        range.before = cursor.integer(0);
        range.before_n = cursor.integer(1);
    }
    if (query.until) range.end_at(to_millis(*query.until));
    if (!query.app_id.empty()) TRY_VOID(narrow_to_app(database, team, query.app_id, range));
    return range;
}

}  // namespace

Result<Page<CallRow>> list_call_rows(Database& database, const CallQuery& query) {
    TRY(const int64_t team, find_word(database, query.team_id));
    TRY(const Range range, range_of(database, team, query));
    TRY(const auto key, wanted(database, query.key_id));
    TRY(const auto app, wanted(database, query.app_id));
    std::optional<int64_t> session;
    if (!query.session_id.empty()) {
        TRY(session,
            number_of(Query(database,
                            "SELECT n FROM call_sessions WHERE team = ?1 AND id = ?2",
                            team,
                            query.session_id)));
        if (!session) return Page<CallRow>();
    }
    std::optional<int64_t> bare;
    ModelFilter model;
    if (!query.model.empty()) {
        TRY(model, model_filter_of(database, query.model));
        bare = model.bare;
    }
    std::optional<int64_t> failed;
    if (query.failed) failed = *query.failed ? 1 : 0;
    Query rows(database,
               calls_by(query),
               team,
               range.before,
               range.before_n,
               range.from,
               static_cast<int64_t>(query.limit + 1),
               key,
               session,
               app,
               bare,
               model.provider,
               model.model,
               failed);
    Page<CallRow> page;
    while (true) {
        TRY(const bool row, rows.next());
        if (!row) return page;
        if (page.items.size() == query.limit) {
            page.next = text_of(page.items.back().record.id).view();
            return page;
        }
        TRY(CallRow call, read_call(database, rows));
        page.items.push_back(std::move(call));
    }
}

Result<CallRow> get_call_row(Database& database, std::string_view team_id, const CallId& id) {
    TRY(const int64_t team, find_word(database, team_id));
    Query query(database,
                KEYWARDEN_CALL_COLUMNS_ "WHERE c.id = ?1 AND c.team = ?2",
                std::span<const uint8_t>(id),
                team);
    TRY(const bool row, query.next());
    if (!row) return no_such("request");
    return read_call(database, query);
}

}  // namespace keywarden
