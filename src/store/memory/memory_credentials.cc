#include "store/memory/memory_credentials.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "store/account_rules.h"
#include "store/key_rules.h"

namespace keywarden {
namespace {

ProviderCredential kept(ProviderCredential credential) {
    credential.created_at = in_millis(credential.created_at);
    credential.secret_at = in_millis(credential.secret_at);
    if (credential.last_test) credential.last_test->at = in_millis(credential.last_test->at);
    return credential;
}

}  // namespace

std::function<void()> MemoryCredentials::way_back() {
    return [this, credentials = credentials_] { credentials_ = credentials; };
}

ProviderCredential* MemoryCredentials::find(std::string_view team_id, std::string_view id) {
    const auto found = std::ranges::find(credentials_, id, &ProviderCredential::id);
    return found != credentials_.end() && found->team_id == team_id ? &*found : nullptr;
}

Result<void> MemoryCredentials::create_credential(const ProviderCredential& credential,
                                                  const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const std::string& team = credential.team_id;
        if (!team.empty() && accounts_.team(team) == nullptr) return no_such("team");
        const auto count = std::ranges::count(credentials_, team, &ProviderCredential::team_id);
        if (count >= kCredentialsMax) return too_many("provider credentials", kCredentialsMax);
        for (const ProviderCredential& other : credentials_) {
            if (other.id == credential.id) return taken("provider credential", "id");
            if (other.team_id == team && other.provider == credential.provider &&
                other.name == credential.name) {
                return taken("provider credential", "name");
            }
        }
        credentials_.push_back(kept(credential));
        return {};
    });
}

Result<void> MemoryCredentials::update_credential(const ProviderCredential& credential,
                                                  const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        ProviderCredential* const there = find(credential.team_id, credential.id);
        if (there == nullptr) return no_such("provider credential");
        if (there->version != credential.version - 1) {
            return changed_meanwhile("provider credential");
        }
        *there = kept(credential);
        return {};
    });
}

Result<void> MemoryCredentials::delete_credential(std::string_view team_id,
                                                  std::string_view id,
                                                  const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const ProviderCredential* const there = find(team_id, id);
        if (there == nullptr) return no_such("provider credential");
        credentials_.erase(credentials_.begin() + (there - credentials_.data()));
        return {};
    });
}

Result<ProviderCredential> MemoryCredentials::get_credential(std::string_view team_id,
                                                             std::string_view id) {
    const std::lock_guard lock(log_.mutex);
    const ProviderCredential* const there = find(team_id, id);
    if (there == nullptr) return no_such("provider credential");
    return *there;
}

Result<std::vector<ProviderCredential>> MemoryCredentials::list_credentials(
    std::string_view team_id) {
    const std::lock_guard lock(log_.mutex);
    std::vector<ProviderCredential> out;
    std::ranges::copy_if(
        credentials_, std::back_inserter(out), [&](const auto& c) { return c.team_id == team_id; });
    return out;
}

Result<std::vector<ProviderCredential>> MemoryCredentials::all_credentials() {
    const std::lock_guard lock(log_.mutex);
    return credentials_;
}

Result<void> MemoryCredentials::tell(const AuditEntry& audit) {
    return log_.change(audit, [] { return Result<void>(); });
}

Result<std::vector<DataKey>> MemoryCredentials::list_data_keys() {
    const std::lock_guard lock(log_.mutex);
    return keys_;
}

Result<void> MemoryCredentials::add_data_key(const DataKey& key) {
    const std::lock_guard lock(log_.mutex);
    for (const DataKey& other : keys_) {
        if (other.team_id == key.team_id && other.version == key.version) {
            return taken("data key", "version");
        }
    }
    keys_.push_back(key);
    return {};
}

Result<bool> MemoryCredentials::reseal(const ProviderCredential& credential) {
    const std::lock_guard lock(log_.mutex);
    ProviderCredential* const there = find(credential.team_id, credential.id);
    if (there == nullptr || there->secret_version != credential.secret_version) return false;
    there->sealed = credential.sealed;
    there->data_key = credential.data_key;
    return true;
}

Result<void> MemoryCredentials::forget_data_key(std::string_view team_id, int64_t version) {
    const std::lock_guard lock(log_.mutex);
    const bool is_named = std::ranges::any_of(credentials_, [&](const auto& credential) {
        return credential.team_id == team_id && credential.data_key == version;
    });
    if (is_named) return {};
    std::erase_if(keys_, [&](const DataKey& key) {
        return key.team_id == team_id && key.version == version;
    });
    return {};
}

}  // namespace keywarden
