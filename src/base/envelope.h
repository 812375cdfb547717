// Envelopes: secrets sealed with AES-256-GCM, each bound to the place where it belongs.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace keywarden {

/// What an envelope is bound to, as one text from which no other list of parts makes the same.
std::string bound_to(std::initializer_list<std::string_view> parts);

/// A key that seals. A fresh nonce is drawn for each envelope: 2^32 of them are safe under one key.
/// Source: NIST SP 800-38D. Threads: any.
class SealingKey {
public:
    static SealingKey random();
    /// The same key for the same secret and purpose; of two purposes neither tells the other.
    static SealingKey derive(const Secret& secret, std::string_view purpose);
    /// Errors: CredentialUnreadable when these are not 32 bytes.
    static Result<SealingKey> of(Secret bytes);

    /// A version (one byte), the nonce, the sealed bytes, and their tag.
    std::string seal(std::string_view plain, std::string_view binding) const;

    /// Errors: CredentialUnreadable, in the same words whatever is wrong: any bit, the binding, the
    /// key, a version of another program.
    Result<Secret> open(std::string_view envelope, std::string_view binding) const;

    /// The key itself, for sealing it under another one.
    const Secret& bytes() const { return bytes_; }

private:
    explicit SealingKey(Secret bytes) : bytes_(std::move(bytes)) {}

    Secret bytes_;
};

}  // namespace keywarden
