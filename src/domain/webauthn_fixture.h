// An authenticator of software. For tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/test_keys.h"
#include "domain/webauthn.h"

namespace keywarden::test {

/// What its owner, and whoever means ill, can turn.
struct Authenticator {
    JwsAlgorithm algorithm = JwsAlgorithm::Es256;
    Key key = new_key(algorithm);
    std::string credential_id = "credential-1";
    std::string rp_id = "keys.example.com";
    std::string origin = "https://keys.example.com";
    uint8_t flags = 0x05;  // the person is present, and verified
    uint32_t sign_count = 1;
    std::string extra_members{};  // of the client's data
    std::string extensions{};     // behind the rest, as they are

    static Authenticator of(JwsAlgorithm algorithm) {
        return {.algorithm = algorithm, .key = new_key(algorithm)};
    }

    std::string client_data(std::string_view type, std::string_view challenge) const {
        return "{\"type\":\"" + std::string(type) + "\",\"challenge\":\"" +
               to_base64url_bare(challenge) + "\",\"origin\":\"" + origin + "\"" + extra_members +
               "}";
    }
    std::string data(uint8_t more_flags = 0) const {
        std::string out = digest_text(rp_id);
        out += static_cast<char>(flags | more_flags);
        for (int i = 3; i >= 0; --i) out += static_cast<char>(sign_count >> (8 * i) & 0xffU);
        return out;
    }
    /// The bytes of a new credential, which stand in an attestation.
    std::string new_data() const {
        std::string out = data(0x40) + std::string(16, '\0');
        out += static_cast<char>(credential_id.size() >> 8U);
        out += static_cast<char>(credential_id.size() & 0xffU);
        return out + credential_id + cose_of(key, algorithm) + extensions;
    }
    static std::string attestation(std::string_view data, std::string_view format = "none") {
        return cbor_map(3) + cbor_text("fmt") + cbor_text(format) + cbor_text("attStmt") +
               cbor_map(0) + cbor_text("authData") + cbor_bytes(data);
    }
    PasskeyAssertion sign(std::string_view challenge, std::string_view user_handle = {}) const {
        PasskeyAssertion out{.credential_id = credential_id,
                             .client_data = client_data("webauthn.get", challenge),
                             .authenticator_data = data() + extensions,
                             .user_handle = std::string(user_handle)};
        out.signature =
            signed_by(key, algorithm, out.authenticator_data + digest_text(out.client_data));
        return out;
    }
};

}  // namespace keywarden::test
