// A stored call as numbers of words: what sums are taken from, without reading a text twice.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/calendar.h"
#include "domain/call_accounts.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// What a SELECT must name, in this order, from its column 0 on.
#define KEYWARDEN_NUMBER_COLUMNS_ \
    "n, key, app, provider, model, makers, tags, cost, ended_at, session "

struct CallNumbers {
    int64_t n = 0, key = 0, app = 0, provider = 0, model = 0, session = 0;
    int64_t model_named = 0;  // "provider/model"
    std::vector<int64_t> makers{}, tags{};
    NanoUsd cost{};
    TimePoint ended_at{};

    CallNames<int64_t> names() const {
        return {.app = app, .key = key, .model = model_named, .makers = makers, .tags = tags};
    }
};

/// Reads rows, and remembers what models are called.
class CallNumberReader {
public:
    explicit CallNumberReader(Database& database) : database_(database) {}
    /// Errors: StoreUnavailable when the row is none that we wrote.
    Result<void> read(const Query& row, CallNumbers& call);
    /// The number of "provider/model".
    Result<int64_t> model_named(int64_t provider, int64_t model);

private:
    Database& database_;
    std::map<std::pair<int64_t, int64_t>, int64_t> models_;
};

/// "12 7": numbers as a row has them. Errors: StoreUnavailable.
Result<void> read_numbers(std::string_view text, std::vector<int64_t>& numbers);

/// Sums what the accounts of a team have spent in the day, week, and month that they are in, as
/// these begin in a time zone, anew from the rows that ended at `since` or later.
Result<void> count_anew(Database& database, int64_t team, const TimeZone& zone, TimePoint since);

}  // namespace keywarden
