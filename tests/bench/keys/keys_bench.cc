// What a key costs: to check, to count, and to load a million of them from SQLite.
//
//   keys_bench [--benchmark_filter=…]     the file with the keys is made in $TMPDIR, and removed
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <malloc.h>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "store/key_directory.h"
#include "store/open.h"
#include "tests/bench/keys/many_keys.h"

namespace keywarden {
namespace {

constexpr int64_t kSample = 100'000;  // enough that their records are not all in a cache

const KeyFormats& formats() {
    static const KeyFormats kFormats = *KeyFormats::open(
        {"keywarden", "orqen", "orbitkit", "orgn", "opaque"}, Secret("a pepper for benchmarks"));
    return kFormats;
}

template <class T>
T or_die(Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "%s %s\n", result.error().message.c_str(), result.error().detail.c_str());
    std::exit(1);
}

std::unique_ptr<KeyDirectory> load(Store& store) {
    return or_die(KeyDirectory::load(store, formats(), {}, system_clock()));
}

/// A directory with so many keys, made once for all benchmarks.
struct Keys {
    explicit Keys(int64_t count)
        : folder(std::filesystem::temp_directory_path() /
                 ("kw_keys_bench_" + std::to_string(getpid()) + "_" + std::to_string(count))) {
        std::filesystem::create_directory(folder);
        or_die(open_store(url()));
        for (const Secret& secret : fill_with_keys(folder / "kw.db", count, kSample, formats())) {
            length = secret.reveal().size();
            presented += secret.reveal();
        }
        store = or_die(open_store(url()));
        directory = load(*store);
    }
    Keys(const Keys&) = delete;
    Keys& operator=(const Keys&) = delete;
    ~Keys() { std::filesystem::remove_all(folder); }
    /// One after the other in memory, as a request's head is at hand: only the directory is far.
    std::string_view next() {
        at = at + length < presented.size() ? at + length : 0;
        return std::string_view(presented).substr(at, length);
    }
    std::string url() const { return "sqlite:" + (folder / "kw.db").string(); }

    const std::filesystem::path folder;
    std::string presented;
    size_t length = 0;
    size_t at = 0;
    std::unique_ptr<Store> store;
    std::unique_ptr<KeyDirectory> directory;
};

Keys& keys(int64_t count) {
    static std::map<int64_t, std::unique_ptr<Keys>> made;
    std::unique_ptr<Keys>& at = made[count];
    if (at == nullptr) at = std::make_unique<Keys>(count);
    return *at;
}

void check_key(benchmark::State& state) {
    Keys& all = keys(state.range(0));
    const TimePoint now = system_clock().now();
    for (auto _ : state) benchmark::DoNotOptimize(all.directory->authenticate(all.next(), now));
}

void refuse_unknown_key(benchmark::State& state) {
    Keys& all = keys(state.range(0));
    const Secret unknown = formats().mint(formats().all().front(), false).secret;
    const TimePoint now = system_clock().now();
    for (auto _ : state) {
        benchmark::DoNotOptimize(all.directory->authenticate(unknown.reveal(), now));
    }
}

void digest_key(benchmark::State& state) {
    const Secret secret = formats().mint(formats().all().front(), false).secret;
    for (auto _ : state) {
        const auto parsed = formats().parse(secret.reveal());
        benchmark::DoNotOptimize(formats().digest(secret.reveal(), parsed));
    }
}

void parse_key(benchmark::State& state) {
    const Secret secret = formats().mint(formats().all().front(), false).secret;
    for (auto _ : state) benchmark::DoNotOptimize(formats().parse(secret.reveal()));
}

void take_request(benchmark::State& state) {
    Keys& all = keys(state.range(0));
    std::vector<Caller> callers;
    const TimePoint now = system_clock().now();
    for (int64_t i = 0; i < std::min(kSample, state.range(0)); ++i) {
        callers.push_back(or_die(all.directory->authenticate(all.next(), now)));
    }
    size_t at = 0;
    for (auto _ : state) {
        const PolicyReading reading = all.directory->read_policy(callers[at++ % callers.size()]);
        benchmark::DoNotOptimize(take_limits(reading.limits(), {}, system_clock().mono()));
    }
}

/// All that policies and limits cost a call: lists of 24 entries and all limits in five scopes.
void decide_and_take(benchmark::State& state) {
    const auto house = std::make_unique<PolicyDirectory>();
    Policy policy;
    policy.kinds.allow = {KeyKind::Full};
    policy.classes.allow = {PrivacyClass::Standard};
    policy.models.allow.emplace();
    policy.endpoints.allow.emplace();
    for (int i = 0; i < 24; ++i) {
        const std::string number = std::to_string(i);
        policy.models.allow->push_back(or_die(Glob::parse("model-" + number)));
        policy.models.deny.push_back(or_die(Glob::parse("old-" + number)));
        policy.endpoints.allow->push_back(or_die(Glob::parse("/v1/path/" + number)));
    }
    for (const LimitKindInfo& row : all_limit_kinds()) policy.limits[row.kind] = row.largest;
    policy.limits[LimitKind::Burst] = 1'000'000;
    house->put(InstanceRules{.policy = policy});
    house->put(PlanRules{.id = "plan", .policy = policy});
    house->put(TeamRules{.id = "team", .plan_id = "plan", .policy = policy});
    house->put(AppRules{.id = "app", .team_id = "team", .policy = policy});
    const KeyPlace& place = *house->place({.team_id = "team", .app_id = "app"});
    CounterSlot counter{nullptr};
    const ReadingKey key{.place = &place,
                         .node = house->put_key("key", place, &policy, 0),
                         .id = "key",
                         .counter = &counter};
    const MonoTime now = system_clock().mono();
    for (auto _ : state) {
        {
            const PolicyReading reading(*house, key);
            benchmark::DoNotOptimize(
                decide(reading.chain(), {.kind = KeyKind::Full, .endpoint = "/v1/path/7"}));
        }
        LimitTicket ticket;
        {
            const PolicyReading reading(*house, key, {.provider = "p", .model = "model-7"});
            benchmark::DoNotOptimize(
                decide(reading.chain(), {.model = "model-7", .privacy = PrivacyClass::Standard}));
            ticket =
                take_limits(reading.limits(), {.tokens_in = 9, .tokens_out_max = 9}, now).ticket;
        }
        ticket.settle(5, 7, now);
    }
}

void load_keys(benchmark::State& state) {
    Keys& all = keys(state.range(0));
    size_t bytes = 0;
    for (auto _ : state) {
        const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        std::unique_ptr<Store> store = or_die(open_store(all.url()));
        std::unique_ptr<KeyDirectory> directory = load(*store);
        state.PauseTiming();
        bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
        directory.reset();
        store.reset();
        state.ResumeTiming();
    }
    state.counters["bytes_per_key"] =
        static_cast<double>(bytes) / static_cast<double>(state.range(0));
}

BENCHMARK(parse_key);
BENCHMARK(digest_key);
BENCHMARK(check_key)->Arg(1'000)->Arg(1'000'000)->Repetitions(5)->ReportAggregatesOnly();
BENCHMARK(refuse_unknown_key)->Arg(1'000'000);
BENCHMARK(decide_and_take);
BENCHMARK(take_request)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(load_keys)->Arg(1'000'000)->Iterations(3)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace keywarden

BENCHMARK_MAIN();
