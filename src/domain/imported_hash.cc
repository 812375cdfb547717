#include "domain/imported_hash.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace keywarden {
namespace {

struct Length {
    size_t digits;
    std::string_view what;
};
constexpr std::array kOthers = {
    Length{32, "an MD5, which is broken"},
    Length{40, "a SHA-1, which is broken"},
    Length{56, "a SHA-224"},
    Length{96, "a SHA-384"},
    Length{128, "a SHA-512"},
};

/// What everybody tries first: nothing, and the master key that LiteLLM's documents begin with.
constexpr std::array<std::string_view, 2> kKnownToAll = {"", "sk-1234"};

std::unexpected<Error> refuse(const std::string& why) {
    return fail(
        {.code = ErrorCode::InvalidRequest,
         .message = "'hash' must be the SHA-256 of the secret, as 64 hex digits: " + why + ".",
         .param = "hash"});
}

std::optional<uint8_t> digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
    const char lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'f') return static_cast<uint8_t>(lower - 'a' + 10);
    return std::nullopt;
}

}  // namespace

Result<Digest> read_imported_hash(std::string_view text) {
    const bool is_hex = std::ranges::all_of(text, [](char c) { return digit(c).has_value(); });
    const auto* const other = std::ranges::find(kOthers, text.size(), &Length::digits);
    if (is_hex && other != kOthers.end()) {
        return refuse("this looks like " + std::string(other->what));
    }
    Digest digest{};
    if (!is_hex || text.size() != 2 * digest.size()) return refuse("this is something else");
    for (size_t i = 0; i < digest.size(); ++i) {
        digest[i] = static_cast<uint8_t>(digit(text[2 * i]).value_or(0) << 4U |
                                         digit(text[2 * i + 1]).value_or(0));
    }
    const auto same = [&](uint8_t byte) { return byte == digest.front(); };
    if (std::ranges::all_of(digest, same)) return refuse("this is the hash of no secret");
    for (const std::string_view known : kKnownToAll) {
        if (digest == sha256(known)) {
            return refuse(known.empty() ? "this is the hash of nothing"
                                        : "this is the hash of a default that everybody knows");
        }
    }
    return digest;
}

}  // namespace keywarden
