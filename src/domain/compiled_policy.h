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
#include "domain/policy.h"

namespace keywarden {

/// A list of patterns; its names without wildcards are found by halving.
class GlobSet {
public:
    explicit GlobSet(const std::vector<Glob>& globs);

    /// The entry that `name` fits, or null.
    const Glob* find(std::string_view name) const;

private:
    /// The first and the last bytes of a text, each as a number; zeros where it is shorter.
    struct Ends {
        explicit Ends(std::string_view text);

        uint64_t first = 0;
        uint64_t last = 0;
    };
    /// What a pattern says of the ends of whatever fits it rules out most names at once.
    struct Pattern {
        explicit Pattern(const Glob& from);
        bool matches(std::string_view name, const Ends& its) const {
            const uint64_t differs =
                ((its.first ^ ends.first) & first_mask) | ((its.last ^ ends.last) & last_mask);
            return differs == 0 && glob.matches(name);
        }

        Ends ends;
        uint64_t first_mask = 0;
        uint64_t last_mask = 0;
        Glob glob;
    };

    std::vector<Glob> literals_;  // sorted by length, then text
    uint64_t literal_sizes_ = 0;  // a bit for each length: most names have none of theirs
    std::vector<Pattern> patterns_;
};

/// What is known of a call. What is absent, or empty, is not looked at, so that each phase of a
/// call asks with what it has learned.
struct PolicyRequest {
    std::optional<KeyKind> kind{};
    std::optional<IpAddress> address{};
    std::string_view endpoint{};                      // the path pattern of its route
    std::string_view model{};                         // as it was asked for
    std::span<const std::string_view> model_names{};  // what else it goes by: a list may name any
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

    /// Threads: any. Allocates nothing.
    PolicyVerdict check(PolicyRule rule, const PolicyRequest& request) const;
    /// One tool, by every name that it goes by. Allocates nothing.
    PolicyVerdict check_tool(std::string_view tool,
                             std::span<const std::string_view> other_names) const {
        return tools_.check(tool, other_names);
    }

    bool has(PolicyRule rule) const { return (rules_ >> static_cast<unsigned>(rule) & 1) != 0; }
    /// A bit for each rule that it has.
    uint32_t rules() const { return rules_; }
    /// Whether it says anything about the selection of tools.
    bool selects() const { return selects_; }
    const Policy& policy() const { return policy_; }

private:
    struct Globs {
        explicit Globs(const AllowDeny<Glob>& list);
        PolicyVerdict check(std::string_view value,
                            std::span<const std::string_view> other_names = {}) const;

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
