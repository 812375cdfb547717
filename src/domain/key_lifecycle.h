// What a person may do with a key's status, as one table.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "domain/key.h"

namespace keywarden {

enum class KeyAction : uint8_t { Disable, Enable, Quarantine, Release, kCount };

std::string_view name(KeyAction action);  // "disable", …

/// The status after `action`. A key that is there already stays as it is.
///
/// Disabled and quarantined are apart: each is left only by its own way back, so that nobody lets
/// a held-back key go by enabling it, or brings a disabled one back by releasing it. Revoking is
/// for every status, and final.
/// Errors: InvalidRequest, with `status` as its param.
Result<KeyStatus> status_after(KeyAction action, KeyStatus status);

}  // namespace keywarden
