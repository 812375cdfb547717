#include "store/sqlite/words.h"

#include "store/sqlite/read.h"

namespace keywarden {

Result<int64_t> find_word(Database& database, std::string_view word) {
    if (word.empty()) return 0;
    TRY(const auto number, number_of(Query(database, "SELECT n FROM words WHERE word = ?1", word)));
    return number.value_or(kNoWord);
}

Result<int64_t> add_word(Database& database, std::string_view word) {
    TRY(const int64_t there, find_word(database, word));
    if (there != kNoWord) return there;
    return count_of(Query(database, "INSERT INTO words(word) VALUES (?1) RETURNING n", word));
}

Result<std::string> read_word(Database& database, int64_t number) {
    if (number == 0) return std::string();
    Query query(database, "SELECT word FROM words WHERE n = ?1", number);
    TRY(const bool row, query.next());
    if (row) return std::string(query.text(0));
    return fail(ErrorCode::StoreUnavailable,
                "The database is damaged: restore a backup.",
                "word " + std::to_string(number) + " is missing");
}

Result<int64_t> WordCache::add(Database& database, std::string_view word) {
    if (word.empty()) return 0;
    const auto found = numbers_.find(word);
    if (found != numbers_.end()) return found->second;
    TRY(const int64_t number, add_word(database, word));
    if (numbers_.size() >= kWordsMax) numbers_.clear();
    numbers_.emplace(word, number);
    return number;
}

}  // namespace keywarden
