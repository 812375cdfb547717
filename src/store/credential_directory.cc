#include "store/credential_directory.h"

#include <algorithm>
#include <limits>

namespace keywarden {

/// All of a team's, or of the operator's, for one provider.
struct CredentialGroup {
    std::string team_id;
    std::string provider;
    std::vector<std::shared_ptr<const HeldCredential>> members{};
    mutable std::atomic<uint64_t> turn = 0;  // whose it is; it counts calls
};

/// Nobody changes it, but for whose turn it is.
struct CredentialDirectory::Table {
    std::vector<std::unique_ptr<const CredentialGroup>> groups{};  // by team, then by provider

    const CredentialGroup* find(std::string_view team_id, std::string_view provider) const {
        const auto found = std::ranges::lower_bound(
            groups, std::pair(team_id, provider), {}, [](const auto& group) {
                return std::pair<std::string_view, std::string_view>(group->team_id,
                                                                     group->provider);
            });
        if (found == groups.end()) return nullptr;
        const CredentialGroup& group = **found;
        return group.team_id == team_id && group.provider == provider ? &group : nullptr;
    }
};

namespace {

using Held = std::shared_ptr<const HeldCredential>;

int64_t rests_until(const HeldCredential& credential) {
    return credential.rests_until->load(std::memory_order_relaxed);
}

/// One that does not rest, by weight; where all do, the one that is back first.
Result<Held> choose_of(const CredentialGroup& group, int64_t now) {
    int64_t total = 0;
    const Held* first_back = nullptr;
    for (const Held& each : group.members) {
        if (!each->problem.empty()) continue;
        if (rests_until(*each) <= now) total += each->weight;
        if (first_back == nullptr || rests_until(*each) < rests_until(**first_back)) {
            first_back = &each;
        }
    }
    if (first_back == nullptr) {
        return fail(ErrorCode::CredentialUnreadable,
                    "The credential for the provider '" + group.provider +
                        "' cannot be used: " + group.members.front()->problem);
    }
    if (total == 0) return *first_back;
    const uint64_t turn = group.turn.fetch_add(1, std::memory_order_relaxed);
    auto left = static_cast<int64_t>(turn % static_cast<uint64_t>(total));
    for (const Held& each : group.members) {
        if (!each->problem.empty() || rests_until(*each) > now) continue;
        left -= each->weight;
        if (left < 0) return each;
    }
    return *first_back;  // one began to rest meanwhile
}

constexpr std::string_view kCannotDecrypt = "it cannot be decrypted with the keys of this gateway";
constexpr std::string_view kBelongsElsewhere =
    "its provider has another address now; set it anew if it may go there";

}  // namespace

CredentialDirectory::CredentialDirectory(CredentialParts parts)
    : parts_(std::move(parts)),
      vault_(*parts_.store, std::move(parts_.keys)),
      table_(std::make_shared<Table>()) {}

CredentialDirectory::~CredentialDirectory() = default;

Result<void> CredentialDirectory::load() {
    const std::lock_guard changing(changing_);
    TRY_VOID(vault_.load());
    TRY(const auto rows, parts_.store->all_credentials());
    const auto before = std::exchange(held_, {});
    for (const ProviderCredential& row : rows) {
        hold(row, value_of(row));
        const auto now = held_.find(row.id);
        const auto old = before.find(row.id);
        if (now != held_.end() && old != before.end()) {
            const int64_t until = rests_until(*old->second.second);
            now->second.second->rests_until->store(until, std::memory_order_relaxed);
        }
    }
    publish();
    return {};
}

const Origin* CredentialDirectory::origin_of(std::string_view provider) const {
    const auto found =
        std::ranges::find(parts_.origins, provider, &std::pair<std::string, Origin>::first);
    return found != parts_.origins.end() ? &found->second : nullptr;
}

Result<Secret> CredentialDirectory::value_of(const ProviderCredential& row) const {
    if (row.reference.empty()) return vault_.open(row);
    TRY(Secret value, parts_.resolve(row.reference));
    TRY_VOID(check_credential_value(value.reveal()));
    return value;
}

/// Puts the row into `held_`, with its value or what is wrong with it. Requires: `changing_`.
void CredentialDirectory::hold(const ProviderCredential& row, Result<Secret> value) {
    held_.erase(row.id);
    const Origin* const origin = origin_of(row.provider);
    if (!row.is_enabled || origin == nullptr) return;
    HeldCredential held{
        .id = row.id,
        .team_id = row.team_id,
        .name = row.name,
        .weight = row.weight,
        .cooldown = row.cooldown,
        .rests_until = std::make_shared<std::atomic<int64_t>>(std::numeric_limits<int64_t>::min()),
        .breaker = std::make_shared<Breaker>()};
    if (text_of(*origin) != row.origin) {
        held.problem = kBelongsElsewhere;
    } else if (value) {
        held.value = BoundSecret(std::move(*value), *origin);
    } else if (row.reference.empty()) {
        held.problem = kCannotDecrypt;
    } else {
        held.problem = "'" + row.reference + "': " + value.error().message;
    }
    if (!held.problem.empty()) {
        problems_.push_back({.id = row.id,
                             .team_id = row.team_id,
                             .provider = row.provider,
                             .name = row.name,
                             .problem = held.problem,
                             .secret_version = row.secret_version});
    }
    held_.emplace(row.id,
                  std::pair(row.provider, std::make_shared<const HeldCredential>(std::move(held))));
}

/// Requires: `changing_`.
void CredentialDirectory::publish() {
    std::map<std::pair<std::string, std::string>, std::unique_ptr<CredentialGroup>> groups;
    for (const auto& [id, entry] : held_) {
        const auto& [provider, held] = entry;
        auto& group = groups[{held->team_id, provider}];
        if (group == nullptr) group = std::make_unique<CredentialGroup>(held->team_id, provider);
        group->members.push_back(held);
    }
    auto table = std::make_shared<Table>();
    for (auto& [name, group] : groups) table->groups.push_back(std::move(group));
    std::shared_ptr<const Table> next = std::move(table);
    const std::lock_guard held(lock_);
    table_.swap(next);  // the one before is let go after the lock
}

Result<Held> CredentialDirectory::choose(std::string_view team_id,
                                         std::string_view provider,
                                         MonoTime now) const {
    std::shared_ptr<const Table> table;
    {
        const std::lock_guard held(lock_);
        table = table_;
    }
    const int64_t at = now.time_since_epoch().count();
    if (const auto* const own = table->find(team_id, provider)) return choose_of(*own, at);
    if (const auto* const shared = table->find({}, provider)) return choose_of(*shared, at);
    return Held();
}

void CredentialDirectory::note_answer(const HeldCredential& credential,
                                      int status,
                                      Nanos retry_after,
                                      const BreakerRule& rule,
                                      MonoTime now) {
    const auto rest_for = [&](Nanos rest) {
        credential.rests_until->store((now + rest).time_since_epoch().count(),
                                      std::memory_order_relaxed);
    };
    if (!is_outage(status)) {
        credential.breaker->succeeded();
    } else if (credential.breaker->failed(rule, now)) {
        rest_for(rule.rest);
    }
    if (status != 429 && status != 401 && status != 403) return;
    if (credential.cooldown == Nanos(0)) return;
    const bool says = status == 429 && retry_after > Nanos(0);
    const Nanos rest = says ? std::min(retry_after, kCredentialCooldownMax) : credential.cooldown;
    rest_for(rest);
}

/// Fills in all that follows from a new value. Requires: `changing_`. `value` becomes what the
/// reference names.
Result<void> CredentialDirectory::take_value(ProviderCredential& row, Secret& value) {
    const Origin* const origin = origin_of(row.provider);
    if (origin == nullptr) {
        return fail(Error{.code = ErrorCode::InvalidRequest,
                          .message = "There is no provider '" + row.provider +
                                     "' that takes a credential: the operator configures which "
                                     "there are.",
                          .param = "provider"});
    }
    if (!row.reference.empty()) {
        TRY(value, parts_.resolve(row.reference));
    }
    TRY_VOID(check_credential_value(value.reveal()));
    row.origin = text_of(*origin);
    row.preview = preview_of(value.reveal());
    row.secret_at = parts_.clock->now();
    row.last_test.reset();
    ++row.secret_version;
    row.sealed.clear();
    row.data_key = 0;
    if (!row.reference.empty()) return {};
    return vault_.seal(row, value, parts_.clock->now());
}

Result<ProviderCredential> CredentialDirectory::create(ProviderCredential row,
                                                       Secret value,
                                                       AuditEntry audit) {
    TRY_VOID(check_credential(row));
    const std::lock_guard changing(changing_);
    TRY_VOID(take_value(row, value));
    audit.diff = audit_diff({}, audit_facts(row));
    TRY_VOID(parts_.store->create_credential(row, audit));
    hold(row, std::move(value));
    publish();
    return row;
}

Result<ProviderCredential> CredentialDirectory::update(ProviderCredential row,
                                                       std::optional<Secret> value,
                                                       AuditEntry audit) {
    TRY_VOID(check_credential(row));
    const std::lock_guard changing(changing_);
    TRY(const ProviderCredential before, parts_.store->get_credential(row.team_id, row.id));
    // A rotation of the keys may have sealed it anew since the caller read it.
    row.sealed = before.sealed;
    row.data_key = before.data_key;
    row.secret_version = before.secret_version;
    if (value) TRY_VOID(take_value(row, *value));
    audit.diff = audit_diff(audit_facts(before), audit_facts(row));
    TRY_VOID(parts_.store->update_credential(row, audit));
    hold(row, value ? Result<Secret>(std::move(*value)) : value_of(row));
    publish();
    return row;
}

Result<void> CredentialDirectory::remove(std::string_view team_id,
                                         std::string_view id,
                                         const AuditEntry& audit) {
    const std::lock_guard changing(changing_);
    TRY_VOID(parts_.store->delete_credential(team_id, id, audit));
    const auto found = held_.find(id);
    if (found != held_.end()) held_.erase(found);
    publish();
    return {};
}

Held CredentialDirectory::held(std::string_view id) const {
    const std::lock_guard changing(changing_);
    const auto found = held_.find(id);
    return found != held_.end() ? found->second.second : nullptr;
}

Result<BoundSecret> CredentialDirectory::read(const ProviderCredential& row) {
    const std::lock_guard changing(changing_);
    const Origin* const origin = origin_of(row.provider);
    if (origin == nullptr || text_of(*origin) != row.origin) {
        return fail(ErrorCode::CredentialUnreadable, "The credential's provider has gone.");
    }
    Result<Secret> value = value_of(row);
    Result<BoundSecret> out = value ? Result<BoundSecret>(BoundSecret(value->clone(), *origin))
                                    : std::unexpected(value.error());
    hold(row, std::move(value));
    publish();
    return out;
}

Result<Secret> CredentialDirectory::open_token(std::string_view token) {
    const std::lock_guard changing(changing_);
    return vault_.open_token(token);
}

size_t CredentialDirectory::unusable() const {
    const std::lock_guard changing(changing_);
    return static_cast<size_t>(std::ranges::count_if(
        held_, [](const auto& entry) { return !entry.second.second->problem.empty(); }));
}

std::vector<CredentialProblem> CredentialDirectory::take_problems() {
    const std::lock_guard changing(changing_);
    return std::exchange(problems_, {});
}

Result<VaultStatus> CredentialDirectory::status() {
    const std::lock_guard changing(changing_);
    return vault_.status();
}

Result<VaultStatus> CredentialDirectory::with_vault(
    const std::function<Result<VaultStatus>(Vault&)>& change) {
    const std::lock_guard changing(changing_);
    return change(vault_);
}

}  // namespace keywarden
