#include "domain/key_format_reference.h"

#include <fmt/core.h>

#include "domain/key_format.h"

namespace keywarden {
namespace {

constexpr std::string_view kHead = R"(# Key formats

<!-- Made from src/domain/key_format_builtin.cc:
     KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/reference/reference_test -->

What an API key of this gateway may look like. Several formats can be accepted at once; one is the
default for new keys. Two enabled formats that can match one string stop the start, with that string
in the message. A gateway serves the same at `GET /v1/key-formats`, for secret scanners.

| format | shape | stored as | new keys |
|---|---|---|---|
)";

constexpr std::string_view kFoot = R"(
**Segments.** `{live or test}` is the environment. `{id: …}` is public: it tells keys apart in
lists and logs. `{secret: …}` comes from the operating system's generator by rejection sampling,
and has at least 128 bits. `{check}` is the CRC-32 (zlib's polynomial) of everything before it, as
six digits of base 62, left-padded with `0`: a scanner, or a form, can tell a mistyped key without
asking anybody.

**Alphabets.** base62 is `0-9A-Za-z` in this order; base58 is base62 without `0`, `O`, `I`, and `l`.

**Shown as.** The prefix with the id, or with the first four characters of the secret where there is
no id; then `…` and the last four characters. An opaque key shows only its last four.

**Opaque keys** are only for hashes that were imported from elsewhere. One is accepted only if no
other enabled format's prefix claims it.
)";

std::string_view alphabet_name(const std::string& alphabet) {
    if (alphabet == kBase62) return "base62";
    if (alphabet == kBase58) return "base58";
    if (alphabet == kHexLower) return "lower-case hex";
    if (alphabet == kBase36Lower) return "a-z0-9";
    return "visible ASCII";
}

std::string piece(std::string_view what, const Segment& segment) {
    const std::string length =
        segment.length_min == segment.length_max
            ? fmt::format("{}", segment.length_min)
            : fmt::format("{} to {}", segment.length_min, segment.length_max);
    return fmt::format("{{{}: {} {}}}", what, length, alphabet_name(segment.alphabet));
}

std::string shape_of(const std::vector<Segment>& segments) {
    std::string out;
    for (const Segment& segment : segments) {
        switch (segment.kind) {
            case Segment::Kind::Literal:
                out += segment.text;
                break;
            case Segment::Kind::Environment:
                out += "{live or test}";
                break;
            case Segment::Kind::Id:
                out += piece("id", segment);
                break;
            case Segment::Kind::SecretText:
                out += piece("secret", segment);
                break;
            case Segment::Kind::Check:
                out += "{check}";
                break;
        }
    }
    return fmt::format("`{}`", out);
}

std::string_view rule_of(KeyFormat::Hash hash) {
    switch (hash) {
        case KeyFormat::Hash::HmacOfWhole:
            return "HMAC-SHA-256 of the whole key, with the pepper";
        case KeyFormat::Hash::Sha256OfWhole:
            return "SHA-256 of the whole key";
        case KeyFormat::Hash::SecretBoundToId:
            break;
    }
    return "SHA-256 of the secret's SHA-256 and then the id";
}

}  // namespace

std::string key_formats_reference() {
    std::string out(kHead);
    for (const KeyFormat& format : built_in_key_formats()) {
        std::string shapes;
        for (const std::vector<Segment>& shape : format.shapes) {
            if (!shapes.empty()) shapes += "<br>or ";
            shapes += shape_of(shape);
        }
        out += fmt::format("| `{}` | {} | {} | {} |\n",
                           format.name,
                           shapes,
                           rule_of(format.hash),
                           format.can_be_minted ? "yes" : "no");
    }
    out += "\nFor scanners:\n\n```\n";
    for (const KeyFormat& format : built_in_key_formats()) {
        const std::string regex = KeyFormats::scanner_regex(format);
        if (!regex.empty()) out += fmt::format("{:<10} {}\n", format.name, regex);
    }
    out += "```\n";
    out += kFoot;
    return out;
}

}  // namespace keywarden
