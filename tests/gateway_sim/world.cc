#include "tests/gateway_sim/world.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <gtest/gtest.h>

#include "admin/policy_field.h"
#include "base/clock.h"

namespace keywarden::sim {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr size_t kPlans = 3;
constexpr size_t kTeams = 4;
constexpr size_t kApps = 8;
constexpr size_t kUsers = 16;  // the first of each team are nobody in particular
constexpr size_t kKeysMax = 40;
/// The instance is counted only where something limits it, so something always does.
constexpr int64_t kManyADay = 1'000'000;
constexpr std::array<std::string_view, 3> kGraces = {"0s", "90s", "5m"};
constexpr std::array<Nanos, 3> kGraceTimes = {Nanos(0), seconds(90), seconds(300)};

/// What a body says where nothing of before is to stay.
Json whole(const Limits& limits) {
    Json body = limits_record(limits);
    for (const LimitKindInfo& row : all_limit_kinds()) {
        if (!limits[row.kind]) body[std::string(row.field)] = nullptr;
    }
    return body;
}

Json whole(const Policy& policy) {
    Json body = policy_record(policy);
    for (const PolicyRuleInfo& row : all_policy_rules()) {
        const std::string field(row.field);
        if (!body.contains(field)) body[field] = nullptr;
    }
    body["limits"] = whole(policy.limits);
    return body;
}

/// Whether one of `limits` that is not as `before` goes beyond one of the wider ones.
bool is_above(const Limits& limits, const Limits& before, const std::vector<const Limits*>& wider) {
    return std::ranges::any_of(all_limit_kinds(), [&](const LimitKindInfo& row) {
        if (!limits[row.kind] || limits[row.kind] == before[row.kind]) return false;
        return std::ranges::any_of(wider, [&](const Limits* each) {
            return (*each)[row.kind] && *limits[row.kind] > *(*each)[row.kind];
        });
    });
}

bool is_above(const Limits& limits, const std::vector<const Limits*>& wider) {
    return is_above(limits, {}, wider);
}

/// Lists of networks that lie in each other are refused before anything else is looked at.
Policy a_policy(Dice& dice, int64_t size) {
    for (;;) {
        Policy made = dice.once_in(2) ? Policy{} : dice.policy(size);
        if (check_policy(made)) return made;
    }
}

std::string text(const Answer& answer, const char* name) {
    return answer.body.at(name).get<std::string>();
}

KeySecret a_secret(const Answer& answer, TimePoint made_at) {
    KeySecret secret;
    secret.id = text(answer, "key");
    secret.created_at = made_at;
    return secret;
}

bool is_dead(const Key& key, TimePoint now) {
    return key.status == KeyStatus::Revoked || (key.expires_at && now >= *key.expires_at);
}

}  // namespace

World::World(uint64_t seed, std::string url) : dice_(seed), gateway_(clock_, std::move(url)) {
    facts_.instance_defaults[RequestsPerMinute] = kDefaultRpm;
    make_plans_and_teams();
    make_apps();
    make_members();
    while (!facts_.instance.limits[RequestsPerDay]) change_instance();
    for (int i = 0; i < 20; ++i) create_as_operator();
}

void World::make_plans_and_teams() {
    for (size_t i = 0; i < kPlans; ++i) {
        const Json body = {{"name", "plan " + std::to_string(i)}};
        plan_ids_.push_back(text(gateway_.operate(Method::Post, "/v1/admin/plans", body), "id"));
        facts_.plans.emplace_back();
    }
    for (size_t i = 0; i < kTeams; ++i) {
        const Json body = {{"name", "team " + std::to_string(i)}, {"plan", plan_ids_[i % kPlans]}};
        team_ids_.push_back(text(gateway_.operate(Method::Post, "/v1/admin/teams", body), "id"));
        facts_.teams.push_back({.plan = i % kPlans});
    }
}

void World::make_apps() {
    for (size_t i = 0; i < kApps; ++i) {
        const Json body = {{"name", "app " + std::to_string(i)}};
        app_ids_.push_back(text(
            gateway_.operate(Method::Post, "/v1/account/apps", body, team_ids_[i % kTeams]), "id"));
        facts_.apps.push_back({.team = i % kTeams});
    }
}

void World::make_members() {
    for (size_t i = 0; i < kUsers; ++i) {
        facts_.users.push_back({.team = i % kTeams});
        user_ids_.emplace_back();
        if (i < kTeams) continue;
        const Json body = {{"email", "user" + std::to_string(i) + "@example.com"},
                           {"role", "owner"}};
        user_ids_.back() =
            text(gateway_.operate(Method::Post, "/v1/account/members", body, team_ids_[i % kTeams]),
                 "user");
    }
}

void World::expect(const Answer& answer, bool taken, std::string_view what) {
    ++outcomes[std::string(what) + (answer.ok() ? " taken" : " refused")];
    if (answer.ok() == taken) return;
    ADD_FAILURE() << what << (taken ? " was refused: " : " was taken: ") << answer.status << " "
                  << answer.code << " " << answer.body;
}

// ---- what the rules say of changes -----------------------------------------------------------

std::vector<const Limits*> World::ceilings_of(size_t team, std::optional<size_t> app) const {
    std::vector<const Limits*> wider = {&facts_.instance.limits,
                                        &facts_.plans[facts_.teams[team].plan].policy.limits,
                                        &facts_.teams[team].policy.limits};
    if (app) wider.push_back(&facts_.apps[*app].policy.limits);
    return wider;
}

Limits World::beginning_of_keys(size_t team) const {
    Limits limits = facts_.teams[team].key_defaults;
    for (const Limits* wider :
         {&facts_.plans[facts_.teams[team].plan].key_defaults, &facts_.instance_defaults}) {
        for (const LimitKindInfo& row : all_limit_kinds()) {
            if (!limits[row.kind]) limits[row.kind] = (*wider)[row.kind];
        }
    }
    return limits;
}

bool World::takes_more(size_t team) const { return facts_.teams[team].state != TeamState::Closed; }

bool World::has_room(size_t team) const {
    const auto count = std::ranges::count_if(facts_.keys, [&](const KeyFacts& facts) {
        return facts.team == team && !facts.key.secrets.empty() && !is_dead(facts.key, now());
    });
    return count < kActiveKeysMax;
}

bool World::is_last_owner(size_t user) const {
    for (size_t i = kTeams; i < kUsers; ++i) {
        const bool is_other = i != user && facts_.users[i].team == facts_.users[user].team;
        if (is_other && facts_.users[i].role == Role::Owner) return false;
    }
    return facts_.users[user].role == Role::Owner;
}

/// Of a key that a key makes, and that names nothing itself.
bool World::may_have(const KeyFacts& child) const {
    std::vector<size_t> lineage = makers_of(facts_, *child.maker);
    if (lineage.size() + 1 > kMakersMax) return false;
    lineage.push_back(*child.maker);
    const Limits beginning = beginning_of_keys(child.team);
    Limits limits;
    for (const LimitKindInfo& row : all_limit_kinds()) {
        for (const size_t maker : lineage) {
            const auto& bound = facts_.keys[maker].policy.limits[row.kind];
            if (bound) limits[row.kind] = std::min(limits[row.kind].value_or(*bound), *bound);
        }
        if (limits[row.kind] && beginning[row.kind]) {
            limits[row.kind] = std::min(*limits[row.kind], *beginning[row.kind]);
        }
    }
    return !is_above(limits, ceilings_of(child.team, child.app));
}

// ---- changes ---------------------------------------------------------------------------------

void World::change() {
    switch (below(16)) {
        case 0:
            return change_instance();
        case 1:
            return change_plan();
        case 2:
            return change_team();
        case 3:
            return change_defaults_of_team();
        case 4:
            return stop_or_open_team();
        case 5:
            return change_app();
        case 6:
            return change_member();
        case 7:
        case 8:
        case 9:
            return create_as_operator();
        case 10:
        case 11:
            return create_as_key();
        default:
            return change_key();
    }
}

void World::change_instance() {
    Policy policy{.limits = a_policy(dice_, 20).limits};
    if (!policy.limits[RequestsPerDay]) policy.limits[RequestsPerDay] = kManyADay;
    Limits defaults = a_policy(dice_, 2).limits;
    const Answer answer =
        gateway_.operate(Method::Patch,
                         "/v1/admin/settings",
                         {{"policy", whole(policy)}, {"key_defaults", whole(defaults)}});
    expect(answer, !is_above(defaults, {&policy.limits}), "settings");
    if (!answer.ok()) return;
    if (!defaults[RequestsPerMinute]) defaults[RequestsPerMinute] = kDefaultRpm;
    facts_.instance = policy;
    facts_.instance_defaults = defaults;
}

void World::change_plan() {
    const size_t at = below(kPlans);
    Plan& plan = facts_.plans[at];
    const Policy policy = a_policy(dice_, 8);
    const Limits defaults = a_policy(dice_, 2).limits;
    const Answer answer =
        gateway_.operate(Method::Patch,
                         "/v1/admin/plans/" + plan_ids_[at],
                         {{"policy", whole(policy)}, {"key_defaults", whole(defaults)}});
    expect(answer,
           !is_above(policy.limits, plan.policy.limits, {&facts_.instance.limits}) &&
               !is_above(defaults, {&policy.limits}),
           "plan");
    if (answer.ok()) plan = {.policy = policy, .key_defaults = defaults};
}

void World::change_team() {
    const size_t at = below(kTeams);
    Team& team = facts_.teams[at];
    if (once_in(3)) {
        const size_t plan = below(kPlans);
        expect(gateway_.operate(
                   Method::Patch, "/v1/admin/teams/" + team_ids_[at], {{"plan", plan_ids_[plan]}}),
               true,
               "team's plan");
        team.plan = plan;
        return;
    }
    const Policy policy = a_policy(dice_, 6);
    const Answer answer =
        gateway_.operate(Method::Patch, "/v1/account/policy", whole(policy), team_ids_[at]);
    expect(answer,
           !is_above(policy.limits,
                     team.policy.limits,
                     {&facts_.instance.limits, &facts_.plans[team.plan].policy.limits}),
           "team's policy");
    if (answer.ok()) team.policy = policy;
}

void World::change_defaults_of_team() {
    const size_t at = below(kTeams);
    Team& team = facts_.teams[at];
    const Limits defaults = a_policy(dice_, 2).limits;
    const Answer answer =
        gateway_.operate(Method::Patch, "/v1/account/key-defaults", whole(defaults), team_ids_[at]);
    expect(answer,
           !is_above(defaults, team.key_defaults, ceilings_of(at, std::nullopt)),
           "team's defaults");
    if (answer.ok()) team.key_defaults = defaults;
}

void World::stop_or_open_team() {
    const size_t at = below(kTeams);
    const std::string path = "/v1/admin/teams/" + team_ids_[at];
    auto state = once_in(3) ? static_cast<TeamState>(below(4)) : TeamState::Active;
    if (state == TeamState::Closed) {
        const Json body = {{"name", "team " + std::to_string(at)}};
        expect(gateway_.operate(Method::Post, path + "/close", body), true, "close");
    } else {
        const Json body = {{"state", name(state)}};
        expect(gateway_.operate(Method::Patch, path, body), true, "state");
    }
    facts_.teams[at].state = state;
}

void World::change_app() {
    const size_t at = below(kApps);
    App& app = facts_.apps[at];
    const Policy policy = a_policy(dice_, 4);
    const Answer answer = gateway_.operate(Method::Patch,
                                           "/v1/account/apps/" + app_ids_[at],
                                           {{"policy", whole(policy)}},
                                           team_ids_[app.team]);
    expect(answer,
           !is_above(policy.limits, app.policy.limits, ceilings_of(app.team, std::nullopt)),
           "app");
    if (answer.ok()) app.policy = policy;
}

void World::change_member() {
    const size_t at = kTeams + below(kUsers - kTeams);
    User& user = facts_.users[at];
    const std::string& team = team_ids_[user.team];
    const std::string path = "/v1/account/members/" + user_ids_[at];
    const auto role = static_cast<Role>(once_in(3) ? below(4) : below(3));
    if (!user.role) {
        const Json body = {{"email", "user" + std::to_string(at) + "@example.com"},
                           {"role", name(role)}};
        const Answer answer = gateway_.operate(Method::Post, "/v1/account/members", body, team);
        expect(answer, takes_more(user.team), "join");
        if (answer.ok()) user.role = role;
    } else if (once_in(5)) {
        const Answer answer = gateway_.operate(Method::Delete, path, Json(), team);
        expect(answer, !is_last_owner(at), "leave");
        if (answer.ok()) user.role = std::nullopt;
    } else {
        const Answer answer = gateway_.operate(Method::Patch, path, {{"role", name(role)}}, team);
        expect(answer, role == Role::Owner || !is_last_owner(at), "role");
        if (answer.ok()) user.role = role;
    }
}

void World::change_key() {
    const size_t key = below(facts_.keys.size());
    switch (below(8)) {
        case 0:
            if (once_in(3))
                change_status(key, "disable", KeyStatus::Quarantined, KeyStatus::Disabled);
            return;
        case 1:
            if (once_in(3)) {
                change_status(key, "quarantine", KeyStatus::Disabled, KeyStatus::Quarantined);
            }
            return;
        case 2:
            return change_status(key, "enable", KeyStatus::Quarantined, KeyStatus::Active);
        case 3:
            return change_status(key, "release", KeyStatus::Disabled, KeyStatus::Active);
        case 4:
            return once_in(3) ? revoke(key) : change_expiry(key);
        case 5:
            return change_policy(key);
        default:
            return rotate(key);
    }
}

/// It goes from every status but `from`, and Revoked, which is for good.
void World::change_status(size_t key, std::string_view action, KeyStatus from, KeyStatus to) {
    KeyStatus& status = facts_.keys[key].key.status;
    const Answer answer = gateway_.operate(Method::Post,
                                           "/v1/keys/" + key_ids_[key] + "/" + std::string(action),
                                           Json::object(),
                                           team_ids_[facts_.keys[key].team]);
    expect(answer, status != from && status != KeyStatus::Revoked, action);
    if (answer.ok()) status = to;
}

void World::revoke(size_t key) {
    expect(
        gateway_.operate(
            Method::Delete, "/v1/keys/" + key_ids_[key], Json(), team_ids_[facts_.keys[key].team]),
        true,
        "revoke");
    facts_.keys[key].key.status = KeyStatus::Revoked;
}

void World::rotate(size_t key) {
    Key& facts = facts_.keys[key].key;
    const bool is_emergency = once_in(4);
    const size_t grace = below(kGraces.size());
    const Json body = is_emergency ? Json{{"emergency", true}} : Json{{"grace", kGraces[grace]}};
    const Answer answer = gateway_.operate(Method::Post,
                                           "/v1/keys/" + key_ids_[key] + "/rotate",
                                           body,
                                           team_ids_[facts_.keys[key].team]);
    const auto is_live = [&](const KeySecret& each) {
        return !each.ends_at || now() < *each.ends_at;
    };
    const auto live = std::ranges::count_if(facts.secrets, is_live);
    const bool has_place = is_emergency || live < static_cast<int64_t>(kLiveSecretsMax);
    expect(answer, facts.status != KeyStatus::Revoked && has_place, "rotate");
    if (!answer.ok()) return;
    for (KeySecret& each : facts.secrets) {
        if (!is_live(each)) continue;
        const Nanos left = is_emergency ? Nanos(0) : kGraceTimes[grace];
        const TimePoint end = is_emergency ? now() : now() + hours(24 * 90) + left;
        each.grace = std::min(each.grace.value_or(left), left);
        each.ends_at = std::min(each.ends_at.value_or(end), end);
    }
    facts.secrets.insert(facts.secrets.begin(), a_secret(answer, now()));
    if (facts.secrets.size() > kLiveSecretsMax) facts.secrets.pop_back();
}

void World::change_policy(size_t key) {
    KeyFacts& facts = facts_.keys[key];
    const Policy policy = a_policy(dice_, 1);
    const Answer answer = gateway_.operate(Method::Patch,
                                           "/v1/keys/" + key_ids_[key],
                                           {{"policy", whole(policy)}},
                                           team_ids_[facts.team]);
    expect(answer,
           facts.key.status != KeyStatus::Revoked &&
               !is_above(policy.limits, facts.policy.limits, ceilings_of(facts.team, facts.app)),
           "key's policy");
    if (answer.ok()) facts.policy = policy;
}

void World::change_expiry(size_t key) {
    KeyFacts& facts = facts_.keys[key];
    std::optional<TimePoint> end;
    if (once_in(2)) end = now() + hours(1 + below(10));
    const bool needs_room = is_dead(facts.key, now());
    const Answer answer =
        gateway_.operate(Method::Patch,
                         "/v1/keys/" + key_ids_[key],
                         {{"expires_at", end ? Json(format_iso8601(*end)) : Json()}},
                         team_ids_[facts.team]);
    expect(answer,
           facts.key.status != KeyStatus::Revoked && (!needs_room || has_room(facts.team)),
           "expiry");
    if (answer.ok()) facts.key.expires_at = end;
}

// ---- new keys --------------------------------------------------------------------------------

/// A place for a new key: a free one, or that of a dead key that made none and runs no call.
std::optional<size_t> World::place() {
    if (facts_.keys.size() < kKeysMax) return facts_.keys.size();
    const size_t at = below(facts_.keys.size());
    const bool makes =
        std::ranges::any_of(facts_.keys, [&](const KeyFacts& other) { return other.maker == at; });
    const bool runs =
        std::ranges::any_of(open_, [&](const Open& open) { return open.call.key == at; });
    return is_dead(facts_.keys[at].key, now()) && !makes && !runs ? std::optional(at)
                                                                  : std::nullopt;
}

void World::keep(size_t at, KeyFacts made, const Answer& answer) {
    made.key.secrets = {a_secret(answer, now())};
    made.key.kind = key_kind_of(text(answer, "kind")).value();
    if (at == facts_.keys.size()) {
        facts_.keys.emplace_back();
        key_ids_.emplace_back();
    }
    facts_.keys[at] = std::move(made);
    key_ids_[at] = text(answer, "id");
    model_.key_replaced(at);
}

void World::create_as_operator() {
    const std::optional<size_t> at = place();
    if (!at) return;
    KeyFacts made{.user = below(kUsers)};
    made.team = facts_.users[made.user].team;
    made.app = made.team + kTeams * below(kApps / kTeams);
    made.policy = a_policy(dice_, 1);
    constexpr std::array kKinds = {"full", "full", "inference", "management"};
    Json body = {{"name", "key " + std::to_string(++names_)},
                 {"kind", kKinds[below(kKinds.size())]},
                 {"app", app_ids_[made.app]},
                 {"policy", whole(made.policy)}};
    if (!user_ids_[made.user].empty()) body["user"] = user_ids_[made.user];
    if (once_in(8)) {
        made.key.expires_at = now() + hours(1 + below(10));
        body["expires_at"] = format_iso8601(*made.key.expires_at);
    }
    const Answer answer =
        gateway_.operate(Method::Post, "/v1/admin/teams/" + team_ids_[made.team] + "/keys", body);
    expect(answer,
           takes_more(made.team) && facts_.users[made.user].role.has_value() &&
               has_room(made.team) &&
               !is_above(made.policy.limits, ceilings_of(made.team, made.app)),
           "create");
    if (answer.ok()) keep(*at, std::move(made), answer);
}

void World::create_as_key() {
    const std::optional<size_t> at = place();
    Call asked = a_call();
    asked.manages = true;
    if (!at || at == asked.key) return;
    const KeyFacts& maker = facts_.keys[asked.key];
    KeyFacts made{.team = maker.team, .app = maker.app, .user = maker.user, .maker = asked.key};
    const bool is_plain = once_in(2);
    Json body = {{"name", "key " + std::to_string(++names_)}};
    if (!is_plain) body["policy"] = whole(a_policy(dice_, 1));
    const std::optional<ErrorCode> refused = model_.refuses(asked, now());
    const Answer answer =
        gateway_.ask(asked.secret_id, asked.address, Method::Post, "/v1/keys", body);
    if (refused) {
        EXPECT_EQ(answer.code, info(*refused).slug);
    } else if (is_plain) {
        expect(answer, may_have(made) && has_room(made.team), "child");
    } else {
        ++outcomes[answer.ok() ? "child with a policy taken" : "child with a policy refused"];
        if (answer.ok()) EXPECT_TRUE(has_room(made.team));
    }
    note_use(asked);
    if (!answer.ok()) return;
    const Key stored = gateway_.store().get_key(team_ids_[made.team], text(answer, "id")).value();
    made.policy = whole_policy(stored);
    made.key.expires_at = stored.expires_at;
    keep(*at, std::move(made), answer);
}

}  // namespace keywarden::sim
