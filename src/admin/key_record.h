// A key as callers see it: never a secret, never a hash.
#pragma once

#include "admin/context.h"
#include "admin/json_body.h"
#include "base/units.h"
#include "domain/key.h"
#include "domain/key_notice.h"

namespace keywarden {

/// The `api_key` object of the API. `status` is the state at `now`: what a caller with this key
/// meets. Moments are ISO 8601; what is not set is null.
/// `default_rpm`: what holds where the key names no rate.
/// `notice`: what is worth one, of what its owner should look at.
Json key_record(const Key& key, int64_t default_rpm, TimePoint now, const KeyNotice& notice = {});

/// The record as an answer, with its version as the ETag.
HttpResponse key_response(int status, const Key& key, const Json& record);

/// The record of a key that was just made or rotated, with a `key` for its secret: null, but in the
/// one answer that shows it.
Json minted_record(const Key& key,
                   int64_t default_rpm,
                   TimePoint now,
                   const KeyNotice& notice = {});

/// What a key of that team gets that names no rate.
int64_t default_rpm(AdminContext& context, std::string_view team_id);

/// The version that If-Match asks for; nothing when it asks for none (absent, or `*`). A tag that
/// is none of ours reads as a version that never matches.
/// Errors: InvalidRequest when the header is not one entity tag.
Result<std::optional<int64_t>> if_match(const HttpRequest& request);

}  // namespace keywarden
