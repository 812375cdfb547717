#include "store/sqlite/apply_calls.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/failpoint.h"
#include "domain/call_accounts.h"
#include "store/sqlite/read.h"
#include "store/sqlite/repeatable_rows.h"

namespace keywarden {
namespace {

constexpr auto kDay = static_cast<size_t>(Period::Day);
constexpr auto kWeek = static_cast<size_t>(Period::Week);
constexpr auto kMonth = static_cast<size_t>(Period::Month);
constexpr auto kTotal = static_cast<size_t>(Period::Total);

constexpr size_t kAlikeMax = 2000;  // remembered

// Finer and coarser sums grow alike.
#define KEYWARDEN_SUMS_ \
    "calls, failed, input, cached_input, output, reasoning, unpriced, cost, tools_saved"
#define KEYWARDEN_ADD_SUMS_                                                           \
    "ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, "                      \
    "failed = failed + excluded.failed, input = input + excluded.input, "             \
    "cached_input = cached_input + excluded.cached_input, "                           \
    "output = output + excluded.output, reasoning = reasoning + excluded.reasoning, " \
    "unpriced = unpriced + excluded.unpriced, cost = cost + excluded.cost, "          \
    "tools_saved = tools_saved + excluded.tools_saved"

Result<void> write_part(Database& database,
                        const std::array<int64_t, 7>& name,
                        const UsageSums& sums) {
    return Query(database,
                 "INSERT INTO rollup_parts(team, grain, start, key, app, provider, "
                 "model, " KEYWARDEN_SUMS_
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                 "?13, ?14, ?15, ?16) " KEYWARDEN_ADD_SUMS_,
                 name[0],
                 name[1],
                 name[2],
                 name[3],
                 name[4],
                 name[5],
                 name[6],
                 sums.calls,
                 sums.failed,
                 sums.input_tokens,
                 sums.cached_input_tokens,
                 sums.output_tokens,
                 sums.reasoning_tokens,
                 sums.unpriced_calls,
                 sums.cost.value,
                 sums.tool_tokens_saved)
        .run();
}

Result<void> write_rollup(Database& database,
                          const std::array<int64_t, 4>& name,
                          const UsageSums& sums) {
    return Query(database,
                 "INSERT INTO rollups(team, dim, start, target, " KEYWARDEN_SUMS_
                 ") "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                 "?13) " KEYWARDEN_ADD_SUMS_,
                 name[0],
                 name[1],
                 name[2],
                 name[3],
                 sums.calls,
                 sums.failed,
                 sums.input_tokens,
                 sums.cached_input_tokens,
                 sums.output_tokens,
                 sums.reasoning_tokens,
                 sums.unpriced_calls,
                 sums.cost.value,
                 sums.tool_tokens_saved)
        .run();
}

/// A session's number within its team; it is made where it is new.
Result<int64_t> add_session(Database& database, int64_t team, std::string_view id) {
    TRY(const auto there,
        number_of(
            Query(database, "SELECT n FROM call_sessions WHERE team = ?1 AND id = ?2", team, id)));
    if (there) return *there;
    return count_of(Query(
        database, "INSERT INTO call_sessions(team, id) VALUES (?1, ?2) RETURNING n", team, id));
}

}  // namespace

Result<void> CallApplier::apply(Database& database,
                                std::span<const CallRecord> rows,
                                std::span<const JournalPosition> positions) {
    TRY(Transaction transaction, Transaction::begin(database));
    Result<void> done = write(database, rows, positions);
    clear();
    failpoint("store.applied");
    if (done) done = transaction.commit();
    if (!done) {
        words_.forget();
        ids_.forget();
        alike_.clear();
    }
    return done;
}

void CallApplier::clear() {
    for (Alike* alike : open_) alike->block = nullptr;
    open_.clear();
    if (alike_.size() > kAlikeMax) alike_.clear();
    ids_.trim();
    blocks_.clear();
    calendars_.clear();
    parts_.clear();
    spend_.clear();
    sessions_.clear();
    models_.clear();
    trials_.clear();
}

Result<void> CallApplier::write(Database& database,
                                std::span<const CallRecord> rows,
                                std::span<const JournalPosition> positions) {
    for (const CallRecord& row : rows) {
        TRY(const bool is_new, ids_.add(database, row.id));
        if (!is_new) continue;
        TRY_VOID(add_row(database, row));
        trials_.note(row);
    }
    TRY_VOID(write_repeatable_rows(database, rows));
    for (Alike* alike : open_) TRY_VOID(sum_up(*alike));
    for (auto& [name, block] : blocks_) TRY_VOID(insert_block(database, block));
    TRY_VOID(write_sums(database));
    TRY_VOID(write_spend(database));
    TRY_VOID(write_sessions(database));
    TRY_VOID(trials_.write(database));
    for (const JournalPosition& position : positions) {
        TRY_VOID(Query(database,
                       "INSERT INTO journal_positions(segment, offset) VALUES (?1, ?2) "
                       "ON CONFLICT(segment) DO UPDATE SET offset = max(offset, excluded.offset)",
                       position.segment,
                       position.offset)
                     .run());
    }
    return {};
}

Result<void> CallApplier::add_row(Database& database, const CallRecord& record) {
    TRY(Alike* const alike, alike_of(database, record));
    StoredCall& call = alike->call;
    call.record = as_kept(record);
    call.named_session = !record.session_id.empty();
    TRY(call.session, number_session(database, call.numbers, call.record));
    TRY(PeriodCalendar* const calendar, calendar_of(database, call.numbers.team));
    const PeriodStarts& begun = calendar->starts(call.record.ended_at);
    const TimePoint hour = std::chrono::floor<std::chrono::hours>(call.record.ended_at);
    call.day = begun[kDay];
    if (alike->block == nullptr || alike->hour != hour || alike->starts != begun) {
        if (alike->block == nullptr) open_.push_back(alike);
        TRY_VOID(sum_up(*alike));
        alike->block = &blocks_[{call.numbers.team, hour}];
        alike->block->team = call.numbers.team;
        alike->hour = hour;
        alike->starts = begun;
        alike->places = {};
    }
    alike->block->add(call, alike->places);
    return add_to(alike->sums, sums_of(call.record));
}

/// Most rows name what others named before them: one look at all their texts finds it.
Result<CallApplier::Alike*> CallApplier::alike_of(Database& database, const CallRecord& record) {
    name_.clear();
    const auto add = [this](std::string_view text) {
        const auto size = static_cast<uint32_t>(text.size());
        name_.append(reinterpret_cast<const char*>(&size), sizeof size).append(text);
    };
    for (const std::string_view text : {record.team_id,
                                        record.key_id,
                                        record.app_id,
                                        record.user_id,
                                        record.provider,
                                        record.model,
                                        record.route,
                                        record.error}) {
        add(text);
    }
    for (const std::string_view text : record.makers) add(text);
    for (const std::string_view text : record.tags) {
        if (!text.empty()) add(text);
    }
    const auto known = alike_.find(name_);
    if (known != alike_.end()) return &known->second;
    TRY(CallNumbers numbers, number(database, record));
    return &alike_.try_emplace(name_, StoredCall{.numbers = std::move(numbers)}).first->second;
}

Result<PeriodCalendar*> CallApplier::calendar_of(Database& database, int64_t team) {
    const auto known = calendars_.find(team);
    if (known != calendars_.end()) return &known->second;
    TimeZone zone;
    Query query(database, "SELECT time_zone FROM credit WHERE team = ?1", team);
    TRY(const bool row, query.next());
    if (row) {
        TRY(zone, find_time_zone(std::string(query.text(0))));
    }
    return &calendars_.try_emplace(team, zone).first->second;
}

Result<CallNumbers> CallApplier::number(Database& database, const CallRecord& record) {
    CallNumbers n;
    TRY(n.team, words_.add(database, record.team_id));
    TRY(n.key, words_.add(database, record.key_id));
    TRY(n.app, words_.add(database, record.app_id));
    TRY(n.user, words_.add(database, record.user_id));
    TRY(n.provider, words_.add(database, record.provider));
    TRY(n.model, words_.add(database, record.model));
    TRY(n.route, words_.add(database, record.route));
    TRY(n.error, words_.add(database, record.error));
    TRY(n.model_named, words_.add(database, model_name(record.provider, record.model)));
    TRY_VOID(number_all(database, record.makers, n.makers));
    TRY_VOID(number_all(database, record.tags, n.tags));
    return n;
}

Result<void> CallApplier::number_all(Database& database,
                                     std::span<const std::string_view> words,
                                     std::vector<int64_t>& numbers) {
    for (const std::string_view word : words) {
        if (word.empty()) continue;
        TRY(numbers.emplace_back(), words_.add(database, word));
    }
    return {};
}

Result<int64_t> CallApplier::number_session(Database& database,
                                            const CallNumbers& n,
                                            const CallRecord& record) {
    if (!record.session_id.empty()) return add_session(database, n.team, record.session_id);
    const auto [at, is_new] = sessions_.try_emplace({n.team, n.key});
    KnownSession& known = at->second;
    if (is_new) {
        Query query(database,
                    "SELECT s.n, k.first_at, k.last_at FROM key_sessions k "
                    "JOIN call_sessions s ON s.n = k.session WHERE k.team = ?1 AND k.key = ?2",
                    n.team,
                    n.key);
        TRY(const bool row, query.next());
        if (row) {
            known = {.number = query.integer(0),
                     .session = {.first = query.moment(1), .last = query.moment(2)}};
        }
    }
    const bool is_known = known.number != kNoWord;
    if (is_known && joins(known.session, record)) {
        known.changed = true;
        return known.number;
    }
    const KeySession begun = session_from(record);
    TRY(const int64_t number,
        count_of(Query(database,
                       "INSERT INTO call_sessions(team, id) VALUES (?1, ?2) "
                       "ON CONFLICT DO UPDATE SET id = excluded.id RETURNING n",
                       n.team,
                       begun.id)));
    if (!is_known || record.ended_at > known.session.last) {
        known = {.number = number, .session = begun, .changed = true};
    }
    return number;
}

/// Adds what is open to the sums, and closes it.
Result<void> CallApplier::sum_up(Alike& alike) {
    if (alike.block == nullptr) return {};
    const CallNumbers& n = alike.call.numbers;
    const auto add = [&](int64_t grain, TimePoint start) {
        return add_to(parts_[{n.team, grain, to_millis(start), n.key, n.app, n.provider, n.model}],
                      alike.sums);
    };
    TRY_VOID(add(kHourParts, alike.hour));
    TRY_VOID(add(kDayParts, alike.starts[kDay]));
    models_[{n.provider, n.model}] = n.model_named;

    PeriodSpend cost{.starts = alike.starts};
    cost.spent.fill(alike.sums.cost);
    Result<void> counted;
    for_each_account(n.names(), [&](SpendScope scope, int64_t target) {
        if (!counted) return;
        counted = count_spend(spend_[{n.team, static_cast<int64_t>(scope), target}], cost);
    });
    alike.sums = {};
    return counted;
}

Result<void> CallApplier::write_sums(Database& database) {
    std::map<RollupName, UsageSums> rollups;
    for (const auto& [name, sums] : parts_) {
        TRY_VOID(write_part(database, name, sums));
        const auto& [team, grain, start, key, app, provider, model] = name;
        if (grain == kHourParts) {
            TRY_VOID(add_to(rollups[{team, kHourWhole, start, 0}], sums));
            continue;
        }
        const std::array<int64_t, 5> targets = {0, key, app, models_[{provider, model}], provider};
        for (size_t dim = 0; dim < targets.size(); ++dim) {
            TRY_VOID(add_to(rollups[{team, static_cast<int64_t>(dim), start, targets[dim]}], sums));
        }
    }
    for (const auto& [name, sums] : rollups) TRY_VOID(write_rollup(database, name, sums));
    return {};
}

Result<void> CallApplier::write_spend(Database& database) {
    for (const auto& [name, spend] : spend_) {
        TRY_VOID(Query(database,
                       "INSERT INTO spend(team, scope, target, day_start, day, week_start, week, "
                       "month_start, month, total) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET "
                       "day = CASE WHEN excluded.day_start > day_start THEN excluded.day "
                       "WHEN excluded.day_start = day_start THEN day + excluded.day ELSE day END, "
                       "day_start = max(day_start, excluded.day_start), "
                       "week = CASE WHEN excluded.week_start > week_start THEN excluded.week "
                       "WHEN excluded.week_start = week_start THEN week + excluded.week "
                       "ELSE week END, "
                       "week_start = max(week_start, excluded.week_start), "
                       "month = CASE WHEN excluded.month_start > month_start THEN excluded.month "
                       "WHEN excluded.month_start = month_start THEN month + excluded.month "
                       "ELSE month END, "
                       "month_start = max(month_start, excluded.month_start), "
                       "total = total + excluded.total",
                       name[0],
                       name[1],
                       name[2],
                       spend.starts[kDay],
                       spend.spent[kDay].value,
                       spend.starts[kWeek],
                       spend.spent[kWeek].value,
                       spend.starts[kMonth],
                       spend.spent[kMonth].value,
                       spend.spent[kTotal].value)
                     .run());
        if (name[1] != static_cast<int64_t>(SpendScope::Team)) continue;
        TRY_VOID(Query(database,
                       "INSERT INTO credit(team, spent) VALUES (?1, ?2) "
                       "ON CONFLICT DO UPDATE SET spent = spent + excluded.spent",
                       name[0],
                       spend.spent[kTotal].value)
                     .run());
    }
    return {};
}

Result<void> CallApplier::write_sessions(Database& database) {
    for (const auto& [name, known] : sessions_) {
        if (!known.changed) continue;
        TRY_VOID(Query(database,
                       "INSERT INTO key_sessions(team, key, session, first_at, last_at) "
                       "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET "
                       "session = excluded.session, first_at = excluded.first_at, "
                       "last_at = excluded.last_at",
                       name.first,
                       name.second,
                       known.number,
                       known.session.first,
                       known.session.last)
                     .run());
    }
    return {};
}

}  // namespace keywarden
