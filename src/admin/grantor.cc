#include "admin/grantor.h"

#include <fmt/format.h>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "admin/changed_by.h"
#include "admin/spend_view.h"
#include "domain/role.h"
#include "domain/scope.h"

namespace keywarden {
namespace {

/// What of a key has a name of its own beside the one in its policy.
struct FirstName {
    std::string_view param;
    std::string_view in_message;
    std::string_view first;
};
constexpr std::string_view kRate = "policy.limits.requests_per_minute";
constexpr std::array kFirstNames = {FirstName{kRate, kRate, "rate_limit_rpm"},
                                    FirstName{kRate, "requests_per_minute", "rate_limit_rpm"},
                                    FirstName{"policy.tools", "policy.tools", "toollist"}};

/// A key's rate, and its tools, are told by the name that they had first.
Result<void> by_first_name(Result<void> checked) {
    if (checked) return checked;
    Error error = std::move(checked).error();
    for (const auto& [param, in_message, first] : kFirstNames) {
        const size_t at = error.message.find(in_message);
        if (error.param != param || at == std::string::npos) continue;
        error.message.replace(at, in_message.size(), first);
        error.param = first;
    }
    return fail(std::move(error));
}

/// What binds is what the calling key holds; a person's role is looked at elsewhere.
bool has_key(const Caller& caller) { return !caller.is_operator && caller.user_id.empty(); }

/// The limits that are not as they were.
Policy changed_limits(const Limits& limits, const Limits& before) {
    Policy changed;
    for (const LimitKindInfo& row : all_limit_kinds()) {
        if (limits[row.kind] != before[row.kind]) changed.limits[row.kind] = limits[row.kind];
    }
    return changed;
}

}  // namespace

Result<std::vector<Key>> lineage_of(AdminContext& context, const Caller& caller) {
    Store& store = context.keys.store();
    std::vector<Key> lineage;
    for (std::string id(caller.key_id()); !id.empty() && lineage.size() <= kMakersMax;) {
        auto key = store.get_key(caller.team_id, id);
        if (!key && key.error().code == ErrorCode::NotFound) {
            return fail(ErrorCode::InternalError, "The calling key could not be read.");
        }
        if (!key) return fail(key.error());
        id = key->maker_key_id;
        lineage.push_back(*std::move(key));
    }
    return lineage;
}

Result<std::optional<Rights>> grantor_of(AdminContext& context, const Caller& caller) {
    if (!has_key(caller)) return std::nullopt;
    TRY(const auto lineage, lineage_of(context, caller));
    const TimePoint now = context.clock.now();
    Rights rights = rights_of(lineage.front(), now);
    for (const Key& maker : std::span(lineage).subspan(1)) narrow(rights, rights_of(maker, now));
    return rights;
}

Result<void> check_may_make(AdminContext& context, const Caller& caller) {
    if (!has_key(caller)) return {};
    TRY(const auto lineage, lineage_of(context, caller));
    if (lineage.size() <= kMakersMax) return {};
    return fail(denied(ErrorCode::InsufficientScope,
                       Scope::Key,
                       "Keys make keys over " + std::to_string(kMakersMax) +
                           " generations at most, and this key is of the last one. Use the key "
                           "that made it."));
}

void inherit(AdminContext& context, Key& key, const Rights& grantor) {
    const Limits defaults = context.keys.policies().key_defaults(key.team_id).values();
    Rights wanted = rights_of(key, TimePoint::min());
    inherit(wanted, grantor, defaults);
    key.not_before = wanted.not_before;
    key.expires_at = wanted.expires_at;
    key.app_id = std::move(wanted.app_id);
    key.tags = std::move(wanted.tags);
    set_policy(key, std::move(wanted.policy));
}

Result<void> check_may_loosen(AdminContext& context, const Caller& caller, const Budget& budget) {
    if (!has_key(caller)) return {};
    TRY(const auto lineage, lineage_of(context, caller));
    std::vector<std::string_view> makers;
    for (const Key& each : std::span(lineage).subspan(1)) makers.push_back(each.id);
    if (!is_own_budget(budget, lineage.front(), makers)) return {};
    return fail(
        denied(ErrorCode::InsufficientScope,
               Scope::Key,
               "This budget binds the calling key. Change it with a key that it does not bind."));
}

Result<void> check_may_leave(AdminContext& context,
                             const Caller& caller,
                             const Key& before,
                             const Key& after) {
    if (caller.is_operator || (before.app_id == after.app_id && before.tags == after.tags)) {
        return {};
    }
    TRY(const auto budgets, context.keys.store().usage().list_budgets(before.team_id));
    TRY(const auto role, role_of_caller(context, caller));
    for (const Budget& budget : budgets) {
        if (!is_own_budget(budget, before, {}) || is_own_budget(budget, after, {})) continue;
        if (reach(caller.kind, role, Permission::PolicyWrite) == Reach::Team &&
            check_may_loosen(context, caller, budget)) {
            continue;
        }
        const char* const field = budget.scope == SpendScope::App ? "app" : "tags";
        return fail({.code = ErrorCode::InsufficientScope,
                     .message = fmt::format("'{}': the key would leave the budget '{}' ({}). That "
                                            "is for a key that may change budgets, and that this "
                                            "one does not bind.",
                                            field,
                                            budget.name,
                                            budget.id),
                     .param = field,
                     .facts = {{"denied_by", std::string(name(Scope::Key))}}});
    }
    return {};
}

Result<void> check_ceilings(AdminContext& context,
                            const PolicyPlace& place,
                            const Policy& policy,
                            const Policy& before) {
    const Policy changed = changed_limits(policy.limits, before.limits);
    if (changed.limits.empty()) return {};
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const InstanceSettings instance, accounts.get_instance());
    TRY_VOID(check_ceiling(changed, instance.policy, Scope::Instance, place.under));
    if (place.scope == Scope::Plan) return {};
    TRY(const Team team, accounts.get_team(place.team_id));
    TRY(const Plan plan, accounts.get_plan(team.plan_id));
    TRY_VOID(check_ceiling(changed, plan.policy, Scope::Plan, place.under));
    if (place.scope == Scope::Team) return {};
    TRY_VOID(check_ceiling(changed, team.policy, Scope::Team, place.under));
    if (place.app_id.empty()) return {};
    const auto app = accounts.get_app(place.team_id, place.app_id);
    if (!app && app.error().code == ErrorCode::NotFound) return {};  // the store will say so
    if (!app) return fail(app.error());
    return check_ceiling(changed, app->policy, Scope::App, place.under);
}

Result<void> check_key_defaults(const Limits& defaults, const Policy& policy, Scope scope) {
    return of_key_defaults(check_ceiling({.limits = defaults}, policy, scope));
}

Result<void> check_key_defaults(AdminContext& context, const Team& team, const Limits& before) {
    const Policy changed = changed_limits(team.key_defaults, before);
    if (changed.limits.empty()) return {};
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const InstanceSettings instance, accounts.get_instance());
    TRY(const Plan plan, accounts.get_plan(team.plan_id));
    TRY_VOID(check_key_defaults(changed.limits, instance.policy, Scope::Instance));
    TRY_VOID(check_key_defaults(changed.limits, plan.policy, Scope::Plan));
    return check_key_defaults(changed.limits, team.policy, Scope::Team);
}

Result<void> of_key_defaults(Result<void> checked, std::string_view under) {
    if (checked) return checked;
    std::string& field = checked.error().param;
    const size_t dot = field.rfind('.');
    if (dot != std::string::npos) field.replace(0, dot + 1, under);
    return checked;
}

Result<void> check_key_ceilings(AdminContext& context, const Key& key, const Key* before) {
    return by_first_name(check_ceilings(context,
                                        {.team_id = key.team_id, .app_id = key.app_id},
                                        whole_policy(key),
                                        before != nullptr ? whole_policy(*before) : Policy()));
}

Result<void> check_may_widen(AdminContext& context,
                             const Caller& caller,
                             std::string_view under,
                             const Policy& before,
                             const Policy& after) {
    TRY(const auto grantor, grantor_of(context, caller));
    if (!grantor) return {};
    Rights was = *grantor;
    Rights asked = *grantor;
    was.policy = before;
    asked.policy = after;
    return check_rights(asked, *grantor, &was, under);
}

Result<void> check_key_rights(const Key& wanted,
                              const Rights& grantor,
                              const Key* before,
                              TimePoint now) {
    const Rights asked = rights_of(wanted, now);
    const Rights was = before != nullptr ? rights_of(*before, now) : Rights();
    return by_first_name(
        check_rights(asked, grantor, before != nullptr ? &was : nullptr, "policy"));
}

}  // namespace keywarden
