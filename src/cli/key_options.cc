#include "cli/key_options.h"

#include <fmt/format.h>
#include <string>
#include <string_view>

namespace keywarden {
namespace {

struct TextOption {
    std::string_view option;
    const char* field;
};

constexpr std::array kTexts = {
    TextOption{"name", "name"},
    TextOption{"description", "description"},
    TextOption{"app", "app"},
    TextOption{"user", "user"},
    TextOption{"kind", "kind"},
    TextOption{"format", "format"},
    TextOption{"not-before", "not_before"},
    TextOption{"expires-at", "expires_at"},
    TextOption{"rotate-every", "rotate_every"},
};

struct ListOption {
    std::string_view option;
    const char* list;
    const char* side;
};

constexpr std::array kLists = {
    ListOption{"model", "models", "allow"},
    ListOption{"deny-model", "models", "deny"},
    ListOption{"endpoint", "endpoints", "allow"},
    ListOption{"deny-endpoint", "endpoints", "deny"},
    ListOption{"provider", "providers", "allow"},
    ListOption{"deny-provider", "providers", "deny"},
    ListOption{"privacy-class", "privacy_classes", "allow"},
    ListOption{"ip-range", "ip_ranges", "allow"},
    ListOption{"deny-ip-range", "ip_ranges", "deny"},
    ListOption{"tool", "tools", "allow"},
    ListOption{"deny-tool", "tools", "deny"},
};

/// A field, a list, or a limit by its name: null clears it.
void clear(const std::string& name, Json& body) {
    for (const ListOption& row : kLists) {
        if (name != row.list) continue;
        body["policy"][name] = nullptr;
        return;
    }
    constexpr std::string_view kLimit = "limits.";
    if (name.starts_with(kLimit)) {
        body["policy"]["limits"][name.substr(kLimit.size())] = nullptr;
    } else if (name == "limits" || name == "tool_selection") {
        body["policy"][name] = nullptr;
    } else {
        body[name] = nullptr;
    }
}

Result<void> add_option(const std::string& option, const std::string& value, Json& body) {
    for (const TextOption& row : kTexts) {
        if (option == row.option) body[row.field] = value;
    }
    for (const ListOption& row : kLists) {
        if (option == row.option) body["policy"][row.list][row.side].push_back(value);
    }
    if (option == "tool-selection") body["policy"]["tool_selection"]["mode"] = value;
    if (option == "tool-cache-policy") body["policy"]["tool_selection"]["cache_policy"] = value;
    if (option == "pin-tool") body["policy"]["tool_selection"]["pinned"].push_back(value);
    if (option == "keep-tools-max") {
        TRY(body["policy"]["tool_selection"]["keep_max"], whole_number(option, value));
    }
    if (option == "tools-target-percent") {
        TRY(body["policy"]["tool_selection"]["target_percent"], whole_number(option, value));
    }
    if (option == "tag") body["tags"].push_back(value);
    if (option == "test") body["environment"] = "test";
    if (option == "no-tools") body["policy"]["tools"]["allow"] = Json::array();
    if (option == "rate-limit-rpm") {
        TRY(body["rate_limit_rpm"], whole_number(option, value));
    }
    if (option == "limit") return add_limit(value, body["policy"]["limits"]);
    return {};
}

}  // namespace

Result<void> add_limit(std::string_view text, Json& limits) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
        return fail(ErrorCode::InvalidRequest,
                    fmt::format("--limit: expected NAME=N, got '{}'", text));
    }
    const std::string name(text.substr(0, equals));
    TRY(limits[name], whole_number("limit", text.substr(equals + 1)));
    return {};
}

Result<void> add_key_options(const Arguments& arguments, Json& body) {
    for (const auto& [option, value] : arguments.options) {
        if (option == "clear") clear(value, body);
    }
    for (const auto& [option, value] : arguments.options) {
        TRY_VOID(add_option(option, value, body));
    }
    return {};
}

}  // namespace keywarden
