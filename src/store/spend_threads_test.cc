// However many ask at once, no more is let through than there is.
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "domain/limiter.h"
#include "store/spend_fixture.h"

namespace keywarden {
namespace {

constexpr size_t kThreads = 64;

void run_all(const std::function<void(size_t)>& work) {
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (size_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            go.wait(false);
            work(i);
        });
    }
    go = true;
    go.notify_all();
    for (std::thread& thread : threads) thread.join();
}

class SpendThreads : public SpendFixture {
protected:
    /// Keys of one team, each with a slot, an app, and a model of its own or shared.
    Spender spender(size_t i) {
        return {.team_id = "team_a",
                .app_id = apps_[i % apps_.size()],
                .key_id = keys_[i % keys_.size()],
                .key_slot = static_cast<uint32_t>(i % keys_.size()),
                .model = models_[i % models_.size()]};
    }

    const std::vector<std::string> apps_ = {"app_a", "app_b", "app_c"};
    const std::vector<std::string> keys_ = {"key_a", "key_b", "key_c", "key_d", "key_e"};
    const std::vector<std::string> models_ = {"p/1", "p/2", "p/3", "p/4", "p/5", "p/6", "p/7"};
};

TEST_F(SpendThreads, WithRoomForExactlyKCallsKAreServed) {
    constexpr int kRoom = 20;
    for (const bool by_balance : {true, false}) {
        SCOPED_TRACE(by_balance ? "by the balance" : "by a budget");
        SpendDirectory directory(clock_);
        if (by_balance) {
            ASSERT_TRUE(directory.put_billing("team_a", {.mode = CreditMode::Prepaid}));
            directory.add_credit("team_a", usd(kRoom));
        } else {
            directory.put_budget(a_budget(usd(kRoom)));
        }
        std::atomic<int> served{0};
        std::vector<SpendHold> holds(kThreads);
        run_all([&](size_t i) {
            SpendGate gate(directory, spender(i), clock_.now());
            if (gate.find_denial(usd(1))) return;
            std::this_thread::yield();  // whoever could come between would
            holds[i] = gate.take(usd(1));
            ++served;
        });
        EXPECT_EQ(served, kRoom);
        EXPECT_EQ(directory.balance("team_a").held, usd(kRoom));
    }
}

TEST_F(SpendThreads, EverythingThatIsSpentIsCounted) {
    constexpr int kRounds = 300;
    run_all([&](size_t i) {
        for (int round = 0; round < kRounds; ++round) {
            SpendHold hold;
            {
                SpendGate gate(directory_, spender(i + static_cast<size_t>(round)), clock_.now());
                hold = gate.take({10});
            }
            if (round % 3 != 0) hold.settle({round % 7}, clock_.now());
        }
    });
    int64_t expected = 0;
    for (int round = 0; round < kRounds; ++round) expected += round % 3 != 0 ? round % 7 : 0;
    EXPECT_EQ(directory_.balance("team_a").balance.value,
              -expected * static_cast<int64_t>(kThreads));
    EXPECT_EQ(directory_.balance("team_a").held.value, 0);
    int64_t by_model = 0;
    for (const std::string& model : models_) {
        Budget budget = a_budget(kMoneyMax);
        budget.scope = SpendScope::Model;
        budget.target = model;
        directory_.put_budget(budget);
        by_model += state().spent.value;
    }
    EXPECT_EQ(by_model, expected * static_cast<int64_t>(kThreads));
}

TEST_F(SpendThreads, ChangesAndCallsDoNotWaitForOneAnother) {
    put_prepaid(usd(1'000'000));
    run_all([&](size_t i) {
        for (int round = 0; round < 100; ++round) {
            switch ((i + static_cast<size_t>(round)) % 8) {
                case 0:
                    directory_.put_budget(a_budget(usd(1'000 + round), "bud_x"));
                    break;
                case 1:
                    directory_.remove_budget("team_a", "bud_x");
                    break;
                case 2:
                    directory_.put_tags("team_a", keys_[i % keys_.size()], apps_);
                    break;
                case 3:
                    (void)directory_.put_billing(
                        "team_a",
                        {.mode = CreditMode::Prepaid, .time_zone = i % 2 ? "UTC" : "Asia/Tokyo"});
                    break;
                case 4:
                    (void)directory_.take_crossed();
                    (void)directory_.budget("team_a", "bud_x");
                    break;
                default: {
                    SpendHold hold;
                    SpendGate gate(directory_, spender(i), clock_.now());
                    if (!gate.find_denial(usd(1))) hold = gate.take(usd(1));
                    if (hold.is_open()) EXPECT_GT(gate.tags().size(), 0U);
                    // The gate ends before the hold does.
                }
            }
        }
    });
    EXPECT_EQ(directory_.balance("team_a").held.value, 0);
    EXPECT_EQ(directory_.balance("team_a").balance, usd(1'000'000));
}

TEST_F(SpendThreads, LimitsAndMoneyAreOneStep) {
    // Each has room for some; what is let through has both.
    directory_.put_budget(a_budget(usd(30)));
    LimitCounter counter;
    Limits limits;
    limits[LimitKind::RequestsPerMinute] = 25;
    SourcedLimits sourced;
    sourced.narrow(Scope::Team, limits);
    const LimitScope scope{.scope = Scope::Team, .limits = &sourced, .counter = &counter};
    std::atomic<int> served{0};
    std::vector<SpendHold> holds(kThreads);
    run_all([&](size_t i) {
        SpendGate gate(directory_, spender(i), clock_.now());
        if (gate.find_denial(usd(1))) return;
        const LimitResult limited = take_limits({&scope, 1}, {}, clock_.mono());
        if (limited.denial) return;
        holds[i] = gate.take(usd(1));
        ++served;
    });
    EXPECT_EQ(served, 25);
    EXPECT_EQ(state().held, usd(25)) << "who was refused by a limit holds no money";
}

}  // namespace
}  // namespace keywarden
