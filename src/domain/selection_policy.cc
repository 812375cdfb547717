#include "domain/selection_policy.h"

#include <algorithm>

#include "domain/compiled_policy.h"
#include "domain/tool_lists.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(SelectionMode::kCount)> kNames = {
    "off", "shadow", "on", "auto"};

int rank_of(SelectionMode mode) {
    switch (mode) {
        case SelectionMode::Off:
            return 0;
        case SelectionMode::Shadow:
            return 1;
        case SelectionMode::Auto:
            return 2;
        default:
            return 3;
    }
}

std::unexpected<Error> wrong(std::string_view field, std::string message) {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = std::move(message),
                 .param = "tool_selection." + std::string(field)});
}

/// Who says what becomes of their prompts: it is no key's, and no app's, to give that away.
bool may_permit(Scope scope) { return scope < Scope::App; }

}  // namespace

std::string_view name(SelectionMode mode) { return kNames.at(static_cast<size_t>(mode)); }

bool goes_beyond(SelectionMode mode, SelectionMode bound) { return rank_of(mode) > rank_of(bound); }

std::optional<SelectionMode> selection_mode_of(std::string_view text) {
    const auto found = std::ranges::find(kNames, text);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<SelectionMode>(found - kNames.begin());
}

Result<void> check_selection(const SelectionPolicy& selection) {
    const int64_t keep_max = selection.keep_max.value_or(1);
    if (keep_max < 1 || keep_max > kKeepMaxMax) {
        return wrong("keep_max", "'keep_max' must be 1 to " + std::to_string(kKeepMaxMax) + ".");
    }
    const int64_t target = selection.target_percent.value_or(kTargetPercentDefault);
    if (target < kTargetPercentMin || target > kTargetPercentMax) {
        return wrong("target_percent",
                     "'target_percent' must be " + std::to_string(kTargetPercentMin) + " to " +
                         std::to_string(kTargetPercentMax) + ".");
    }
    const std::vector<std::string>& pinned = selection.pinned;
    if (pinned.size() > kPinnedToolsMax) {
        return wrong("pinned",
                     "At most " + std::to_string(kPinnedToolsMax) + " tools may be pinned.");
    }
    for (size_t i = 0; i < pinned.size(); ++i) {
        if (pinned[i].empty() || pinned[i].size() > kToolNameBytesMax) {
            return wrong("pinned",
                         "A pinned tool must have a name of 1 to " +
                             std::to_string(kToolNameBytesMax) + " bytes.");
        }
        if (std::find(pinned.begin(), pinned.begin() + static_cast<ptrdiff_t>(i), pinned[i]) !=
            pinned.begin() + static_cast<ptrdiff_t>(i)) {
            return wrong("pinned", "'" + pinned[i] + "' is there twice.");
        }
    }
    return {};
}

bool says_selection(std::span<const PolicyLink> chain) {
    return std::ranges::any_of(chain,
                               [](const PolicyLink& link) { return link.policy->selects(); });
}

EffectiveSelection effective_selection(std::span<const PolicyLink> chain) {
    EffectiveSelection all;
    int64_t target_percent = 0;
    bool is_forbidden = false;
    for (const auto& [scope, policy] : chain) {
        const SelectionPolicy& own = policy->policy().tool_selection;
        if (own.mode && scope != Scope::Creator) {
            all.mode = *own.mode;
            all.source = scope;
        }
        if (own.cache_policy && scope != Scope::Creator) all.cache_policy = *own.cache_policy;
        target_percent = std::max(target_percent, own.target_percent.value_or(0));
        if (own.keep_max) {
            all.keep_max = std::min(all.keep_max.value_or(kKeepMaxMax), *own.keep_max);
        }
        if (own.private_models && may_permit(scope)) all.private_models = *own.private_models;
        is_forbidden |= !own.private_models.value_or(true);
    }
    for (const auto& [scope, policy] : chain) {
        const auto at_most = policy->policy().tool_selection.at_most;
        if (!at_most || !goes_beyond(all.mode, *at_most)) continue;
        all.mode = *at_most;
        all.held_by = scope;
    }
    all.private_models = all.private_models && !is_forbidden;
    if (target_percent > 0) all.target_percent = target_percent;
    return all;
}

std::vector<std::string_view> pinned_tools(std::span<const PolicyLink> chain) {
    std::vector<std::string_view> names;
    for (const PolicyLink& link : chain) {
        for (const std::string& name : link.policy->policy().tool_selection.pinned) {
            if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
        }
    }
    return names;
}

}  // namespace keywarden
