#include "store/sqlite/usage_reports.h"

#include <algorithm>
#include <fmt/core.h>
#include <ranges>
#include <utility>

#include "base/clock.h"
#include "domain/call_accounts.h"
#include "domain/call_id.h"
#include "store/account_rules.h"
#include "store/key_rules.h"
#include "store/sqlite/apply_calls.h"
#include "store/sqlite/call_blocks.h"
#include "store/sqlite/costliest.h"
#include "store/sqlite/read.h"
#include "store/sqlite/usage_rows.h"
#include "store/sqlite/usage_sums.h"
#include "store/sqlite/words.h"
#include "store/usage_rules.h"

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
Result<std::optional<int64_t>> number_wanted(Database& database, std::string_view word) {
    if (word.empty()) return std::optional<int64_t>();
    TRY(const int64_t number, find_word(database, word));
    return std::optional(number);
}

}  // namespace

struct UsageReports::Filter {
    std::optional<int64_t> team, key, app, provider, bare;
    ModelFilter model{};
};

Result<UsageReports::Filter> UsageReports::filter_of(Database& database, const UsageQuery& query) {
    Filter filter;
    TRY(filter.team, number_wanted(database, query.team_id));
    TRY(filter.key, number_wanted(database, query.key_id));
    TRY(filter.app, number_wanted(database, query.app_id));
    TRY(filter.provider, number_wanted(database, query.provider));
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
        KEYWARDEN_SUMS_OF_R_,
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
    const bool is_of_few = !from_parts && query.split != UsageSplit::None &&
                           query.grain == UsageGrain::Whole && !query.team_id.empty() &&
                           query.limit > 0 && query.limit <= kCostliestMax;
    if (is_of_few) return costliest(database, query);
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

/// What a query asks for, by numbers.
struct Wanted {
    int64_t team = kNoWord;
    Place place{};  // of all that is asked for, what is likely to be rare
    std::optional<int64_t> key{}, app{}, session{};
    std::optional<ModelFilter> model{};
    std::optional<bool> failed{};
    TimePoint from{};
    TimePoint until = TimePoint::max();
    CallPosition before{.ended_at = TimePoint::max()};  // the cursor

    bool is_one(const StoredCall& call, const CallPosition& position) const {
        const CallNumbers& n = call.numbers;
        return call.record.ended_at >= from && call.record.ended_at < until && position < before &&
               n.key == key.value_or(n.key) && n.app == app.value_or(n.app) &&
               call.session == session.value_or(call.session) &&
               (!model || n.model == model->bare ||
                (n.provider == model->provider && n.model == model->model)) &&
               has_failed(call.record) == failed.value_or(has_failed(call.record));
    }
};

Result<Wanted> wanted_of(Database& database, const CallQuery& query) {
    Wanted wanted{.failed = query.failed,
                  .from = in_millis(query.from),
                  .until = query.until.value_or(TimePoint::max())};
    TRY(wanted.team, find_word(database, query.team_id));
    const auto look_at = [&](PlaceKind kind, int64_t target) {
        wanted.place = {wanted.team, static_cast<int64_t>(kind), target};
    };
    look_at(PlaceKind::Team, 0);
    if (query.failed.value_or(false)) look_at(PlaceKind::Failed, 0);
    if (!query.model.empty()) {
        TRY(wanted.model, model_filter_of(database, query.model));
        look_at(PlaceKind::Model, wanted.model->bare);
    }
    TRY(wanted.app, number_wanted(database, query.app_id));
    if (wanted.app) look_at(PlaceKind::App, *wanted.app);
    TRY(wanted.key, number_wanted(database, query.key_id));
    if (wanted.key) look_at(PlaceKind::Key, *wanted.key);
    if (!query.session_id.empty()) {
        TRY(const auto session,
            number_of(Query(database,
                            "SELECT n FROM call_sessions WHERE team = ?1 AND id = ?2",
                            wanted.team,
                            query.session_id)));
        wanted.session = session.value_or(kNoWord);
        look_at(PlaceKind::Session, *wanted.session);
    }
    if (query.after.empty()) return wanted;
    const auto id = call_id_of(query.after);
    if (!id) return no_such_cursor();
    TRY(const auto cursor, find_call(database, wanted.team, *id));
    if (!cursor) return no_such_cursor();
    wanted.before = cursor->first;
    return wanted;
}

}  // namespace

Result<Page<CallRow>> list_call_rows(Database& database, const CallQuery& query) {
    TRY(const Wanted wanted, wanted_of(database, query));
    std::map<CallPosition, StoredCall> newest;  // one more than fits on the page
    Query blocks(database,
                 KEYWARDEN_BLOCKS_
                 "AND p.last_at >= ?4 AND p.first_at <= ?5 ORDER BY p.last_at DESC",
                 wanted.place[0],
                 wanted.place[1],
                 wanted.place[2],
                 wanted.from,
                 std::min(wanted.until, wanted.before.ended_at));
    StoredCall call;
    while (true) {
        TRY(const bool is_there, blocks.next());
        if (!is_there) break;
        const bool is_full = newest.size() > query.limit;
        if (is_full && blocks.moment(3) < newest.begin()->first.ended_at) break;
        CallPosition position{.block = blocks.integer(0)};
        TRY_VOID(for_each_call(std::as_const(blocks), call, [&]() -> Result<void> {
            position.ended_at = call.record.ended_at;
            const bool has_room = newest.size() <= query.limit || position > newest.begin()->first;
            if (has_room && wanted.is_one(call, position)) newest.emplace(position, call);
            if (newest.size() > query.limit + 1) newest.erase(newest.begin());
            ++position.index;
            return {};
        }));
    }
    Page<CallRow> page;
    for (const auto& [position, found] : std::views::reverse(newest)) {
        if (page.items.size() == query.limit) {
            page.next = text_of(page.items.back().record.id).view();
            break;
        }
        TRY(CallRow row, read_call(database, found));
        page.items.push_back(std::move(row));
    }
    return page;
}

Result<CallRow> get_call_row(Database& database, std::string_view team_id, const CallId& id) {
    TRY(const int64_t team, find_word(database, team_id));
    TRY(const auto found, find_call(database, team, id));
    if (!found) return no_such("request");
    return read_call(database, found->second);
}

}  // namespace keywarden
