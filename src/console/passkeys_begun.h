// What the gateway remembers of passkeys that browsers were asked for.
#pragma once

#include <string>

#include "base/units.h"
#include "console/one_time_attempts.h"
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

/// Beside ConsoleContext.
struct PasskeysBegun {
    OneTimeAttempts<PasskeyAttempt> attempts{kChallengeKept};
    FailedAttempts counted{30, std::chrono::seconds(1)};  // how often an address may begin
};

}  // namespace keywarden
