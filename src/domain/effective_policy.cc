#include "domain/effective_policy.h"

namespace keywarden {
namespace {

/// Each value of the enumeration T, and the first scope that denies it.
template <class T, class Ask>
std::vector<SourcedValue<T>> sourced_values(std::span<const PolicyLink> chain, Ask ask) {
    std::vector<SourcedValue<T>> values;
    for (size_t i = 0; i < static_cast<size_t>(T::kCount); ++i) {
        const T value = static_cast<T>(i);
        const Decision decision = decide(chain, ask(value));
        values.push_back(
            {value, decision.allowed ? std::nullopt : std::optional(decision.denied_by)});
    }
    return values;
}

}  // namespace

void SourcedLimits::narrow(Scope source, const Limits& limits) {
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const std::optional<int64_t>& value = limits[row.kind];
        if (value && *value < (*this)[row.kind].value) (*this)[row.kind] = {*value, source};
    }
}

void SourcedLimits::fill(Scope source, const Limits& defaults) {
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const std::optional<int64_t>& value = defaults[row.kind];
        if (value && (*this)[row.kind].value == kNoLimit) {
            (*this)[row.kind] = {*value, source, true};
        }
    }
}

void SourcedLimits::fill(const SourcedLimits& defaults) {
    for (size_t i = 0; i < kLimitKinds; ++i) {
        if (values_[i].value == kNoLimit) values_[i] = defaults.values_[i];
    }
}

Limits SourcedLimits::values() const {
    Limits limits;
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const int64_t value = (*this)[row.kind].value;
        if (value != kNoLimit) limits[row.kind] = value;
    }
    return limits;
}

SourcedLimits own_limits(std::span<const PolicyLink> chain,
                         std::span<const KeyLimitDefaults> defaults) {
    SourcedLimits own;
    for (const PolicyLink& link : chain) {
        if (link.scope == Scope::Key) own.narrow(Scope::Key, link.policy->policy().limits);
    }
    for (size_t i = defaults.size(); i-- > 0;) own.fill(defaults[i].scope, *defaults[i].limits);
    for (const PolicyLink& link : chain) {
        if (link.scope == Scope::Creator) own.narrow(Scope::Creator, link.policy->policy().limits);
    }
    return own;
}

EffectivePolicy effective(std::span<const PolicyLink> chain,
                          std::span<const KeyLimitDefaults> defaults) {
    EffectivePolicy all;
    all.limits = own_limits(chain, defaults);
    for (const PolicyLink& link : chain) {
        if (link.scope != Scope::Key) all.limits.narrow(link.scope, link.policy->policy().limits);
        for (size_t i = 0; i < kPolicyRules; ++i) {
            if (link.policy->has(static_cast<PolicyRule>(i))) all.lists[i].push_back(link);
        }
    }
    all.kinds =
        sourced_values<KeyKind>(chain, [](KeyKind kind) { return PolicyRequest{.kind = kind}; });
    all.classes = sourced_values<PrivacyClass>(
        chain, [](PrivacyClass privacy) { return PolicyRequest{.privacy = privacy}; });
    return all;
}

}  // namespace keywarden
