// Key formats as data: what a secret looks like, how it is found, and how it is hashed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "base/secret.h"

namespace keywarden {

/// One piece of a format, left to right.
struct Segment {
    enum class Kind : uint8_t { Literal, Environment, Id, SecretText, Check };
    Kind kind = Kind::Literal;
    std::string text{};     // Literal: the text itself
    size_t length_min = 0;  // Id, SecretText: how many characters of `alphabet`
    size_t length_max = 0;
    std::string alphabet{};  // Check is always base62 of the CRC-32 of everything before it
};

/// A presented string that fits a format.
struct ParsedKey {
    size_t format = 0;  // index in KeyFormats
    std::string_view environment{};
    std::string_view id{};
    std::string_view secret{};
};

struct KeyFormat {
    enum class Hash : uint8_t { HmacOfWhole, Sha256OfWhole, Sha256OfSecret };
    std::string name;
    std::vector<std::vector<Segment>> shapes;  // the first is minted, all are accepted
    Hash hash = Hash::Sha256OfWhole;
    bool can_be_minted = true;  // false: only for imported hashes
};

/// The formats this instance accepts, checked against each other.
class KeyFormats {
public:
    /// `enabled`: names among the built-in ones ("keywarden", "orqen", "orbitkit", "orgn",
    /// "opaque"). `pepper` is the key of HMAC formats.
    /// Errors: InvalidConfig when a name is unknown, or when two formats can match one string.
    /// ("opaque" matches only what no other format's prefix claims.)
    static Result<KeyFormats> open(const std::vector<std::string>& enabled, const Secret& pepper);

    const std::vector<KeyFormat>& all() const;
    const KeyFormat* find(std::string_view name) const;

    /// Nothing when `presented` fits no format (its checksum included). Allocates nothing.
    std::optional<ParsedKey> parse(std::string_view presented) const;

    /// The digest a secret is found by. For strings that fit no format too, so that checking them
    /// takes as long. Allocates nothing.
    Digest digest(std::string_view presented, const std::optional<ParsedKey>& parsed) const;

    struct Minted {
        Secret secret;
        std::string id;
        std::string display;
    };
    /// A fresh secret of at least 128 random bits.
    /// Requires: format.can_be_minted.
    Minted mint(const KeyFormat& format, bool test) const;

    /// How a secret of this format is shown: prefix + id or first characters + "…" + last 4.
    std::string display(std::string_view presented, const ParsedKey& parsed) const;

    /// For secret scanners, e.g. `\bkw_(live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b`.
    static std::string scanner_regex(const KeyFormat& format);

private:
    std::vector<KeyFormat> formats_;
    std::optional<HmacKey> pepper_;
};

/// The built-in formats, in the order in which they are documented.
const std::vector<KeyFormat>& built_in_key_formats();

}  // namespace keywarden
