// Whether two shapes of keys can match one string: a question about two small automata.
#pragma once

#include <optional>
#include <string>

#include "domain/key_format.h"

namespace keywarden {

/// A shortest-to-find string that both shapes match, or nothing when there is none. Checksums count
/// as free text, so an answer may be too careful, never too careless.
///
/// A shape is a line of character classes, some of which may be left out. Two such lines share a
/// string exactly when their product automaton has a way from its start to its end.
std::optional<std::string> common_string(const KeyShape& a, const KeyShape& b);

}  // namespace keywarden
