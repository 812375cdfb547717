#include "domain/grant.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "domain/permission.h"

namespace keywarden {
namespace {

using Names = std::optional<std::vector<std::string>>;

bool contains(const Names& names, std::string_view name) {
    return names && std::ranges::find(*names, name) != names->end();
}

bool permits(const ToolList& tools, std::string_view name) {
    return !contains(tools.denied, name) && (!tools.allowed || contains(tools.allowed, name));
}

bool kind_within(const Grant& inner, const Grant& outer) {
    for (size_t i = 0; i < static_cast<size_t>(Permission::kCount); ++i) {
        const auto permission = static_cast<Permission>(i);
        if (holds(inner.kind, permission) && !holds(outer.kind, permission)) return false;
    }
    return true;
}

bool rate_within(const Grant& inner, const Grant& outer) {
    return inner.rate_limit_rpm <= outer.rate_limit_rpm;
}

bool expiry_within(const Grant& inner, const Grant& outer) {
    return !outer.expires_at || (inner.expires_at && *inner.expires_at <= *outer.expires_at);
}

/// Every tool that `inner` permits is permitted by `outer`.
bool tools_within(const Grant& inner, const Grant& outer) {
    if (inner.tools.allowed) {
        return std::ranges::all_of(*inner.tools.allowed, [&](const std::string& name) {
            return !permits(inner.tools, name) || permits(outer.tools, name);
        });
    }
    if (outer.tools.allowed) return false;
    return !outer.tools.denied ||
           std::ranges::all_of(*outer.tools.denied, [&](const std::string& name) {
               return contains(inner.tools.denied, name);
           });
}

bool app_within(const Grant& inner, const Grant& outer) {
    return outer.app_id.empty() || inner.app_id == outer.app_id;
}

struct Rule {
    std::string_view field;
    bool (*within)(const Grant& inner, const Grant& outer);
    std::string_view message;
};

constexpr std::array kRules = {
    Rule{"kind", kind_within, "'kind': a key can only grant permissions that it holds itself."},
    Rule{"rate_limit_rpm",
         rate_within,
         "'rate_limit_rpm': a key cannot grant more requests a minute than it has itself."},
    Rule{"expires_at", expiry_within, "'expires_at': a key cannot grant a life beyond its own."},
    Rule{"app", app_within, "'app': a key of an app can only make keys of that app."},
    Rule{"toollist", tools_within, "'toollist': a key cannot grant tools that it may not use."},
};

}  // namespace

Grant grant_of(const Key& key) {
    return {.kind = key.kind,
            .rate_limit_rpm = key.rate_limit_rpm.value_or(kRateLimitRpmMax),
            .expires_at = key.expires_at,
            .tools = key.tools,
            .app_id = key.app_id};
}

void inherit(Key& key, const Grant& grantor, int64_t default_rpm) {
    if (!key.rate_limit_rpm && grantor.rate_limit_rpm < kRateLimitRpmMax) {
        key.rate_limit_rpm = std::min(default_rpm, grantor.rate_limit_rpm);
    }
    if (!key.expires_at) key.expires_at = grantor.expires_at;
    if (key.app_id.empty()) key.app_id = grantor.app_id;
    if (!key.tools.allowed) key.tools.allowed = grantor.tools.allowed;
    if (!key.tools.denied) key.tools.denied = grantor.tools.denied;
}

Result<void> check_grant(const Grant& wanted, const Grant& grantor, const Grant* before) {
    for (const Rule& rule : kRules) {
        if (rule.within(wanted, grantor)) continue;
        if (before != nullptr && rule.within(wanted, *before)) continue;
        return fail({.code = ErrorCode::InsufficientScope,
                     .message = std::string(rule.message),
                     .param = std::string(rule.field),
                     .facts = {{"denied_by", std::string("key")}}});
    }
    return {};
}

}  // namespace keywarden
