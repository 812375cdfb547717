// Signing in at an identity provider: what its handlers have in common.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "console/context.h"
#include "console/person.h"
#include "console/single_sign_on.h"
#include "domain/route.h"

namespace keywarden {

using FormFields = std::map<std::string, std::string, std::less<>>;

inline constexpr size_t kFormFieldsMax = 32;

/// A query or a form, strictly: each name once, nothing broken, no control characters.
/// Errors: InvalidRequest.
Result<FormFields> read_form(std::string_view text);
/// Empty where it is not there.
std::string field_of(const FormFields& fields, std::string_view name);

/// Whether it is an address of a page of our own: "/keys?state=active", and nothing that a browser
/// could take for another host's, or for a script.
bool is_own_page(std::string_view next);

/// The one that the path names. Errors: NotFound.
Result<IdentityProvider*> provider_of(const ConsoleContext& context, const ApiCall& call);

/// Where browsers find the console: "https://keys.example.com", without a slash at its end.
std::string console_url(const ConsoleContext& context, const ApiCall& call);

/// What is refused, and to whom.
struct SsoRefusal {
    std::string provider{};
    std::string user_id{};  // empty: nobody
    std::string action = "user.sign_in";
};
/// Writes the rows of the audit log and of our log that tell why, and counts what may be guessing.
/// Returns the error, or what kept the row from being written.
std::unexpected<Error> refused_sso(ConsoleContext& context,
                                   const ApiCall& call,
                                   const SsoRefusal& what,
                                   Error error);

std::unexpected<Error> invalid_state(std::string flaw);
std::unexpected<Error> no_account(std::string why);

/// Where the browser goes, and what it is known by when it comes back.
struct SsoBeginning {
    std::string location{};
    Secret browser{};  // for its cookie
};
/// Remembers the attempt, whose purpose is filled in, and makes the rest of it.
/// Errors: TooManyFailedAttempts, SsoUnavailable.
Result<SsoBeginning> begin_sso(ConsoleContext& context,
                               const ApiCall& call,
                               IdentityProvider& provider,
                               SsoAttempt attempt);

/// The attempt of that state or ticket: begun at this provider, and in this browser.
/// Errors: SsoStateInvalid.
Result<SsoAttempt> take_attempt(ConsoleContext& context,
                                const ApiCall& call,
                                std::string_view state,
                                std::string_view provider);

/// The field that gives the browser its cookie; without a value, takes it away.
std::string sso_cookie(const ApiCall& call, std::string_view value);

/// A browser that came by itself goes on there: `page` begins with a slash. Works under whatever
/// prefix a proxy takes off.
HttpResponse to_page(std::string_view page);
/// The same to a page that says what was wrong.
HttpResponse to_failure(const ApiCall& call, std::string_view page, const Error& error);

/// Where the browser of a session that has ended is signed out of its provider, too; empty:
/// nowhere. Source: OpenID Connect RP-Initiated Logout 1.0, 2.
std::string end_session_url(ConsoleContext& context, const ApiCall& call);

/// Somebody came back, and has proved who they are there.
struct SsoReturn {
    ConsoleContext& context;
    const ApiCall& call;
    const IdentityProvider& provider;
    const SsoAttempt& attempt;
    const ProvedIdentity& proved;
};
// sso_person.cc: each answers with where the browser goes on.
/// Errors: SsoNoAccount, StoreUnavailable.
Result<HttpResponse> sign_in_with(const SsoReturn& in);
/// Errors: also InvalidLink.
Result<HttpResponse> redeem_with(const SsoReturn& in);
/// Errors: SsoStateInvalid (the session has ended), IdentityTaken, StoreUnavailable.
Result<HttpResponse> link_with(const SsoReturn& in);

}  // namespace keywarden
