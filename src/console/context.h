// What every handler of the console works with.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/envelope.h"
#include "base/result.h"
#include "console/embedded.h"
#include "console/passkeys_begun.h"
#include "console/single_sign_on.h"
#include "domain/failed_attempts.h"
#include "store/policy_directory.h"
#include "store/session_directory.h"
#include "store/store.h"

namespace keywarden {

/// Wrong passwords and links are counted by address and by account: a password is short enough to
/// be guessed, so that while there were too many not even the right one is looked at.
struct SignInAttempts {
    FailedAttempts by_address{10, std::chrono::seconds(10)};
    FailedAttempts by_account{20, std::chrono::seconds(30)};
    FailedAttempts told{1, std::chrono::minutes(1)};  // in the log, of who is held off
};

/// How many sign-ins of an address wait for the one thread that hashes passwords: whoever sends
/// many leaves room for others.
/// Threads: any. Must outlive the places that it gives.
class WaitingSignIns {
public:
    static constexpr size_t kOfAddressMax = 2;

    /// Until what it returns is gone, one more waits. Errors: Overloaded.
    Result<std::shared_ptr<void>> enter(std::string_view address);

private:
    std::mutex mutex_;
    std::multiset<std::string> networks_;  // of each that waits
};

/// Whoever makes it (app/) keeps it alive as long as the routes, and what it points at.
struct ConsoleContext {
    std::span<const WebFile> files{};  // index.html first; empty: built without the console
    // Set before the first call that signs anybody in.
    Store* store = nullptr;
    SessionDirectory* sessions = nullptr;
    PolicyDirectory* policies = nullptr;
    const Clock* clock = nullptr;
    const SealingKey* totp_key = nullptr;  // seals the secrets of second factors
    std::string team_id{};  // of the first start: the first operator becomes an owner of it
    std::unique_ptr<SignInAttempts> attempts = std::make_unique<SignInAttempts>();
    std::string public_url{};  // of the console, as the configuration says; empty: as asked for
    std::unique_ptr<PasskeysBegun> passkeys = std::make_unique<PasskeysBegun>();
    std::unique_ptr<SingleSignOn> sso{};  // null: the configuration names no identity provider
    std::unique_ptr<WaitingSignIns> waiting = std::make_unique<WaitingSignIns>();
};

}  // namespace keywarden
