// A SQLite file with very many keys, for benchmarks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/secret.h"
#include "domain/key_format.h"

namespace keywarden {

/// Adds `count` keys of 1,000 teams to a store that open_store, or a gateway's first start, has
/// made at `path`, by SQL. Returns the secrets of an even sample of at most `sample` of them, in
/// random order. Ends the process when SQLite fails.
std::vector<Secret> fill_with_keys(const std::filesystem::path& path,
                                   int64_t count,
                                   int64_t sample,
                                   const KeyFormats& formats);

}  // namespace keywarden
