#include "base/envelope.h"

#include <cstring>
#include <utility>

#include "base/cipher.h"
#include "base/crypto.h"

namespace keywarden {
namespace {

constexpr char kVersion = '\x01';
constexpr size_t kHeadBytes = 1 + kGcmNonceBytes;

/// The version is bound as well: what it says cannot be changed.
std::string associated(std::string_view binding) {
    std::string out(1, kVersion);
    out += binding;
    return out;
}

}  // namespace

std::string bound_to(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const std::string_view part : parts) {
        out += std::to_string(part.size());
        out += ':';
        out += part;
    }
    return out;
}

SealingKey SealingKey::random() { return SealingKey(Secret(random_raw(kGcmKeyBytes))); }

SealingKey SealingKey::derive(const Secret& secret, std::string_view purpose) {
    Digest key = HmacKey(secret.reveal()).sign(purpose);
    SealingKey out(Secret(std::string(reinterpret_cast<const char*>(key.data()), key.size())));
    explicit_bzero(key.data(), key.size());
    return out;
}

Result<SealingKey> SealingKey::of(Secret bytes) {
    if (bytes.reveal().size() != kGcmKeyBytes) return cannot_decrypt();
    return SealingKey(std::move(bytes));
}

std::string SealingKey::seal(std::string_view plain, std::string_view binding) const {
    std::string envelope(1, kVersion);
    envelope += random_raw(kGcmNonceBytes);
    const std::string_view nonce = std::string_view(envelope).substr(1);
    return envelope + aes256_gcm_seal(bytes_.reveal(), nonce, associated(binding), plain);
}

Result<Secret> SealingKey::open(std::string_view envelope, std::string_view binding) const {
    if (envelope.size() < kHeadBytes + kGcmTagBytes || envelope.front() != kVersion) {
        return cannot_decrypt();
    }
    return aes256_gcm_open(bytes_.reveal(),
                           envelope.substr(1, kGcmNonceBytes),
                           associated(binding),
                           envelope.substr(kHeadBytes));
}

}  // namespace keywarden
