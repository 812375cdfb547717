#include "domain/compiled_policy.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace keywarden {
namespace {

using enum PolicyRule;

constexpr size_t kShownBytesMax = 200;  // of a value that a caller sent

/// For lists of a few values.
template <class T, class Fits>
PolicyVerdict check_values(const AllowDeny<T>& list, Fits fits) {
    if (std::ranges::any_of(list.deny, fits)) return {.allowed = false, .is_denied = true};
    return {.allowed = !list.allow || std::ranges::any_of(*list.allow, fits)};
}

std::string_view param_of(PolicyRule rule) {
    switch (rule) {
        case Models:
        case Providers:
        case Classes:
            return "model";
        case Tools:
            return "tools";
        default:
            return "";
    }
}

}  // namespace

CompiledPolicy::Globs::Globs(const AllowDeny<Glob>& list) : deny(list.deny) {
    if (list.allow) allow.emplace(*list.allow);
}

PolicyVerdict CompiledPolicy::Globs::check(std::span<const GlobName> names) const {
    if (const Glob* entry = deny.find(names); entry != nullptr) {
        return {.allowed = false,
                .value = names.front().text,
                .entry = entry->text(),
                .is_denied = true};
    }
    if (allow && allow->find(names) == nullptr) {
        return {.allowed = false, .value = names.front().text};
    }
    return {};
}

PolicyVerdict CompiledPolicy::check_tool(std::span<const GlobName> names) const {
    return tools_.check(names);
}

CompiledPolicy::CompiledPolicy(Policy policy)
    : policy_(std::move(policy)),
      endpoints_(policy_.endpoints),
      models_(policy_.models),
      providers_(policy_.providers),
      tools_(policy_.tools) {
    const auto note = [&](PolicyRule rule, const auto& list) {
        if (!list.empty()) rules_ |= uint32_t{1} << static_cast<unsigned>(rule);
    };
    note(Kinds, policy_.kinds);
    note(Addresses, policy_.addresses);
    note(Endpoints, policy_.endpoints);
    note(Models, policy_.models);
    note(Providers, policy_.providers);
    note(Classes, policy_.classes);
    note(Tools, policy_.tools);
    selects_ = !policy_.tool_selection.empty();
}

PolicyVerdict CompiledPolicy::check(PolicyRule rule,
                                    const PolicyRequest& request,
                                    std::span<const GlobName> names) const {
    switch (rule) {
        case Kinds:
            return check_values(policy_.kinds, [&](KeyKind kind) { return kind == request.kind; });
        case Addresses:
            return check_values(policy_.addresses, [&](const IpRange& range) {
                return range.contains(*request.address);
            });
        case Endpoints:
            return endpoints_.check(names);
        case Models:
            return models_.check(names);
        case Providers:
            return providers_.check(names);
        case Classes:
            return check_values(policy_.classes,
                                [&](PrivacyClass privacy) { return privacy == request.privacy; });
        case Tools:
            for (const std::string_view tool : request.tools) {
                const GlobName name(tool);
                const PolicyVerdict verdict = tools_.check({&name, 1});
                if (!verdict.allowed) return verdict;
            }
            return {};
        case kCount:
            break;
    }
    return {.allowed = false};
}

namespace {

bool is_known(PolicyRule rule, const PolicyRequest& request) {
    switch (rule) {
        case Kinds:
            return request.kind.has_value();
        case Addresses:
            return request.address.has_value();
        case Endpoints:
            return !request.endpoint.empty();
        case Models:
            return !request.model.empty();
        case Providers:
            return !request.provider.empty();
        case Classes:
            return request.privacy.has_value();
        case Tools:
            return !request.tools.empty();
        case kCount:
            break;
    }
    return false;
}

/// What a rule's lists are asked for, whichever scope has them.
class AskedNames {
public:
    AskedNames(PolicyRule rule, const PolicyRequest& request) {
        if (rule == Endpoints) add(request.endpoint);
        if (rule == Providers) add(request.provider);
        if (rule != Models) return;
        assert(request.model_names.size() <= kModelNamesMax);
        add(request.model);
        for (const std::string_view name : request.model_names) add(name);
    }
    std::span<const GlobName> view() const { return {names_.data(), size_}; }

private:
    void add(std::string_view name) { names_[size_++] = GlobName(name); }

    std::array<GlobName, 1 + kModelNamesMax> names_;
    size_t size_ = 0;
};

/// Calls `see` with what each rule says, until it returns false.
template <class See>
void for_each_verdict(std::span<const PolicyLink> chain, const PolicyRequest& request, See see) {
    uint32_t rules = 0;
    for (const PolicyLink& link : chain) rules |= link.policy->rules();
    for (; rules != 0; rules &= rules - 1) {
        const auto rule = static_cast<PolicyRule>(std::countr_zero(rules));
        if (!is_known(rule, request)) continue;
        const AskedNames names(rule, request);
        for (const PolicyLink& link : chain) {
            if (!link.policy->has(rule)) continue;
            if (!see(link.scope, rule, link.policy->check(rule, request, names.view()))) return;
        }
    }
}

}  // namespace

Decision decide(std::span<const PolicyLink> chain, const PolicyRequest& request) {
    Decision decided;
    for_each_verdict(
        chain, request, [&](Scope scope, PolicyRule rule, const PolicyVerdict& verdict) {
            if (!verdict.allowed) decided = {false, scope, rule, verdict};
            return verdict.allowed;
        });
    return decided;
}

std::vector<Decision> explain(std::span<const PolicyLink> chain, const PolicyRequest& request) {
    std::vector<Decision> decisions;
    for_each_verdict(
        chain, request, [&](Scope scope, PolicyRule rule, const PolicyVerdict& verdict) {
            decisions.push_back({verdict.allowed, scope, rule, verdict});
            return true;
        });
    return decisions;
}

std::string value_of(const Decision& decision, const PolicyRequest& request) {
    switch (decision.rule) {
        case Kinds:
            return request.kind ? std::string(name(*request.kind)) : std::string();
        case Addresses:
            return request.address ? to_text(*request.address) : std::string();
        case Endpoints:
            return std::string(request.endpoint);
        case Models:
            return std::string(request.model);
        case Providers:
            return std::string(request.provider);
        case Classes:
            return request.privacy ? std::string(name(*request.privacy)) : std::string();
        case Tools:
            return std::string(decision.verdict.value);
        case kCount:
            break;
    }
    return {};
}

Error denial(const Decision& decision, const PolicyRequest& request) {
    assert(!decision.allowed);
    const PolicyRuleInfo& rule = info(decision.rule);
    const std::string scope(name(decision.denied_by));
    const std::string value = value_of(decision, request).substr(0, kShownBytesMax);
    return {.code = rule.code,
            .message = "The " + std::string(rule.noun) + " '" + value + "' is not allowed: the " +
                       scope + "'s '" + std::string(rule.field) +
                       (decision.verdict.is_denied ? "' deny it." : "' do not include it."),
            .param = std::string(param_of(decision.rule)),
            .facts = {{"denied_by", scope}, {"rule", std::string(rule.field)}}};
}

Result<void> check(std::span<const PolicyLink> chain, const PolicyRequest& request) {
    const Decision decision = decide(chain, request);
    if (decision.allowed) return {};
    return fail(denial(decision, request));
}

bool any_has(std::span<const PolicyLink> chain, PolicyRule rule) {
    return std::ranges::any_of(chain,
                               [&](const PolicyLink& link) { return link.policy->has(rule); });
}

}  // namespace keywarden
