// People who have signed in, and the links that let them: what is remembered of either, and how
// long it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/secret.h"
#include "base/units.h"
#include "domain/audit.h"
#include "domain/network_prefix.h"
#include "domain/permission.h"
#include "domain/role.h"

namespace keywarden {

inline constexpr Nanos kSessionIdleMax = std::chrono::hours(12);
inline constexpr Nanos kSessionLifeMax = std::chrono::hours(24 * 7);
inline constexpr size_t kSessionsOfUserMax = 20;  // then the one that began first ends

/// What a browser holds is a random value that is nowhere else.
struct WebSession {
    std::string id{};  // what its owner sees, and ends it by
    std::string user_id{};
    Digest digest{};  // of what the cookie holds
    TimePoint created_at{};
    TimePoint used_at{};
    NetworkPrefix network{};  // where it began
    // Of one that began at an identity provider; empty: with a password.
    std::string issuer{};
    std::string provider_session{};  // its name there, where it has one
    std::string csrf_token{};        // of a call that brought the cookie; not stored
};

TimePoint ends_at(const WebSession& session);       // whatever is done
TimePoint idle_ends_at(const WebSession& session);  // unless it is used before
bool is_live(const WebSession& session, TimePoint now);

/// Whether a person may call routes of this permission by their session: what is about accounts,
/// never what spends, nor what is said of the calling key.
bool takes_sessions(Permission permission);

enum class LinkPurpose : uint8_t {
    Setup,       // makes the first operator
    Invitation,  // to a team
    Reset,       // sets a password
    kCount,
};

inline constexpr Nanos kSetupLinkKept = std::chrono::hours(24);
inline constexpr Nanos kResetLinkKept = std::chrono::hours(24);
inline constexpr Nanos kInvitationKept = std::chrono::hours(24 * 7);

/// A link that works once. What it holds is a random value that is nowhere else.
struct SignInLink {
    std::string id{};
    LinkPurpose purpose = LinkPurpose::Setup;
    Digest digest{};        // of that value
    std::string user_id{};  // Reset: whose password
    std::string email{};    // Invitation: who is invited
    std::string team_id{};  // Invitation: where to
    Role role = Role::Member;
    AuditParty made_by{};  // what is given with it is theirs to give
    TimePoint created_at{};
    TimePoint ends_at{};
};

/// 256 random bits for a cookie or a link, as text that an address may hold.
Secret new_web_token();
/// Longer ones are none of ours.
inline constexpr size_t kWebTokenLength = 43;
Digest web_token_digest(std::string_view token);
/// What the cookie is called. Over TLS no other host, and nobody on the way, can have set it.
std::string_view session_cookie_name(bool is_secure);
/// The same, of a browser that was sent to an identity provider and is to come back.
std::string_view sso_cookie_name(bool is_secure);
/// What proves that a page could read the session: nobody gets from it to the cookie.
std::string csrf_token_of(std::string_view token);

}  // namespace keywarden
