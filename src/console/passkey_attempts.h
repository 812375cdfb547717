// What the gateway remembers of passkeys that browsers were asked for. In memory only: after a
// restart one begins again.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/crypto.h"
#include "domain/failed_attempts.h"
#include "domain/webauthn.h"

namespace keywarden {

/// A question that a passkey signs.
struct PasskeyAttempt {
    std::string challenge{};  // raw bytes
    // Of somebody who has signed in, and adds one; empty: it is to let somebody in.
    std::string user_id{};
    std::string session_id{};
    MonoTime begun_at{};
};

/// Threads: any.
class PasskeyAttempts {
public:
    static constexpr size_t kMax = 10'000;  // then the one that began first is forgotten

    void put(std::string_view token, PasskeyAttempt attempt);
    /// Takes it out, whoever asks: it is answered once. Nothing for one that is too old.
    std::optional<PasskeyAttempt> take(std::string_view token, MonoTime now);

private:
    std::mutex mutex_;
    std::map<Digest, PasskeyAttempt> attempts_;  // by the digest of their token
    std::deque<std::pair<MonoTime, Digest>> order_;
};

/// Beside ConsoleContext.
struct PasskeysBegun {
    PasskeyAttempts attempts{};
    FailedAttempts counted{30, std::chrono::seconds(1)};  // how often an address may begin
};

}  // namespace keywarden
