#include "admin/changed_by.h"

#include "admin/grantor.h"
#include "admin/json_body.h"
#include "domain/rights.h"
#include "domain/scope.h"

namespace keywarden {

namespace {

/// Who has signed in, or whose the calling key is; empty: nobody's.
Result<std::string> person_of(AdminContext& context, const Caller& caller) {
    if (!caller.user_id.empty()) return std::string(caller.user_id);
    TRY(Key key, context.keys.store().get_key(caller.team_id, caller.key_id()));
    return std::move(key.user_id);
}

}  // namespace

ChangedBy changed_by(const AdminContext& context, const ApiCall& call) {
    ChangedBy by{.actor = {"user", context.operator_id},
                 .address = call.request.peer_address,
                 .request_id = call.request.request_id};
    if (call.caller == nullptr) return by;
    if (!call.caller->user_id.empty()) {
        by.actor.id = call.caller->user_id;
    } else if (!call.caller->is_operator) {
        by.actor = {"key", std::string(call.caller->key_id())};
    }
    return by;
}

Result<std::optional<Role>> role_of_caller(AdminContext& context, const Caller& caller) {
    if (caller.is_operator) return Role::Owner;
    Store& store = context.keys.store();
    TRY(const std::string user, person_of(context, caller));
    if (user.empty()) return Role::Owner;
    const auto member = store.accounts().get_member(caller.team_id, user);
    if (member) return member->role;
    if (member.error().code == ErrorCode::NotFound) return std::nullopt;
    return fail(member.error());
}

Result<void> check_may_assign(AdminContext& context, const ApiCall& call, Role role) {
    TRY(const auto mine, role_of_caller(context, *call.caller));
    if (mine && may_assign(*mine, role)) return {};
    return fail(
        {.code = ErrorCode::TeamAccessDenied,
         .message = "The role '" + std::string(name(role)) + "' holds more than the caller's own.",
         .param = "role",
         .facts = {{"denied_by", std::string(name(Scope::Team))}}});
}

Result<void> check_may_give_role(AdminContext& context, const ApiCall& call, Role role) {
    TRY_VOID(check_may_assign(context, call, role));
    TRY(const std::optional<Rights> held, grantor_of(context, *call.caller));
    if (!held || reach(role, Permission::KeysWrite) == Reach::None) return {};
    if (check_rights(Rights{}, *held)) return {};
    return fail({.code = ErrorCode::InsufficientScope,
                 .message = "The calling key is narrowed, and the role '" +
                            std::string(name(role)) +
                            "' makes keys that are not: have a person, or a key without bounds, "
                            "give it.",
                 .param = "role",
                 .facts = {{"denied_by", std::string(name(Scope::Key))}}});
}

Result<void> check_may_write(AdminContext& context, const Caller& caller, const Key& key) {
    TRY(const auto role, role_of_caller(context, caller));
    if (role && reach(*role, Permission::KeysWrite) == Reach::Team) return {};
    TRY(const std::string person, person_of(context, caller));
    if (role && person == key.user_id) return {};
    return fail(
        denied(ErrorCode::TeamAccessDenied,
               Scope::Team,
               "The caller's role may only change keys of their own, and this is another's."));
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
                     .param = "user",
                     .facts = {{"denied_by", std::string(name(Scope::Team))}}});
    }
    key.user_id = user;
    return {};
}

}  // namespace keywarden
