// YAML files as JSON, and JSON as YAML: the part of YAML that a policy needs, and nothing that
// could be read in two ways.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace keywarden {

inline constexpr size_t kYamlBytesMax = size_t{1} << 20U;
inline constexpr size_t kYamlNodesMax = 50'000;  // each alias counts as all that it stands for
inline constexpr int kYamlDepthMax = 16;

struct YamlPlace {
    size_t line = 0;  // from 1
    size_t column = 0;
};

/// What a file says, and where.
struct YamlFile {
    nlohmann::ordered_json value{};
    /// Of each value by its path ("teams[0].name"; "" is the whole), and of each member's name by
    /// its path with an '@' after it.
    std::map<std::string, YamlPlace> places{};

    /// Where the value is; of a path that is not there, the nearest thing around it.
    YamlPlace place_of(std::string_view path, bool of_name = false) const;
};

/// Reads one document of mappings, lists, texts, whole numbers, true, false, and null. Anchors,
/// aliases and `<<` work.
///
/// Refused: what YAML's versions read differently without quotes (yes, no, on, off, 0x1F, 1_000,
/// 1.5), a name twice in a mapping, tags, tabs as indentation, a second document, an alias of
/// something around it, and what goes beyond the bounds.
/// Errors: InvalidRequest; the message begins with "LINE:COLUMN: ".
Result<YamlFile> read_yaml(std::string_view text);

/// A text that read_yaml reads as the same value, in the way a person would write it.
/// Requires: no number but whole ones.
std::string write_yaml(const nlohmann::ordered_json& value);

}  // namespace keywarden
