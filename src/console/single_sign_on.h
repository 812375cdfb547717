// What the gateway remembers of sign-ins at identity providers while they are under way, and of
// those that came of them. In memory only: after a restart one begins again.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/crypto.h"
#include "base/secret.h"
#include "base/units.h"
#include "console/identity_provider.h"
#include "console/one_time_attempts.h"
#include "domain/failed_attempts.h"

namespace keywarden {

/// A browser was sent to a provider, and is to come back once; or has a ticket to be sent there.
struct SsoAttempt {
    std::string provider{};
    Digest browser{};  // of the cookie of the browser that began
    std::string nonce{};
    std::string verifier{};  // of PKCE
    std::string redirect_uri{};
    std::string next{};  // where on the console it goes then
    // For somebody who has signed in, and links the identity to their account:
    std::string link_user_id{};
    std::string link_session_id{};
    std::string invitation{};  // the token of the one that is redeemed
    MonoTime begun_at{};
};

inline constexpr Nanos kSsoAttemptKept = std::chrono::minutes(10);

/// Names that were seen, for as long as they matter. Threads: any.
class SeenNames {
public:
    static constexpr size_t kMax = 10'000;

    /// False when it was seen before, or there is no room to remember it.
    bool add(std::string_view seen, MonoTime now, Nanos kept);

private:
    std::mutex mutex_;
    std::map<Digest, MonoTime> until_;
};

/// The ID tokens of sessions, by which their provider knows whom to sign out. Threads: any.
class SessionTokens {
public:
    static constexpr size_t kMax = 2'000;  // then that of the first is forgotten
    static constexpr size_t kBytesMax = size_t{8} << 10U;

    void put(const std::string& session_id, Secret token);
    Secret take(const std::string& session_id);

private:
    std::mutex mutex_;
    std::map<std::string, Secret, std::less<>> tokens_;
    std::deque<std::string> order_;
};

/// Beside ConsoleContext, where the configuration names providers.
struct SingleSignOn {
    std::vector<std::unique_ptr<IdentityProvider>> providers{};
    std::string public_url{};  // without a slash at its end; empty: as the browser asked for it
    OneTimeAttempts<SsoAttempt> attempts{kSsoAttemptKept};
    SeenNames logout_tokens{};
    SessionTokens tokens{};
    FailedAttempts begun{30, std::chrono::seconds(1)};  // how often an address may begin

    /// Null where there is none of that name.
    IdentityProvider* find(std::string_view name) const;
    IdentityProvider* of_issuer(std::string_view issuer) const;
};

}  // namespace keywarden
