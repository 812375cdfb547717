// Texts that come again and again, each kept once and known by a number.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// What no word has as its number.
inline constexpr int64_t kNoWord = -1;

/// The number of a word, or kNoWord. The empty one is 0.
Result<int64_t> find_word(Database& database, std::string_view word);
/// The same, and it is written where it is new. Within a transaction.
Result<int64_t> add_word(Database& database, std::string_view word);
Result<std::string> read_word(Database& database, int64_t number);

/// Looked up by texts that are not copied for it.
struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

/// Words that were asked for lately. Requires: forget() is called when a transaction in which it
/// was asked is undone.
class WordCache {
public:
    Result<int64_t> add(Database& database, std::string_view word);
    void forget() { numbers_.clear(); }

private:
    static constexpr size_t kWordsMax = 100'000;
    TextMap<int64_t> numbers_;
};

}  // namespace keywarden
