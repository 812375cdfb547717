#include "admin/changed_by.h"

#include "admin/json_body.h"

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

Result<void> check_may_write(AdminContext& context, const Caller& caller, const Key& key) {
    TRY(const auto role, role_of_caller(context, caller));
    if (role && reach(*role, Permission::KeysWrite) == Reach::Team) return {};
    TRY(const Key own, context.keys.store().get_key(caller.team_id, caller.key_id()));
    if (role && own.user_id == key.user_id) return {};
    return fail(ErrorCode::TeamAccessDenied,
                "The caller's role may only change keys of their own, and this is another's.");
}

Result<void> give_to(AdminContext& context,
                     const Caller& caller,
                     const std::string& user,
                     Key& key) {
    if (user.empty() || user == key.user_id) return {};
    const auto member = context.keys.store().accounts().get_member(key.team_id, user);
    if (!member && member.error().code == ErrorCode::NotFound) {
        return fail_field("user", "must be the id of a member of the team");
    }
    if (!member) return fail(member.error());
    TRY(const auto mine, role_of_caller(context, caller));
    if (!mine || !may_assign(*mine, member->role)) {
        return fail({.code = ErrorCode::TeamAccessDenied,
                     .message = "'user': their role holds more than the caller's own, or the "
                                "caller may make no keys for others.",
                     .param = "user"});
    }
    key.user_id = user;
    return {};
}

}  // namespace keywarden
