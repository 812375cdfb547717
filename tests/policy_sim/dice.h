// Chance, and policies made by it.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "domain/policy.h"

namespace keywarden::sim {

using enum LimitKind;

class Dice {
public:
    explicit Dice(uint64_t seed) : random_(seed) {}

    uint64_t below(uint64_t bound) { return random_() % bound; }
    bool once_in(uint64_t times) { return below(times) == 0; }

    template <class T>
    AllowDeny<T> list(const std::vector<T>& pool) {
        AllowDeny<T> made;
        if (once_in(4)) {
            made.allow.emplace();
            for (uint64_t i = 1 + below(4); i > 0; --i)
                made.allow->push_back(pool[below(pool.size())]);
        }
        if (once_in(6)) made.deny.push_back(pool[below(pool.size())]);
        return made;
    }

    /// The larger `size`, the more it lets through.
    Policy policy(int64_t size) {
        static const std::vector<Glob> kGlobs = [] {
            std::vector<Glob> globs;
            for (const std::string_view text :
                 {"*", "gpt-*", "*o*", "o1", "gpt-4?", "claude-?", "?"}) {
                globs.push_back(Glob::parse(text).value());
            }
            return globs;
        }();
        static const std::vector<IpRange> kRanges = {IpRange::parse("10.0.0.0/8").value(),
                                                     IpRange::parse("10.0.0.0/16").value(),
                                                     IpRange::parse("0.0.0.0/0").value(),
                                                     IpRange::parse("2001:db8::/32").value()};
        Policy made{.addresses = list(kRanges), .models = list(kGlobs)};
        if (once_in(10)) made.kinds.deny = {KeyKind::Inference};
        const auto maybe = [&](LimitKind kind, int64_t least) {
            const auto more = static_cast<int64_t>(below(kind == ConcurrentRequests ? 2 : 10));
            if (once_in(3)) made.limits[kind] = size * (least + more);
        };
        maybe(RequestsPerMinute, 4);
        maybe(RequestsPerDay, static_cast<int64_t>(100 + below(3000)));
        maybe(TokensInPerMinute, 100);
        maybe(TokensOutPerMinute, 150);
        maybe(TokensPerMinute, 200);
        maybe(ConcurrentRequests, 1);
        maybe(TokensPerRequest, 60);
        if (made.limits[RequestsPerMinute] && once_in(3)) made.limits[Burst] = 3 * size;
        return made;
    }

private:
    std::mt19937_64 random_;
};

}  // namespace keywarden::sim
