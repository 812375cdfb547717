#include "admin/list_query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "admin/json_body.h"
#include "base/http.h"

namespace keywarden {
namespace {

Result<void> read_limit(std::string_view text, ListQuery& wanted) {
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, wanted.limit);
    if (problem == std::errc() && stop == end && wanted.limit >= 1 &&
        wanted.limit <= kListLimitMax) {
        return {};
    }
    return fail_field("limit", "must be a whole number from 1 to 100");
}

Result<void> read_after(std::string_view text, ListQuery& wanted) {
    wanted.after = text;
    return {};
}

Result<void> read_status(std::string_view text, ListQuery& wanted) {
    wanted.status = key_state_of(text);
    if (wanted.status) return {};
    return fail_field("status",
                      "must be \"active\", \"pending\", \"expired\", \"disabled\", "
                      "\"quarantined\", or \"revoked\"");
}

Result<void> read_rotation(std::string_view text, ListQuery& wanted) {
    wanted.rotation = rotation_state_of(text);
    if (wanted.rotation) return {};
    return fail_field("rotation", "must be \"ok\", \"due\", or \"overdue\"");
}

Result<bool> read_flag(std::string_view name, std::string_view text) {
    if (text == "true" || text == "false") return text == "true";
    return fail_field(name, "must be true or false");
}

Result<void> read_unused(std::string_view text, ListQuery& wanted) {
    TRY(wanted.unused, read_flag("unused", text));
    return {};
}

Result<void> read_expires_soon(std::string_view text, ListQuery& wanted) {
    TRY(wanted.expires_soon, read_flag("expires_soon", text));
    return {};
}

struct Parameter {
    std::string_view name;
    Result<void> (*read)(std::string_view text, ListQuery& wanted);
};

constexpr std::array kParameters = {
    Parameter{"limit", read_limit},
    Parameter{"after", read_after},
    Parameter{"status", read_status},
    Parameter{"rotation", read_rotation},
    Parameter{"unused", read_unused},
    Parameter{"expires_soon", read_expires_soon},
};
constexpr std::array<std::string_view, 6> kNames = {
    "limit", "after", "status", "rotation", "unused", "expires_soon"};

}  // namespace

Result<ListQuery> read_list_query(std::string_view query) {
    ListQuery wanted;
    std::vector<std::string_view> seen;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const std::string_view name = pair.substr(0, pair.find('='));
        const auto* const row = std::ranges::find(kParameters, name, &Parameter::name);
        if (row == kParameters.end()) return fail_unknown_field(name, kNames);
        if (std::ranges::find(seen, name) != seen.end()) return fail_field(name, "is there twice");
        seen.push_back(name);
        const std::string value = query_parameter(pair, name);
        if (value.empty()) return fail_field(name, "must have a value, with its escapes whole");
        TRY_VOID(row->read(value, wanted));
    }
    return wanted;
}

}  // namespace keywarden
