// Queries of our own routes, strict like bodies: an unknown or repeated parameter is an error.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/json_body.h"
#include "base/result.h"

namespace keywarden {

/// A row of a query's parameters: what it is called, and how its value is taken over.
template <class Draft>
struct Parameter {
    std::string_view name;
    Result<void> (*read)(std::string_view text, Draft& draft);
};

struct QueryPair {
    std::string_view name;  // as it was sent
    std::string value;      // decoded; never empty
};

/// In the order in which they were sent. Errors: InvalidRequest.
Result<std::vector<QueryPair>> split_query(std::string_view query);

/// Takes each parameter over by its row.
/// Errors: UnknownField; InvalidRequest, also for one that is there twice or has no value.
template <class Draft>
Result<void> read_parameters(std::string_view query,
                             std::span<const Parameter<Draft>> rows,
                             Draft& draft) {
    TRY(const std::vector<QueryPair> pairs, split_query(query));
    for (const QueryPair& pair : pairs) {
        const auto row = std::ranges::find(rows, pair.name, &Parameter<Draft>::name);
        if (row == rows.end()) {
            std::vector<std::string_view> known;
            for (const Parameter<Draft>& each : rows) known.push_back(each.name);
            return fail_unknown_field(pair.name, known);
        }
        TRY_VOID(row->read(pair.value, draft));
    }
    return {};
}

/// A whole number from 1 to `max`. Errors: InvalidRequest.
Result<size_t> read_limit_of(std::string_view text, size_t max);

}  // namespace keywarden
