#include "admin/list_query.h"

#include <array>
#include <fmt/format.h>

#include "admin/query.h"
#include "store/store.h"

namespace keywarden {
namespace {

Result<void> read_limit(std::string_view text, ListQuery& wanted) {
    TRY(wanted.limit, read_limit_of(text, kListLimitMax));
    return {};
}

Result<void> read_after(std::string_view text, ListQuery& wanted) {
    wanted.after = text;
    return {};
}

Result<void> read_status(std::string_view text, ListQuery& wanted) {
    wanted.status = text == kExhausted ? KeyState::Active : key_state_of(text);
    if (wanted.status == KeyState::Active) wanted.exhausted = text == kExhausted;
    if (wanted.status) return {};
    return fail_field("status",
                      "must be \"active\", \"pending\", \"expired\", \"disabled\", "
                      "\"quarantined\", \"revoked\", or \"exhausted\"");
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

Result<void> read_search(std::string_view text, ListQuery& wanted) {
    if (text.size() > kKeySearchMax) {
        return fail_field("search", fmt::format("must be at most {} bytes", kKeySearchMax));
    }
    wanted.search = text;
    return {};
}

constexpr std::array kParameters = {
    Parameter<ListQuery>{"limit", read_limit},
    Parameter<ListQuery>{"after", read_after},
    Parameter<ListQuery>{"status", read_status},
    Parameter<ListQuery>{"rotation", read_rotation},
    Parameter<ListQuery>{"unused", read_unused},
    Parameter<ListQuery>{"expires_soon", read_expires_soon},
    Parameter<ListQuery>{"search", read_search},
};

}  // namespace

Result<ListQuery> read_list_query(std::string_view query) {
    ListQuery wanted;
    TRY_VOID(read_parameters<ListQuery>(query, kParameters, wanted));
    return wanted;
}

}  // namespace keywarden
