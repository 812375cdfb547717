// Random rotations, uses, restarts, and clocks that are set back, beside a simple model of them.
#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "store/directory_fixture.h"
#include "store/key_directory.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr int kSteps = 60;

class RotationModel : public DirectoryFixture {
public:
    RotationModel() { SetUp(); }
    void TestBody() override {}

    void run() {
        secrets_.push_back({.minted = create(), .created = clock_.now()});
        for (int i = 0; i < kSteps; ++i) {
            step();
            check();
        }
    }

private:
    struct One {
        MintedKey minted;
        TimePoint created;
        std::optional<Nanos> grace{};
        std::optional<TimePoint> end{};
        bool used = false;
        bool dead = false;  // seen to be
    };

    static int below(int bound) { return *rc::gen::inRange(0, bound); }

    bool live(const One& one, TimePoint at) const {
        return !one.dead && (!one.end || at < *one.end);
    }

    void step() {
        switch (below(8)) {
            case 0:
                clock_.advance(std::chrono::hours(below(24 * 40)));
                break;
            case 1:
                clock_.set_back(std::chrono::minutes(below(60 * 24 * 40)));
                break;
            case 2:
                rotate(false);
                break;
            case 3:
                if (below(6) == 0) rotate(true);
                break;
            case 4:
                upkeep();
                break;
            case 5:
                upkeep();
                reload();
                break;
            default:
                use(secrets_[static_cast<size_t>(below(static_cast<int>(secrets_.size())))]);
                break;
        }
    }

    void upkeep() {
        RC_ASSERT(directory_->write_uses().has_value());
        for (One& one : secrets_) one.dead = one.dead || !live(one, clock_.now());
    }

    void use(One& one) {
        const bool expected = live(one, clock_.now());
        RC_ASSERT(ask(one.minted).has_value() == expected);
        if (!expected) one.dead = true;
        if (!expected || std::exchange(one.used, true)) return;
        const TimePoint start = std::max(clock_.now(), one.created);
        for (One* older = secrets_.data(); older != &one; ++older) {
            if (!older->grace) continue;
            older->end = std::min(older->end.value_or(TimePoint::max()), start + *older->grace);
        }
        upkeep();  // within the second
    }

    void rotate(bool emergency) {
        const Nanos grace = std::chrono::hours(below(90 * 24 + 1));
        upkeep();  // a rotation begins with it
        const TimePoint now = std::max(clock_.now(), secrets_.back().created);
        const auto lives =
            std::ranges::count_if(secrets_, [&](const One& one) { return live(one, now); });
        auto fresh = directory_->rotate(
            "team_a", secrets_[0].minted.key.id, {}, {.grace = grace, .emergency = emergency});
        RC_ASSERT(fresh.has_value() == (emergency || lives < 3));
        if (!fresh) return;
        for (One& one : secrets_) {
            one.dead = emergency || !live(one, now);
            if (one.dead) continue;
            one.grace = std::min(one.grace.value_or(kGraceMax), grace);
            one.end = std::min(one.end.value_or(TimePoint::max()), now + kUnusedSecretMax + grace);
        }
        secrets_.push_back({.minted = *std::move(fresh), .created = now});
    }

    void check() {
        RC_ASSERT(live(secrets_.back(), clock_.now()));
        const auto caller = ask(secrets_.back().minted);
        RC_ASSERT(caller.has_value());
        RC_ASSERT(!caller->deprecated_at && !caller->sunset_at);
        use(secrets_.back());  // as the model sees that
        int lives = 0;
        for (One& one : secrets_) {
            const auto answer = ask(one.minted);
            RC_ASSERT(answer.has_value() == live(one, clock_.now()));
            if (!answer) one.dead = true;
            if (!answer) continue;
            ++lives;
            RC_ASSERT(answer->deprecated_at.has_value() == (&one != &secrets_.back()));
            RC_ASSERT(answer->sunset_at == one.end);
            use(one);
        }
        RC_ASSERT(lives <= 3);
    }

    std::vector<One> secrets_;  // oldest first
};

RC_GTEST_PROP(KeyRotationModel, HoldsWhateverHappens, ()) {
    RotationModel model;
    model.run();
}

}  // namespace
}  // namespace keywarden
