// Writing JSON by hand, for the few small bodies that are made on the way of a call.
#pragma once

#include <string>
#include <string_view>

namespace keywarden {

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
/// `text` as a JSON string, likewise.
std::string json_string(std::string_view text);

}  // namespace keywarden
