// In which accounts a call counts: one list, by which memory, store, and checks count alike.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "domain/budget.h"
#include "domain/call_record.h"

namespace keywarden {

/// What a model is called in budgets, accounts, prices, and reports: "provider/model". Empty where
/// there is no model.
inline std::string model_name(std::string_view provider, std::string_view model) {
    std::string name;
    if (model.empty()) return name;
    name.reserve(provider.size() + 1 + model.size());
    return name.append(provider).append("/").append(model);
}

/// Calls `each(scope, target)` for every account that `record` counts in, each once: its team (with
/// an empty target), its app, its key, the keys that made it, its model, and its tags. All are
/// accounts of its team; what is empty is none.
template <class Each>
void for_each_account(const CallRecord& record, const Each& each) {
    const auto count = [&](SpendScope scope, std::string_view target) {
        if (!target.empty()) each(scope, target);
    };
    // Those of a list that stand there already, or were counted before it, are left out.
    const auto count_all =
        [&](SpendScope scope, std::span<const std::string_view> targets, std::string_view before) {
            for (auto at = targets.begin(); at != targets.end(); ++at) {
                if (*at != before && std::find(targets.begin(), at, *at) == at) count(scope, *at);
            }
        };
    each(SpendScope::Team, std::string_view());
    count(SpendScope::App, record.app_id);
    count(SpendScope::Key, record.key_id);
    count_all(SpendScope::Key, record.makers, record.key_id);
    count(SpendScope::Model, model_name(record.provider, record.model));
    count_all(SpendScope::Tag, record.tags, {});
}

}  // namespace keywarden
