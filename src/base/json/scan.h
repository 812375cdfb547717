// Finds named members of a JSON object, with the bytes they stand at, in one pass that checks the
// whole document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace keywarden {

enum class JsonType : uint8_t { Null, Bool, Number, String, Array, Object };

/// "a string", "an object": for messages.
std::string_view name(JsonType type);

/// The bytes [begin, end) of a document.
struct ByteRange {
    uint32_t begin = 0;
    uint32_t end = 0;
    uint32_t size() const { return end - begin; }
    std::string_view of(std::string_view text) const { return text.substr(begin, size()); }
};

struct JsonMember {
    bool present = false;
    JsonType type = JsonType::Null;
    ByteRange key{};            // with its quotes
    ByteRange value{};          // without the space around it
    uint32_t previous_end = 0;  // where the value before it ended; 0 for the first member
    uint32_t next_begin = 0;    // where the key after it begins; 0 for the last member
    std::string_view text_of(std::string_view text) const { return value.of(text); }
};

inline constexpr size_t kJsonDepthMax = 512;               // nested arrays and objects
inline constexpr size_t kJsonBytesMax = size_t{1} << 31U;  // of one document
inline constexpr size_t kJsonNameMax = 63;                 // of a member that is looked for

/// What becomes of a member that is one of the names but for the case of its letters. Some readers
/// take it for that one: whoever rules on a member refuses its likeness.
enum class OtherCase : uint8_t { IsAnotherMember, IsRefused };

/// How often strings are one of `texts`, as names or as values, at any depth. Compared unescaped.
struct JsonTextCount {
    std::span<const std::string_view> texts;  // no longer than kJsonNameMax
    int64_t count = 0;
};

/// Checks that all of `text` is one JSON object, and describes the top-level members called
/// `names[i]` in `found[i]`. Keys are compared unescaped: `"mod\u0065l"` is `model`.
///
/// What RFC 8259 leaves open is decided like this: text is UTF-8 without a byte order mark; numbers
/// of any size and lone surrogate escapes pass (they are for whoever reads the values); members
/// that nobody asked for may repeat, those in `names` may not.
/// Requires: found.size() == names.size(), names no longer than kJsonNameMax, and where other case
/// is refused without capitals.
/// Errors: InvalidRequest, saying what is wrong and at which byte; `param` names a member that
/// repeats, or that is written in another case.
/// `counted`, where it is not null, is counted in the same pass.
/// Allocates nothing once a thread has seen a document of that size.
Result<void> find_json_members(std::string_view text,
                               std::span<const std::string_view> names,
                               std::span<JsonMember> found,
                               OtherCase other_case = OtherCase::IsAnotherMember,
                               JsonTextCount* counted = nullptr);

/// The text of a JSON string (quotes included), unescaped: a view of `value` itself where nothing
/// is escaped, else of `scratch`. Nothing for a lone surrogate.
/// Requires: `value` is a string that find_json_members found.
std::optional<std::string_view> json_text(std::string_view value, std::string& scratch);

/// An integer written without fraction or exponent, that fits.
std::optional<int64_t> json_integer(std::string_view value);

}  // namespace keywarden
