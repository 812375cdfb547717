#include "store/sqlite/check_usage.h"

#include <array>
#include <fmt/core.h>
#include <map>
#include <set>
#include <utility>

#include "base/clock.h"
#include "store/sqlite/apply_calls.h"
#include "store/sqlite/call_blocks.h"
#include "store/sqlite/read.h"
#include "store/sqlite/words.h"
#include "store/usage_rules.h"

namespace keywarden {
namespace {

/// Rows come in the order of time, so a day and an hour are over when one comes from so much later.
constexpr Nanos kWindow = std::chrono::hours(72);

constexpr size_t kTotal = static_cast<size_t>(Period::Total);

using SumName = std::array<int64_t, 4>;  // key, app, provider, model; or dim, target
using Sums = std::map<SumName, UsageSums>;

/// What a row of `spend` says, and what rows of calls say to it.
struct Account {
    PeriodSpend stored;
    NanoUsd pruned{};
    PeriodSpend counted;
};

struct TeamCredit {
    int64_t number = 0;
    std::string id;
    NanoUsd credited{};
    NanoUsd spent{};
    TimePoint pruned_until{};
};

UsageSums read_sums(const Query& row, int first) {
    return {.calls = row.integer(first),
            .failed = row.integer(first + 1),
            .input_tokens = row.integer(first + 2),
            .cached_input_tokens = row.integer(first + 3),
            .output_tokens = row.integer(first + 4),
            .reasoning_tokens = row.integer(first + 5),
            .unpriced_calls = row.integer(first + 6),
            .cost = {row.integer(first + 7)},
            .tool_tokens_saved = row.integer(first + 8)};
}

/// "calls are 3 and not 4, cost is …": what of `stored` is not as `counted`. Empty: nothing.
std::string difference(const UsageSums& stored, const UsageSums& counted) {
    std::string text;
    const auto compare = [&](std::string_view what, int64_t a, int64_t b) {
        if (a == b) return;
        text += fmt::format("{}{} {} and not {}", text.empty() ? "" : ", ", what, a, b);
    };
    compare("calls are", stored.calls, counted.calls);
    compare("failed calls are", stored.failed, counted.failed);
    compare("input tokens are", stored.input_tokens, counted.input_tokens);
    compare("cached input tokens are", stored.cached_input_tokens, counted.cached_input_tokens);
    compare("output tokens are", stored.output_tokens, counted.output_tokens);
    compare("reasoning tokens are", stored.reasoning_tokens, counted.reasoning_tokens);
    compare("unpriced calls are", stored.unpriced_calls, counted.unpriced_calls);
    compare("cost in nano-dollars is", stored.cost.value, counted.cost.value);
    compare("tool tokens saved are", stored.tool_tokens_saved, counted.tool_tokens_saved);
    return text;
}

/// Of a sentence: which team's hour or day it is about.
std::string span_name(std::string_view team_id, int64_t grain, TimePoint start) {
    return fmt::format("Team {}, {} from {}",
                       team_id,
                       grain == kHourParts ? "hour" : "day",
                       format_iso8601(start));
}

class UsageCheck {
public:
    explicit UsageCheck(Database& database) : database_(database) {}

    Result<LedgerFindings> run();

private:
    Result<void> check_team(const TeamCredit& team);
    Result<void> read_accounts(const TeamCredit& team);
    Result<void> read_rows(const TeamCredit& team);
    Result<void> count_row(const StoredCall& call);
    Result<void> close_windows(const TeamCredit& team, TimePoint before);
    Result<void> compare_parts(const TeamCredit& team,
                               std::pair<int64_t, TimePoint> window,
                               Sums counted);
    Result<void> find_empty_parts(const TeamCredit& team);
    Result<void> check_rollups(const TeamCredit& team, int64_t grain);
    Result<void> compare_rollups(const TeamCredit& team,
                                 int64_t grain,
                                 TimePoint start,
                                 Sums counted);
    Result<void> find_empty_rollups(const TeamCredit& team);
    Result<void> check_accounts(const TeamCredit& team);
    Result<void> check_balance(const TeamCredit& team);
    /// Compares two sets of sums of one span of time; `name` says whose one is.
    template <class Name>
    Result<void> compare(std::string_view where,
                         const Sums& stored,
                         Sums counted,
                         const Name& name);
    Result<std::string> part_name(const SumName& part);
    Result<std::string> rollup_name(const SumName& rollup);
    /// The number of "provider/model".
    Result<int64_t> model_named(int64_t provider, int64_t model);
    void differ(std::string sentence);

    Database& database_;
    LedgerFindings findings_;
    int64_t places_ = 0;                                     // by which blocks must be found
    std::map<std::pair<int64_t, int64_t>, int64_t> models_;  // "provider/model", by both
    // Of the team:
    std::map<std::pair<SpendScope, int64_t>, Account> accounts_;
    std::map<std::pair<int64_t, TimePoint>, Sums> windows_;  // by grain, and start
    std::set<std::pair<int64_t, TimePoint>> seen_;
};

void UsageCheck::differ(std::string sentence) {
    if (findings_.differences.size() < kFindingsMax) {
        findings_.differences.push_back(std::move(sentence));
    }
}

Result<LedgerFindings> UsageCheck::run() {
    TRY_VOID(Query(database_, "BEGIN").run());
    std::vector<TeamCredit> teams;
    {
        Query rows(database_,
                   "SELECT c.team, w.word, c.credited, c.spent, c.pruned_until FROM credit c "
                   "JOIN words w ON w.n = c.team ORDER BY c.team");
        while (true) {
            TRY(const bool row, rows.next());
            if (!row) break;
            teams.push_back({.number = rows.integer(0),
                             .id = std::string(rows.text(1)),
                             .credited = {rows.integer(2)},
                             .spent = {rows.integer(3)},
                             .pruned_until = rows.moment(4)});
        }
    }
    for (const TeamCredit& team : teams) TRY_VOID(check_team(team));
    findings_.teams = std::ssize(teams);
    TRY(const int64_t rows, count_of(Query(database_, "SELECT sum(calls) FROM call_blocks")));
    if (rows != findings_.rows) {
        differ(fmt::format("{} calls belong to a team without an account.", rows - findings_.rows));
    }
    TRY(const int64_t places, count_of(Query(database_, "SELECT count(*) FROM call_places")));
    if (places != places_) {
        differ(fmt::format("Calls are found by {} places and not by {}.", places, places_));
    }
    TRY_VOID(Query(database_, "COMMIT").run());
    return std::move(findings_);
}

Result<void> UsageCheck::check_team(const TeamCredit& team) {
    accounts_.clear();
    windows_.clear();
    seen_.clear();
    TRY_VOID(read_accounts(team));
    TRY_VOID(read_rows(team));
    TRY_VOID(find_empty_parts(team));
    TRY_VOID(check_rollups(team, kHourParts));
    TRY_VOID(check_rollups(team, kDayParts));
    TRY_VOID(find_empty_rollups(team));
    TRY_VOID(check_accounts(team));
    return check_balance(team);
}

// ---- rows, and the finer sums ------------------------------------------------------------------

Result<void> UsageCheck::read_accounts(const TeamCredit& team) {
    Query rows(database_,
               "SELECT scope, target, day_start, week_start, month_start, day, week, month, total, "
               "pruned FROM spend WHERE team = ?1",
               team.number);
    while (true) {
        TRY(const bool row, rows.next());
        if (!row) return {};
        Account& account = accounts_[{static_cast<SpendScope>(rows.integer(0)), rows.integer(1)}];
        for (int i = 0; i < 3; ++i) {
            account.stored.starts.at(static_cast<size_t>(i)) = rows.moment(2 + i);
        }
        for (int i = 0; i < 4; ++i) {
            account.stored.spent.at(static_cast<size_t>(i)) = {rows.integer(5 + i)};
        }
        account.pruned = {rows.integer(9)};
    }
}

Result<void> UsageCheck::read_rows(const TeamCredit& team) {
    Query blocks(database_,
                 KEYWARDEN_BLOCKS_ "ORDER BY p.last_at",
                 team.number,
                 static_cast<int64_t>(PlaceKind::Team),
                 int64_t{0});
    StoredCall call;
    while (true) {
        TRY(const bool is_there, blocks.next());
        if (!is_there) return close_windows(team, TimePoint::max());
        std::set<Place> places;
        TRY_VOID(for_each_call(std::as_const(blocks), call, [&] {
            ++findings_.rows;
            for (const Place& place : places_of(call)) places.insert(place);
            return count_row(call);
        }));
        places_ += std::ssize(places);
        TRY_VOID(close_windows(team, blocks.moment(3) - kWindow));
    }
}

Result<void> UsageCheck::count_row(const StoredCall& call) {
    const CallNumbers& n = call.numbers;
    const UsageSums sums = sums_of(call.record);
    const TimePoint hour = std::chrono::floor<std::chrono::hours>(call.record.ended_at);
    const SumName name = {n.key, n.app, n.provider, n.model};
    TRY_VOID(add_to(windows_[{kHourParts, hour}][name], sums));
    TRY_VOID(add_to(windows_[{kDayParts, call.day}][name], sums));
    Result<void> counted;
    for_each_account(n.names(), [&](SpendScope scope, int64_t target) {
        Account& account = accounts_[{scope, target}];
        for (size_t i = 0; i < kPeriods && counted; ++i) {
            if (i != kTotal && call.record.ended_at < account.stored.starts.at(i)) continue;
            counted = add_to(account.counted.spent.at(i), call.record.cost);
        }
    });
    return counted;
}

Result<void> UsageCheck::close_windows(const TeamCredit& team, TimePoint before) {
    for (const int64_t grain : {kHourParts, kDayParts}) {
        auto at = windows_.lower_bound({grain, TimePoint::min()});
        while (at != windows_.end() && at->first.first == grain && at->first.second < before) {
            TRY_VOID(compare_parts(team, at->first, std::move(at->second)));
            at = windows_.erase(at);
        }
    }
    return {};
}

Result<void> UsageCheck::compare_parts(const TeamCredit& team,
                                       std::pair<int64_t, TimePoint> window,
                                       Sums counted) {
    seen_.insert(window);
    const auto& [grain, start] = window;
    if (start < team.pruned_until) return {};  // some of its rows are gone
    Sums stored;
    {
        Query rows(database_,
                   "SELECT key, app, provider, model, calls, failed, input, cached_input, output, "
                   "reasoning, unpriced, cost, tools_saved FROM rollup_parts "
                   "WHERE team = ?1 AND grain = ?2 AND start = ?3",
                   team.number,
                   grain,
                   start);
        while (true) {
            TRY(const bool row, rows.next());
            if (!row) break;
            stored[{rows.integer(0), rows.integer(1), rows.integer(2), rows.integer(3)}] =
                read_sums(rows, 4);
        }
    }
    return compare(
        span_name(team.id, grain, start), stored, std::move(counted), [this](const SumName& name) {
            return part_name(name);
        });
}

/// Sums of an hour or a day in which there are no rows at all.
Result<void> UsageCheck::find_empty_parts(const TeamCredit& team) {
    Query rows(database_,
               "SELECT DISTINCT grain, start FROM rollup_parts WHERE team = ?1 AND start >= ?2",
               team.number,
               team.pruned_until);
    while (true) {
        TRY(const bool row, rows.next());
        if (!row) return {};
        if (seen_.contains({rows.integer(0), rows.moment(1)})) continue;
        differ(fmt::format("{}: there are sums, and no calls.",
                           span_name(team.id, rows.integer(0), rows.moment(1))));
    }
}

template <class Name>
Result<void> UsageCheck::compare(std::string_view where,
                                 const Sums& stored,
                                 Sums counted,
                                 const Name& name) {
    for (const auto& [key, sums] : stored) counted.try_emplace(key);
    for (const auto& [key, sums] : counted) {
        const auto found = stored.find(key);
        const std::string what =
            difference(found == stored.end() ? UsageSums() : found->second, sums);
        if (what.empty()) continue;
        TRY(const std::string whose, name(key));
        differ(fmt::format("{}, {}: {}.", where, whose, what));
    }
    return {};
}

Result<std::string> UsageCheck::part_name(const SumName& part) {
    std::array<std::string, 4> words;
    for (size_t i = 0; i < words.size(); ++i) {
        TRY(words.at(i), read_word(database_, part.at(i)));
    }
    return fmt::format(
        "key '{}', app '{}', model '{}'", words[0], words[1], model_name(words[2], words[3]));
}

// ---- the coarser sums --------------------------------------------------------------------------

Result<void> UsageCheck::check_rollups(const TeamCredit& team, int64_t grain) {
    Query rows(database_,
               "SELECT start, key, app, provider, model, calls, failed, input, cached_input, "
               "output, reasoning, unpriced, cost, tools_saved FROM rollup_parts "
               "WHERE team = ?1 AND grain = ?2 ORDER BY start",
               team.number,
               grain);
    Sums counted;
    TimePoint start{};
    while (true) {
        TRY(const bool row, rows.next());
        if ((!row || rows.moment(0) != start) && !counted.empty()) {
            TRY_VOID(compare_rollups(team, grain, start, std::exchange(counted, Sums())));
        }
        if (!row) return {};
        start = rows.moment(0);
        const UsageSums sums = read_sums(rows, 5);
        if (grain == kHourParts) {
            TRY_VOID(add_to(counted[{kHourWhole, 0}], sums));
            continue;
        }
        TRY(const int64_t model, model_named(rows.integer(3), rows.integer(4)));
        const std::array<int64_t, 5> targets = {
            0, rows.integer(1), rows.integer(2), model, rows.integer(3)};
        for (size_t dim = 0; dim < targets.size(); ++dim) {
            TRY_VOID(add_to(counted[{static_cast<int64_t>(dim), targets.at(dim)}], sums));
        }
    }
}

Result<void> UsageCheck::compare_rollups(const TeamCredit& team,
                                         int64_t grain,
                                         TimePoint start,
                                         Sums counted) {
    Sums stored;
    const bool is_hour = grain == kHourParts;
    for (int64_t dim = is_hour ? kHourWhole : 0; dim <= (is_hour ? kHourWhole : 4); ++dim) {
        Query rows(
            database_,
            "SELECT target, calls, failed, input, cached_input, output, reasoning, "
            "unpriced, cost, tools_saved FROM rollups WHERE team = ?1 AND dim = ?2 AND start = ?3",
            team.number,
            dim,
            start);
        while (true) {
            TRY(const bool row, rows.next());
            if (!row) break;
            stored[{dim, rows.integer(0)}] = read_sums(rows, 1);
        }
    }
    return compare(
        span_name(team.id, grain, start), stored, std::move(counted), [this](const SumName& name) {
            return rollup_name(name);
        });
}

Result<void> UsageCheck::find_empty_rollups(const TeamCredit& team) {
    Query rows(database_,
               "SELECT r.dim, r.target, r.start FROM rollups r WHERE r.team = ?1 AND NOT EXISTS "
               "(SELECT 1 FROM rollup_parts p WHERE p.team = ?1 AND p.grain = (r.dim <> 5) "
               "AND p.start = r.start)",
               team.number);
    while (true) {
        TRY(const bool row, rows.next());
        if (!row) return {};
        TRY(const std::string whose, rollup_name({rows.integer(0), rows.integer(1)}));
        differ(fmt::format("Team {}, from {}, {}: there is a sum, and nothing that it sums.",
                           team.id,
                           format_iso8601(rows.moment(2)),
                           whose));
    }
}

Result<std::string> UsageCheck::rollup_name(const SumName& rollup) {
    constexpr std::array<std::string_view, 6> kDims = {
        "the day's sum", "key", "app", "model", "provider", "the hour's sum"};
    const auto dim = static_cast<size_t>(rollup[0]);
    if (dim >= kDims.size()) return "an unknown sum";
    TRY(const std::string word, read_word(database_, rollup[1]));
    if (rollup[0] == 0 || rollup[0] == kHourWhole) return std::string(kDims.at(dim));
    return fmt::format("{} '{}'", kDims.at(dim), word);
}

Result<int64_t> UsageCheck::model_named(int64_t provider, int64_t model) {
    const auto known = models_.find({provider, model});
    if (known != models_.end()) return known->second;
    TRY(const std::string provider_word, read_word(database_, provider));
    TRY(const std::string model_word, read_word(database_, model));
    TRY(const int64_t number, find_word(database_, model_name(provider_word, model_word)));
    models_[{provider, model}] = number;
    return number;
}

// ---- accounts, and the balance -----------------------------------------------------------------

Result<void> UsageCheck::check_accounts(const TeamCredit& team) {
    constexpr std::array<std::string_view, 6> kScopes = {
        "the team", "app", "key", "model", "tag", "plan"};
    constexpr std::array<std::string_view, kPeriods> kNames = {"day", "week", "month", "total"};
    for (const auto& [name, account] : accounts_) {
        TRY(const std::string target, read_word(database_, name.second));
        const auto scope = static_cast<size_t>(name.first);
        const std::string whose = fmt::format("Team {}, account of {}{}",
                                              team.id,
                                              scope < kScopes.size() ? kScopes.at(scope) : "?",
                                              target.empty() ? "" : " '" + target + "'");
        NanoUsd total = account.pruned;
        TRY_VOID(add_to(total, account.counted.spent.at(kTotal)));
        for (size_t i = 0; i < kPeriods; ++i) {
            const NanoUsd stored = account.stored.spent.at(i);
            const NanoUsd counted = i == kTotal ? total : account.counted.spent.at(i);
            // Of a period of which rows are gone, no more can be said than that there was no less.
            const bool is_whole = i == kTotal || account.stored.starts.at(i) >= team.pruned_until;
            if (is_whole ? stored == counted : stored >= counted) continue;
            differ(fmt::format("{}: the {} is {} nano-dollars, and its calls come to {}.",
                               whose,
                               kNames.at(i),
                               stored.value,
                               counted.value));
        }
    }
    return {};
}

Result<void> UsageCheck::check_balance(const TeamCredit& team) {
    const Account& account = accounts_[{SpendScope::Team, 0}];
    NanoUsd spent = account.pruned;
    TRY_VOID(add_to(spent, account.counted.spent.at(kTotal)));
    TRY(const int64_t days,
        count_of(Query(
            database_, "SELECT sum(cost) FROM rollups WHERE team = ?1 AND dim = 0", team.number)));
    TRY(const int64_t ledger,
        count_of(Query(database_, "SELECT sum(amount) FROM ledger WHERE team = ?1", team.number)));
    const auto compare_money = [&](NanoUsd stored, int64_t counted, std::string_view what) {
        if (stored.value == counted) return;
        differ(fmt::format(
            "Team {}: {} {} nano-dollars and not {}.", team.id, what, stored.value, counted));
    };
    compare_money(team.spent, spent.value, "by its calls, the balance takes off");
    compare_money(team.spent, days, "by its days, the balance takes off");
    compare_money(team.credited, ledger, "by its ledger, the balance has");
    return {};
}

}  // namespace

Result<LedgerFindings> check_usage(Database& reader) { return UsageCheck(reader).run(); }

}  // namespace keywarden
