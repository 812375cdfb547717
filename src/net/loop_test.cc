#include "net/loop.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "net/task.h"

namespace keywarden {
namespace {

using std::chrono::milliseconds;

Detached append_after(Loop* loop, Nanos delay, std::string* order, char mark, char last) {
    co_await loop->sleep(delay);
    *order += mark;
    if (mark == last) loop->stop();
}

TEST(Loop, SleepersWakeInTheOrderOfTheirTimes) {
    Loop loop;
    std::string order;
    append_after(&loop, milliseconds(20), &order, 'd', 'd');
    append_after(&loop, milliseconds(5), &order, 'b', 'd');
    append_after(&loop, milliseconds(5), &order, 'c', 'd');
    append_after(&loop, Nanos(0), &order, 'a', 'd');
    EXPECT_EQ(order, "a") << "nothing to wait for";
    const MonoTime before = loop.mono();
    loop.run();
    EXPECT_EQ(order, "abcd");
    EXPECT_GE(loop.mono() - before, milliseconds(20));
}

TEST(Loop, ASleeperWakesByTheLoopsOwnClock) {
    ManualClock clock;
    Loop loop({.clock = &clock});
    std::string order;
    append_after(&loop, std::chrono::hours(1), &order, 'a', 'a');
    loop.post([&] { clock.advance(std::chrono::hours(1)); });
    loop.post([&] { loop.post([] {}); });
    loop.run();
    EXPECT_EQ(order, "a");
    EXPECT_EQ(loop.mono(), clock.mono());
    EXPECT_EQ(loop.now(), clock.now());
}

TEST(Loop, RunsWhatOtherThreadsPostAndLosesNothing) {
    constexpr int kThreads = 4;
    constexpr int kEach = 5'000;
    Loop loop;
    int64_t sum = 0;  // only the loop's thread touches it
    int count = 0;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < kEach; ++i) {
                loop.post([&, i] {
                    sum += i;
                    if (++count == kThreads * kEach) loop.stop();
                });
            }
        });
    }
    loop.run();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(sum, int64_t{kThreads} * kEach * (kEach - 1) / 2);
}

Detached alternate(Loop* loop, std::string* order, char mark) {
    for (int i = 0; i < 3; ++i) {
        *order += mark;
        co_await loop->yield();
    }
    if (order->size() == 6) loop->stop();
}

TEST(Loop, AYieldLetsTheOthersHaveTheirTurn) {
    Loop loop;
    std::string order;
    alternate(&loop, &order, 'a');
    alternate(&loop, &order, 'b');
    loop.run();
    EXPECT_EQ(order, "ababab");
}

TEST(Loop, MayRunAgain) {
    Loop loop;
    for (int i = 0; i < 3; ++i) {
        bool ran = false;
        loop.post([&] {
            ran = true;
            loop.stop();
        });
        loop.run();
        EXPECT_TRUE(ran);
    }
    loop.stop();
    loop.run();  // stopped before it ran: returns at once
}

/// Leaves the list, and takes another one with it, while the sweep goes on.
class Leaver final : public Swept {
public:
    Leaver(Loop* loop, int* swept) : loop_(loop), swept_(swept) { loop_->add_swept(this); }
    Leaver(const Leaver&) = delete;
    Leaver& operator=(const Leaver&) = delete;
    ~Leaver() { loop_->remove_swept(this); }
    void on_sweep(MonoTime) override {
        ++*swept_;
        delete victim;
        victim = nullptr;
        if (last) loop_->stop();
    }
    Leaver* victim = nullptr;
    bool last = false;

private:
    Loop* loop_;
    int* swept_;
};

TEST(Loop, WhatIsSweptMayLeaveDuringTheSweep) {
    Loop loop({.sweep_every = milliseconds(1)});
    int swept = 0;
    Leaver last(&loop, &swept);
    last.last = true;
    auto* victim = new Leaver(&loop, &swept);  // the sweep starts with those added last
    Leaver first(&loop, &swept);
    first.victim = victim;
    loop.run();
    EXPECT_EQ(swept, 2);
}

class Nudged final : public FdHandler {
public:
    explicit Nudged(Loop* loop) : loop_(loop) {}
    void on_ready(uint32_t events) override {
        EXPECT_EQ(events, 0U);
        ++told;
        if (other != nullptr) loop_->forget(other);
    }
    int told = 0;
    FdHandler* other = nullptr;

private:
    Loop* loop_;
};

TEST(Loop, WhoIsForgottenHearsNothingMore) {
    Loop loop;
    Nudged first(&loop);
    Nudged second(&loop);
    first.other = &second;
    loop.nudge(&first);
    loop.nudge(&second);
    loop.post([&] { loop.post([&] { loop.stop(); }); });
    loop.run();
    EXPECT_EQ(first.told, 1);
    EXPECT_EQ(second.told, 0);
}

}  // namespace
}  // namespace keywarden
