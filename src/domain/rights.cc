#include "domain/rights.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/core.h>
#include <vector>

#include "domain/key.h"
#include "domain/permission.h"

namespace keywarden {
namespace {

using enum PolicyRule;

// One entry of a list, for those that are no patterns: it covers, and meets, itself.
template <class T>
    requires std::is_enum_v<T>
bool covers(T wide, T narrow) {
    return wide == narrow;
}
template <class T>
    requires std::is_enum_v<T>
bool overlap(T a, T b) {
    return a == b;
}

template <class T>
bool any_covers(const std::vector<T>& wide, const T& narrow) {
    return std::ranges::any_of(wide, [&](const T& entry) { return covers(entry, narrow); });
}

/// What an absent `allow` stands for: everything there is, entry by entry where that is possible.
template <class T>
std::optional<std::vector<T>> allowed(const AllowDeny<T>& list) {
    if (list.allow) return list.allow;
    if constexpr (std::is_enum_v<T>) {
        std::vector<T> all;
        for (size_t i = 0; i < static_cast<size_t>(T::kCount); ++i) {
            all.push_back(static_cast<T>(i));
        }
        return all;
    }
    return std::nullopt;
}

/// Whether what `narrow` lets through is let through by `wide`. Never yes wrongly.
template <class T>
bool within(const AllowDeny<T>& narrow, const AllowDeny<T>& wide) {
    const std::optional<std::vector<T>> entries = allowed(narrow);
    const std::optional<std::vector<T>> bounds = allowed(wide);
    if (!entries) {
        return !bounds && std::ranges::all_of(wide.deny, [&](const T& denied) {
            return any_covers(narrow.deny, denied);
        });
    }
    return std::ranges::all_of(*entries, [&](const T& entry) {
        if (any_covers(narrow.deny, entry)) return true;
        if (bounds && !any_covers(*bounds, entry)) return false;
        return std::ranges::all_of(wide.deny, [&](const T& denied) {
            return !overlap(denied, entry) || any_covers(narrow.deny, denied);
        });
    });
}

template <class T>
void inherit_list(AllowDeny<T>& wanted, const AllowDeny<T>& grantor) {
    if (!wanted.allow) wanted.allow = grantor.allow;
    for (const T& denied : grantor.deny) {
        if (!any_covers(wanted.deny, denied)) wanted.deny.push_back(denied);
    }
}

bool limit_within(const std::optional<int64_t>& narrow, const std::optional<int64_t>& wide) {
    return !wide || (narrow && *narrow <= *wide);
}

/// A kind is held when each permission of that kind is.
bool kind_within(const Rights& narrow, const Rights& wide) {
    for (size_t i = 0; i < static_cast<size_t>(Permission::kCount); ++i) {
        const auto permission = static_cast<Permission>(i);
        if (holds(narrow.kind, permission) && !holds(wide.kind, permission)) return false;
    }
    return true;
}

struct Field {
    std::string_view name;
    bool (*within)(const Rights& narrow, const Rights& wide);
};

template <auto kMember>
bool list_within(const Rights& narrow, const Rights& wide) {
    return within(narrow.policy.*kMember, wide.policy.*kMember);
}

const std::array kFields = {
    Field{"kind", kind_within},
    Field{"not_before",
          [](const Rights& narrow, const Rights& wide) {
              return !wide.not_before ||
                     (narrow.not_before && *narrow.not_before >= *wide.not_before);
          }},
    Field{"expires_at",
          [](const Rights& narrow, const Rights& wide) {
              return !wide.expires_at ||
                     (narrow.expires_at && *narrow.expires_at <= *wide.expires_at);
          }},
    Field{"app",
          [](const Rights& narrow, const Rights& wide) {
              return wide.app_id.empty() || narrow.app_id == wide.app_id;
          }},
    Field{info(Kinds).field, list_within<&Policy::kinds>},
    Field{info(Addresses).field, list_within<&Policy::addresses>},
    Field{info(Endpoints).field, list_within<&Policy::endpoints>},
    Field{info(Models).field, list_within<&Policy::models>},
    Field{info(Providers).field, list_within<&Policy::providers>},
    Field{info(Classes).field, list_within<&Policy::classes>},
    Field{info(Tools).field, list_within<&Policy::tools>},
};

std::unexpected<Error> beyond(std::string field) {
    return fail({.code = ErrorCode::InsufficientScope,
                 .message = "'" + field + "': nobody can grant more than they hold themselves.",
                 .param = std::move(field),
                 .facts = {{"denied_by", std::string(name(Scope::Creator))}}});
}

}  // namespace

void inherit(Rights& wanted, const Rights& grantor) {
    if (!wanted.not_before) wanted.not_before = grantor.not_before;
    if (!wanted.expires_at) wanted.expires_at = grantor.expires_at;
    if (wanted.app_id.empty()) wanted.app_id = grantor.app_id;
    inherit_list(wanted.policy.kinds, grantor.policy.kinds);
    inherit_list(wanted.policy.addresses, grantor.policy.addresses);
    inherit_list(wanted.policy.endpoints, grantor.policy.endpoints);
    inherit_list(wanted.policy.models, grantor.policy.models);
    inherit_list(wanted.policy.providers, grantor.policy.providers);
    inherit_list(wanted.policy.classes, grantor.policy.classes);
    inherit_list(wanted.policy.tools, grantor.policy.tools);
    for (const LimitKindInfo& row : all_limit_kinds()) {
        std::optional<int64_t>& limit = wanted.policy.limits[row.kind];
        if (!limit) limit = grantor.policy.limits[row.kind];
    }
}

Result<void> check_rights(const Rights& wanted, const Rights& grantor, const Rights* before) {
    for (const Field& field : kFields) {
        if (field.within(wanted, grantor)) continue;
        if (before != nullptr && field.within(wanted, *before)) continue;
        return beyond(std::string(field.name));
    }
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const std::optional<int64_t>& limit = wanted.policy.limits[row.kind];
        if (limit_within(limit, grantor.policy.limits[row.kind])) continue;
        if (before != nullptr && limit_within(limit, before->policy.limits[row.kind])) continue;
        return beyond("limits." + std::string(row.field));
    }
    return {};
}

Result<void> check_ceiling(const Policy& policy, const Policy& ceiling, Scope scope) {
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const std::optional<int64_t>& limit = policy.limits[row.kind];
        const std::optional<int64_t>& most = ceiling.limits[row.kind];
        if (!limit || !most || *limit <= *most) continue;
        const std::string field(row.field);
        const std::string setter(name(scope));
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = fmt::format(
                         "'{}' may be at most {}: the {}'s ceiling.", field, *most, setter),
                     .param = "limits." + field,
                     .facts = {{"denied_by", setter}, {"limit", *most}}});
    }
    return {};
}

}  // namespace keywarden
