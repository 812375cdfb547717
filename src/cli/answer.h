// JSON as commands read and print it. Nothing here throws, whatever a gateway sends.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace keywarden {

using Json = nlohmann::json;

/// Errors: GatewayUnreachable when `body` is no JSON object: something else answered.
Result<Json> parse_object(std::string_view body);

/// The array of that name; an empty one when there is none.
Json list_of(const Json& object, std::string_view name);

/// A member as people read it: "-" for null and for what is not there; texts of a list with commas
/// between them; "name (id)" for what has both.
std::string shown(const Json& object, std::string_view name);

/// A path segment, or a value of a query: what is not a letter, a digit, '-' or '_' is escaped.
std::string escape(std::string_view text);
/// A model's id behind a path: its slashes stay slashes, which part the segments.
std::string model_path(std::string_view path, std::string_view model);

/// Indented, with a new line at its end.
std::string dump(const Json& json);

}  // namespace keywarden
