// Every handler of this layer, as the table in routes.cc names them.
#pragma once

#include "base/result.h"
#include "console/context.h"
#include "domain/route.h"

namespace keywarden {

// pages.cc
Result<HttpResponse> read_page(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> read_asset(ConsoleContext& context, const ApiCall& call);

// sign_in.cc
Result<HttpResponse> read_sign_in_state(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> sign_in(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> read_session(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> sign_out(ConsoleContext& context, const ApiCall& call);

// setup.cc
Result<HttpResponse> set_up(ConsoleContext& context, const ApiCall& call);

// links.cc
Result<HttpResponse> accept_invitation(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> reset_password(ConsoleContext& context, const ApiCall& call);

// own_sessions.cc
Result<HttpResponse> list_own_sessions(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> end_own_session(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> change_own_password(ConsoleContext& context, const ApiCall& call);

// sso_begin.cc, sso_callback.cc, sso_logout.cc
Result<HttpResponse> start_sso(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> ticket_for_invitation(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> ticket_for_link(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> finish_sso(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> log_out_from_provider(ConsoleContext& context, const ApiCall& call);

// identities.cc
Result<HttpResponse> list_own_identities(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> unlink_identity(ConsoleContext& context, const ApiCall& call);

// second_factor.cc
Result<HttpResponse> begin_totp(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> confirm_totp(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> end_totp(ConsoleContext& context, const ApiCall& call);

// passkeys.cc
Result<HttpResponse> read_passkey_challenge(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> sign_in_with_passkey(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> list_own_passkeys(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> begin_own_passkey(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> add_own_passkey(ConsoleContext& context, const ApiCall& call);
Result<HttpResponse> remove_own_passkey(ConsoleContext& context, const ApiCall& call);

}  // namespace keywarden
