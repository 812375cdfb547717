// Shapes of values in what a user asks for: who writes an address wants a tool that takes one.
#pragma once

#include <cstdint>
#include <string_view>

namespace keywarden {

/// In the order of tool_model::kValueWords.
enum class ValueShape : uint8_t {
    Email,
    Url,
    Path,
    Date,
    Time,
    Money,
    Number,
    Identifier,
    IpAddress,
    Repository,
    Phone,
    Expression,
    Quoted,
    Airport,
    Coordinates,
    kCount,
};

/// A bit a shape that is there. Takes time in proportion to the text, whatever stands in it.
uint16_t value_shapes(std::string_view glyphs);

/// Whether an answer says yes.
bool is_affirmative(std::string_view glyphs);

}  // namespace keywarden
