#include "store/policy_json.h"

#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/nearest_name.h"

namespace keywarden {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kLimitsField = "limits";

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
    std::vector<std::string_view> known = {kLimitsField};
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
