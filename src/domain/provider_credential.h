// A provider's credential as the gateway keeps it: what may be told of it, and what is sealed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/origin.h"
#include "base/result.h"
#include "base/units.h"
#include "domain/audit_facts.h"

namespace keywarden {

inline constexpr size_t kCredentialNameMax = 64;        // of a-z, 0-9, '_', '-', '.'
inline constexpr size_t kCredentialBytesMax = 8'192;    // of a value
inline constexpr size_t kCredentialReferenceMax = 512;  // bytes
inline constexpr int64_t kCredentialsMax = 100;         // of a team
inline constexpr int64_t kCredentialWeightMax = 1'000;
inline constexpr Nanos kCredentialCooldownMax = std::chrono::hours(24);

/// What became of a test call.
struct CredentialTest {
    TimePoint at{};
    int status = 0;  // 0: nobody answered

    friend bool operator==(const CredentialTest&, const CredentialTest&) = default;
};

struct ProviderCredential {
    std::string id{};
    std::string team_id{};  // empty: the operator's, for every team that has none of its own
    std::string provider{};
    std::string name = "default";              // of several for one provider
    int64_t weight = 1;                        // its share of the calls
    Nanos cooldown = std::chrono::minutes(1);  // it rests so long after a 429, a 401, or a 403
    bool is_enabled = true;
    std::string origin{};     // where it may go: "https://api.example.com:443"
    std::string reference{};  // where its value is kept ("env:NAME"); empty: here, in `sealed`
    std::string sealed{};     // raw bytes; see store/vault.h
    int64_t data_key = 0;     // which version of the team's data key sealed it; 0: none, Fernet did
    int64_t secret_version = 0;  // how often its value was set
    std::string preview{};       // all that is ever shown of the value
    std::optional<CredentialTest> last_test{};
    TimePoint created_at{};
    TimePoint secret_at{};  // when its value was set
    int64_t version = 1;

    friend bool operator==(const ProviderCredential&, const ProviderCredential&) = default;
};

/// Errors: InvalidRequest, naming the field that is out of bounds.
Result<void> check_credential(const ProviderCredential& credential);

/// Whether that can be a credential: 1 to kCredentialBytesMax visible ASCII characters.
/// Errors: InvalidRequest, repeating nothing of it.
Result<void> check_credential_value(std::string_view value);

/// Where a value is kept that is not kept here.
enum class ReferenceKind : uint8_t { Env, File, Vault };

struct CredentialReference {
    ReferenceKind kind = ReferenceKind::Env;
    std::string_view rest{};   // a variable, a path, or "mount/path"
    std::string_view field{};  // of what a Vault has there: "api_key"
};

/// "env:NAME", "file:/run/secrets/key", "vault:secret/openai#api_key". Views into `text`.
/// Errors: InvalidRequest; for "cmd:" by name: no program is ever run.
Result<CredentialReference> parse_reference(std::string_view text);

/// The first three and the last four characters; of a short one nothing.
std::string preview_of(std::string_view value);

/// "https://api.example.com:443"; of IPv6, "https://[::1]:443".
std::string text_of(const Origin& origin);

/// What the audit log tells: the preview, never the value nor what is sealed.
AuditFacts audit_facts(const ProviderCredential& credential);

}  // namespace keywarden
