#include <arpa/inet.h>
#include <deque>
#include <fmt/core.h>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/failed_attempts.h"

namespace keywarden {
namespace {

constexpr MonoTime kStart{std::chrono::hours(100)};
constexpr int kRounds = 200;
constexpr int kEvents = 400;

class FailedAttemptsSim : public testing::Test {
protected:
    FailedAttemptsSim() : seed_(std::random_device()()), random_(seed_) {
        RecordProperty("seed", std::to_string(seed_));
    }
    void TearDown() override {
        if (HasFailure()) fmt::print("seed {}\n", seed_);
    }

    int64_t pick(int64_t low, int64_t high) {
        return std::uniform_int_distribution(low, high)(random_);
    }

private:
    uint64_t seed_;
    std::mt19937_64 random_;
};

/// The rule said plainly: in each span that begins with a failure there are at most the burst, and
/// what came back meanwhile.
class PlainRule {
public:
    PlainRule(int64_t burst, Nanos interval) : burst_(burst), interval_(interval) {}

    bool allows(MonoTime now) const {
        for (size_t i = 0; i < failures_.size(); ++i) {
            const auto inside = static_cast<int64_t>(failures_.size() - i) + 1;
            if (inside > burst_ + (now - failures_[i]) / interval_) return false;
        }
        return true;
    }
    void add(MonoTime now) {
        failures_.push_back(now);
        // What is as old as this has come back, whatever happened since.
        while (now - failures_.front() > interval_ * (burst_ + kEvents)) failures_.pop_front();
    }

private:
    int64_t burst_;
    Nanos interval_;
    std::deque<MonoTime> failures_;
};

TEST_F(FailedAttemptsSim, AllowsWhatThePlainRuleDoesAndSaysWhenItWill) {
    for (int round = 0; round < kRounds; ++round) {
        const FailedAttemptsRule rule{.burst = pick(1, 30), .per_second = pick(1, 20)};
        const Nanos interval =
            (Nanos(std::chrono::seconds(1)) + Nanos(rule.per_second - 1)) / rule.per_second;
        FailedAttempts attempts(rule);
        PlainRule plain(rule.burst, interval);
        MonoTime now = kStart;
        for (int event = 0; event < kEvents; ++event) {
            // At once, about as fast as they come back, or after a silence.
            const int64_t pauses[] = {
                0, pick(0, 2 * interval.count()), pick(0, interval.count() * rule.burst * 2)};
            now += Nanos(pauses[pick(0, 9) < 8 ? pick(0, 1) : 2]);
            const bool allowed = plain.allows(now);
            const Nanos wait = attempts.count("192.0.2.1", now);
            ASSERT_EQ(wait == Nanos(0), allowed) << "round " << round << " event " << event;
            if (allowed) {
                plain.add(now);
                continue;
            }
            ASSERT_FALSE(plain.allows(now + wait - Nanos(1))) << "told to wait too long";
            ASSERT_TRUE(plain.allows(now + wait)) << "told to wait too briefly";
        }
    }
}

/// An address as the sockets write it.
std::string text_of(const in6_addr& address) {
    std::string text(INET6_ADDRSTRLEN, '\0');
    inet_ntop(AF_INET6, &address, text.data(), INET6_ADDRSTRLEN);
    return text.substr(0, text.find('\0'));
}

TEST_F(FailedAttemptsSim, AnIpv6SourceIsItsNetworkHoweverItIsWritten) {
    for (int round = 0; round < 2'000; ++round) {
        in6_addr one{};
        // Mostly zeros, so that "::" stands everywhere.
        for (uint8_t& byte : one.s6_addr) byte = pick(0, 2) == 0 ? uint8_t(pick(0, 255)) : 0;
        if (text_of(one).find('.') != std::string::npos) continue;  // IPv4, written as IPv6
        in6_addr neighbour = one;
        for (size_t i = 8; i < 16; ++i) neighbour.s6_addr[i] = uint8_t(pick(0, 3) * 85);
        in6_addr stranger = one;
        stranger.s6_addr[static_cast<size_t>(pick(0, 7))] ^= uint8_t(pick(1, 255));
        if (text_of(neighbour).find('.') != std::string::npos) continue;
        if (text_of(stranger).find('.') != std::string::npos) continue;

        FailedAttempts attempts({.burst = 1, .per_second = 1});
        EXPECT_EQ(attempts.count(text_of(one), kStart), Nanos(0));
        EXPECT_NE(attempts.count(text_of(neighbour), kStart), Nanos(0))
            << text_of(one) << " and " << text_of(neighbour);
        EXPECT_EQ(attempts.count(text_of(stranger), kStart), Nanos(0))
            << text_of(one) << " and " << text_of(stranger);
    }
}

}  // namespace
}  // namespace keywarden
