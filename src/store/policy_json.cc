#include "store/policy_json.h"

#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/nearest_name.h"

namespace keywarden {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kLimitsField = "limits";
constexpr std::string_view kSelectionField = "tool_selection";

std::unexpected<Error> wrong(std::string field, std::string_view what) {
    std::string message = "'" + field + "' " + std::string(what) + ".";
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = std::move(message),
                 .param = std::move(field)});
}

std::unexpected<Error> unknown(const std::string& under,
                               std::string_view name,
                               const std::vector<std::string_view>& known) {
    const std::string field = under + std::string(name.substr(0, kNearestNameMax));
    Error error = {.code = ErrorCode::UnknownField,
                   .message = "There is no field '" + field + "' here.",
                   .param = field};
    if (const std::string_view meant = nearest_name(name, known); !meant.empty()) {
        error.message += " Did you mean '" + std::string(meant) + "'?";
        error.facts.push_back({"suggestion", std::string(meant)});
    }
    return fail(std::move(error));
}

// How an entry of each kind of list is read. `wrong` tells which texts it may be.
Result<Glob> read_entry(PolicyRule rule, std::string_view text, const Glob* /*kind*/) {
    return rule == PolicyRule::Tools ? Glob::parse_any(text) : Glob::parse(text);
}
Result<IpRange> read_entry(PolicyRule, std::string_view text, const IpRange* /*kind*/) {
    return IpRange::parse(text);
}
Result<KeyKind> read_entry(PolicyRule, std::string_view text, const KeyKind* /*kind*/) {
    if (const auto kind = key_kind_of(text)) return *kind;
    return fail(ErrorCode::InvalidRequest,
                "A kind of key is \"full\", \"inference\", or \"management\".");
}
Result<PrivacyClass> read_entry(PolicyRule, std::string_view text, const PrivacyClass* /*kind*/) {
    if (const auto privacy = privacy_class_of(text)) return *privacy;
    return fail(ErrorCode::InvalidRequest, "A privacy class is \"standard\", \"zdr\", or \"tee\".");
}

std::string text_of(const Glob& glob) { return glob.text(); }
std::string text_of(const IpRange& range) { return range.text(); }
std::string text_of(KeyKind kind) { return std::string(name(kind)); }
std::string text_of(PrivacyClass privacy) { return std::string(name(privacy)); }

template <class T>
Result<std::vector<T>> read_entries(PolicyRule rule, const std::string& field, const Json& value) {
    if (!value.is_array()) return wrong(field, "must be a list of strings, or null");
    if (value.size() > entries_max(rule)) {
        return wrong(field, "may have at most " + std::to_string(entries_max(rule)) + " entries");
    }
    std::vector<T> entries;
    for (const Json& entry : value) {
        if (!entry.is_string()) return wrong(field, "must be a list of strings, or null");
        Result<T> read =
            read_entry(rule, entry.get_ref<const std::string&>(), static_cast<T*>(nullptr));
        if (!read) {
            read.error().param = field;
            return std::unexpected(std::move(read).error());
        }
        entries.push_back(*std::move(read));
    }
    return entries;
}

template <class T>
Result<void> read_lists(PolicyRule rule,
                        const std::string& field,
                        const Json& value,
                        AllowDeny<T>& lists) {
    lists = {};
    if (value.is_null()) return {};
    if (!value.is_object()) return wrong(field, "must be an object with 'allow' and 'deny'");
    for (const auto& [side, entries] : value.items()) {
        if (side != "allow" && side != "deny") {
            return unknown(field + ".", side, {"allow", "deny"});
        }
        if (entries.is_null()) continue;
        std::string place = field;
        place += '.';
        place += side;
        TRY(std::vector<T> read, read_entries<T>(rule, place, entries));
        if (side == "allow") {
            lists.allow = std::move(read);
        } else {
            lists.deny = std::move(read);
        }
    }
    return {};
}

template <PolicyRule kRule, auto kMember>
Result<void> read_rule(const std::string& field, const Json& value, Policy& policy) {
    return read_lists(kRule, field, value, policy.*kMember);
}

template <class T>
Json write_entries(const std::vector<T>& entries) {
    Json list = Json::array();
    for (const T& entry : entries) list.push_back(text_of(entry));
    return list;
}

template <auto kMember>
Json write_rule(const Policy& policy) {
    const auto& lists = policy.*kMember;
    Json object = Json::object();
    if (lists.allow) object["allow"] = write_entries(*lists.allow);
    if (!lists.deny.empty()) object["deny"] = write_entries(lists.deny);
    return object;
}

/// How the lists of each rule are read and written.
struct RuleRow {
    PolicyRule rule;
    Result<void> (*read)(const std::string& field, const Json& value, Policy& policy);
    Json (*write)(const Policy& policy);
};

template <PolicyRule kRule, auto kMember>
constexpr RuleRow row() {
    return {kRule, read_rule<kRule, kMember>, write_rule<kMember>};
}

constexpr std::array kRows = {
    row<PolicyRule::Kinds, &Policy::kinds>(),
    row<PolicyRule::Addresses, &Policy::addresses>(),
    row<PolicyRule::Endpoints, &Policy::endpoints>(),
    row<PolicyRule::Models, &Policy::models>(),
    row<PolicyRule::Providers, &Policy::providers>(),
    row<PolicyRule::Classes, &Policy::classes>(),
    row<PolicyRule::Tools, &Policy::tools>(),
};
static_assert(kRows.size() == kPolicyRules);

Result<void> read_limit(const std::string& under,
                        const std::string& name,
                        const Json& value,
                        Limits& limits) {
    std::vector<std::string_view> known;
    for (const LimitKindInfo& limit : all_limit_kinds()) {
        known.push_back(limit.field);
        if (limit.field != name) continue;
        limits[limit.kind].reset();
        if (value.is_null()) return {};
        // A number above int64's own range reads as unsigned, and fails the second comparison.
        if (value.is_number_integer() && value >= 1 && value <= limit.largest) {
            limits[limit.kind] = value.get<int64_t>();
            return {};
        }
        return wrong(
            under + name,
            "must be a whole number from 1 to " + std::to_string(limit.largest) + ", or null");
    }
    return unknown(under, name, known);
}

Result<void> read_limits(const std::string& under, const Json& object, Limits& limits) {
    for (const auto& [name, value] : object.items()) {
        TRY_VOID(read_limit(under, name, value, limits));
    }
    return {};
}

Result<void> read_mode(const std::string& field,
                       const Json& value,
                       std::optional<SelectionMode>& mode) {
    mode.reset();
    if (value.is_null()) return {};
    if (value.is_string()) mode = selection_mode_of(value.get_ref<const std::string&>());
    if (mode) return {};
    return wrong(field, "must be \"off\", \"shadow\", \"auto\", \"on\", or null");
}

Result<void> read_cache_policy(const std::string& field,
                               const Json& value,
                               SelectionPolicy& selection) {
    selection.cache_policy.reset();
    if (value.is_null()) return {};
    if (value.is_string()) {
        selection.cache_policy = cache_policy_of(value.get_ref<const std::string&>());
    }
    if (selection.cache_policy) return {};
    return wrong(field, "must be \"auto\", \"select\", \"mask\", \"leave\", or null");
}

struct Span {
    int64_t min;
    int64_t max;
};

Result<void> read_whole(const std::string& field,
                        const Json& value,
                        Span span,
                        std::optional<int64_t>& number) {
    number.reset();
    if (value.is_null()) return {};
    if (value.is_number_integer() && value >= span.min && value <= span.max) {
        number = value.get<int64_t>();
        return {};
    }
    return wrong(field,
                 "must be a whole number from " + std::to_string(span.min) + " to " +
                     std::to_string(span.max) + ", or null");
}

Result<void> read_pinned(const std::string& field, const Json& value, SelectionPolicy& selection) {
    selection.pinned.clear();
    if (value.is_null()) return {};
    if (!value.is_array()) return wrong(field, "must be a list of names of tools, or null");
    if (value.size() > kPinnedToolsMax) {
        return wrong(field, "may have at most " + std::to_string(kPinnedToolsMax) + " entries");
    }
    for (const Json& name : value) {
        if (!name.is_string()) return wrong(field, "must be a list of names of tools, or null");
        selection.pinned.push_back(name.get<std::string>());
    }
    return {};
}

Result<void> read_private(const std::string& field, const Json& value, SelectionPolicy& selection) {
    selection.private_models.reset();
    if (value.is_null()) return {};
    if (!value.is_boolean()) return wrong(field, "must be true, false, or null");
    selection.private_models = value.get<bool>();
    return {};
}

Result<void> read_selection(const Json& object, SelectionPolicy& selection) {
    for (const auto& [name, value] : object.items()) {
        const std::string field = std::string(kSelectionField) + "." + name;
        if (name == "mode") {
            TRY_VOID(read_mode(field, value, selection.mode));
        } else if (name == "at_most") {
            TRY_VOID(read_mode(field, value, selection.at_most));
        } else if (name == "cache_policy") {
            TRY_VOID(read_cache_policy(field, value, selection));
        } else if (name == "keep_max") {
            TRY_VOID(read_whole(field, value, {1, kKeepMaxMax}, selection.keep_max));
        } else if (name == "target_percent") {
            TRY_VOID(read_whole(
                field, value, {kTargetPercentMin, kTargetPercentMax}, selection.target_percent));
        } else if (name == "pinned") {
            TRY_VOID(read_pinned(field, value, selection));
        } else if (name == "private_models") {
            TRY_VOID(read_private(field, value, selection));
        } else {
            return unknown(std::string(kSelectionField) + ".",
                           name,
                           {"mode",
                            "at_most",
                            "cache_policy",
                            "keep_max",
                            "target_percent",
                            "pinned",
                            "private_models"});
        }
    }
    return {};
}

Json write_selection(const SelectionPolicy& selection) {
    Json object = Json::object();
    if (selection.mode) object["mode"] = keywarden::name(*selection.mode);
    if (selection.at_most) object["at_most"] = keywarden::name(*selection.at_most);
    if (selection.cache_policy) {
        object["cache_policy"] = keywarden::name(*selection.cache_policy);
    }
    if (selection.keep_max) object["keep_max"] = *selection.keep_max;
    if (selection.target_percent) object["target_percent"] = *selection.target_percent;
    if (!selection.pinned.empty()) object["pinned"] = selection.pinned;
    if (selection.private_models) object["private_models"] = *selection.private_models;
    return object;
}

Result<Json> parse(std::string_view patch) {
    Json parsed = Json::parse(patch, nullptr, false);
    if (parsed.is_object()) return parsed;
    return fail(ErrorCode::InvalidRequest, "A policy must be a JSON object.");
}

Result<void> read_member(const std::string& name, const Json& value, Policy& policy) {
    if (name == kLimitsField) {
        if (value.is_null()) {
            policy.limits = {};
            return {};
        }
        if (!value.is_object()) return wrong(name, "must be an object, or null");
        return read_limits(name + ".", value, policy.limits);
    }
    if (name == kSelectionField) {
        if (value.is_null()) {
            policy.tool_selection = {};
            return {};
        }
        if (!value.is_object()) return wrong(name, "must be an object, or null");
        return read_selection(value, policy.tool_selection);
    }
    std::vector<std::string_view> known = {kLimitsField, kSelectionField};
    for (const RuleRow& rule : kRows) {
        known.push_back(info(rule.rule).field);
        if (known.back() == name) return rule.read(name, value, policy);
    }
    return unknown("", name, known);
}

Json limits_object(const Limits& limits) {
    Json object = Json::object();
    for (const LimitKindInfo& limit : all_limit_kinds()) {
        const std::optional<int64_t>& value = limits[limit.kind];
        if (value) object[limit.field] = *value;
    }
    return object;
}

}  // namespace

std::string policy_json(const Policy& policy) {
    Json object = Json::object();
    for (const RuleRow& rule : kRows) {
        Json lists = rule.write(policy);
        if (!lists.empty()) object[info(rule.rule).field] = std::move(lists);
    }
    if (!policy.tool_selection.empty()) {
        object[kSelectionField] = write_selection(policy.tool_selection);
    }
    if (!policy.limits.empty()) object[kLimitsField] = limits_object(policy.limits);
    return object.dump();
}

std::string limits_json(const Limits& limits) { return limits_object(limits).dump(); }

Result<void> patch_policy(Policy& policy, std::string_view patch) {
    TRY(const Json object, parse(patch));
    Policy next = policy;
    for (const auto& [name, value] : object.items()) TRY_VOID(read_member(name, value, next));
    TRY_VOID(check_policy(next));
    policy = std::move(next);
    return {};
}

Result<void> patch_limits(Limits& limits, std::string_view patch) {
    TRY(const Json object, parse(patch));
    Limits next = limits;
    TRY_VOID(read_limits("", object, next));
    TRY_VOID(check_limits(next));
    limits = next;
    return {};
}

}  // namespace keywarden
