// A request id as bytes and as text.
#pragma once

#include <optional>
#include <string_view>

#include "base/id.h"
#include "domain/call_record.h"

namespace keywarden {

/// As callers see it: 36 characters in lower case. Allocates nothing.
RequestId text_of(const CallId& id);

/// Reads what `text_of` writes. Nothing where it is something else.
std::optional<CallId> call_id_of(std::string_view text);

}  // namespace keywarden
