#include "domain/limiter.h"

#include <array>
#include <atomic>
#include <barrier>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "domain/limiter_fixture.h"

namespace keywarden {
namespace {

using enum LimitKind;
using std::chrono::seconds;

/// A team and a key of it.
struct House : CountedHouse {
    LimitResult take(MonoTime now, const LimitRequest& request = {}) {
        return take_limits(scopes(), request, now);
    }
    LimitResult peek(MonoTime now, const LimitRequest& request = {}) {
        return peek_limits(scopes(), request, now);
    }
};

SourcedLimit limit(int64_t value, Scope source) { return {value, source}; }

TEST(Limiter, WithoutLimitsEverythingPasses) {
    House house;
    const LimitResult got = house.take(at(0), {.body_bytes = 1, .tokens_in = INT64_MAX});
    EXPECT_FALSE(got.denial);
    EXPECT_EQ(got.requests.limit, 0);
    EXPECT_EQ(got.tokens.limit, 0);
    EXPECT_FALSE(take_limits({}, {}, at(0)).denial);
}

TEST(Limiter, WhatLeavesACounterGivesItsTokensAndItsPlaceBack) {
    House house;
    house.team[TokensPerMinute] = limit(1'000, Scope::Team);
    house.team[ConcurrentRequests] = limit(1, Scope::Team);
    house.key[TokensPerMinute] = limit(1'000, Scope::Key);
    LimitResult first = house.take(at(0), {.tokens_in = 100, .tokens_out_max = 200});
    first.ticket.leave(house.team_counter, at(1));
    first.ticket.leave(house.team_counter, at(1));  // it has left
    const auto used = [&](Scope scope, LimitKind kind) {
        const auto scopes = house.scopes();
        for (const LimitUse& use : list_limits(scopes, {}, at(1))) {
            if (use.counted_in == scope && use.kind == kind) return use.used;
        }
        return int64_t{-1};
    };
    EXPECT_EQ(used(Scope::Team, TokensPerMinute), 0);
    EXPECT_EQ(used(Scope::Team, ConcurrentRequests), 0);
    EXPECT_EQ(used(Scope::Key, TokensPerMinute), 300);
    first.ticket.settle(10, 20, at(2));
    EXPECT_EQ(used(Scope::Team, TokensPerMinute), 0);
    EXPECT_EQ(used(Scope::Key, TokensPerMinute), 30);
}

TEST(Limiter, ADenialTakesNothingFromAnyScope) {
    House house;
    house.team[RequestsPerMinute] = limit(2, Scope::Plan);
    house.key[RequestsPerMinute] = limit(1, Scope::Key);
    EXPECT_FALSE(house.take(at(0)).denial);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(house.take(at(1)).denial);

    SourcedLimits other;
    LimitCounter other_counter;
    const std::array<LimitScope, 2> scopes = {
        LimitScope{Scope::Team, &house.team, &house.team_counter},
        LimitScope{Scope::Key, &other, &other_counter}};
    EXPECT_FALSE(take_limits(scopes, {}, at(2)).denial);
    EXPECT_EQ(take_limits(scopes, {}, at(3)).denial->source, Scope::Plan);
}

TEST(Limiter, SaysWhoDeniesWhatAndWhenThereIsRoom) {
    House house;
    house.key[RequestsPerMinute] = limit(1, Scope::Key);
    house.take(at(0));
    const LimitDenial denial = house.take(at(10)).denial.value();
    EXPECT_EQ(denial.kind, RequestsPerMinute);
    EXPECT_EQ(denial.source, Scope::Key);
    EXPECT_EQ(denial.limit, 1);
    EXPECT_EQ(denial.used, 1);
    EXPECT_GT(denial.retry_after, seconds(50));
    EXPECT_LE(denial.retry_after, seconds(56));
    EXPECT_FALSE(house.take(at(10) + denial.retry_after).denial);
}

TEST(Limiter, OfSeveralDenialsTheLongestIsNamed) {
    House house;
    house.team[RequestsPerDay] = limit(1, Scope::Team);
    house.key[RequestsPerMinute] = limit(1, Scope::Key);
    house.take(at(0));
    const LimitDenial denial = house.take(at(1)).denial.value();
    EXPECT_EQ(denial.kind, RequestsPerDay);
    EXPECT_EQ(limit_error(denial).code, ErrorCode::QuotaExceeded);
}

TEST(Limiter, ARequestThatCanNeverFitIsTooLarge) {
    House house;
    house.team[TokensPerMinute] = limit(100, Scope::Plan);
    house.key[RequestsPerMinute] = limit(1, Scope::Key);
    house.take(at(0));
    const LimitDenial denial =
        house.take(at(0), {.tokens_in = 60, .tokens_out_max = 41}).denial.value();
    EXPECT_EQ(denial.kind, TokensPerMinute);
    EXPECT_EQ(denial.retry_after, Nanos(0));
    EXPECT_EQ(limit_error(denial).code, ErrorCode::RequestTooLarge);
    EXPECT_EQ(info(limit_error(denial).code).http_status, 413);
}

TEST(Limiter, SizesAreLookedAtAlone) {
    House house;
    house.key[TokensPerRequest] = limit(10, Scope::Key);
    house.team[BodyBytes] = limit(1000, Scope::Plan);
    EXPECT_FALSE(house.take(at(0), {.tokens_in = 5, .tokens_out_max = 5}).denial);
    EXPECT_EQ(house.take(at(0), {.tokens_in = 5, .tokens_out_max = 6}).denial->kind,
              TokensPerRequest);
    EXPECT_EQ(house.take(at(0), {.body_bytes = 1001}).denial->source, Scope::Plan);
    EXPECT_EQ(house.take(at(0), {.tokens_in = INT64_MAX, .tokens_out_max = INT64_MAX}).denial->kind,
              TokensPerRequest);
}

TEST(Limiter, TokensAreTakenByEstimateAndCorrected) {
    House house;
    house.team[TokensOutPerMinute] = limit(100, Scope::Team);
    LimitResult first = house.take(at(0), {.tokens_in = 10, .tokens_out_max = 80});
    EXPECT_EQ(first.tokens.remaining, 20);
    EXPECT_TRUE(house.take(at(1), {.tokens_out_max = 50}).denial);
    first.ticket.correct(12, 30, at(2));
    EXPECT_EQ(house.peek(at(2)).tokens.remaining, 70);
    first.ticket.correct(12, 95, at(3));
    EXPECT_EQ(house.peek(at(3)).tokens.remaining, 5);
    first.ticket.end();
    first.ticket.correct(0, 0, at(4));
    EXPECT_EQ(house.peek(at(4)).tokens.remaining, 5);
}

TEST(Limiter, APlaceIsFreedHoweverTheRequestEnds) {
    House house;
    house.key[ConcurrentRequests] = limit(2, Scope::Key);
    LimitTicket kept;
    {
        LimitResult first = house.take(at(0));
        LimitResult second = house.take(at(0));
        const LimitDenial denial = house.take(at(0)).denial.value();
        EXPECT_EQ(limit_error(denial).code, ErrorCode::ConcurrencyLimitExceeded);
        EXPECT_GT(denial.retry_after, Nanos(0));
        kept = std::move(first.ticket);
        EXPECT_FALSE(first.ticket.holds_places());  // NOLINT(bugprone-use-after-move): the promise
        LimitTicket other(std::move(kept));
        kept = std::move(other);
    }
    EXPECT_TRUE(kept.holds_places());
    EXPECT_FALSE(house.take(at(0)).denial);  // freed at once: nobody keeps the result
    LimitResult again = house.take(at(0));
    EXPECT_TRUE(house.take(at(0)).denial);
    kept = std::move(again.ticket);
    EXPECT_FALSE(house.take(at(0)).denial);
    kept.end();
    kept.end();
    EXPECT_FALSE(house.peek(at(0)).denial);
}

TEST(Limiter, ABurstIsSmoothed) {
    House house;
    house.key[RequestsPerMinute] = limit(60, Scope::Key);
    house.key[Burst] = limit(2, Scope::Plan);
    EXPECT_FALSE(house.take(at(0)).denial);
    EXPECT_FALSE(house.take(at(0)).denial);
    const LimitDenial denial = house.take(at(0)).denial.value();
    EXPECT_EQ(denial.kind, Burst);
    EXPECT_EQ(denial.source, Scope::Plan);
    EXPECT_EQ(denial.retry_after, seconds(1));
    EXPECT_FALSE(house.take(at(1)).denial);
}

TEST(Limiter, ALimitSetLaterMeetsWhatIsUsed) {
    House house;
    const LimitResult running = house.take(at(0), {.tokens_in = 70});
    house.team[RequestsPerMinute] = limit(1, Scope::Plan);
    house.team[TokensInPerMinute] = limit(100, Scope::Plan);
    house.team[ConcurrentRequests] = limit(1, Scope::Plan);
    EXPECT_EQ(house.peek(at(1)).requests.remaining, 0);
    EXPECT_EQ(house.peek(at(1)).tokens.remaining, 30);
    EXPECT_TRUE(house.peek(at(1)).denial);
}

TEST(Limiter, TheTightestScopeIsShown) {
    House house;
    house.team[RequestsPerMinute] = limit(100, Scope::Plan);
    house.key[RequestsPerMinute] = limit(10, Scope::Key);
    for (int i = 0; i < 5; ++i) house.take(at(0));
    EXPECT_EQ(house.peek(at(0)).requests.source, Scope::Key);
    EXPECT_EQ(house.peek(at(0)).requests.remaining, 5);
    house.team[RequestsPerMinute] = limit(7, Scope::Plan);
    EXPECT_EQ(house.peek(at(0)).requests.source, Scope::Plan);
    EXPECT_EQ(house.peek(at(0)).requests.remaining, 2);
    EXPECT_GT(house.peek(at(0)).requests.reset_after, seconds(60));
}

TEST(Limiter, PeekingTakesNothing) {
    House house;
    house.key[RequestsPerMinute] = limit(1, Scope::Key);
    house.key[Burst] = limit(1, Scope::Key);
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(house.peek(at(0)).denial);
    EXPECT_FALSE(house.take(at(0)).denial);
}

TEST(Limiter, AnErrorSaysWhatACallerNeeds) {
    const Error error = limit_error({RequestsPerMinute, Scope::Plan, 60, 60, seconds(7)});
    EXPECT_EQ(error.code, ErrorCode::RateLimitExceeded);
    EXPECT_EQ(error.retry_after, seconds(7));
    EXPECT_EQ(error.message, "The plan's 'requests_per_minute' of 60 is used up: 60 are taken.");
    EXPECT_EQ(error.facts.at(0).name, "denied_by");
    EXPECT_EQ(std::get<std::string>(error.facts.at(0).value), "plan");
}

// All keys share one team. The clock stands still within a round, so what a thread let through
// has one moment; between two rounds it jumps.
TEST(Limiter, SixtyFourThreadsNeverGetMoreThanTheLimitInAnyMinute) {
    constexpr int kThreads = 64;
    constexpr int kRounds = 120;
    constexpr int64_t kLimit = 97;
    constexpr int64_t kPlaces = 9;
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);

    LimitCounter team_counter;
    SourcedLimits team;
    team[RequestsPerMinute] = limit(kLimit, Scope::Team);
    team[ConcurrentRequests] = limit(kPlaces, Scope::Team);
    std::array<LimitCounter, kThreads> key_counters;
    const SourcedLimits key;
    std::array<std::atomic<int64_t>, kRounds> taken{};
    std::array<MonoTime, kRounds> moments{};
    std::atomic<int64_t> running = 0;
    std::atomic<int64_t> most_running = 0;
    int round = 0;
    MonoTime now{};
    std::barrier barrier(kThreads, [&]() noexcept {
        moments[static_cast<size_t>(round++)] = now;
        now += std::chrono::milliseconds(random() % 6000);
    });

    const auto work = [&](size_t thread) {
        for (size_t i = 0; i < kRounds; ++i) {
            for (int call = 0; call < 4; ++call) {
                const std::array<LimitScope, 2> scopes = {
                    LimitScope{Scope::Team, &team, &team_counter},
                    LimitScope{Scope::Key, &key, &key_counters[thread]}};
                const LimitResult result = take_limits(scopes, {.tokens_in = 3}, now);
                if (result.denial) continue;
                ++taken[i];
                const int64_t at_once = ++running;
                int64_t most = most_running.load();
                while (most < at_once && !most_running.compare_exchange_weak(most, at_once)) {
                }
                --running;
            }
            barrier.arrive_and_wait();
        }
    };
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
    threads.clear();

    int64_t all = 0;
    for (size_t last = 0; last < kRounds; ++last) {
        int64_t sum = 0;
        for (size_t i = last + 1; i-- > 0 && moments[last] - moments[i] < seconds(60);) {
            sum += taken[i];
        }
        ASSERT_LE(sum, kLimit) << "the minute that ends with round " << last;
        all += taken[last];
    }
    EXPECT_GT(all, kLimit);
    EXPECT_LE(most_running, kPlaces);
    team[RequestsPerMinute] = {};
    team[ConcurrentRequests] = limit(1, Scope::Team);
    const LimitScope only{Scope::Team, &team, &team_counter};
    EXPECT_FALSE(peek_limits({&only, 1}, {}, now).denial) << "a place has leaked";
}

}  // namespace
}  // namespace keywarden
