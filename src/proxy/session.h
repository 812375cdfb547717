// People in a browser: whose session a request brings, and whether a page of ours sent it.
#pragma once

#include "base/result.h"
#include "proxy/call.h"

namespace keywarden {

/// Whether the browser came over TLS: to us, or to a proxy that is believed in it.
bool is_secure(const Call& call);

/// Whether a cookie of ours is there, whatever it holds.
bool presents_session(const Call& call);

/// The cookie of a browser that comes back from an identity provider; empty: none, or none of ours.
std::string sso_cookie_of(const Call& call);

/// Puts the person in as the caller: of the team that X-Keywarden-Team names, with their role in
/// it; an operator as one. A change must carry the session's X-Keywarden-Csrf, and come from here.
/// Errors: SessionRequired, CsrfFailed, NotFound (not a team of theirs), InvalidRequest (no team
/// named where one is needed).
Result<void> authenticate_session(Call* call);

/// Whether a page of this gateway sent it, as far as the browser says, and what it asks for is a
/// change. Errors: CsrfFailed.
Result<void> check_own_page(const Call& call);

/// As may_come, for people. Errors: AccountInactive, InvoiceOverdue, TeamAccessDenied,
/// IpNotAllowed.
Result<void> may_person_come(Call* call);

}  // namespace keywarden
