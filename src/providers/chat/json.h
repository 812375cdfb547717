// Reading the fields of a chat: absent and null are the same, a wrong type names its field. Members
// keep their order, for models write what a schema names in the order in which it does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace keywarden::chat {

using Json = nlohmann::ordered_json;

/// An InvalidRequest that names its field.
std::unexpected<Error> bad_field(std::string_view field, std::string_view what);

/// Null when `object` is none, or has no such field, or null there.
const Json* find_field(const Json& object, std::string_view field);

/// Errors: InvalidRequest for a value of another type, or out of its bounds.
Result<std::optional<int64_t>> read_count(const Json& object, std::string_view field);
Result<bool> read_bool(const Json& object, std::string_view field);
/// Empty when absent.
Result<std::string> read_string(const Json& object, std::string_view field);
/// As it would be written; empty when absent.
Result<std::string> read_number(const Json& object, std::string_view field);

/// What a provider says is not asked for its type: empty where it is no string.
std::string text_in(const Json& object, std::string_view field);

/// Never throws: what is no UTF-8 becomes U+FFFD.
std::string to_text(const Json& value);

/// An object; null for whatever is none, or is nested deeper than kJsonDepthMax: what is read here
/// is walked by recursion.
Json parse_object(std::string_view text);

/// The same, but an empty one.
Json object_of(std::string_view text);

/// Any value of a document that find_json_members has checked; null for nothing.
Json parse_value(std::string_view text);

}  // namespace keywarden::chat
