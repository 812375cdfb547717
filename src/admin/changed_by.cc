#include "admin/changed_by.h"

namespace keywarden {

ChangedBy changed_by(const AdminContext& context, const ApiCall& call) {
    ChangedBy by{.actor = {"user", context.operator_id},
                 .address = call.request.peer_address,
                 .request_id = call.request.request_id};
    if (call.caller != nullptr && !call.caller->is_operator) {
        by.actor = {"key", std::string(call.caller->key_id())};
    }
    return by;
}

Result<std::optional<Role>> role_of_caller(AdminContext& context, const Caller& caller) {
    if (caller.is_operator) return Role::Owner;
    Store& store = context.keys.store();
    TRY(const Key key, store.get_key(caller.team_id, caller.key_id()));
    if (key.user_id.empty()) return Role::Owner;
    const auto member = store.accounts().get_member(caller.team_id, key.user_id);
    if (member) return member->role;
    if (member.error().code == ErrorCode::NotFound) return std::nullopt;
    return fail(member.error());
}

}  // namespace keywarden
