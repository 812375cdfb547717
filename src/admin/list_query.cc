#include "admin/list_query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "admin/json_body.h"
#include "base/http.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 3> kParameters = {"limit", "after", "status"};

Result<void> check_names(std::string_view query) {
    std::vector<std::string_view> seen;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const std::string_view name = pair.substr(0, pair.find('='));
        if (std::ranges::find(kParameters, name) == kParameters.end()) {
            return fail_unknown_field(name, kParameters);
        }
        if (std::ranges::find(seen, name) != seen.end()) return fail_field(name, "is there twice");
        seen.push_back(name);
    }
    return {};
}

}  // namespace

Result<ListQuery> read_list_query(std::string_view query) {
    TRY_VOID(check_names(query));
    ListQuery wanted;
    wanted.after = query_parameter(query, "after");
    if (const std::string limit = query_parameter(query, "limit"); !limit.empty()) {
        const char* const end = limit.data() + limit.size();
        const auto [stop, problem] = std::from_chars(limit.data(), end, wanted.limit);
        if (problem != std::errc() || stop != end || wanted.limit < 1 ||
            wanted.limit > kListLimitMax) {
            return fail_field("limit", "must be a whole number from 1 to 100");
        }
    }
    if (const std::string status = query_parameter(query, "status"); !status.empty()) {
        wanted.status = key_status_of(status);
        if (!wanted.status) {
            return fail_field("status",
                              "must be \"active\", \"disabled\", \"quarantined\", or \"revoked\"");
        }
    }
    return wanted;
}

}  // namespace keywarden
