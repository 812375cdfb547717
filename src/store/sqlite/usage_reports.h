// What people ask of usage, in SQLite: sums from rollups, and pages of calls.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/sqlite/database.h"
#include "store/usage_store.h"

namespace keywarden {

/// Sums, by texts of queries that are put together once each.
class UsageReports {
public:
    Result<std::vector<UsageLine>> usage(Database& database, const UsageQuery& query);

private:
    struct Filter;
    static Result<Filter> filter_of(Database& database, const UsageQuery& query);
    const std::string& sql_of(const UsageQuery& query, bool from_parts);

    std::map<int, std::string> sql_;  // by the shape of the query; they stay where they are
};

Result<Page<CallRow>> list_call_rows(Database& database, const CallQuery& query);
Result<CallRow> get_call_row(Database& database, std::string_view team_id, const CallId& id);

}  // namespace keywarden
