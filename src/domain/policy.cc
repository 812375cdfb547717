#include "domain/policy.h"

#include <algorithm>
#include <array>

namespace keywarden {
namespace {

using enum PolicyRule;

constexpr std::array kRules = {
    PolicyRuleInfo{Kinds, "key_kinds", ErrorCode::InsufficientScope, "kind of key"},
    PolicyRuleInfo{Addresses, "ip_ranges", ErrorCode::IpNotAllowed, "address"},
    PolicyRuleInfo{Endpoints, "endpoints", ErrorCode::EndpointNotAllowed, "endpoint"},
    PolicyRuleInfo{Models, "models", ErrorCode::ModelNotAllowed, "model"},
    PolicyRuleInfo{Providers, "providers", ErrorCode::ModelNotAllowed, "provider"},
    PolicyRuleInfo{Classes, "privacy_classes", ErrorCode::ModelNotAllowed, "privacy class"},
    PolicyRuleInfo{Tools, "tools", ErrorCode::ToolNotAllowed, "tool"},
};

constexpr bool rows_follow_the_enum() {
    for (size_t i = 0; i < kRules.size(); ++i) {
        if (kRules[i].rule != static_cast<PolicyRule>(i)) return false;
    }
    return kRules.size() == kPolicyRules;
}
static_assert(rows_follow_the_enum());

constexpr std::array<std::string_view, static_cast<size_t>(PrivacyClass::kCount)> kClassNames = {
    "standard", "zdr", "tee"};

std::unexpected<Error> wrong(PolicyRule rule, std::string_view side, std::string message) {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = std::move(message),
                 .param = std::string(info(rule).field) + "." + std::string(side)});
}

std::string text_of(const Glob& glob) { return glob.text(); }
std::string text_of(const IpRange& range) { return range.text(); }
std::string text_of(KeyKind kind) { return std::string(name(kind)); }
std::string text_of(PrivacyClass privacy) { return std::string(name(privacy)); }

template <class T>
Result<void> check_entries(PolicyRule rule, std::string_view side, const std::vector<T>& entries) {
    if (entries.size() > entries_max(rule)) {
        return wrong(rule,
                     side,
                     "A list may have at most " + std::to_string(entries_max(rule)) + " entries.");
    }
    for (auto later = entries.begin(); later != entries.end(); ++later) {
        for (auto earlier = entries.begin(); earlier != later; ++earlier) {
            if (*earlier == *later) {
                return wrong(rule, side, "'" + text_of(*later) + "' is there twice.");
            }
            if constexpr (std::is_same_v<T, IpRange>) {
                if (!overlap(*earlier, *later)) continue;
                const bool first = covers(*earlier, *later);
                return wrong(rule,
                             side,
                             "'" + text_of(first ? *later : *earlier) + "' lies in '" +
                                 text_of(first ? *earlier : *later) + "' already.");
            }
        }
    }
    return {};
}

Result<void> check_patterns(std::string_view side, const std::vector<Glob>& entries) {
    const auto patterns =
        std::ranges::count_if(entries, [](const Glob& glob) { return !glob.is_literal(); });
    if (static_cast<size_t>(patterns) <= kToolPatternsMax) return {};
    return wrong(Tools,
                 side,
                 "A list of tools may have at most " + std::to_string(kToolPatternsMax) +
                     " entries with wildcards.");
}

template <class T>
Result<void> check_list(PolicyRule rule, const AllowDeny<T>& list) {
    if (list.allow) TRY_VOID(check_entries(rule, "allow", *list.allow));
    return check_entries(rule, "deny", list.deny);
}

void warn_of_denied(PolicyRule rule,
                    const AllowDeny<Glob>& list,
                    std::vector<std::string>& sentences) {
    if (!list.allow) return;
    for (const Glob& allowed : *list.allow) {
        const auto denied = std::ranges::find_if(
            list.deny, [&](const Glob& glob) { return covers(glob, allowed); });
        if (denied == list.deny.end()) continue;
        sentences.push_back("'" + std::string(info(rule).field) + "' allows '" + allowed.text() +
                            "', but denies '" + denied->text() + "', which is all of it.");
    }
}

void warn_of_unknown(PolicyRule rule,
                     const std::vector<Glob>& globs,
                     const std::vector<std::string>& names,
                     std::vector<std::string>& sentences) {
    for (const Glob& glob : globs) {
        if (std::ranges::any_of(names,
                                [&](const std::string& name) { return glob.matches(name); })) {
            continue;
        }
        const std::string fits_no = "'" + std::string(info(rule).field) + "': '" + glob.text() +
                                    "' fits no " + std::string(info(rule).noun);
        sentences.push_back(fits_no + (rule == PolicyRule::Endpoints
                                           ? " of the gateway: it holds only where an API of "
                                             "your own asks about the key."
                                           : " that there is."));
    }
}

void warn_of_unknown(PolicyRule rule,
                     const AllowDeny<Glob>& list,
                     const std::vector<std::string>& names,
                     std::vector<std::string>& sentences) {
    if (list.allow) warn_of_unknown(rule, *list.allow, names, sentences);
    warn_of_unknown(rule, list.deny, names, sentences);
}

/// Without the patterns that may fit a model which a provider takes and does not list.
std::vector<Glob> of_listed(const std::vector<Glob>& globs, const std::vector<Glob>& more) {
    std::vector<Glob> rest;
    for (const Glob& glob : globs) {
        const auto may_fit = [&](const Glob& other) { return overlap(glob, other); };
        if (std::ranges::none_of(more, may_fit)) rest.push_back(glob);
    }
    return rest;
}

}  // namespace

const PolicyRuleInfo& info(PolicyRule rule) { return kRules.at(static_cast<size_t>(rule)); }

std::span<const PolicyRuleInfo> all_policy_rules() { return kRules; }

size_t entries_max(PolicyRule rule) { return rule == Tools ? kToolEntriesMax : kListEntriesMax; }

std::string_view name(PrivacyClass privacy) { return kClassNames.at(static_cast<size_t>(privacy)); }

std::optional<PrivacyClass> privacy_class_of(std::string_view text) {
    const auto found = std::ranges::find(kClassNames, text);
    if (found == kClassNames.end()) return std::nullopt;
    return static_cast<PrivacyClass>(found - kClassNames.begin());
}

Result<void> check_policy(const Policy& policy) {
    TRY_VOID(check_list(Kinds, policy.kinds));
    TRY_VOID(check_list(Addresses, policy.addresses));
    TRY_VOID(check_list(Endpoints, policy.endpoints));
    TRY_VOID(check_list(Models, policy.models));
    TRY_VOID(check_list(Providers, policy.providers));
    TRY_VOID(check_list(Classes, policy.classes));
    TRY_VOID(check_list(Tools, policy.tools));
    if (policy.tools.allow) TRY_VOID(check_patterns("allow", *policy.tools.allow));
    TRY_VOID(check_patterns("deny", policy.tools.deny));
    TRY_VOID(check_selection(policy.tool_selection));
    return check_limits(policy.limits);
}

std::vector<std::string> policy_warnings(const Policy& policy, const PolicyNames& names) {
    std::vector<std::string> sentences;
    AllowDeny<Glob> models{.deny = of_listed(policy.models.deny, names.more_models)};
    if (policy.models.allow) models.allow = of_listed(*policy.models.allow, names.more_models);
    warn_of_unknown(Models, models, names.models, sentences);
    warn_of_unknown(Providers, policy.providers, names.providers, sentences);
    warn_of_unknown(Endpoints, policy.endpoints, names.endpoints, sentences);
    warn_of_denied(Models, policy.models, sentences);
    warn_of_denied(Endpoints, policy.endpoints, sentences);
    warn_of_denied(Providers, policy.providers, sentences);
    warn_of_denied(Tools, policy.tools, sentences);
    return sentences;
}

}  // namespace keywarden
