// GET /v1/key: who am I, what may I do, and how much of it is left. Costs nothing.
#include <array>
#include <string>
#include <string_view>

#include "admin/effective.h"
#include "admin/handlers.h"
#include "admin/json_body.h"
#include "admin/key_record.h"
#include "domain/permission.h"

namespace keywarden {
namespace {

struct Named {
    Permission permission;
    std::string_view name;
};

/// The permissions that a key can hold, as the API calls them.
constexpr std::array kNamed = {
    Named{Permission::Inference, "inference"},
    Named{Permission::KeysRead, "keys.read"},
    Named{Permission::KeysWrite, "keys.write"},
    Named{Permission::Operator, "operator"},
};

Json permissions_of(const Caller& caller) {
    Json names = Json::array();
    for (const Named& row : kNamed) {
        if (caller.is_operator || holds(caller.kind, row.permission)) names.push_back(row.name);
    }
    return names;
}

}  // namespace

Result<HttpResponse> read_calling_key(AdminContext& context, const ApiCall& call) {
    const Caller& caller = *call.caller;
    Json answer = {{"id", context.operator_id}, {"object", "operator"}};
    if (!caller.is_operator) {
        TRY(const Key key, context.keys.store().get_key(caller.team_id, caller.key_id()));
        answer = key_record(key,
                            default_rpm(context, key.team_id),
                            context.clock.now(),
                            context.keys.defaults().notice);
    }
    TRY(const Team team, context.keys.store().accounts().get_team(caller.team_id));
    answer["team"] = {{"id", team.id}, {"name", team.name}};
    answer["permissions"] = permissions_of(caller);
    answer["limits"] = caller.is_operator ? Json::array() : limits_of(context, caller);
    answer["lists"] = caller.is_operator ? Json::object() : lists_of(context, caller);
    return json_response(200, answer);
}

}  // namespace keywarden
