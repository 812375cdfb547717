// What becomes of people's sessions when what they may do changes.
#pragma once

#include <string>
#include <string_view>

#include "admin/context.h"
#include "base/result.h"
#include "domain/route.h"
#include "store/policy_directory.h"
#include "store/sign_in_store.h"

namespace keywarden {

/// They must sign in again, everywhere, from the next request on. Errors: StoreUnavailable.
Result<void> end_sessions_of(AdminContext& context, std::string_view user_id);

/// Nobody has proved whose the email is of somebody who signs in: what comes with a role is for who
/// gets a link. Errors: InvalidRequest, with `email` as its param; StoreUnavailable.
Result<void> check_is_no_stranger(SignInStore& sign_ins, std::string_view user_id);

/// The role holds from the next request on; if it is another one than before, sessions end.
/// Errors: StoreUnavailable.
Result<void> put_role(AdminContext& context, const MemberRole& role, bool is_other);

/// Where whoever asks finds the console: what a link that they are given begins with.
std::string console_base(const AdminContext& context, const ApiCall& call);

}  // namespace keywarden
