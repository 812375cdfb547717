// Who calls, as the audit log names them, and with which role they act.
#pragma once

#include <optional>
#include <string>

#include "admin/context.h"
#include "base/result.h"
#include "domain/audit_facts.h"
#include "domain/role.h"
#include "domain/route.h"

namespace keywarden {

/// The calling key, the person who has signed in, or the operator's user; with their address and
/// the request's id.
ChangedBy changed_by(const AdminContext& context, const ApiCall& call);

/// The role of whose key it is, or of the person, now. An operator's is an owner's, and so is that
/// of a key that is nobody's. Nothing for who has left the team.
Result<std::optional<Role>> role_of_caller(AdminContext& context, const Caller& caller);

/// Whether the caller may give that role, or judge who has it. Errors: TeamAccessDenied.
Result<void> check_may_assign(AdminContext& context, const ApiCall& call, Role role);

/// As check_may_assign, for a role that somebody gets by it. What they sign in with is bound by
/// nothing that narrows the calling key, so such a key gives no role that makes keys.
/// Errors: TeamAccessDenied, InsufficientScope.
Result<void> check_may_give_role(AdminContext& context, const ApiCall& call, Role role);

/// Errors: TeamAccessDenied where the caller's role may write only its own keys, and `key` is
/// another's.
Result<void> check_may_write(AdminContext& context, const Caller& caller, const Key& key);

/// Takes `user`, whose key it shall be, over into a new key of the team.
/// Errors: InvalidRequest when they are no member; TeamAccessDenied when their role holds more than
/// the caller's.
Result<void> give_to(AdminContext& context,
                     const Caller& caller,
                     const std::string& user,
                     Key& key);

}  // namespace keywarden
