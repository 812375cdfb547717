// A tool as the ranker reads it, whatever dialect it was written in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keywarden {

/// What of one tool is read; the rest of it counts for nothing.
inline constexpr size_t kToolBytesMax = size_t{64} << 10U;  // a longer one is not read
inline constexpr int kToolSchemaDepthMax = 4;               // schemas in schemas that are read
inline constexpr size_t kToolParametersMax = 256;
inline constexpr size_t kToolEnumValuesMax = 20;                // of a parameter
inline constexpr size_t kToolTextBytesMax = size_t{16} << 10U;  // of each text below

/// Texts are UTF-8, unescaped. A tool may lack any of them but the name.
struct ToolDefinition {
    std::string name{};
    std::string description{};
    /// Of all parameters, at any depth: their names, and what describes them and their values; each
    /// text followed by a space.
    std::string parameter_names{};
    std::string parameter_descriptions{};
    size_t parameter_count = 0;
    /// The names of those that a call must give, of the outermost schema.
    std::vector<std::string> required{};
};

/// Reads the bytes of one entry of a list of tools. Nothing for what is no function, has no name,
/// or lies beyond a bound: such a tool is never ranked, and never left out.
using ReadToolDefinition = std::optional<ToolDefinition> (*)(std::string_view json);

}  // namespace keywarden
