// What is kept of a passkey.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/jws_algorithm.h"
#include "base/units.h"

namespace keywarden {

inline constexpr int64_t kPasskeysMax = 10;  // of a person
inline constexpr size_t kPasskeyNameMax = 100;
inline constexpr size_t kCredentialIdMax = 1023;
inline constexpr size_t kTransportsMax = 8;
inline constexpr size_t kTransportMax = 32;

/// A key that somebody's authenticator keeps for us.
struct Passkey {
    std::string id{};  // ours: "passkey_..."
    std::string user_id{};
    std::string name{};           // what its owner calls it
    std::string credential_id{};  // the authenticator's name for it; raw bytes
    std::string public_key{};     // as COSE writes it
    JwsAlgorithm algorithm{};     // that it was registered with: it is checked with no other
    uint32_t sign_count = 0;      // how often it has signed; 0: it does not count
    std::string rp_id{};          // the host it is for
    std::vector<std::string> transports{};
    TimePoint created_at{};
    std::optional<TimePoint> used_at{};
};

}  // namespace keywarden
