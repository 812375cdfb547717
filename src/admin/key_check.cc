#include "admin/key_check.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <variant>

#include "base/nearest_name.h"
#include "domain/compiled_policy.h"
#include "domain/model_rules.h"
#include "domain/role.h"
#include "domain/scope.h"
#include "domain/team.h"

namespace keywarden {
namespace {

constexpr size_t kPathMax = 2048;

Result<void> check_standing(const PolicyReading& reading,
                            const Caller& key,
                            const KeyDemand& demand) {
    TRY_VOID(check_team(reading.team_state()));
    if (!reading.maker()) return fail_of_who_left();
    for (const Permission wanted : demand.permissions) {
        TRY_VOID(check_reach(key.kind, reading.maker(), wanted));
    }
    if (demand.needs_endpoint && demand.endpoint.empty() &&
        any_has(reading.chain(), PolicyRule::Endpoints)) {
        const auto by = std::ranges::find_if(reading.chain(), [](const PolicyLink& link) {
            return link.policy->has(PolicyRule::Endpoints);
        });
        return fail(denied(ErrorCode::EndpointNotAllowed,
                           by->scope,
                           "The key may use some endpoints only, and nobody who is trusted said "
                           "which one this is."));
    }
    return check(reading.chain(),
                 {.kind = key.kind, .address = demand.address, .endpoint = demand.endpoint});
}

Result<void> take(AdminContext& context, const PolicyReading& reading, const KeyDemand& demand) {
    if (demand.costs.empty()) return {};
    const LimitResult taken = take_costs(reading.limits(), demand.costs, context.clock.mono());
    if (taken.denial) return fail(limit_error(*taken.denial));
    return {};
}

std::unexpected<Error> fail_unknown_name(std::string_view field,
                                         std::string_view name,
                                         std::span<const std::string_view> known) {
    std::string expected = "must be one of";
    for (const std::string_view each : known) {
        expected += (each == known.front() ? " '" : ", '") + std::string(each) + "'";
    }
    auto failed = fail_field(field, expected);
    if (const std::string_view meant = nearest_name(name, known); !meant.empty()) {
        failed.error().facts.push_back({"suggestion", std::string(meant)});
    }
    return failed;
}

bool is_answered(PolicyRule rule, const KeyDemand& demand) {
    switch (rule) {
        case PolicyRule::Kinds:
            return true;
        case PolicyRule::Addresses:
            return demand.address.has_value();
        case PolicyRule::Endpoints:
            return !demand.endpoint.empty();
        case PolicyRule::Tools:
            return demand.tools;
        default:
            return !demand.model.empty();
    }
}

}  // namespace

Result<PresentedKey> find_key(AdminContext& context,
                              std::string_view presented,
                              std::string_view team_id) {
    TRY(PresentedKey found, context.keys.look_at(presented, context.clock.now()));
    if (found.caller.team_id == team_id) return found;
    return fail(ErrorCode::InvalidApiKey, "The API key is not one of this gateway.");
}

ModelName model_name(const AdminContext& context, const ModelTarget& target) {
    return {.provider = context.models->providers()[target.provider].name, .model = target.id};
}

Result<void> meet(AdminContext& context, const Caller& key, const KeyDemand& demand) {
    ModelTarget target;
    ModelName model;
    if (!demand.model.empty()) {
        TRY(const ModelTarget named, context.models->resolve(demand.model));
        target = usable_target(
            context.keys.read_policy(key).chain(), *context.models, demand.model, named);
        model = model_name(context, target);
    }
    const PolicyReading reading = context.keys.read_policy(key, model);
    TRY_VOID(check_standing(reading, key, demand));
    if (!demand.model.empty()) {
        TRY_VOID(check_model(reading.chain(), *context.models, demand.model, target));
    }
    return take(context, reading, demand);
}

std::vector<std::string_view> lists_not_met(AdminContext& context,
                                            const Caller& key,
                                            const KeyDemand& demand) {
    const PolicyReading reading = context.keys.read_policy(key);
    std::vector<std::string_view> names;
    for (const PolicyRuleInfo& row : all_policy_rules()) {
        if (is_answered(row.rule, demand) || !any_has(reading.chain(), row.rule)) continue;
        names.push_back(row.field);
    }
    return names;
}

std::vector<std::string_view> permissions_of(AdminContext& context, const Caller& key) {
    const PolicyReading reading = context.keys.read_policy(key);
    std::vector<std::string_view> names;
    for (const PermissionInfo& row : all_permissions()) {
        if (row.permission == Permission::Public) continue;
        if (reach(key.kind, reading.maker(), row.permission) == Reach::None) continue;
        names.push_back(row.name);
    }
    return names;
}

void tell_refusal(const Error& error, Json& answer) {
    answer["code"] = info(error.code).slug;
    answer["message"] = error.message;
    if (error.retry_after > Nanos(0)) {
        answer["retry_after_seconds"] =
            std::chrono::ceil<std::chrono::seconds>(error.retry_after).count();
    }
    for (const Fact& fact : error.facts) {
        std::visit([&](const auto& value) { answer[fact.name] = value; }, fact.value);
    }
}

Json limit_record(const LimitUse& use) {
    // Rounded up: whoever waits that long finds it so.
    const auto reset = std::chrono::ceil<std::chrono::seconds>(use.reset_after);
    return {{"name", info(use.kind).field},
            {"scope", name(use.counted_in)},
            {"source", name(use.limit.source)},
            {"limit", use.limit.value},
            {"used", use.used},
            {"remaining", std::max(use.limit.value - use.used, int64_t{0})},
            {"reset_seconds", reset.count()}};
}

Json rates_of(AdminContext& context, const Caller& key) {
    const PolicyReading reading = context.keys.read_policy(key);
    Json limits = Json::array();
    for (const LimitUse& use : list_limits(reading.limits(), {}, context.clock.mono())) {
        if (is_rate(use.kind)) limits.push_back(limit_record(use));
    }
    return limits;
}

bool is_plain_path(std::string_view path) {
    if (path == "/") return true;
    if (!path.starts_with('/') || path.size() > kPathMax) return false;
    const auto is_odd = [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == 0x7f ||
               std::string_view("%\\?#;").find(c) != std::string_view::npos;
    };
    if (std::ranges::any_of(path, is_odd)) return false;
    for (size_t at = 1; at < path.size();) {
        const size_t end = std::min(path.find('/', at), path.size());
        const std::string_view segment = path.substr(at, end - at);
        if (segment.empty() || segment == "." || segment == "..") return false;
        at = end + 1;
    }
    return true;
}

Result<Permission> permission_called(std::string_view field, std::string_view name) {
    std::vector<std::string_view> known;
    for (const PermissionInfo& row : all_permissions()) {
        if (row.name == name) return row.permission;
        known.push_back(row.name);
    }
    return fail_unknown_name(field, name, known);
}

Result<void> add_cost(std::string_view field, std::string_view name, int64_t cost, Limits& costs) {
    std::vector<std::string_view> known;
    for (const LimitKindInfo& row : all_limit_kinds()) {
        if (!is_rate(row.kind)) continue;
        known.push_back(row.field);
        if (name != row.field && name != row.short_name) continue;
        if (costs[row.kind]) return fail_field(field, "names a limit twice");
        costs[row.kind] = cost;
        return {};
    }
    return fail_unknown_name(field, name, known);
}

}  // namespace keywarden
