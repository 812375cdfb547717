#include "domain/compiled_policy.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace keywarden {
namespace {

using enum PolicyRule;

constexpr size_t kShownBytesMax = 200;  // of a value that a caller sent

/// Most names differ in their length already.
bool shorter_or_less(std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::string_view text_of(const Glob& glob) { return glob.text(); }

uint64_t size_bit(std::string_view name) { return uint64_t{1} << (name.size() % 64); }

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

GlobSet::Ends::Ends(std::string_view text) {
    static_assert(std::endian::native == std::endian::little, "shifts move bytes as they lie");
    const char* const end = text.data() + text.size();
    if (text.size() >= sizeof first) {
        std::memcpy(&first, text.data(), sizeof first);
        std::memcpy(&last, end - sizeof last, sizeof last);
        return;
    }
    if (text.empty()) return;
    const size_t bits = 8 * text.size();
    if (uint32_t front = 0, back = 0; text.size() >= sizeof front) {  // they may overlap
        std::memcpy(&front, text.data(), sizeof front);
        std::memcpy(&back, end - sizeof back, sizeof back);
        first = front | uint64_t{back} << (bits - 32);
    } else {
        for (const char c : text) first = first << 8U | static_cast<uint8_t>(c);
        first = std::byteswap(first) >> (64 - bits);
    }
    last = first << (64 - bits);
}

GlobSet::Pattern::Pattern(const Glob& from) : ends(""), glob(from) {
    constexpr std::string_view kWild = "*?";
    const std::string_view text = glob.text();
    const std::string_view front = text.substr(0, text.find_first_of(kWild));
    const std::string_view back = text.substr(text.find_last_of(kWild) + 1);
    const std::string everything(sizeof(uint64_t), '\xff');
    ends.first = Ends(front).first;
    ends.last = Ends(back).last;
    first_mask = Ends(std::string_view(everything).substr(0, front.size())).first;
    last_mask = Ends(std::string_view(everything).substr(0, back.size())).last;
}

GlobSet::GlobSet(const std::vector<Glob>& globs) {
    for (const Glob& glob : globs) {
        if (glob.is_literal()) {
            literals_.push_back(glob);
        } else {
            patterns_.emplace_back(glob);
        }
    }
    std::ranges::sort(literals_, shorter_or_less, text_of);
    for (const Glob& literal : literals_) literal_sizes_ |= size_bit(literal.text());
}

const Glob* GlobSet::find(std::string_view name) const {
    if ((literal_sizes_ & size_bit(name)) != 0) {
        const auto literal = std::ranges::lower_bound(literals_, name, shorter_or_less, text_of);
        if (literal != literals_.end() && literal->text() == name) return &*literal;
    }
    if (patterns_.empty()) return nullptr;
    const Ends ends(name);
    const auto pattern = std::ranges::find_if(
        patterns_, [&](const Pattern& each) { return each.matches(name, ends); });
    return pattern == patterns_.end() ? nullptr : &pattern->glob;
}

CompiledPolicy::Globs::Globs(const AllowDeny<Glob>& list) : deny(list.deny) {
    if (list.allow) allow.emplace(*list.allow);
}

PolicyVerdict CompiledPolicy::Globs::check(std::string_view value,
                                           std::span<const std::string_view> other_names) const {
    const auto find = [&](const GlobSet& set) {
        const Glob* entry = set.find(value);
        for (size_t i = 0; entry == nullptr && i < other_names.size(); ++i) {
            entry = set.find(other_names[i]);
        }
        return entry;
    };
    if (const Glob* entry = find(deny); entry != nullptr) {
        return {.allowed = false, .value = value, .entry = entry->text(), .is_denied = true};
    }
    if (allow && find(*allow) == nullptr) return {.allowed = false, .value = value};
    return {};
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

PolicyVerdict CompiledPolicy::check(PolicyRule rule, const PolicyRequest& request) const {
    switch (rule) {
        case Kinds:
            return check_values(policy_.kinds, [&](KeyKind kind) { return kind == request.kind; });
        case Addresses:
            return check_values(policy_.addresses, [&](const IpRange& range) {
                return range.contains(*request.address);
            });
        case Endpoints:
            return endpoints_.check(request.endpoint);
        case Models:
            return models_.check(request.model, request.model_names);
        case Providers:
            return providers_.check(request.provider);
        case Classes:
            return check_values(policy_.classes,
                                [&](PrivacyClass privacy) { return privacy == request.privacy; });
        case Tools:
            for (const std::string_view tool : request.tools) {
                const PolicyVerdict verdict = tools_.check(tool);
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

/// Calls `see` with what each rule says, until it returns false.
template <class See>
void for_each_verdict(std::span<const PolicyLink> chain, const PolicyRequest& request, See see) {
    uint32_t rules = 0;
    for (const PolicyLink& link : chain) rules |= link.policy->rules();
    for (; rules != 0; rules &= rules - 1) {
        const auto rule = static_cast<PolicyRule>(std::countr_zero(rules));
        if (!is_known(rule, request)) continue;
        for (const PolicyLink& link : chain) {
            if (!link.policy->has(rule)) continue;
            if (!see(link.scope, rule, link.policy->check(rule, request))) return;
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
