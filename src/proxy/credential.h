// Which key a request presents.
#pragma once

#include <string_view>

#include "base/result.h"
#include "net/http_head.h"

namespace keywarden {

/// What stands in `Authorization: Bearer` (scheme in any case), `x-api-key`, or `api-key`, without
/// the spaces around it; or as the id of the access key in a signature of AWS, for whose SDKs have
/// no other place: the signature itself says nothing to us, who keep no secret to check it with. It
/// may be anything but empty: whether it is a key is for the directory to say, so that whatever is
/// wrong with it takes as long. A view into the head. Errors: MissingApiKey; InvalidRequest when
/// two that differ are sent.
Result<std::string_view> find_credential(const MessageHead& head);

}  // namespace keywarden
