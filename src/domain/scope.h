// Scopes: who can narrow what a call may do, from the widest to the narrowest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace keywarden {

/// Limits are counted, and their locks are taken, in this order.
enum class Scope : uint8_t {
    Instance,
    Model,  // limits only: what one model of the catalogue bears
    Plan,   // what each team on it may have; counted with the team
    Team,
    App,
    Creator,  // lists only: who made the key, and who made them
    Key,
    kCount,
};

inline constexpr size_t kScopes = static_cast<size_t>(Scope::kCount);

/// "instance", "model", …: what `denied_by` says.
std::string_view name(Scope scope);

/// A refusal that says who denied it.
Error denied(ErrorCode code, Scope by, std::string message);

}  // namespace keywarden
