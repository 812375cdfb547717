// The credentials in force, in memory: what calls go to providers with, and the one way to change
// them.
//
// A change is stored first, then put in here, and only then answered. A call takes a table that
// nobody changes, and keeps one credential until its request has gone out.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bound_secret.h"
#include "base/clock.h"
#include "base/result.h"
#include "domain/breaker.h"
#include "domain/spin_lock.h"
#include "store/credential_store.h"
#include "store/vault.h"

namespace keywarden {

/// A credential as a call has it.
struct HeldCredential {
    std::string id{};
    std::string team_id{};  // empty: the operator's
    std::string name{};
    int64_t weight = 1;
    Nanos cooldown{};
    BoundSecret value{};    // empty where there is a problem
    std::string problem{};  // why it cannot be used, for people; empty: it can
    std::shared_ptr<std::atomic<int64_t>> rests_until{};  // a MonoTime's count
    std::shared_ptr<Breaker> breaker{};                   // of what is answered to it

    bool rests(MonoTime now) const {
        return rests_until->load(std::memory_order_relaxed) > now.time_since_epoch().count();
    }
};

/// What somebody must be told: it cannot be used, and will not be until somebody acts.
struct CredentialProblem {
    std::string id{};
    std::string team_id{};
    std::string provider{};
    std::string name{};
    std::string problem{};
    int64_t secret_version = 0;
};

struct CredentialParts {
    CredentialStore* store = nullptr;
    const Clock* clock = nullptr;
    VaultKeys keys{};
    /// The configured providers, and where each is.
    std::vector<std::pair<std::string, Origin>> origins{};
    /// Reads what a reference names.
    std::function<Result<Secret>(std::string_view reference)> resolve{};
};

/// Threads: any, for every function.
class CredentialDirectory {
public:
    /// Requires: `parts.store` and `parts.clock` outlive it.
    explicit CredentialDirectory(CredentialParts parts);
    ~CredentialDirectory();
    CredentialDirectory(const CredentialDirectory&) = delete;
    CredentialDirectory& operator=(const CredentialDirectory&) = delete;

    /// Reads everything anew, references too. Before the first call, and whenever files changed.
    Result<void> load();

    // ---- on the way of a call: no lock but for a copy, nothing allocated ----------------------

    /// With what to call the provider: one of the team's, where it has any, else one of the
    /// operator's; of several by weight, but none that rests while another does not. Null: there
    /// is none, so that what the configuration names holds.
    /// Errors: CredentialUnreadable when there are some, and none can be used.
    Result<std::shared_ptr<const HeldCredential>> choose(std::string_view team_id,
                                                         std::string_view provider,
                                                         MonoTime now) const;
    /// After a 429, a 401, or a 403 it rests: as long as the provider says, or else as its own
    /// cool-down says, unless that is zero. After as many failures in a row as `rule` says
    /// (is_outage), it rests as that says.
    static void note_answer(const HeldCredential& credential,
                            int status,
                            Nanos retry_after,
                            const BreakerRule& rule,
                            MonoTime now);

    // ---- changes: in force when they return ---------------------------------------------------

    /// `value` empty: it is a reference. Fills in origin, preview, and what is sealed.
    /// Errors: InvalidRequest (check_credential, an unknown provider, a value that is none, a
    /// reference that names nothing), and those of the store.
    Result<ProviderCredential> create(ProviderCredential row, Secret value, AuditEntry audit);
    /// `value` none: what was set before stays.
    Result<ProviderCredential> update(ProviderCredential row,
                                      std::optional<Secret> value,
                                      AuditEntry audit);
    Result<void> remove(std::string_view team_id, std::string_view id, const AuditEntry& audit);

    // ---- for people ---------------------------------------------------------------------------

    CredentialStore& store() { return *parts_.store; }
    /// Null where it is disabled, or its provider is not configured any more.
    std::shared_ptr<const HeldCredential> held(std::string_view id) const;
    /// As stored now, read anew: what a reference names may be another value by now. It is in force
    /// from here on. Errors: CredentialUnreadable; InvalidRequest of a reference.
    Result<BoundSecret> read(const ProviderCredential& row);
    /// Errors: as Vault::open_token.
    Result<Secret> open_token(std::string_view token);
    /// How many are in force that cannot be used.
    size_t unusable() const;
    /// What was found since the last time that this was asked.
    std::vector<CredentialProblem> take_problems();

    // ---- the vault's keys ---------------------------------------------------------------------

    Result<VaultStatus> status();
    /// Runs `change` alone: nothing is sealed meanwhile.
    Result<VaultStatus> with_vault(const std::function<Result<VaultStatus>(Vault&)>& change);

private:
    struct Table;
    using Held = std::shared_ptr<const HeldCredential>;

    const Origin* origin_of(std::string_view provider) const;
    Result<Secret> value_of(const ProviderCredential& row) const;
    Result<void> take_value(ProviderCredential& row, Secret& value);
    void hold(const ProviderCredential& row, Result<Secret> value);
    void publish();

    CredentialParts parts_;
    mutable std::mutex changing_;
    Vault vault_;
    /// By provider and id, as they are in force; guarded by `changing_`.
    std::map<std::string, std::pair<std::string, Held>, std::less<>> held_;
    std::vector<CredentialProblem> problems_;

    mutable SpinLock lock_;  // of `table_`: held for a copy
    std::shared_ptr<const Table> table_;
};

}  // namespace keywarden
