// Random creations, changes, revocations, rotations, restarts, and calls, against the rules as a
// customer reads them: who may do what, and that no limit ever lets more through.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "domain/rights.h"
#include "tests/policy_sim/dice.h"
#include "tests/policy_sim/facts.h"
#include "tests/policy_sim/house.h"
#include "tests/policy_sim/model.h"

namespace keywarden::sim {
namespace {

using enum LimitKind;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int kSteps = 100'000;
#else
constexpr int kSteps = 1'000'000;
#endif

constexpr size_t kPlans = 3;
constexpr size_t kTeams = 4;
constexpr size_t kApps = 8;
constexpr size_t kUsers = 12;
constexpr size_t kKeysMax = 40;
constexpr size_t kOpenMax = 30;

/// A denial may come up to a cell early, and each start on a machine booted anew may add one.
constexpr Nanos kSlack = seconds(21);

constexpr std::array<std::string_view, 5> kModels = {
    "gpt-4o", "gpt-4o-mini", "o1", "claude-3", "x"};
constexpr std::array<std::string_view, 4> kAddresses = {
    "10.0.0.1", "10.9.0.1", "192.0.2.1", "2001:db8::1"};

struct Open {
    Call call{};
    LimitTicket ticket{};
    std::shared_ptr<Admitted> admitted{};
};

class Simulation {
public:
    explicit Simulation(uint64_t seed) : dice_(seed) {
        facts_.instance_defaults[RequestsPerMinute] = 30;
        facts_.plans.resize(kPlans);
        for (size_t i = 0; i < kTeams; ++i) facts_.teams.push_back({.plan = i % kPlans});
        for (size_t i = 0; i < kApps; ++i) facts_.apps.push_back({.team = i % kTeams});
        for (size_t i = 0; i < kUsers; ++i) facts_.users.push_back({.team = i % kTeams});
        house_ = std::make_unique<House>(facts_);
        for (int i = 0; i < 20; ++i) create_key();
    }

    void step() {
        pass(milliseconds(below(500)));
        const uint64_t dice = below(1000);
        if (dice < 960) {
            call();
        } else if (dice < 970) {
            change_a_key();
        } else if (dice < 990) {
            create_key();
        } else if (dice < 998) {
            change_something_wider();
        } else if (once_in(10)) {
            restart();
        }
        while (open_.size() > below(kOpenMax)) end_one();
    }

    std::map<std::string, int> outcomes;

private:
    uint64_t below(uint64_t bound) { return dice_.below(bound); }
    bool once_in(uint64_t times) { return dice_.once_in(times); }
    Policy policy(int64_t size) { return dice_.policy(size); }
    MonoTime mono() const { return MonoTime(now_ - booted_at_); }
    void pass(Nanos time) { now_ += time; }

    Rights rights_of(size_t key) const {
        const KeyFacts& facts = facts_.keys[key];
        return {.kind = facts.key.kind,
                .expires_at = facts.key.expires_at,
                .app_id = std::to_string(facts.app),
                .policy = facts.policy};
    }

    /// The rights that its maker, if that is a key, may hand out to it.
    Rights grantor_of(const KeyFacts& facts) const {
        return facts.maker ? rights_of(*facts.maker) : Rights{};
    }

    /// A place for a new key: a free one, or that of a dead key that made none and runs no call.
    std::optional<size_t> place() {
        if (facts_.keys.size() < kKeysMax) {
            facts_.keys.emplace_back();
            return facts_.keys.size() - 1;
        }
        const size_t key = below(facts_.keys.size());
        const KeyState state = state_at(facts_.keys[key].key, now_);
        const bool dead = state == KeyState::Revoked || state == KeyState::Expired;
        const bool makes = std::ranges::any_of(
            facts_.keys, [&](const KeyFacts& other) { return other.maker == key; });
        const bool runs =
            std::ranges::any_of(open_, [&](const Open& open) { return open.call.key == key; });
        return dead && !makes && !runs ? std::optional(key) : std::nullopt;
    }

    void create_key() {
        KeyFacts made{.user = below(kUsers)};
        const User& user = facts_.users[made.user];
        made.team = user.team;
        made.app = made.team + kTeams * below(kApps / kTeams);
        if (!facts_.keys.empty() && once_in(2)) {
            const size_t maker = below(facts_.keys.size());
            const KeyFacts& of_maker = facts_.keys[maker];
            if (makers_of(facts_, maker).size() + 1 > kMakersMax - 1) return;
            made = {
                .team = of_maker.team, .app = of_maker.app, .user = of_maker.user, .maker = maker};
        }
        made.key.kind = std::array{
            KeyKind::Full, KeyKind::Full, KeyKind::Inference, KeyKind::Management}[below(4)];
        const KeyKind acts_as = made.maker ? facts_.keys[*made.maker].key.kind : KeyKind::Full;
        const auto role = facts_.users[made.user].role;
        if (reach(acts_as, role, Permission::KeysWrite) == Reach::None) return;

        Rights wanted{.kind = made.key.kind,
                      .app_id = std::to_string(made.app),
                      .policy = once_in(2) ? Policy{} : policy(1)};
        if (once_in(8)) wanted.expires_at = now_ + hours(1 + below(10));
        if (once_in(2)) inherit(wanted, grantor_of(made));
        if (!check_rights(wanted, grantor_of(made))) return;
        made.policy = wanted.policy;
        made.key.expires_at = wanted.expires_at;
        made.key.secrets = {new_secret()};

        // The place may be the maker's own, if nobody else was made by it: then there is none.
        const std::optional<size_t> at = place();
        if (!at || made.maker == at) return;
        facts_.keys[*at] = std::move(made);
        model_.key_replaced(*at);
        house_->key_replaced(*at);
    }

    KeySecret new_secret() {
        KeySecret secret;
        secret.id = "s" + std::to_string(++secrets_);
        return secret;
    }

    void change_a_key() {
        const size_t at = below(facts_.keys.size());
        KeyFacts& facts = facts_.keys[at];
        switch (below(6)) {
            case 0:
                if (once_in(4)) facts.key.status = KeyStatus::Disabled;
                break;
            case 1:
                if (once_in(8)) facts.key.status = KeyStatus::Revoked;
                break;
            case 2:
                rotate(facts);
                break;
            case 3: {
                const Rights before = rights_of(at);
                Rights wanted = before;
                wanted.policy = once_in(2) ? Policy{} : policy(1);
                if (once_in(2)) inherit(wanted, grantor_of(facts));
                if (check_rights(wanted, grantor_of(facts), &before)) facts.policy = wanted.policy;
                break;
            }
            default:
                for (KeyFacts& any : facts_.keys) {
                    if (any.key.status == KeyStatus::Disabled) any.key.status = KeyStatus::Active;
                }
                break;
        }
        house_->key_changed(at);
    }

    void rotate(KeyFacts& facts) {
        const TimePoint end = once_in(4) ? now_ : now_ + seconds(below(300));
        for (KeySecret& secret : facts.key.secrets) {
            secret.ends_at = std::min(secret.ends_at.value_or(end), end);
        }
        facts.key.secrets.insert(facts.key.secrets.begin(), new_secret());
        if (facts.key.secrets.size() > kLiveSecretsMax) facts.key.secrets.pop_back();
    }

    void change_something_wider() {
        const size_t team = below(kTeams);
        const size_t plan = below(kPlans);
        const size_t app = below(kApps);
        switch (below(7)) {
            case 0:
                facts_.instance = once_in(2) ? Policy{} : Policy{.limits = policy(20).limits};
                house_->instance_changed();
                break;
            case 1:
                facts_.plans[plan].policy = once_in(2) ? Policy{} : policy(6);
                facts_.plans[plan].key_defaults = policy(2).limits;
                house_->plan_changed(plan);
                break;
            case 2:
                facts_.teams[team].policy = once_in(2) ? Policy{} : policy(5);
                facts_.teams[team].key_defaults = once_in(2) ? Limits{} : policy(2).limits;
                facts_.teams[team].plan = plan;
                house_->team_changed(team);
                break;
            case 3:
                facts_.apps[app].policy = once_in(2) ? Policy{} : policy(3);
                house_->app_changed(app);
                break;
            case 4:
                facts_.teams[team].state =
                    once_in(6) ? static_cast<TeamState>(below(4)) : TeamState::Active;
                break;
            default: {
                std::optional<Role>& role = facts_.users[below(kUsers)].role;
                role = static_cast<Role>(once_in(4) ? below(4) : below(3));
                if (once_in(20)) role = std::nullopt;
                break;
            }
        }
    }

    void call() {
        Call call{.key = below(facts_.keys.size())};
        const std::vector<KeySecret>& secrets = facts_.keys[call.key].key.secrets;
        call.secret_id = once_in(100) ? "none" : secrets[once_in(5) ? below(secrets.size()) : 0].id;
        call.model = kModels[below(kModels.size())];
        call.address = kAddresses[below(kAddresses.size())];
        call.size = {.tokens_in = static_cast<int64_t>(1 + below(20)),
                     .tokens_out_max = static_cast<int64_t>(1 + below(60))};

        const std::optional<ErrorCode> refused = model_.refuses(call, now_);
        Outcome outcome = house_->call(call, now_, mono());
        ++outcomes[outcome.refused ? std::string(info(*outcome.refused).slug) : "admitted"];
        if (refused || (outcome.refused && !outcome.denial)) {
            ASSERT_EQ(outcome.refused, refused);
            ASSERT_FALSE(outcome.denial);
            return;
        }
        const std::optional<LimitKind> broken = model_.breaks(call, now_, Nanos(0));
        if (!outcome.denial) {
            ASSERT_FALSE(broken) << "let through beyond " << info(*broken).field;
            open_.push_back({call, std::move(outcome.ticket), model_.admit(call, now_)});
            return;
        }
        if (outcome.denial->kind == Burst || broken) return;
        ASSERT_TRUE(model_.breaks(call, now_, kSlack))
            << "denied for no reason: " << info(outcome.denial->kind).field << " of "
            << outcome.denial->limit << " by the " << name(outcome.denial->source);
    }

    void end_one() {
        const size_t i = below(open_.size());
        Open& open = open_[i];
        if (!once_in(4)) {
            const auto in = static_cast<int64_t>(below(25));
            const auto out = static_cast<int64_t>(below(70));
            open.ticket.correct(in, out, mono());
            model_.correct(open.call, open.admitted, in, out, now_);
        }
        model_.end(open.call);
        std::swap(open, open_.back());
        open_.pop_back();
    }

    void restart() {
        for (const Open& open : open_) model_.end(open.call);
        open_.clear();
        const TimePoint stopped = now_;
        const MonoTime stopped_mono = mono();
        pass(milliseconds(below(90'000)));
        if (once_in(30)) booted_at_ = now_ - seconds(below(100));
        house_->restart(stopped, stopped_mono, now_, mono());
        ++outcomes["restarts"];
    }

    Dice dice_;
    TimePoint now_{hours(400'000)};
    TimePoint booted_at_{hours(399'990)};
    Facts facts_;
    Model model_{facts_};
    std::unique_ptr<House> house_;
    std::vector<Open> open_;  // dies first: its tickets point at the house's counters
    uint64_t secrets_ = 0;
};

TEST(PolicySim, EveryCallIsAnsweredAsTheRulesSay) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation simulation(seed);
    for (int step = 0; step < kSteps; ++step) {
        simulation.step();
        if (testing::Test::HasFatalFailure()) FAIL() << "at step " << step;
    }
    for (const std::string_view outcome : {"admitted",
                                           "rate_limit_exceeded",
                                           "concurrency_limit_exceeded",
                                           "quota_exceeded",
                                           "request_too_large",
                                           "model_not_allowed",
                                           "ip_not_allowed",
                                           "insufficient_scope",
                                           "endpoint_not_allowed",
                                           "team_access_denied",
                                           "account_inactive",
                                           "invoice_overdue",
                                           "revoked_api_key",
                                           "disabled_api_key",
                                           "expired_api_key",
                                           "invalid_api_key",
                                           "restarts"}) {
        EXPECT_GT(simulation.outcomes[std::string(outcome)], 0) << outcome;
    }
    for (const auto& [outcome, count] : simulation.outcomes) {
        RecordProperty(outcome, count);
    }
}

}  // namespace
}  // namespace keywarden::sim
