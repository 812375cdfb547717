#include "admin/query.h"

#include <charconv>
#include <system_error>

#include "base/http.h"

namespace keywarden {

Result<std::vector<QueryPair>> split_query(std::string_view query) {
    std::vector<QueryPair> pairs;
    while (!query.empty()) {
        const std::string_view text = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), text.size() + 1));
        if (text.empty()) continue;
        const std::string_view name = text.substr(0, text.find('='));
        if (std::ranges::find(pairs, name, &QueryPair::name) != pairs.end()) {
            return fail_field(name, "is there twice");
        }
        pairs.push_back({name, query_parameter(text, name)});
        if (pairs.back().value.empty()) {
            return fail_field(name, "must have a value, with its escapes whole");
        }
    }
    return pairs;
}

Result<size_t> read_limit_of(std::string_view text, size_t max) {
    size_t limit = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, limit);
    if (problem == std::errc() && stop == end && limit >= 1 && limit <= max) return limit;
    return fail_field("limit", "must be a whole number from 1 to " + std::to_string(max));
}

}  // namespace keywarden
