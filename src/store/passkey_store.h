// The passkeys of people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/audit.h"
#include "domain/passkey.h"

namespace keywarden {

/// A passkey has signed once more.
struct PasskeyUse {
    std::string id{};
    uint32_t sign_count = 0;
    TimePoint at{};
};

/// A part of SignInStore: what comes with a row of the audit log is one
/// transaction with it.
/// Errors of all: StoreUnavailable; of what is about a user or a passkey that is not there:
/// NotFound.
class PasskeyStore {
public:
    virtual ~PasskeyStore() = default;

    /// Errors: IdentityTaken when its credential is registered already, whoever's it is;
    /// InvalidRequest when its id is another's, or the person has kPasskeysMax.
    virtual Result<void> create_passkey(const Passkey& passkey, const AuditEntry& audit) = 0;
    virtual Result<Passkey> find_passkey(std::string_view credential_id) = 0;
    /// Those of a person, oldest first.
    virtual Result<std::vector<Passkey>> list_passkeys(std::string_view user_id) = 0;
    virtual Result<void> use_passkey(const PasskeyUse& use, const AuditEntry& audit) = 0;
    virtual Result<void> delete_passkey(std::string_view user_id,
                                        std::string_view id,
                                        const AuditEntry& audit) = 0;
};

std::unexpected<Error> passkey_taken();

}  // namespace keywarden
