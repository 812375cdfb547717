// A policy: what one scope lets through, every part of it optional.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "domain/glob.h"
#include "domain/ip_range.h"
#include "domain/key_kind.h"
#include "domain/limit_kind.h"
#include "domain/scope.h"
#include "domain/selection_policy.h"

namespace keywarden {

/// What becomes of a prompt at the provider.
enum class PrivacyClass : uint8_t { Standard, Zdr, Tee, kCount };

std::string_view name(PrivacyClass privacy);  // "standard", "zdr", "tee"
std::optional<PrivacyClass> privacy_class_of(std::string_view text);

/// An absent `allow` is no restriction, an empty one lets nothing through; deny beats allow.
template <class T>
struct AllowDeny {
    std::optional<std::vector<T>> allow{};
    std::vector<T> deny{};

    bool empty() const { return !allow && deny.empty(); }
    friend bool operator==(const AllowDeny&, const AllowDeny&) = default;
};

/// The lists of a policy, in the order in which a call meets them.
/// Adding one: a line here, a row in policy.cc, a member of Policy.
enum class PolicyRule : uint8_t {
    Kinds,
    Addresses,
    Endpoints,
    Models,
    Providers,
    Classes,
    Tools,
    kCount,
};

inline constexpr size_t kPolicyRules = static_cast<size_t>(PolicyRule::kCount);

struct PolicyRuleInfo {
    PolicyRule rule;
    std::string_view field;  // in JSON and in policy files
    ErrorCode code;          // of a denial
    std::string_view noun;   // "The model '…' is not allowed …"
};

const PolicyRuleInfo& info(PolicyRule rule);
std::span<const PolicyRuleInfo> all_policy_rules();

struct Policy {
    AllowDeny<KeyKind> kinds{};      // of keys that act here
    AllowDeny<IpRange> addresses{};  // of clients
    AllowDeny<Glob> endpoints{};     // over the path patterns of the route table
    AllowDeny<Glob> models{};        // over public ids
    AllowDeny<Glob> providers{};     // over names
    AllowDeny<PrivacyClass> classes{};
    AllowDeny<Glob> tools{};  // over names; without wildcards they are exact (tool_lists.h)
    Limits limits{};
    SelectionPolicy tool_selection{};

    friend bool operator==(const Policy&, const Policy&) = default;
};

/// What one scope says. The pointers are not null, but for `key_defaults`: what a key gets of that
/// scope (instance, plan, or team) where its own policy names no value.
struct ScopedPolicy {
    Scope scope = Scope::Key;
    const Policy* policy = nullptr;
    const Limits* key_defaults = nullptr;
};

inline constexpr size_t kListEntriesMax = 256;
/// Of tools a list may have more entries, but few that are patterns: a call has many names to be
/// held against each.
inline constexpr size_t kToolEntriesMax = 512;
inline constexpr size_t kToolPatternsMax = 64;

/// How many entries a list of that rule may have.
size_t entries_max(PolicyRule rule);

/// Errors: InvalidRequest, naming the field: limits out of bounds, a list that is too long or names
/// an entry twice, a network that lies in another one of the same list.
Result<void> check_policy(const Policy& policy);

/// What there is for patterns to fit, by every name that it goes by.
struct PolicyNames {
    std::vector<std::string> models{};
    std::vector<Glob> more_models{};  // what providers take that they do not list
    std::vector<std::string> providers{};
    std::vector<std::string> endpoints{};
};

/// Sentences for whoever wrote the policy: patterns that fit nothing there is, and entries of
/// `allow` that `deny` takes away whole. Nothing of it is an error: a model may come.
std::vector<std::string> policy_warnings(const Policy& policy, const PolicyNames& names);

}  // namespace keywarden
