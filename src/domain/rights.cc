#include "domain/rights.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/core.h>
#include <vector>

#include "base/clock.h"
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

// Tags.
bool covers(const std::string& wide, const std::string& narrow) { return wide == narrow; }

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
void add_missing(std::vector<T>& entries, const std::vector<T>& others) {
    for (const T& other : others) {
        if (!any_covers(entries, other)) entries.push_back(other);
    }
}

template <class T>
void inherit_list(AllowDeny<T>& wanted, const AllowDeny<T>& grantor) {
    if (!wanted.allow) wanted.allow = grantor.allow;
    add_missing(wanted.deny, grantor.deny);
}

/// The entries of either that one of the other covers.
template <class T>
std::vector<T> both(const std::vector<T>& a, const std::vector<T>& b) {
    std::vector<T> shared;
    for (const T& entry : a) {
        if (any_covers(b, entry)) shared.push_back(entry);
    }
    for (const T& entry : b) {
        if (any_covers(a, entry) && !any_covers(shared, entry)) shared.push_back(entry);
    }
    return shared;
}

template <class T>
void narrow_list(AllowDeny<T>& list, const AllowDeny<T>& by) {
    if (list.allow && by.allow) list.allow = both(*list.allow, *by.allow);
    inherit_list(list, by);
}

/// A tag binds: whoever has fewer is bound by less.
bool tags_within(const Rights& narrow, const Rights& wide) {
    return std::ranges::all_of(
        wide.tags, [&](const std::string& tag) { return any_covers(narrow.tags, tag); });
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

// ---- how an error tells what was asked for, and what is held ----------------------------------

constexpr size_t kEntriesShownMax = 8;

std::string text_of(const Glob& glob) { return glob.text(); }
std::string text_of(const IpRange& range) { return range.text(); }
std::string text_of(KeyKind kind) { return std::string(name(kind)); }
std::string text_of(PrivacyClass privacy) { return std::string(name(privacy)); }
std::string text_of(const std::string& name) { return name; }

template <class T>
std::string text_of(const std::vector<T>& entries) {
    if (entries.empty()) return "nothing";
    std::string text;
    for (size_t i = 0; i < entries.size(); ++i) {
        if (i > 0) text += ", ";
        if (i == kEntriesShownMax) return text + "…";
        text += text_of(entries[i]);
    }
    return text;
}

template <class T>
std::string text_of(const std::optional<std::vector<T>>& allow, const std::vector<T>& deny) {
    std::string text = allow ? text_of(*allow) : "everything";
    if (!deny.empty()) text += " but " + text_of(deny);
    return text;
}

std::string text_of(const std::optional<TimePoint>& moment) {
    return moment ? format_iso8601(*moment) : "no bound";
}

std::string text_of(const std::optional<int64_t>& limit) {
    return limit ? std::to_string(*limit) : "no limit";
}

struct Field {
    std::string_view name;
    bool (*within)(const Rights& narrow, const Rights& wide);
    std::string (*text)(const Rights& rights);
    bool is_policy = false;
};

template <auto kMember>
bool list_within(const Rights& narrow, const Rights& wide) {
    return within(narrow.policy.*kMember, wide.policy.*kMember);
}

template <auto kMember>
std::string list_text(const Rights& rights) {
    const auto& list = rights.policy.*kMember;
    return text_of(list.allow, list.deny);
}

template <auto kMember>
Field list_field(PolicyRule rule) {
    return {info(rule).field, list_within<kMember>, list_text<kMember>, true};
}

const std::array kFields = {
    Field{"kind", kind_within, [](const Rights& rights) { return text_of(rights.kind); }},
    Field{"not_before",
          [](const Rights& narrow, const Rights& wide) {
              return !wide.not_before ||
                     (narrow.not_before && *narrow.not_before >= *wide.not_before);
          },
          [](const Rights& rights) { return text_of(rights.not_before); }},
    Field{"expires_at",
          [](const Rights& narrow, const Rights& wide) {
              return !wide.expires_at ||
                     (narrow.expires_at && *narrow.expires_at <= *wide.expires_at);
          },
          [](const Rights& rights) { return text_of(rights.expires_at); }},
    Field{"app",
          [](const Rights& narrow, const Rights& wide) {
              return wide.app_id.empty() || narrow.app_id == wide.app_id;
          },
          [](const Rights& rights) {
              return rights.app_id.empty() ? "the whole team" : rights.app_id;
          }},
    Field{"tags",
          tags_within,
          [](const Rights& rights) {
              return rights.tags.empty() ? "no tag" : "to be counted by " + text_of(rights.tags);
          }},
    list_field<&Policy::kinds>(Kinds),
    list_field<&Policy::addresses>(Addresses),
    list_field<&Policy::endpoints>(Endpoints),
    list_field<&Policy::models>(Models),
    list_field<&Policy::providers>(Providers),
    list_field<&Policy::classes>(Classes),
    list_field<&Policy::tools>(Tools),
};

std::string place_of(std::string_view under, std::string_view field) {
    return under.empty() ? std::string(field) : fmt::format("{}.{}", under, field);
}

std::unexpected<Error> beyond(std::string field, std::string asked, std::string held) {
    Error error{.code = ErrorCode::InsufficientScope,
                .message = fmt::format("'{}': nobody can grant more than they hold themselves. "
                                       "Asked for: {}. Held: {}.",
                                       field,
                                       asked,
                                       held),
                .param = std::move(field),
                .facts = {{"denied_by", std::string(name(Scope::Key))}}};
    error.facts.push_back({"asked", std::move(asked)});
    error.facts.push_back({"held", std::move(held)});
    return fail(std::move(error));
}

}  // namespace

Rights rights_of(const Key& key, TimePoint now) {
    const bool has_begun = !key.not_before || *key.not_before <= now;
    return {.kind = key.kind,
            .not_before = has_begun ? std::nullopt : key.not_before,
            .expires_at = key.expires_at,
            .app_id = key.app_id,
            .tags = key.tags,
            .policy = whole_policy(key)};
}

void narrow(Rights& rights, const Rights& maker) {
    Policy& policy = rights.policy;
    add_missing(rights.tags, maker.tags);
    narrow_list(policy.kinds, maker.policy.kinds);
    narrow_list(policy.addresses, maker.policy.addresses);
    narrow_list(policy.endpoints, maker.policy.endpoints);
    narrow_list(policy.models, maker.policy.models);
    narrow_list(policy.providers, maker.policy.providers);
    narrow_list(policy.classes, maker.policy.classes);
    narrow_list(policy.tools, maker.policy.tools);
    for (const LimitKindInfo& row : all_limit_kinds()) {
        std::optional<int64_t>& limit = policy.limits[row.kind];
        if (!limit_within(limit, maker.policy.limits[row.kind])) {
            limit = maker.policy.limits[row.kind];
        }
    }
}

void inherit(Rights& wanted, const Rights& grantor, const Limits& defaults) {
    if (!wanted.not_before) wanted.not_before = grantor.not_before;
    if (!wanted.expires_at) wanted.expires_at = grantor.expires_at;
    if (wanted.app_id.empty()) wanted.app_id = grantor.app_id;
    add_missing(wanted.tags, grantor.tags);
    inherit_list(wanted.policy.kinds, grantor.policy.kinds);
    inherit_list(wanted.policy.addresses, grantor.policy.addresses);
    inherit_list(wanted.policy.endpoints, grantor.policy.endpoints);
    inherit_list(wanted.policy.models, grantor.policy.models);
    inherit_list(wanted.policy.providers, grantor.policy.providers);
    inherit_list(wanted.policy.classes, grantor.policy.classes);
    inherit_list(wanted.policy.tools, grantor.policy.tools);
    for (const LimitKindInfo& row : all_limit_kinds()) {
        std::optional<int64_t>& limit = wanted.policy.limits[row.kind];
        const std::optional<int64_t>& most = grantor.policy.limits[row.kind];
        if (!limit && most) limit = std::min(*most, defaults[row.kind].value_or(*most));
    }
}

Result<void> check_rights(const Rights& wanted,
                          const Rights& grantor,
                          const Rights* before,
                          std::string_view under) {
    for (const Field& field : kFields) {
        if (field.within(wanted, grantor)) continue;
        if (before != nullptr && field.within(wanted, *before)) continue;
        return beyond(field.is_policy ? place_of(under, field.name) : std::string(field.name),
                      field.text(wanted),
                      field.text(grantor));
    }
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const std::optional<int64_t>& limit = wanted.policy.limits[row.kind];
        const std::optional<int64_t>& most = grantor.policy.limits[row.kind];
        if (limit_within(limit, most)) continue;
        if (before != nullptr && limit_within(limit, before->policy.limits[row.kind])) continue;
        return beyond(
            place_of(under, fmt::format("limits.{}", row.field)), text_of(limit), text_of(most));
    }
    return {};
}

Result<void> check_ceiling(const Policy& policy,
                           const Policy& ceiling,
                           Scope scope,
                           std::string_view under) {
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const std::optional<int64_t>& limit = policy.limits[row.kind];
        const std::optional<int64_t>& most = ceiling.limits[row.kind];
        if (!limit || !most || *limit <= *most) continue;
        const std::string setter(name(scope));
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = fmt::format(
                         "'{}' may be at most {}: the {}'s ceiling.", row.field, *most, setter),
                     .param = place_of(under, fmt::format("limits.{}", row.field)),
                     .facts = {{"denied_by", setter}, {"limit", *most}}});
    }
    return {};
}

}  // namespace keywarden
