// A file of keys that were made elsewhere, as the API takes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/answer.h"

namespace keywarden {

struct ImportFile {
    std::vector<Json> items{};           // as POST /v1/keys/import takes them
    std::vector<std::string> ignored{};  // columns that nothing was made of
    size_t left_out = 0;                 // rows that were switched off there
};

/// Reads JSON (a list, or an object with `keys` or `data`) or CSV with a row of names (RFC 4180).
/// `source` is whose names they are: "keywarden", "litellm", "one-api".
///
/// A secret in plain (`key`, and one-api's) becomes its SHA-256 here: it is neither sent nor kept.
/// Errors: InvalidRequest, with the line or the row.
Result<ImportFile> read_import_file(std::string_view text, std::string_view source);

}  // namespace keywarden
