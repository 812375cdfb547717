// Calls in SQLite: how fast they go in, and how long people wait for what they ask.
//
//   usage_bench DATABASE ROWS DAYS [check] [busy]
//                                             adds ROWS calls of the last DAYS to an empty database
//   usage_bench DATABASE ROWS DAYS team=ID    adds them to a gateway's own, whatever it has, until
//   now
//
// Half of the calls are one team's, the rest are spread over 50 others; each team has 40 keys (the
// large one 400), 8 apps, and 12 models of 4 providers. Busy: all are of four keys of one team.
// Of a gateway's own team all calls are, of the keys that it has: of the n-th key an n-th as many
// as of the first (Zipf's law).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "base/clock.h"
#include "domain/call_id.h"
#include "store/open.h"

namespace keywarden {
namespace {

constexpr size_t kBatch = 2000;       // as the applier takes them
constexpr size_t kOwnBatch = 20'000;  // where how fast they go in is not asked
constexpr int kTeams = 50;
constexpr int kRuns = 5;
constexpr int64_t kDay = 86'400'000;
const TimePoint kMidnight = from_millis(1'795'132'800'000);
constexpr std::string_view kTeamIs = "team=";

/// Texts that live as long as the program.
struct Names {
    std::vector<std::string> teams, keys, apps, models, providers, users;

    Names() {
        for (int i = 0; i <= kTeams; ++i) teams.push_back("team_" + std::to_string(100'000 + i));
        for (int i = 0; i < 400 + kTeams * 40; ++i) keys.push_back(new_id("key"));
        for (int i = 0; i < 8 * (kTeams + 1); ++i) apps.push_back(new_id("app"));
        for (int i = 0; i < 12; ++i) models.push_back("a-model-of-size-" + std::to_string(i));
        providers = {"openai", "anthropic", "groq", "bedrock"};
        for (int i = 0; i < 100; ++i) users.push_back(new_id("user"));
    }
};

enum class Spread : uint8_t { Teams, Busy, OwnTeam };

class Calls {
public:
    Calls(const Names& names, int64_t rows, int64_t days, TimePoint end, Spread spread)
        : names_(names), rows_(rows), span_(days * kDay), end_(end), spread_(spread) {}

    /// The next calls, in the order of time.
    const std::vector<CallRecord>& next() {
        batch_.clear();
        const size_t size = spread_ == Spread::OwnTeam ? kOwnBatch : kBatch;
        while (batch_.size() < size && made_ < rows_) batch_.push_back(make());
        return batch_;
    }

private:
    size_t draw(size_t below) {
        return std::uniform_int_distribution<size_t>(0, below - 1)(chance_);
    }
    /// Some are drawn much more often than others.
    size_t draw_uneven(size_t below) { return std::min(draw(below), draw(below)); }

    size_t draw_key(size_t team) {
        if (spread_ == Spread::Busy) return draw_uneven(4);
        if (spread_ == Spread::Teams) {
            return team == 0 ? draw_uneven(400) : 400 + (team - 1) * 40 + draw_uneven(40);
        }
        const auto keys = static_cast<double>(names_.keys.size());
        const double drawn = std::pow(keys, std::uniform_real_distribution<>()(chance_));
        return std::min(static_cast<size_t>(drawn), names_.keys.size()) - 1;
    }

    CallRecord make() {
        const TimePoint at = end_ - std::chrono::milliseconds(span_ * (rows_ - made_) / rows_);
        ++made_;
        const size_t team = spread_ != Spread::Teams || draw(2) == 0 ? 0 : 1 + draw(kTeams);
        const size_t key = draw_key(team);
        const size_t model = (key + draw_uneven(3)) % 12;
        CallRecord call{.id = *call_id_of(new_request_id(at).view()),
                        .admitted_at = at - std::chrono::milliseconds(1500),
                        .ended_at = at,
                        .team_id = names_.teams[team],
                        .app_id = names_.apps[team * 8 + key % 8],
                        .key_id = names_.keys[key],
                        .user_id = names_.users[key % 100],
                        .provider = names_.providers[model % 4],
                        .model = names_.models[model],
                        .route = "/v1/chat/completions",
                        .status = draw(50) == 0 ? 429 : 200,
                        .attempts = 1,
                        .streamed = draw(2) == 0,
                        .priced = true,
                        .usage = {.input = static_cast<int64_t>(draw(5000)),
                                  .output = static_cast<int64_t>(draw(900)),
                                  .total = 5000,
                                  .cached_input = static_cast<int64_t>(draw(1000))},
                        .price_version = 1,
                        .held = {20'000'000},
                        .cost = {static_cast<int64_t>(draw(20'000'000))},
                        .duration = std::chrono::microseconds(1'500'000 + draw(100'000)),
                        .first_byte = std::chrono::microseconds(400'000 + draw(100'000)),
                        .overhead = std::chrono::microseconds(draw(300))};
        if (key % 3 == 0) call.tags = {"production", "blue"};
        return call;
    }

    const Names& names_;
    int64_t rows_;
    int64_t span_;
    TimePoint end_;
    Spread spread_;
    int64_t made_ = 0;
    std::mt19937_64 chance_{1};
    std::vector<CallRecord> batch_;
};

/// What the process has worked: on a machine that others use too, this is what can be compared.
int64_t cpu_micros() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto micros = [](const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; };
    return micros(used.ru_utime) + micros(used.ru_stime);
}

int64_t micros_of(const std::function<void()>& work) {
    const MonoTime begun = precise_mono();
    work();
    return (precise_mono() - begun) / std::chrono::microseconds(1);
}

template <class T>
T must(Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "%s: %s\n", result.error().message.c_str(), result.error().detail.c_str());
    std::exit(EXIT_FAILURE);
}

/// The middle one of some runs, and what the process worked for it.
void measure(const char* what, const std::function<size_t()>& ask) {
    std::vector<std::pair<int64_t, int64_t>> times;
    size_t lines = 0;
    for (int i = 0; i < kRuns; ++i) {
        const int64_t before = cpu_micros();
        const int64_t took = micros_of([&] { lines = ask(); });
        times.emplace_back(took, cpu_micros() - before);
    }
    std::ranges::sort(times);
    const auto& [took, worked] = times[kRuns / 2];
    std::printf("%-42s %8.2f ms, %8.2f ms of work, %zu lines\n",
                what,
                static_cast<double>(took) / 1000,
                static_cast<double>(worked) / 1000,
                lines);
}

void fill(UsageStore& usage, Calls calls, int64_t rows) {
    int64_t inside = 0;
    int64_t slowest = 0;
    int64_t worked = 0;
    int64_t since = 0;
    for (int64_t done = 0; done < rows;) {
        const std::vector<CallRecord>& batch = calls.next();
        const int64_t before = cpu_micros();
        const int64_t took = micros_of([&] {
            const auto applied = usage.apply(batch, {});
            if (!applied) std::exit(EXIT_FAILURE);
        });
        worked += cpu_micros() - before;
        inside += took;
        since += took;
        slowest = std::max(slowest, took);
        done += std::ssize(batch);
        if (done % 500'000 == 0) {
            std::printf("  %lld rows, %lld a second lately\n",
                        static_cast<long long>(done),
                        static_cast<long long>(500'000 * 1'000'000LL / since));
            std::fflush(stdout);
            since = 0;
        }
    }
    std::printf(
        "%lld rows applied: %lld a second, %lld a second of work; the slowest batch took "
        "%lld ms\n",
        static_cast<long long>(rows),
        static_cast<long long>(rows * 1'000'000 / std::max(inside, int64_t{1})),
        static_cast<long long>(rows * 1'000'000 / std::max(worked, int64_t{1})),
        static_cast<long long>(slowest / 1000));
}

void ask(UsageStore& usage, const std::string& team, TimePoint end) {
    const TimePoint start = end - std::chrono::days(365);
    const auto sums = [&](const char* what, UsageQuery query) {
        measure(what, [&] { return must(usage.usage(query)).size(); });
    };
    const TimePoint month = end - std::chrono::days(30);
    const auto newest = must(usage.list_calls({.team_id = team, .limit = 100}));
    const CallRecord call = newest.items.front().record;
    const std::string key(call.key_id);
    const std::string model(call.model);
    sums("a year in one sum", {.team_id = team, .from = start, .until = end});
    sums("a year, day by day",
         {.team_id = team, .from = start, .until = end, .grain = UsageGrain::Day});
    sums("a year by key", {.team_id = team, .from = start, .until = end, .split = UsageSplit::Key});
    sums("a year by model",
         {.team_id = team, .from = start, .until = end, .split = UsageSplit::Model});
    sums("a year of one key, day by day",
         {.team_id = team, .from = start, .until = end, .grain = UsageGrain::Day, .key_id = key});
    sums("a year of one key and one model",
         {.team_id = team, .from = start, .until = end, .key_id = key, .model = model});
    sums("a year by key, of one model",
         {.team_id = team, .from = start, .until = end, .split = UsageSplit::Key, .model = model});
    sums("a month, day by day",
         {.team_id = team, .from = month, .until = end, .grain = UsageGrain::Day});
    sums("a month by day and model",
         {.team_id = team,
          .from = month,
          .until = end,
          .grain = UsageGrain::Day,
          .split = UsageSplit::Model});
    sums("a month by key",
         {.team_id = team, .from = month, .until = end, .split = UsageSplit::Key});
    sums("the 100 costliest keys of a month",
         {.team_id = team, .from = month, .until = end, .split = UsageSplit::Key, .limit = 100});
    sums("the 100 costliest keys of a year",
         {.team_id = team, .from = start, .until = end, .split = UsageSplit::Key, .limit = 100});
    sums("a year, hour by hour",
         {.team_id = team, .from = start, .until = end, .grain = UsageGrain::Hour});
    sums("a week by hour and model",
         {.team_id = team,
          .from = end - std::chrono::days(7),
          .until = end,
          .grain = UsageGrain::Hour,
          .split = UsageSplit::Model});
    sums("a year of all teams, day by day",
         {.from = start, .until = end, .grain = UsageGrain::Day});
    const auto pages = [&](const char* what, CallQuery query) {
        measure(what, [&] { return must(usage.list_calls(query)).items.size(); });
    };
    pages("a page of requests", {.team_id = team, .limit = 100});
    pages("the page after 100", {.team_id = team, .after = newest.next, .limit = 100});
    pages("a page of one key", {.team_id = team, .limit = 100, .key_id = key});
    pages("a page of half a year ago",
          {.team_id = team, .limit = 100, .until = start + std::chrono::days(180)});
    pages("a page of those that failed", {.team_id = team, .limit = 100, .failed = true});
    pages("a page of a session",
          {.team_id = team, .limit = 100, .session_id = newest.items.front().session_id});
    pages("a page of a model", {.team_id = team, .limit = 100, .model = model});
    pages("a page of an app that there is not",
          {.team_id = team, .limit = 100, .app_id = newest.items.front().session_id});
    measure("one request", [&] { return must(usage.get_call(team, call.id)).text->size(); });
    measure("what all accounts have spent", [&] {
        size_t count = 0;
        if (!usage.for_each_spend([&](const SpendTotals&) { ++count; })) return size_t{0};
        return count;
    });
}

/// Those of a gateway's team, newest first.
std::vector<std::string> keys_of(Store& store, const std::string& team) {
    std::vector<std::string> ids;
    KeyQuery query{.team_id = team, .limit = 100, .now = system_clock().now()};
    do {
        const KeyPage page = must(store.list_keys(query));
        for (const Key& key : page.keys) ids.push_back(key.id);
        query.after = page.next;
    } while (!query.after.empty());
    return ids;
}

int run(int count, char** arguments) {
    if (count < 4) {
        std::fprintf(stderr, "usage: usage_bench DATABASE ROWS DAYS [check] [busy] [team=ID]\n");
        return EXIT_FAILURE;
    }
    const auto store = must(open_store(std::string("sqlite:") + arguments[1]));
    UsageStore& usage = store->usage();
    Names names;
    Spread spread = Spread::Teams;
    TimePoint end = kMidnight;
    for (const std::string_view word : std::span(arguments + 4, arguments + count)) {
        if (word == "busy") spread = Spread::Busy;
        if (!word.starts_with(kTeamIs)) continue;
        spread = Spread::OwnTeam;
        end = system_clock().now();
        names.teams[0] = word.substr(kTeamIs.size());
        names.keys = keys_of(*store, names.teams[0]);
    }
    const auto there = must(usage.list_calls({.team_id = names.teams[0], .limit = 1}));
    const auto is_asked = [&](std::string_view what) {
        return std::find(arguments + 4, arguments + count, what) != arguments + count;
    };
    const int64_t rows = std::atoll(arguments[2]);
    if (there.items.empty() || spread == Spread::OwnTeam) {
        fill(usage, Calls(names, rows, std::atoll(arguments[3]), end, spread), rows);
    }
    ask(usage, names.teams[0], end);
    if (!is_asked("check")) return EXIT_SUCCESS;
    LedgerFindings found;
    const int64_t took = micros_of([&] { found = must(usage.verify()); });
    std::printf("checked %lld rows in %lld ms: %zu differences\n",
                static_cast<long long>(found.rows),
                static_cast<long long>(took / 1000),
                found.differences.size());
    int64_t pruned = 0;
    const int64_t pruning = micros_of([&] { pruned = must(usage.prune_calls(end, kBatch)); });
    std::printf("pruned %lld rows in %lld ms\n",
                static_cast<long long>(pruned),
                static_cast<long long>(pruning / 1000));
    return EXIT_SUCCESS;
}

}  // namespace
}  // namespace keywarden

int main(int count, char** arguments) { return keywarden::run(count, arguments); }
