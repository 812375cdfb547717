#include "base/hmac_sha1.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace keywarden {

std::array<uint8_t, 20> hmac_sha1(std::string_view key, std::string_view data) {
    std::array<uint8_t, 20> out{};
    unsigned int size = 0;
    HMAC(EVP_sha1(),
         key.data(),
         static_cast<int>(key.size()),
         reinterpret_cast<const uint8_t*>(data.data()),
         data.size(),
         out.data(),
         &size);
    return out;
}

}  // namespace keywarden
