#include "store/load_policies.h"

#include <utility>

namespace keywarden {
namespace {

constexpr size_t kTeamsAtOnce = 100;

Result<void> load_team(AccountStore& accounts, const Team& team, PolicyDirectory& policies) {
    policies.put(rules_of(team));
    TRY(const auto apps, accounts.list_apps(team.id));
    for (const App& app : apps) policies.put(rules_of(app));
    TRY(const auto members, accounts.list_members(team.id));
    for (const Member& member : members) {
        policies.put(
            MemberRole{.team_id = member.team_id, .user_id = member.user_id, .role = member.role});
    }
    return {};
}

}  // namespace

TeamRules rules_of(const Team& team) {
    return {.id = team.id,
            .plan_id = team.plan_id,
            .state = team.state,
            .policy = team.policy,
            .key_defaults = team.key_defaults,
            .version = team.version};
}

PlanRules rules_of(const Plan& plan) {
    return {.id = plan.id,
            .policy = plan.policy,
            .key_defaults = plan.key_defaults,
            .version = plan.version};
}

AppRules rules_of(const App& app) {
    return {.id = app.id, .team_id = app.team_id, .policy = app.policy, .version = app.version};
}

ModelRules rules_of(const ModelLimits& model) {
    return {.id = model.id, .limits = model.limits, .version = model.version};
}

InstanceRules rules_of(const InstanceSettings& settings, int64_t default_rpm) {
    InstanceRules rules{.policy = settings.policy,
                        .key_defaults = settings.key_defaults,
                        .version = settings.version};
    std::optional<int64_t>& rpm = rules.key_defaults[LimitKind::RequestsPerMinute];
    if (!rpm) rpm = default_rpm;
    return rules;
}

Result<void> load_policies(AccountStore& accounts, int64_t default_rpm, PolicyDirectory& policies) {
    TRY(const InstanceSettings settings, accounts.get_instance());
    policies.put(rules_of(settings, default_rpm));
    TRY(const auto models, accounts.list_models());
    for (const ModelLimits& model : models) policies.put(rules_of(model));
    TRY(const auto plans, accounts.list_plans());
    for (const Plan& plan : plans) policies.put(rules_of(plan));
    PageQuery query{.limit = kTeamsAtOnce};
    do {
        TRY(const auto page, accounts.list_teams(query));
        for (const Team& team : page.items) TRY_VOID(load_team(accounts, team, policies));
        query.after = page.next;
    } while (!query.after.empty());
    return {};
}

}  // namespace keywarden
