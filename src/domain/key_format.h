// Key formats as data: what a secret looks like, how it is found, and how it is hashed.
#pragma once

#include <array>
#include <bitset>
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
    std::string alphabet{};
    // Environment is `live` or `test`. Check is six characters: the CRC-32 (zlib) of everything
    // before it in base62.
};

/// What an Environment segment may say.
inline constexpr std::array<std::string_view, 2> kKeyEnvironments = {"live", "test"};

/// A presented string that fits a format.
struct ParsedKey {
    size_t format = 0;  // index in KeyFormats
    std::string_view environment{};
    std::string_view id{};
    std::string_view secret{};
};

struct KeyFormat {
    /// SecretBoundToId: SHA-256 of (SHA-256 of the secret, then the id), so that a right secret
    /// under another id is not found. See stored_digest for hashes that come from elsewhere.
    enum class Hash : uint8_t { HmacOfWhole, Sha256OfWhole, SecretBoundToId };
    std::string name;
    /// The first is minted, all are accepted. One that does not begin with a literal matches only
    /// what no other enabled format's leading literal claims.
    std::vector<std::vector<Segment>> shapes;
    Hash hash = Hash::Sha256OfWhole;
    bool can_be_minted = true;  // false: only for imported hashes
};

/// The digest under which a secret is found whose own SHA-256 is `secret_sha256` (orbitkit).
Digest stored_digest(std::string_view id, const Digest& secret_sha256);

/// A set of bytes.
using ByteSet = std::bitset<256>;

/// One shape of one format, ready to be matched.
struct KeyShape {
    struct Part {
        Segment::Kind kind = Segment::Kind::Literal;
        std::string text{};
        size_t length_min = 0;
        size_t length_max = 0;
        ByteSet set{};
    };
    size_t format = 0;
    std::vector<Part> parts;
};

/// Longer strings are no keys; nothing past this is looked at.
inline constexpr size_t kPresentedMax = 512;

/// The formats this instance accepts, checked against each other.
class KeyFormats {
public:
    /// `enabled`: names among the built-in ones ("keywarden", "orqen", "orbitkit", "orgn",
    /// "opaque"). `pepper` is the key of HMAC formats.
    /// Errors: InvalidConfig when a name is unknown, or when two formats can match one string.
    /// ("opaque" matches only what no other format's prefix claims.)
    static Result<KeyFormats> open(const std::vector<std::string>& enabled, const Secret& pepper);

    /// The same for formats given as data.
    static Result<KeyFormats> of(std::vector<KeyFormat> formats, const Secret& pepper);

    const std::vector<KeyFormat>& all() const { return formats_; }
    const KeyFormat* find(std::string_view name) const;

    /// Nothing when `presented` fits no format (its checksum included). Allocates nothing.
    std::optional<ParsedKey> parse(std::string_view presented) const;

    /// The digest a secret is found by. For strings that fit no format too, so that checking them
    /// takes as long. Allocates nothing.
    Digest digest(std::string_view presented, const std::optional<ParsedKey>& parsed) const;

    struct Minted {
        Secret secret;
        std::string id;  // the id segment, or one of ours where the format has none
        std::string display;
    };
    /// A fresh secret of at least 128 random bits.
    /// Requires: format.can_be_minted.
    Minted mint(const KeyFormat& format, bool test) const;

    /// Whether a secret so displayed is of a test environment.
    static bool is_test(const KeyFormat& format, std::string_view displayed);

    /// How a secret of this format is shown: prefix + id or first characters + "…" + last 4.
    std::string display(std::string_view presented, const ParsedKey& parsed) const;

    /// For secret scanners, e.g. `\bkw_(live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b`.
    /// Empty for a format with no prefix to look for.
    static std::string scanner_regex(const KeyFormat& format);

private:
    KeyFormats(std::vector<KeyFormat> formats, const Secret& pepper);

    std::vector<KeyFormat> formats_;
    std::vector<KeyShape> shapes_;  // those with a leading literal first
    HmacKey pepper_;
};

/// The built-in formats, in the order in which they are documented.
const std::vector<KeyFormat>& built_in_key_formats();

}  // namespace keywarden
