// What redeeming an invitation asks and does, whichever way whoever redeems it signs in.
#pragma once

#include "base/result.h"
#include "console/context.h"
#include "domain/account.h"
#include "domain/route.h"
#include "domain/web_session.h"

namespace keywarden {

/// Whoever made it may give that role still. Errors: InvalidLink.
Result<void> check_maker(ConsoleContext& context, const ApiCall& call, const SignInLink& link);

/// Whoever invites must not come to what others gave a person who has set no password yet, nor to
/// the account of one who signs in elsewhere. Errors: InvalidLink.
Result<void> check_has_nothing(ConsoleContext& context, const ApiCall& call, const User& user);

// Within together():
Result<void> make_person(ConsoleContext& context, const ApiCall& call, const User& user);
Result<void> join_team(ConsoleContext& context, const ApiCall& call, const Member& member);

}  // namespace keywarden
