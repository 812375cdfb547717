// GET /v1/key: who am I, what may I do, and how much of it is left. Costs nothing.
#include <string_view>
#include <utility>
#include <vector>

#include "admin/effective.h"
#include "admin/handlers.h"
#include "admin/json_body.h"
#include "admin/key_check.h"
#include "admin/key_record.h"
#include "admin/spend_view.h"
#include "domain/role.h"

namespace keywarden {
namespace {

/// An operator holds them all.
std::vector<std::string_view> held_by(AdminContext& context, const Caller& caller) {
    if (!caller.is_operator) return permissions_of(context, caller);
    std::vector<std::string_view> names;
    for (const PermissionInfo& row : all_permissions()) {
        if (row.permission != Permission::Public) names.push_back(row.name);
    }
    return names;
}

}  // namespace

Result<HttpResponse> read_calling_key(AdminContext& context, const ApiCall& call) {
    const Caller& caller = *call.caller;
    Json budgets = Json::array();
    Json answer = {{"id", context.operator_id}, {"object", "operator"}};
    if (!caller.is_operator) {
        TRY(const Key key, context.keys.store().get_key(caller.team_id, caller.key_id()));
        answer = key_record(key,
                            default_rpm(context, key.team_id),
                            context.clock.now(),
                            context.keys.defaults().notice);
        TRY(const SpendView spent, SpendView::of(context, key.team_id));
        spent.mark(key, answer);
        TRY(budgets, spent.budgets_of(key));
    }
    TRY(const Team team, context.keys.store().accounts().get_team(caller.team_id));
    answer["team"] = {{"id", team.id}, {"name", team.name}};
    answer["permissions"] = held_by(context, caller);
    answer["limits"] = caller.is_operator ? Json::array() : limits_of(context, caller);
    answer["lists"] = caller.is_operator ? Json::object() : lists_of(context, caller);
    if (!caller.is_operator) answer["tool_selection"] = selection_of(context, caller);
    answer["budgets"] = std::move(budgets);
    return json_response(200, answer);
}

}  // namespace keywarden
