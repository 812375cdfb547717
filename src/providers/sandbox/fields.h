// Reading the fields of a request: absent and null are the same, a wrong type names its field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace keywarden {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

/// An InvalidRequest that names its field.
std::unexpected<Error> bad_field(std::string_view field, std::string_view what);

/// Null when `object` is none, or has no such field, or null there.
const Json* find_field(const Json& object, const std::string& field);

/// Errors: InvalidRequest for a value of another type, or out of its bounds.
Result<std::optional<int64_t>> read_integer(const Json& object,
                                            const std::string& field,
                                            int64_t min,
                                            int64_t max);
Result<bool> read_bool(const Json& object, const std::string& field);
/// Empty when absent.
Result<std::string> read_string(const Json& object, const std::string& field);

/// Never throws: what is no UTF-8 becomes U+FFFD.
std::string to_text(const OrderedJson& value);
std::string to_text(const Json& value);

/// The body of a request as an object; a form's fields as strings, `n` and `stream` as what they
/// say, and a file as {"bytes": its length}.
/// Errors: InvalidRequest when it is neither JSON nor multipart/form-data; RequestTooLarge.
Result<Json> read_body(std::string_view content_type, std::string_view body);

}  // namespace keywarden
