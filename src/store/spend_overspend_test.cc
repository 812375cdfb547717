// Two hundred calls at once, against room for exactly k: a thousand times, never the same way.
#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "domain/limiter.h"
#include "store/spend_fixture.h"

namespace keywarden {
namespace {

constexpr size_t kThreads = 8;
constexpr int kSeeds = 1'000;
constexpr int kCalls = 200;
constexpr NanoUsd kUnit{10'000'000};

enum class Bound : uint8_t { Prepaid, Postpaid, Team, App, Key, Model, Requests, kCount };

/// What one seed is about.
struct Scene {
    explicit Scene(uint64_t seed) : random(seed) {
        bound = static_cast<Bound>(random() % static_cast<uint64_t>(Bound::kCount));
        room = 1 + static_cast<int64_t>(random() % (kCalls - 20));
        rest = {static_cast<int64_t>(random() % static_cast<uint64_t>(kUnit.value))};
    }

    NanoUsd limit() const { return {room * kUnit.value + rest.value}; }

    std::mt19937_64 random;
    Bound bound;
    int64_t room;  // in units
    NanoUsd rest;  // and less than one
};

/// One call, from its gate to its end.
class OverspendCall {
public:
    explicit OverspendCall(std::mt19937_64& random)
        : clamps_(random() % 3 == 0), fails_(random() % 4 == 0) {}

    /// Returns whether it was let through.
    bool begin(SpendDirectory& directory, TimePoint now, const LimitScope* limit) {
        const Spender spender{.team_id = "team_a",
                              .app_id = "app_a",
                              .key_id = "key_a",
                              .key_slot = 1,
                              .model = "openai/gpt-4o"};
        SpendGate gate(directory, spender, now);
        // A clamp takes of four units what there is, in whole ones.
        NanoUsd amount{(clamps_ ? 4 : 1) * kUnit.value};
        const auto room = gate.room();
        if (clamps_ && room && gate.find_denial(amount)) {
            amount.value = std::max<int64_t>(room->value / kUnit.value, 1) * kUnit.value;
        }
        if (gate.find_denial(amount)) return false;
        if (limit != nullptr && take_limits({limit, 1}, {}, MonoTime{}).denial) return false;
        hold_ = gate.take(amount);
        return true;
    }
    /// The provider breaks off: nothing is charged. True: the client tries once more.
    bool fails() {
        if (!std::exchange(fails_, false)) return false;
        hold_.settle({}, {});
        return true;
    }
    NanoUsd amount() const { return hold_.amount(); }
    void end(TimePoint now) { hold_.settle(hold_.amount(), now); }

private:
    SpendHold hold_;
    bool clamps_;
    bool fails_;
};

class Overspend : public SpendFixture {
protected:
    /// Everything that may say no has this limit, or so much more that it never does.
    void set_up(SpendDirectory& directory, const Scene& scene) {
        const NanoUsd enough = usd(1'000);
        const bool is_prepaid = scene.bound == Bound::Prepaid;
        const bool is_postpaid = scene.bound == Bound::Postpaid;
        BillingTerms terms{.mode = CreditMode::Prepaid};
        if (is_postpaid) terms = {.mode = CreditMode::Postpaid, .credit_limit = scene.limit()};
        ASSERT_TRUE(directory.put_billing("team_a", terms));
        if (!is_postpaid) directory.add_credit("team_a", is_prepaid ? scene.limit() : enough);
        const auto put = [&](Bound bound, SpendScope scope, std::string target) {
            Budget budget =
                a_budget(scene.bound == bound ? scene.limit() : enough, kBudgets[at(bound)]);
            budget.scope = scope;
            budget.target = std::move(target);
            directory.put_budget(budget);
        };
        put(Bound::Team, SpendScope::Team, "");
        put(Bound::App, SpendScope::App, "app_a");
        put(Bound::Key, SpendScope::Key, "key_a");
        put(Bound::Model, SpendScope::Model, "openai/gpt-4o");
    }

    /// What may still be spent, by who bounds it: never below nothing.
    static int64_t left(const SpendDirectory& directory, const Scene& scene) {
        if (scene.bound == Bound::Requests) return 0;
        if (scene.bound == Bound::Prepaid || scene.bound == Bound::Postpaid) {
            const BalanceState state = directory.balance("team_a");
            return state.balance.value + state.credit_limit.value - state.held.value;
        }
        const BudgetState state = *directory.budget("team_a", kBudgets[at(scene.bound)]);
        return state.amount.value - state.spent.value - state.held.value;
    }

    void run(uint64_t seed) {
        Scene scene(seed);
        SpendDirectory directory(clock_);
        set_up(directory, scene);
        LimitCounter counter;
        Limits limits;
        limits[LimitKind::RequestsPerMinute] = scene.room;
        SourcedLimits sourced;
        sourced.narrow(Scope::Team, limits);
        const LimitScope limit{.scope = Scope::Team, .limits = &sourced, .counter = &counter};
        const bool is_limited = scene.bound == Bound::Requests;

        std::array<uint64_t, kThreads> seeds{};
        for (uint64_t& each : seeds) each = scene.random();
        std::atomic<int64_t> units = 0;
        std::atomic<int64_t> most_over = 0;
        std::barrier together(kThreads);
        std::vector<std::thread> threads;
        for (size_t i = 0; i < kThreads; ++i) {
            threads.emplace_back([&, i] {
                std::mt19937_64 random(seeds[i]);
                std::vector<OverspendCall> streams;  // that end when all have begun
                together.arrive_and_wait();
                for (size_t n = 0; n < kCalls / kThreads; ++n) {
                    OverspendCall call(random);
                    const auto begin = [&] {
                        return call.begin(directory, clock_.now(), is_limited ? &limit : nullptr);
                    };
                    bool is_served = begin();
                    // What a limit of requests let through stays taken.
                    if (is_served && !is_limited && call.fails()) is_served = begin();
                    if (left(directory, scene) < 0) most_over = 1;
                    if (!is_served) continue;
                    units += is_limited ? 1 : call.amount().value / kUnit.value;
                    if (random() % 2 == 0) {
                        call.end(clock_.now());
                    } else {
                        streams.push_back(std::move(call));
                    }
                }
                together.arrive_and_wait();
                for (OverspendCall& call : streams) call.end(clock_.now());
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(units, scene.room) << "bound by " << at(scene.bound);
        EXPECT_EQ(most_over, 0) << "settled and held were more than the limit";
        EXPECT_EQ(directory.balance("team_a").held.value, 0);
        if (!is_limited) EXPECT_EQ(left(directory, scene), scene.rest.value);
    }

private:
    static size_t at(Bound bound) { return static_cast<size_t>(bound); }
    static constexpr std::array kBudgets = {"", "", "bud_team", "bud_app", "bud_key", "bud_model"};
};

TEST_F(Overspend, WithRoomForExactlyKCallsKAreServed) {
    const uint64_t first = std::random_device{}();
    for (uint64_t seed = first; seed < first + kSeeds && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        run(seed);
    }
}

}  // namespace
}  // namespace keywarden
