#include "store/vault.h"

#include <algorithm>
#include <span>

#include "base/cipher.h"
#include "base/crypto.h"

namespace keywarden {
namespace {

constexpr char kTokenForm = '\x02';  // an envelope begins with its version, which is another
constexpr size_t kTagBytes = 32;
constexpr size_t kNameDigits = 16;

std::string wrapped_for(const DataKey& key) {
    return bound_to({"data key", key.team_id, std::to_string(key.version), key.master});
}

std::string place_of(const ProviderCredential& row) {
    return bound_to({"provider credential",
                     row.team_id,
                     row.id,
                     row.provider,
                     row.origin,
                     std::to_string(row.secret_version),
                     std::to_string(row.data_key)});
}

std::string tag_of(const Secret& binding, const ProviderCredential& row, std::string_view token) {
    const Digest tag = HmacKey(binding.reveal()).sign(bound_to({place_of(row), token}));
    return {reinterpret_cast<const char*>(tag.data()), tag.size()};
}

bool are_equal(std::string_view a, std::string_view b) {
    const auto bytes = [](std::string_view text) {
        return std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    };
    return equal_in_constant_time(bytes(a), bytes(b));
}

}  // namespace

std::string Vault::name_of(const Secret& master) {
    return to_hex(HmacKey(master.reveal()).sign("keywarden name of a master key"))
        .substr(0, kNameDigits);
}

Vault::Master Vault::master_of(const Secret& secret) {
    return {.name = name_of(secret),
            .wrapping = SealingKey::derive(secret, "keywarden wrapping of data keys"),
            .binding = SealingKey::derive(secret, "keywarden binding of tokens").bytes().clone()};
}

Vault::Vault(CredentialStore& store, VaultKeys keys)
    : store_(store), fernet_(std::move(keys.fernet)), form_(keys.form) {
    for (const Secret& secret : keys.masters) masters_.push_back(master_of(secret));
}

Result<void> Vault::load() {
    TRY(const std::vector<DataKey> stored, store_.list_data_keys());
    keys_.clear();
    lost_.clear();
    for (const DataKey& key : stored) {
        const auto master = std::ranges::find(masters_, key.master, &Master::name);
        auto bytes = master != masters_.end() ? master->wrapping.open(key.wrapped, wrapped_for(key))
                                              : cannot_decrypt();
        auto opened = bytes ? SealingKey::of(std::move(*bytes)) : cannot_decrypt();
        if (opened) {
            keys_.emplace(std::pair(key.team_id, key.version),
                          TeamKey{.master = key.master, .key = std::move(*opened)});
        } else {
            lost_.push_back(key);
        }
    }
    return {};
}

/// The team's key under the newest master key; the first that needs it makes it.
Result<int64_t> Vault::key_for(const std::string& team_id) {
    int64_t version = 1;
    for (const auto& [name, key] : keys_) {
        if (name.first != team_id) continue;
        if (key.master == masters_.front().name) return name.second;
        version = std::max(version, name.second + 1);
    }
    for (const DataKey& key : lost_) {
        if (key.team_id == team_id) version = std::max(version, key.version + 1);
    }
    SealingKey made = SealingKey::random();
    DataKey row{.team_id = team_id, .version = version, .master = masters_.front().name};
    row.wrapped = masters_.front().wrapping.seal(made.bytes().reveal(), wrapped_for(row));
    TRY_VOID(store_.add_data_key(row));
    keys_.emplace(std::pair(team_id, version),
                  TeamKey{.master = row.master, .key = std::move(made)});
    return version;
}

Result<void> Vault::seal(ProviderCredential& row, const Secret& value, TimePoint now) {
    if (form_ == SealForm::Fernet) {
        row.data_key = 0;
        const std::string token = fernet_.encrypt(value.reveal(), FernetStamp::at(now));
        row.sealed = kTokenForm + tag_of(masters_.front().binding, row, token) + token;
        return {};
    }
    TRY(row.data_key, key_for(row.team_id));
    row.sealed = keys_.at({row.team_id, row.data_key}).key.seal(value.reveal(), place_of(row));
    return {};
}

Result<Secret> Vault::open_bound_token(const ProviderCredential& row) const {
    const std::string_view sealed = row.sealed;
    if (sealed.size() < 1 + kTagBytes) return cannot_decrypt();
    const std::string_view token = sealed.substr(1 + kTagBytes);
    const std::string_view tag = sealed.substr(1, kTagBytes);
    const bool is_bound = std::ranges::any_of(masters_, [&](const Master& master) {
        return are_equal(tag, tag_of(master.binding, row, token));
    });
    if (!is_bound) return cannot_decrypt();
    return fernet_.decrypt(token);
}

Result<Secret> Vault::open(const ProviderCredential& row) const {
    if (row.sealed.starts_with(kTokenForm)) return open_bound_token(row);
    const auto key = keys_.find({row.team_id, row.data_key});
    if (key == keys_.end()) return cannot_decrypt();
    return key->second.key.open(row.sealed, place_of(row));
}

Result<Secret> Vault::open_token(std::string_view token) const {
    auto opened = fernet_.decrypt(token);
    if (opened) return opened;
    return fail(ErrorCode::InvalidRequest,
                fernet_.empty() ? "This gateway has no Fernet keys: see vault.fernet_keys_file."
                                : "None of the gateway's Fernet keys opens this token.");
}

bool Vault::is_current(const ProviderCredential& row) const {
    const bool is_token = row.sealed.starts_with(kTokenForm);
    if (is_token != (form_ == SealForm::Fernet)) return false;
    if (is_token) {
        if (row.sealed.size() < 1 + kTagBytes) return false;
        const std::string_view token = std::string_view(row.sealed).substr(1 + kTagBytes);
        return fernet_.is_of_first_key(token) &&
               are_equal(std::string_view(row.sealed).substr(1, kTagBytes),
                         tag_of(masters_.front().binding, row, token));
    }
    const auto key = keys_.find({row.team_id, row.data_key});
    return key != keys_.end() && key->second.master == masters_.front().name;
}

Result<VaultStatus> Vault::status() {
    TRY(const auto rows, store_.all_credentials());
    VaultStatus status{.master = masters_.front().name, .masters = masters_.size()};
    for (const ProviderCredential& row : rows) {
        if (!row.reference.empty()) {
            ++status.references;
            continue;
        }
        ++status.sealed;
        status.current += is_current(row) ? 1 : 0;
        status.unreadable += open(row) ? 0 : 1;
    }
    return status;
}

void Vault::add_master(Secret master) {
    if (name_of(master) == masters_.front().name) return;
    masters_.insert(masters_.begin(), master_of(master));
}

Result<VaultStatus> Vault::reseal(size_t rows_max, TimePoint now) {
    TRY(auto rows, store_.all_credentials());
    size_t sealed = 0;
    for (ProviderCredential& row : rows) {
        if (sealed == rows_max) break;
        if (!row.reference.empty() || is_current(row)) continue;
        const auto value = open(row);
        if (!value) continue;
        TRY_VOID(seal(row, *value, now));
        TRY_VOID(store_.reseal(row));
        ++sealed;
    }
    TRY(VaultStatus now_is, status());
    if (now_is.current == now_is.sealed) TRY_VOID(forget_old_keys());
    return now_is;
}

Result<void> Vault::forget_old_keys() {
    TRY(const std::vector<DataKey> stored, store_.list_data_keys());
    for (const DataKey& key : stored) {
        if (key.master == masters_.front().name) continue;
        TRY_VOID(store_.forget_data_key(key.team_id, key.version));
    }
    return load();
}

void Vault::forget_old_masters() { masters_.erase(masters_.begin() + 1, masters_.end()); }

}  // namespace keywarden
