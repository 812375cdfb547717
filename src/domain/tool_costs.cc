#include "domain/tool_costs.h"

#include <algorithm>
#include <string>

#include "domain/price.h"
#include "domain/tool_text.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(CachePolicy::kCount)> kNames = {
    "auto", "select", "mask", "leave"};
/// A set that has grown, to the one it was.
constexpr double kGrown = 1.5;

}  // namespace

std::string_view name(CachePolicy policy) { return kNames.at(static_cast<size_t>(policy)); }

std::optional<CachePolicy> cache_policy_of(std::string_view text) {
    const auto found = std::ranges::find(kNames, text);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<CachePolicy>(found - kNames.begin());
}

uint64_t cache_scope_of(std::string_view team, std::string_view provider, std::string_view model) {
    std::string text(team);
    for (const std::string_view part : {provider, model}) text.append(1, '\n').append(part);
    return hash_of(text).high;
}

std::optional<CacheTerms> cache_terms(const Price& price) {
    if (price.input <= 0) return std::nullopt;
    const auto part = [&](int64_t of) {
        return static_cast<double>(of) / static_cast<double>(price.input);
    };
    return CacheTerms{.read = part(price.cached_input.value_or(price.input)),
                      .write = part(price.cache_write.value_or(price.input))};
}

bool pays_to_select(const CacheTerms& terms, const ToolCosts& costs) {
    const double read = terms.read;
    const double write = std::max(terms.write, 1.0);
    const double first = terms.shared * read + (1 - terms.shared) * terms.write;
    const double saved = first * (costs.tools + costs.system) - write * (costs.kept + costs.system);
    const double growth =
        write * (kGrown * costs.kept + costs.said) - read * (costs.tools + costs.said);
    double spare = saved - std::max(growth, 0.0);
    double prompt = kCachedPrefixTokensMin;
    for (; spare >= 0 && prompt > costs.kept + costs.said; prompt -= kExchangeTokensMin) {
        spare -= std::max(write * prompt - read * (costs.tools - costs.kept + prompt), 0.0);
    }
    return spare >= 0;
}

CachePolicy what_to_do(CachePolicy policy, bool pays, bool can_mask) {
    if (policy == CachePolicy::Auto) policy = pays ? CachePolicy::Select : CachePolicy::Mask;
    return policy == CachePolicy::Mask && !can_mask ? CachePolicy::Leave : policy;
}

}  // namespace keywarden
