// Fernet tokens: AES-128-CBC under HMAC-SHA-256, as Python's `cryptography` writes and reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/units.h"

namespace keywarden {

inline constexpr size_t kFernetKeysMax = 16;
inline constexpr size_t kFernetTokenMax = size_t{64} << 10U;

/// When a token was made, and with which 16 bytes it starts.
struct FernetStamp {
    int64_t seconds = 0;  // since 1970
    std::string iv{};

    static FernetStamp at(TimePoint now);
};

/// How old a token may be.
struct FernetAge {
    Nanos most{};
    TimePoint now{};
};

/// Keys, of which the first encrypts and each decrypts: a Fernet, or a MultiFernet.
/// Source: github.com/fernet/spec. Threads: any.
class Fernet {
public:
    /// Keys with commas or white space between them, each 32 bytes in base64url. None at all is a
    /// ring that decrypts nothing.
    /// Errors: InvalidConfig, repeating nothing of the text.
    static Result<Fernet> open(std::string_view keys);
    static std::string new_key();

    bool empty() const { return keys_.empty(); }

    /// Requires: it is not empty.
    std::string encrypt(std::string_view plain, const FernetStamp& stamp) const;

    /// Errors: CredentialUnreadable, in the same words whatever is wrong. With an age, also for a
    /// token that is older, or is more than a minute of the future.
    Result<Secret> decrypt(std::string_view token, std::optional<FernetAge> age = {}) const;

    /// Whether the key that encrypts now made it: then rotating it changes nothing.
    bool is_of_first_key(std::string_view token) const;

    /// The same secret of the same moment, under the first key. Errors: as decrypt.
    Result<std::string> rotate(std::string_view token, std::string iv) const;

private:
    struct Key {
        Secret signing;  // 16 bytes each
        Secret encryption;
    };
    struct Opened {
        int64_t seconds = 0;
        size_t key = 0;  // which of them
        Secret plain{};
    };
    Result<Opened> open_token(std::string_view token) const;

    std::vector<Key> keys_;
};

}  // namespace keywarden
