#include "store/sqlite/call_numbers.h"

#include <charconv>

#include "store/sqlite/words.h"
#include "store/usage_rules.h"

namespace keywarden {

Result<void> read_numbers(std::string_view text, std::vector<int64_t>& numbers) {
    numbers.clear();
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
        int64_t number = 0;
        const auto [stop, error] = std::from_chars(at, end, number);
        if (error != std::errc()) {
            return fail(ErrorCode::StoreUnavailable,
                        "The database is damaged: restore a backup.",
                        "a call's list of keys or tags cannot be read");
        }
        numbers.push_back(number);
        at = stop == end ? end : stop + 1;
    }
    return {};
}

Result<void> CallNumberReader::read(const Query& row, CallNumbers& call) {
    call.n = row.integer(0);
    call.key = row.integer(1);
    call.app = row.integer(2);
    call.provider = row.integer(3);
    call.model = row.integer(4);
    call.cost = {row.integer(7)};
    call.ended_at = row.moment(8);
    call.session = row.integer(9);
    TRY_VOID(read_numbers(row.text(5), call.makers));
    TRY_VOID(read_numbers(row.text(6), call.tags));
    TRY(call.model_named, model_named(call.provider, call.model));
    return {};
}

Result<int64_t> CallNumberReader::model_named(int64_t provider, int64_t model) {
    const auto known = models_.find({provider, model});
    if (known != models_.end()) return known->second;
    TRY(const std::string provider_word, read_word(database_, provider));
    TRY(const std::string model_word, read_word(database_, model));
    TRY(const int64_t number, find_word(database_, model_name(provider_word, model_word)));
    models_[{provider, model}] = number;
    return number;
}

Result<void> count_anew(Database& database, int64_t team, const TimeZone& zone, TimePoint since) {
    PeriodCalendar calendar(zone);
    std::map<std::pair<SpendScope, int64_t>, PeriodSpend> anew;
    {
        Query rows(database,
                   "SELECT " KEYWARDEN_NUMBER_COLUMNS_
                   "FROM calls WHERE team = ?1 AND ended_at >= ?2 ORDER BY ended_at",
                   team,
                   since);
        CallNumberReader reader(database);
        CallNumbers call;
        while (true) {
            TRY(const bool row, rows.next());
            if (!row) break;
            TRY_VOID(reader.read(rows, call));
            PeriodSpend cost{.starts = calendar.starts(call.ended_at)};
            cost.spent.fill(call.cost);
            Result<void> counted;
            for_each_account(call.names(), [&](SpendScope scope, int64_t target) {
                if (counted) counted = count_spend(anew[{scope, target}], cost);
            });
            TRY_VOID(counted);
        }
    }
    for (const auto& [name, spend] : anew) {
        // One that began before the rows that were read is over, and stays as it was.
        TRY_VOID(Query(database,
                       "UPDATE spend SET day = iif(?4 >= ?10, ?5, day), "
                       "day_start = iif(?4 >= ?10, ?4, day_start), "
                       "week = iif(?6 >= ?10, ?7, week), "
                       "week_start = iif(?6 >= ?10, ?6, week_start), "
                       "month = iif(?8 >= ?10, ?9, month), "
                       "month_start = iif(?8 >= ?10, ?8, month_start) "
                       "WHERE team = ?1 AND scope = ?2 AND target = ?3",
                       team,
                       static_cast<int64_t>(name.first),
                       name.second,
                       spend.starts[0],
                       spend.spent[0].value,
                       spend.starts[1],
                       spend.spent[1].value,
                       spend.starts[2],
                       spend.spent[2].value,
                       since)
                     .run());
    }
    return {};
}

}  // namespace keywarden
