// Small ways of running a query: its one number, whether it has a row, its one row, all its rows.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/account_rules.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// The first column of the query's one row; nothing when there is none.
inline Result<std::optional<int64_t>> number_of(Query&& query) {
    TRY(const bool row, query.next());
    if (!row) return std::optional<int64_t>();
    return query.maybe_integer(0);
}

inline Result<bool> has_row(Query&& query) { return query.next(); }

inline Result<int64_t> count_of(Query&& query) {
    TRY(const auto count, number_of(std::move(query)));
    return count.value_or(0);
}

/// Errors: NotFound: there is no such `what`.
template <class T>
Result<T> read_one(Query&& query, Result<T> (*read)(const Query&), std::string_view what) {
    TRY(const bool row, query.next());
    if (!row) return no_such(what);
    return read(query);
}

template <class T>
Result<std::vector<T>> read_all(Query&& query, Result<T> (*read)(const Query&)) {
    std::vector<T> items;
    while (true) {
        TRY(const bool row, query.next());
        if (!row) return items;
        TRY(T item, read(query));
        items.push_back(std::move(item));
    }
}

/// One more than fits on the page was asked for: then there is a next one.
template <class T>
Page<T> page_of(std::vector<T> items, size_t limit) {
    Page<T> page{.items = std::move(items), .next = {}};
    if (page.items.size() > limit) {
        page.items.resize(limit);
        page.next = page.items.back().id;
    }
    return page;
}

}  // namespace keywarden
