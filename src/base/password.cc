#include "base/password.h"

#include <array>
#include <cassert>
#include <sodium.h>
#include <span>
#include <string_view>

namespace keywarden {
namespace {

// Source: libsodium's "interactive" choice; RFC 9106 asks for less memory where it must.
constexpr auto kPasses = crypto_pwhash_OPSLIMIT_INTERACTIVE;
constexpr auto kMemory = crypto_pwhash_MEMLIMIT_INTERACTIVE;

/// A hash of these costs: then the salt, '$', and the hash itself, in base64 without padding.
constexpr std::string_view kCosts = "$argon2id$v=19$m=65536,t=2,p=1$";
constexpr size_t kSaltLength = 22;

/// Of the same costs, and of no password.
constexpr std::string_view kNobodys =
    "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

void begin() {
    static const int kBegun = sodium_init();
    assert(kBegun >= 0);
    (void)kBegun;
}

std::unexpected<Error> no_memory() {
    return fail(ErrorCode::Overloaded, "There is no memory to hash a password with just now.");
}

bool decode(std::string_view text, std::span<uint8_t> out) {
    size_t length = 0;
    return sodium_base642bin(out.data(),
                             out.size(),
                             text.data(),
                             text.size(),
                             nullptr,
                             &length,
                             nullptr,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           length == out.size();
}

}  // namespace

Result<std::string> hash_password(const Secret& password) {
    begin();
    std::array<char, crypto_pwhash_STRBYTES> out{};
    const std::string_view text = password.reveal();
    const int done = crypto_pwhash_str_alg(
        out.data(), text.data(), text.size(), kPasses, kMemory, crypto_pwhash_ALG_ARGON2ID13);
    if (done == 0) return std::string(out.data());
    return no_memory();
}

Result<bool> is_password(const std::string& hash, const Secret& password) {
    begin();
    const std::string_view text = password.reveal();
    const std::string_view stored = hash.empty() ? kNobodys : std::string_view(hash);
    std::array<uint8_t, crypto_pwhash_SALTBYTES> salt{};
    std::array<uint8_t, 32> wanted{};
    std::array<uint8_t, 32> got{};
    if (stored.size() != kNobodys.size() || !stored.starts_with(kCosts) ||
        !decode(stored.substr(kCosts.size(), kSaltLength), salt) ||
        !decode(stored.substr(kCosts.size() + kSaltLength + 1), wanted)) {
        return false;
    }
    // crypto_pwhash_str_verify says the same of a wrong password and of no memory.
    const int done = crypto_pwhash(got.data(),
                                   got.size(),
                                   text.data(),
                                   text.size(),
                                   salt.data(),
                                   kPasses,
                                   kMemory,
                                   crypto_pwhash_ALG_ARGON2ID13);
    if (done != 0) return no_memory();
    return sodium_memcmp(got.data(), wanted.data(), got.size()) == 0 && !hash.empty();
}

}  // namespace keywarden
