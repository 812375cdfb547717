// Policies in the form in which a call meets them: no allocation, well under a microsecond.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "domain/glob_set.h"
#include "domain/policy.h"

namespace keywarden {

inline constexpr size_t kModelNamesMax = 3;

/// What is known of a call. What is absent, or empty, is not looked at, so that each phase of a
/// call asks with what it has learned.
struct PolicyRequest {
    std::optional<KeyKind> kind{};
    std::optional<IpAddress> address{};
    std::string_view endpoint{};  // the path pattern of its route
    std::string_view model{};     // as it was asked for
    /// What else it goes by, of which a list may name any: kModelNamesMax at most.
    std::span<const std::string_view> model_names{};
    std::string_view provider{};
    std::optional<PrivacyClass> privacy{};
    std::span<const std::string_view> tools{};
};

struct PolicyVerdict {
    bool allowed = true;
    std::string_view value{};  // of several tools: the one that is denied
    std::string_view entry{};  // of the deny list that fits, where it is a pattern
    bool is_denied = false;    // an entry of `deny` fits; else none of `allow` does
};

/// One scope's policy. Made once a change, shared by all calls, never altered.
class CompiledPolicy : public std::enable_shared_from_this<CompiledPolicy> {
public:
    explicit CompiledPolicy(Policy policy);

    /// `names`: of the request, those that the rule's lists are asked for.
    /// Threads: any. Allocates nothing.
    PolicyVerdict check(PolicyRule rule,
                        const PolicyRequest& request,
                        std::span<const GlobName> names) const;
    /// One tool, by every name that it goes by; a verdict tells the first. Allocates nothing.
    PolicyVerdict check_tool(std::span<const GlobName> names) const;

    bool has(PolicyRule rule) const { return (rules_ >> static_cast<unsigned>(rule) & 1) != 0; }
    /// A bit for each rule that it has.
    uint32_t rules() const { return rules_; }
    /// Whether it says anything about the selection of tools.
    bool selects() const { return selects_; }
    const Policy& policy() const { return policy_; }

private:
    struct Globs {
        explicit Globs(const AllowDeny<Glob>& list);
        PolicyVerdict check(std::span<const GlobName> names) const;

        std::optional<GlobSet> allow;
        GlobSet deny;
    };

    Policy policy_;
    Globs endpoints_;
    Globs models_;
    Globs providers_;
    Globs tools_;
    uint32_t rules_ = 0;  // a bit for each rule that this policy has
    bool selects_ = false;
};

struct PolicyLink {
    Scope scope = Scope::Key;
    const CompiledPolicy* policy = nullptr;  // not null
};

/// What the rules say together: the first that denies, in the order of PolicyRule and then of the
/// chain. The views live as long as the request and the policies.
struct Decision {
    bool allowed = true;
    Scope denied_by = Scope::Key;
    PolicyRule rule = PolicyRule::Kinds;
    PolicyVerdict verdict{};
};

/// `chain`: the scopes that a call falls under, in their order; all of them must let it through,
/// so that each can only narrow. Threads: any. Allocates nothing.
Decision decide(std::span<const PolicyLink> chain, const PolicyRequest& request);

/// Every rule that such a call meets, and what it says: for `explain`.
std::vector<Decision> explain(std::span<const PolicyLink> chain, const PolicyRequest& request);

/// What of the request a rule was held against, as text.
std::string value_of(const Decision& decision, const PolicyRequest& request);

/// A denial as its caller reads it: the code, `denied_by`, and what to do.
/// Requires: !decision.allowed.
Error denial(const Decision& decision, const PolicyRequest& request);

/// Both in one. Errors: those of the lists.
Result<void> check(std::span<const PolicyLink> chain, const PolicyRequest& request);

/// Whether any scope has a list for that.
bool any_has(std::span<const PolicyLink> chain, PolicyRule rule);

}  // namespace keywarden
