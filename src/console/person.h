// What the handlers that sign somebody in have in common: fields, attempts, rows of the audit log,
// and the session that comes of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/body.h"
#include "base/result.h"
#include "base/secret.h"
#include "console/context.h"
#include "console/passkey_fields.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/route.h"
#include "store/sign_in_store.h"

namespace keywarden {

/// Nothing for what is not there; other errors stay.
template <class T>
Result<std::optional<T>> if_there(Result<T> found) {
    if (found) return std::optional<T>(*std::move(found));
    if (found.error().code == ErrorCode::NotFound) return std::optional<T>();
    return fail(std::move(found).error());
}

/// The fields of all bodies of this layer; each takes some of them.
struct SignInDraft {
    std::string token{};
    std::string email{};
    std::string name{};
    Secret password{};
    Secret current{};  // the password before
    // Of the second factor, one of them:
    std::string code{};
    std::optional<PasskeyAnswer> passkey{};
    // Of a new passkey:
    std::string attempt{};
    std::string client_data{};
    std::string attestation_object{};
    std::vector<std::string> transports{};
};

/// All of `wanted` must be there, `code` or `passkey` may be where it `may_have_code`, and nothing
/// else. A
/// password is only bounded: whether it is long enough is asked of new ones.
/// Errors: InvalidRequest, UnknownField.
Result<SignInDraft> read_draft(const ApiCall& call,
                               std::span<const std::string_view> wanted,
                               bool may_have_code = false);
/// Errors: InvalidRequest, with `field` as its param.
Result<void> check_new_password(const Secret& password, std::string_view field = "password");

/// Who tries to sign in.
struct Tried {
    std::string email{};    // as attempts are counted, whether anybody has it or not; empty: a link
    std::string user_id{};  // as the log names them; empty: nobody
};
Tried tried(const User& user);

/// Errors: TooManyFailedAttempts, when this may not even be tried just now: one row an address and
/// minute tells of it.
Result<void> check_attempts(ConsoleContext& context, const ApiCall& call, const Tried& who);
/// Before it waits for its thread: whoever is held off and told of it, or has enough waiting, takes
/// no place there. Does not block. Errors: TooManyFailedAttempts, Overloaded.
Result<std::shared_ptr<void>> take_place(ConsoleContext& context, const ApiCall& call);

/// Writes the row that tells of somebody who was not let in; `user_id` is empty where that is
/// nobody. Returns `error`, or what kept the row from being written.
std::unexpected<Error> refused_sign_in(ConsoleContext& context,
                                       const ApiCall& call,
                                       const std::string& user_id,
                                       Error error);
/// The same of a wrong password, or link, and counts it.
std::unexpected<Error> failed_sign_in(ConsoleContext& context,
                                      const ApiCall& call,
                                      const Tried& who,
                                      Error error);

/// Checks the password, and a code or a passkey where they have a second factor. Takes as long for
/// who has no password here, and for nobody (`user` null). Returns whether a code was used up: it
/// is taken out of `sign_in`, for the caller to store. Errors: InvalidSignIn, SecondFactorRequired,
/// TooManyFailedAttempts.
Result<bool> prove(ConsoleContext& context,
                   const ApiCall& call,
                   const User* user,
                   const SignInDraft& draft,
                   SignIn& sign_in);

/// Of who changes how they sign in: the body has their password, and a code where they have a
/// second factor; who has no password sends none. Runs where passwords are hashed. Errors: as
/// prove; InvalidRequest, UnknownField.
Result<void> prove_own(ConsoleContext& context, const ApiCall& call);

/// A row of the instance's log: what was done to `user`, by themselves.
AuditEntry person_entry(const ConsoleContext& context,
                        const ApiCall& call,
                        std::string_view user_id,
                        std::string action);

/// A session about to begin: for the store first, then for `begun`.
struct NewSession {
    Secret token{};
    WebSession session{};
};
/// Stores a new session, with what `also` changes, in one step. Returns it for `begun`.
/// `passkey_id`: of the passkey that it begins with, alone.
Result<NewSession> store_session(ConsoleContext& context,
                                 const ApiCall& call,
                                 const User& user,
                                 const std::function<Result<void>()>& also,
                                 std::string passkey_id = {});
NewSession new_session(const ConsoleContext& context, const ApiCall& call, const User& user);
/// Puts it into memory, and answers with the session's document and its cookie.
/// Errors: StoreUnavailable; InvalidSignIn: they were disabled meanwhile, and no session is left.
Result<HttpResponse> begun(ConsoleContext& context,
                           const ApiCall& call,
                           const User& user,
                           NewSession session);

/// Who has signed in, their teams with their role and permissions there, and until when.
Result<Json> session_document(ConsoleContext& context, const WebSession& session);

/// The secret of a second factor, sealed for the store, and opened.
std::string seal_totp(const ConsoleContext& context,
                      std::string_view user_id,
                      const Secret& secret);
/// Errors: CredentialUnreadable.
Result<Secret> open_totp(const ConsoleContext& context, const SignIn& sign_in);

/// Gives them ten new ones in place of those that they had, and returns them as text.
Json new_recovery_codes(SignIn& sign_in);

/// The link's record, if it is for that and still holds. Counts a wrong one.
/// Errors: InvalidLink, TooManyFailedAttempts.
Result<SignInLink> find_link(ConsoleContext& context,
                             const ApiCall& call,
                             LinkPurpose purpose,
                             std::string_view token);

/// Takes the cookie away from the browser.
HttpResponse without_cookie(const ApiCall& call, HttpResponse response);

}  // namespace keywarden
