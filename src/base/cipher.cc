#include "base/cipher.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include <openssl/evp.h>

#include "base/crypto.h"

namespace keywarden {
namespace {

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* raw(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

/// What cannot fail but by a mistake of ours, or for want of memory.
void must(bool worked) {
    if (!worked) std::abort();
}

int size_of(std::string_view bytes) {
    must(bytes.size() < size_t{1} << 30U);
    return static_cast<int>(bytes.size());
}

Context begin(const EVP_CIPHER* cipher, std::string_view key, std::string_view iv, bool encrypts) {
    Context context(EVP_CIPHER_CTX_new());
    must(context != nullptr);
    must(key.size() == static_cast<size_t>(EVP_CIPHER_get_key_length(cipher)));
    must(iv.size() == static_cast<size_t>(EVP_CIPHER_get_iv_length(cipher)));
    must(EVP_CipherInit_ex(context.get(), cipher, nullptr, raw(key), raw(iv), encrypts ? 1 : 0) ==
         1);
    return context;
}

void take_associated(EVP_CIPHER_CTX* context, std::string_view associated) {
    int length = 0;
    must(EVP_CipherUpdate(context, nullptr, &length, raw(associated), size_of(associated)) == 1);
}

/// Runs `in` through the cipher. Nothing: what it ends with does not fit.
Result<Secret> run(EVP_CIPHER_CTX* context, std::string_view in) {
    std::string out(in.size() + kAesBlockBytes, '\0');
    int length = 0;
    int last = 0;
    must(EVP_CipherUpdate(context, raw(out), &length, raw(in), size_of(in)) == 1);
    const bool whole = EVP_CipherFinal_ex(context, raw(out) + length, &last) == 1;
    if (whole) out.resize(static_cast<size_t>(length) + static_cast<size_t>(last));
    Secret result(std::move(out));
    if (!whole) return cannot_decrypt();
    return result;
}

}  // namespace

std::unexpected<Error> cannot_decrypt() {
    return fail(ErrorCode::CredentialUnreadable, "It cannot be decrypted.");
}

std::string aes128_cbc_encrypt(std::string_view key, std::string_view iv, std::string_view plain) {
    const Context context = begin(EVP_aes_128_cbc(), key, iv, true);
    const Result<Secret> sealed = run(context.get(), plain);
    must(sealed.has_value());
    return std::string(sealed->reveal());
}

Result<Secret> aes128_cbc_decrypt(std::string_view key,
                                  std::string_view iv,
                                  std::string_view sealed) {
    if (sealed.empty() || sealed.size() % kAesBlockBytes != 0) return cannot_decrypt();
    const Context context = begin(EVP_aes_128_cbc(), key, iv, false);
    return run(context.get(), sealed);
}

std::string aes256_gcm_seal(std::string_view key,
                            std::string_view nonce,
                            std::string_view associated,
                            std::string_view plain) {
    const Context context = begin(EVP_aes_256_gcm(), key, nonce, true);
    take_associated(context.get(), associated);
    const Result<Secret> sealed = run(context.get(), plain);
    must(sealed.has_value());
    std::string tag(kGcmTagBytes, '\0');
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag.data()) == 1);
    return std::string(sealed->reveal()) + tag;
}

Result<Secret> aes256_gcm_open(std::string_view key,
                               std::string_view nonce,
                               std::string_view associated,
                               std::string_view sealed) {
    if (sealed.size() < kGcmTagBytes) return cannot_decrypt();
    const Context context = begin(EVP_aes_256_gcm(), key, nonce, false);
    std::string tag(sealed.substr(sealed.size() - kGcmTagBytes));
    sealed.remove_suffix(kGcmTagBytes);
    take_associated(context.get(), associated);
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag.data()) == 1);
    return run(context.get(), sealed);
}

std::string random_raw(size_t count) {
    std::string out(count, '\0');
    random_bytes(std::span(reinterpret_cast<uint8_t*>(out.data()), out.size()));
    return out;
}

}  // namespace keywarden
