// Seals providers' credentials and opens them again. Each value is bound to its team, row,
// provider, origin, and version, so that what is sealed opens in its own place only.
//
// Envelope (the default): AES-256-GCM under a data key of the team, which is wrapped by the master
// key. Fernet: a token as other programs read it, with a tag before it that binds it as well.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/envelope.h"
#include "base/fernet.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/units.h"
#include "store/credential_store.h"

namespace keywarden {

enum class SealForm : uint8_t { Envelope, Fernet };

struct VaultKeys {
    std::vector<Secret> masters{};  // the newest first; at least one
    Fernet fernet{};                // keys of tokens; may be none where the form is Envelope
    SealForm form = SealForm::Envelope;
};

/// How far everything is sealed as new values are: under the newest keys, in the form that is set.
struct VaultStatus {
    std::string master{};  // the newest master key, by a name that tells nothing of it
    size_t masters = 0;    // how many are known: more than one while they are changed
    int64_t sealed = 0;    // values that are kept here
    int64_t current = 0;   // of them, those that are sealed as new ones would be
    int64_t unreadable = 0;
    int64_t references = 0;  // values that are kept elsewhere

    bool is_done() const { return current == sealed && masters == 1; }
};

/// Threads: one at a time, for every function.
class Vault {
public:
    /// Requires: `store` outlives it.
    Vault(CredentialStore& store, VaultKeys keys);

    /// Takes in the data keys. One that no master key opens is an error only for what it sealed.
    Result<void> load();

    /// Seals the value for that row, as all else in it stands, and names the data key in it.
    Result<void> seal(ProviderCredential& row, const Secret& value, TimePoint now);
    /// Errors: CredentialUnreadable.
    Result<Secret> open(const ProviderCredential& row) const;
    /// A token made elsewhere. Errors: InvalidRequest when none of the Fernet keys opens it.
    Result<Secret> open_token(std::string_view token) const;

    Result<VaultStatus> status();

    /// A new newest master key: from now on it wraps.
    void add_master(Secret master);
    /// Seals at most `rows_max` values anew, a row at a time: whenever it is interrupted, each row
    /// opens with the key that it names. Once all are, forgets the data keys that none names.
    Result<VaultStatus> reseal(size_t rows_max, TimePoint now);
    /// Keeps the newest alone. Requires: every value that can be read is sealed as new ones are.
    void forget_old_masters();

    /// What a master key is called: the same for the same key, and nothing of it.
    static std::string name_of(const Secret& master);

private:
    struct Master {
        std::string name;
        SealingKey wrapping;
        Secret binding;  // of the tags before tokens
    };
    struct TeamKey {
        std::string master;
        SealingKey key;
    };

    static Master master_of(const Secret& secret);
    Result<int64_t> key_for(const std::string& team_id);
    Result<Secret> open_bound_token(const ProviderCredential& row) const;
    bool is_current(const ProviderCredential& row) const;
    Result<void> forget_old_keys();

    CredentialStore& store_;
    std::vector<Master> masters_;
    Fernet fernet_;
    SealForm form_;
    std::map<std::pair<std::string, int64_t>, TeamKey> keys_;  // by team, and version
    std::vector<DataKey> lost_;                                // that no master key opens
};

}  // namespace keywarden
