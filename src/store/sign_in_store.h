// What the gateway remembers of people who sign in: passwords, sessions, and links, as hashes; and
// who they are elsewhere.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/audit.h"
#include "domain/identity.h"
#include "domain/web_session.h"
#include "store/passkey_store.h"

namespace keywarden {

/// How a person proves who they are.
struct SignIn {
    std::string user_id{};
    std::string password_hash{};  // see base/password.h; empty: none yet
    // The second factor, where there is one (domain/totp.h):
    std::string totp_sealed{};             // its secret; raw bytes
    bool totp_confirmed = false;           // a first code was right: from then on one is asked for
    int64_t totp_step = 0;                 // of the newest code that was taken: none works twice
    std::vector<Digest> recovery_codes{};  // those left; each works once
};

/// When a session was used, gathered off the way of a call and written in batches.
struct SessionUse {
    std::string id{};
    TimePoint at{};
};

/// With the passkeys. As AccountStore: what comes with a row of the audit log is one transaction
/// with it. Safe to call from any thread. Every call either happened or did not. Errors of all:
/// StoreUnavailable; of what is about a user, a session, a link, or an identity that is not there:
/// NotFound.
class SignInStore : public PasskeyStore {
public:
    /// Replaces what was there.
    virtual Result<void> put_sign_in(const SignIn& sign_in, const AuditEntry& audit) = 0;
    /// One without a password where none was put.
    virtual Result<SignIn> get_sign_in(std::string_view user_id) = 0;
    /// Whether there is an operator who may sign in: with a password, or an identity.
    virtual Result<bool> has_operator() = 0;
    /// A row of the audit log by itself: of what changed nothing here, such as a wrong password.
    virtual Result<void> tell(const AuditEntry& audit) = 0;

    /// Errors: InvalidRequest when its id or digest is another's.
    virtual Result<void> create_session(const WebSession& session, const AuditEntry& audit) = 0;
    virtual Result<void> end_session(std::string_view id, const AuditEntry& audit) = 0;
    /// Those that have ended by themselves, or by a change that has a row of its own. Unknown ids
    /// are skipped.
    virtual Result<void> forget_sessions(std::span<const std::string> ids) = 0;
    /// All of them, oldest first.
    virtual Result<std::vector<WebSession>> list_sessions() = 0;
    /// Never sets one back. Unknown ids are skipped.
    virtual Result<void> note_sessions(std::span<const SessionUse> uses) = 0;

    /// In place of the one for the same purpose, person, and team. It is made by the row's actor.
    virtual Result<void> put_link(const SignInLink& link, const AuditEntry& audit) = 0;
    virtual Result<SignInLink> get_link(const Digest& digest) = 0;
    /// Those of a team, oldest first.
    virtual Result<std::vector<SignInLink>> list_links(std::string_view team_id) = 0;
    /// Takes it away: it works once.
    virtual Result<void> use_link(const Digest& digest, const AuditEntry& audit) = 0;

    /// Errors: IdentityTaken when that issuer and subject are somebody's already; InvalidRequest
    /// when its id is another's, or the person has kIdentitiesMax.
    virtual Result<void> create_identity(const Identity& identity, const AuditEntry& audit) = 0;
    virtual Result<Identity> find_identity(std::string_view issuer, std::string_view subject) = 0;
    /// Those of a person, oldest first.
    virtual Result<std::vector<Identity>> list_identities(std::string_view user_id) = 0;
    /// Errors: LastWayIn when they have no other, and no password.
    virtual Result<void> delete_identity(std::string_view user_id,
                                         std::string_view id,
                                         const AuditEntry& audit) = 0;
};

}  // namespace keywarden
