// What holds for a key, live, and which scope each value comes from.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "domain/compiled_policy.h"
#include "domain/limit_kind.h"
#include "domain/scope.h"

namespace keywarden {

inline constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

struct SourcedLimit {
    int64_t value = kNoLimit;
    Scope source = Scope::Key;
    bool is_default = false;  // the key says nothing: a default of `source`

    friend bool operator==(const SourcedLimit&, const SourcedLimit&) = default;
};

/// One for each LimitKind.
class SourcedLimits {
public:
    SourcedLimit& operator[](LimitKind kind) { return values_[static_cast<size_t>(kind)]; }
    const SourcedLimit& operator[](LimitKind kind) const {
        return values_[static_cast<size_t>(kind)];
    }

    /// Takes each limit of `limits` that is tighter than what stands here.
    void narrow(Scope source, const Limits& limits);
    /// Gives a default where nothing stands here.
    void fill(Scope source, const Limits& defaults);
    void fill(const SourcedLimits& defaults);

    Limits values() const;  // without where they come from

    bool empty() const { return *this == SourcedLimits(); }
    friend bool operator==(const SourcedLimits&, const SourcedLimits&) = default;

private:
    std::array<SourcedLimit, kLimitKinds> values_{};
};

/// What an instance, a plan, or a team gives keys that name no value of their own.
struct KeyLimitDefaults {
    Scope scope = Scope::Instance;
    const Limits* limits = nullptr;  // not null
};

/// What is counted for the key alone: its own limits; where it has none, the default of the
/// narrowest scope that has one; and never more than who made it has. `defaults` stand from the
/// widest to the narrowest.
SourcedLimits own_limits(std::span<const PolicyLink> chain,
                         std::span<const KeyLimitDefaults> defaults);

/// A value of a small set, and the scope that took it away.
template <class T>
struct SourcedValue {
    T value{};
    std::optional<Scope> denied_by{};
};

struct EffectivePolicy {
    /// The tightest of all scopes: what a single key can reach at best.
    SourcedLimits limits{};
    std::vector<SourcedValue<KeyKind>> kinds{};
    std::vector<SourcedValue<PrivacyClass>> classes{};
    /// For each PolicyRule the scopes whose lists narrow it. (Which names two globs share is no
    /// glob, so the lists are shown scope by scope.)
    std::array<std::vector<PolicyLink>, kPolicyRules> lists{};
};

EffectivePolicy effective(std::span<const PolicyLink> chain,
                          std::span<const KeyLimitDefaults> defaults);

}  // namespace keywarden
