#include "tests/policy_sim/house.h"

#include <algorithm>
#include <stdexcept>

#include "domain/limit_snapshot.h"
#include "domain/role.h"

namespace keywarden::sim {
namespace {

std::unique_ptr<CompiledPolicy> compiled(const Policy& policy) {
    return std::make_unique<CompiledPolicy>(policy);
}

Outcome refused(ErrorCode code) { return {.refused = code}; }

ErrorCode code_of(KeyState state) {
    switch (state) {
        case KeyState::Revoked:
            return ErrorCode::RevokedApiKey;
        case KeyState::Disabled:
            return ErrorCode::DisabledApiKey;
        case KeyState::Quarantined:
            return ErrorCode::KeyQuarantined;
        default:
            return ErrorCode::ExpiredApiKey;
    }
}

}  // namespace

House::House(const Facts& facts)
    : facts_(facts),
      plans_(facts.plans.size()),
      teams_(facts.teams.size()),
      apps_(facts.apps.size()) {
    instance_.policy = compiled(facts.instance);
    instance_changed();
    for (size_t i = 0; i < plans_.size(); ++i) plans_[i].policy = compiled(facts.plans[i].policy);
    for (size_t i = 0; i < teams_.size(); ++i) team_changed(i);
    for (size_t i = 0; i < apps_.size(); ++i) app_changed(i);
}

void House::instance_changed() {
    instance_.policy = compiled(facts_.instance);
    instance_.limits = {};
    instance_.limits.narrow(Scope::Instance, facts_.instance.limits);
    limit_keys();
}

void House::plan_changed(size_t plan) {
    plans_[plan].policy = compiled(facts_.plans[plan].policy);
    for (size_t i = 0; i < teams_.size(); ++i) limit_team(i);
    limit_keys();
}

void House::team_changed(size_t team) {
    teams_[team].policy = compiled(facts_.teams[team].policy);
    limit_team(team);
    limit_keys();
}

void House::app_changed(size_t app) {
    apps_[app].policy = compiled(facts_.apps[app].policy);
    apps_[app].limits = {};
    apps_[app].limits.narrow(Scope::App, facts_.apps[app].policy.limits);
}

void House::key_changed(size_t key) {
    keys_[key].policy = compiled(facts_.keys[key].policy);
    limit_keys();  // those that it made, too
}

void House::key_replaced(size_t key) {
    if (key == keys_.size()) keys_.emplace_back();
    keys_[key] = {};
    key_changed(key);
}

void House::limit_team(size_t team) {
    const Team& facts = facts_.teams[team];
    teams_[team].limits = {};
    teams_[team].limits.narrow(Scope::Plan, facts_.plans[facts.plan].policy.limits);
    teams_[team].limits.narrow(Scope::Team, facts.policy.limits);
}

void House::limit_keys() {
    for (size_t key = 0; key < keys_.size(); ++key) limit_key(key);
}

void House::limit_key(size_t key) {
    const Team& team = facts_.teams[facts_.keys[key].team];
    const std::array defaults = {
        KeyLimitDefaults{Scope::Instance, &facts_.instance_defaults},
        KeyLimitDefaults{Scope::Plan, &facts_.plans[team.plan].key_defaults},
        KeyLimitDefaults{Scope::Team, &team.key_defaults}};
    keys_[key].limits = own_limits(chain_of(key).view(), defaults);
}

House::Chain House::chain_of(size_t key) const {
    const KeyFacts& facts = facts_.keys[key];
    Chain chain;
    chain.add(Scope::Instance, instance_);
    chain.add(Scope::Plan, plans_[facts_.teams[facts.team].plan]);
    chain.add(Scope::Team, teams_[facts.team]);
    chain.add(Scope::App, apps_[facts.app]);
    for (std::optional<size_t> maker = facts.maker; maker; maker = facts_.keys[*maker].maker) {
        chain.add(Scope::Creator, keys_[*maker]);
    }
    chain.add(Scope::Key, keys_[key]);
    return chain;
}

Outcome House::call(const Call& call, TimePoint wall, MonoTime now) {
    const KeyFacts& facts = facts_.keys[call.key];
    const auto secret = std::ranges::find(facts.key.secrets, call.secret_id, &KeySecret::id);
    if (secret == facts.key.secrets.end()) return refused(ErrorCode::InvalidApiKey);
    const KeyState state = state_at(facts.key, wall);
    if (state != KeyState::Active) return refused(code_of(state));
    if (!is_live(*secret, wall)) return refused(ErrorCode::ExpiredApiKey);
    const Result<void> team = check_team(facts_.teams[facts.team].state);
    if (!team) return refused(team.error().code);
    const std::optional<Role> role = facts_.users[facts.user].role;
    const Result<void> held = check_reach(facts.key.kind, role, Permission::Inference);
    if (!held) return refused(held.error().code);
    const PolicyRequest request{
        .kind = facts.key.kind, .address = parse_ip(call.address), .model = call.model};
    const Decision decision = decide(chain_of(call.key).view(), request);
    if (!decision.allowed) return refused(info(decision.rule).code);

    Counted& of_team = teams_[facts.team];
    Counted& of_app = apps_[facts.app];
    Counted& of_key = keys_[call.key];
    const std::array scopes = {
        LimitScope{Scope::Instance, &instance_.limits, instance_.counter.get()},
        LimitScope{Scope::Team, &of_team.limits, of_team.counter.get()},
        LimitScope{Scope::App, &of_app.limits, of_app.counter.get()},
        LimitScope{Scope::Key, &of_key.limits, of_key.counter.get()}};
    LimitResult result = take_limits(scopes, call.size, now);
    Outcome outcome{.denial = result.denial, .ticket = std::move(result.ticket)};
    if (result.denial) outcome.refused = limit_error(*result.denial).code;
    return outcome;
}

template <class Each>
void House::for_each_counter(Each each) {
    each(Scope::Instance, "", instance_);
    for (size_t i = 0; i < teams_.size(); ++i) each(Scope::Team, std::to_string(i), teams_[i]);
    for (size_t i = 0; i < apps_.size(); ++i) each(Scope::App, std::to_string(i), apps_[i]);
    for (size_t i = 0; i < keys_.size(); ++i) each(Scope::Key, std::to_string(i), keys_[i]);
}

void House::restart(TimePoint stopped,
                    MonoTime stopped_mono,
                    TimePoint started,
                    MonoTime started_mono) {
    LimitSnapshotWriter writer(stopped, stopped_mono);
    for_each_counter([&](Scope scope, const std::string& id, Counted& counted) {
        writer.add(scope, id, *counted.counter);
        counted.counter = std::make_unique<LimitCounter>();
    });
    const std::string bytes = std::move(writer).finish();
    const auto find = [&](Scope scope, std::string_view id) {
        const size_t i = id.empty() ? 0 : std::stoul(std::string(id));
        if (scope == Scope::Instance) return instance_.counter.get();
        if (scope == Scope::Team) return teams_[i].counter.get();
        return scope == Scope::App ? apps_[i].counter.get() : keys_[i].counter.get();
    };
    if (!read_limit_snapshot(bytes, started, started_mono, find)) {
        throw std::runtime_error("the snapshot is not readable");
    }
}

}  // namespace keywarden::sim
