// A digest of what lies in pieces.
#pragma once

#include <span>
#include <string_view>

#include "base/crypto.h"

namespace keywarden {

/// SHA-256 of all pieces, one after the other. Threads: any. Allocates nothing.
Digest sha256_of(std::span<const std::string_view> pieces);

}  // namespace keywarden
