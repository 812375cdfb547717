#include "store/sqlite/costliest.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include "store/sqlite/usage_sums.h"
#include "store/sqlite/words.h"
#include "store/usage_rules.h"

namespace keywarden {
namespace {

/// The span and the kind of sums that is looked at.
struct Span {
    int64_t team = kNoWord;
    int64_t dim = 0;
    TimePoint from{};
    TimePoint until{};
};

struct Costly {
    int64_t cost = 0;
    int64_t target = 0;
};

Result<std::vector<Costly>> costs_of(Database& database, const Span& span) {
    Query rows(database,
               "SELECT target, cost FROM rollups "
               "WHERE team = ?1 AND dim = ?2 AND start >= ?3 AND start < ?4",
               span.team,
               span.dim,
               span.from,
               span.until);
    std::unordered_map<int64_t, int64_t> costs;
    while (true) {
        TRY(const bool is_there, rows.next());
        if (!is_there) break;
        TRY_VOID(add_to(costs[rows.integer(0)], rows.integer(1)));
    }
    std::vector<Costly> out;
    out.reserve(costs.size());
    for (const auto& [target, cost] : costs) out.push_back({.cost = cost, .target = target});
    return out;
}

/// Drops those that cannot be among so many; more may stay where several cost the same.
void keep_most(std::vector<Costly>& all, size_t count) {
    if (all.size() <= count) return;
    const auto last = all.begin() + static_cast<std::ptrdiff_t>(count) - 1;
    std::ranges::nth_element(all, last, std::ranges::greater(), &Costly::cost);
    const int64_t least = last->cost;
    std::erase_if(all, [&](const Costly& one) { return one.cost < least; });
}

/// Days on which there were calls have a sum of their own: each is asked for the target's.
Result<UsageSums> sums_of_target(Database& database, const Span& span, int64_t target) {
    Query row(database,
              "SELECT " KEYWARDEN_SUMS_OF_R_
              " FROM rollups d CROSS JOIN rollups r ON r.team = d.team AND r.dim = ?2 "
              "AND r.start = d.start AND r.target = ?5 "
              "WHERE d.team = ?1 AND d.dim = 0 AND d.start >= ?3 AND d.start < ?4",
              span.team,
              span.dim,
              span.from,
              span.until,
              target);
    TRY_VOID(row.next());
    return read_sums(row, 0);
}

}  // namespace

Result<std::vector<UsageLine>> costliest(Database& database, const UsageQuery& query) {
    Span span{.dim = static_cast<int64_t>(query.split), .from = query.from, .until = query.until};
    TRY(span.team, find_word(database, query.team_id));
    TRY(std::vector<Costly> most, costs_of(database, span));
    keep_most(most, query.limit);
    std::vector<std::pair<Costly, std::string>> named;
    for (const Costly& one : most) {
        TRY(std::string word, read_word(database, one.target));
        named.emplace_back(one, std::move(word));
    }
    std::ranges::sort(named, [](const auto& a, const auto& b) {
        return a.first.cost != b.first.cost ? a.first.cost > b.first.cost : a.second < b.second;
    });
    named.resize(std::min(named.size(), query.limit));
    std::vector<UsageLine> lines;
    for (auto& [one, word] : named) {
        TRY(const UsageSums sums, sums_of_target(database, span, one.target));
        lines.push_back({.start = query.from, .target = std::move(word), .sums = sums});
    }
    return lines;
}

}  // namespace keywarden
