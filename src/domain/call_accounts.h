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

/// What a call names of its team, as texts or as numbers that stand for them; what is empty (or
/// zero) is none.
template <class Name>
struct CallNames {
    Name app{};
    Name key{};
    Name model{};  // as model_name says
    std::span<const Name> makers{};
    std::span<const Name> tags{};
};

/// Calls `each(scope, target)` for every account that the call counts in, each once: its team (with
/// an empty target), its app, its key, the keys that made it, its model, and its tags. All are
/// accounts of its team.
template <class Name, class Each>
void for_each_account(const CallNames<Name>& names, const Each& each) {
    const auto count = [&](SpendScope scope, Name target) {
        if (target != Name()) each(scope, target);
    };
    // Those of a list that stand there already, or were counted before it, are left out.
    const auto count_all = [&](SpendScope scope, std::span<const Name> targets, Name before) {
        for (auto at = targets.begin(); at != targets.end(); ++at) {
            if (*at != before && std::find(targets.begin(), at, *at) == at) count(scope, *at);
        }
    };
    each(SpendScope::Team, Name());
    count(SpendScope::App, names.app);
    count(SpendScope::Key, names.key);
    count_all(SpendScope::Key, names.makers, names.key);
    count(SpendScope::Model, names.model);
    count_all(SpendScope::Tag, names.tags, Name());
}

template <class Each>
void for_each_account(const CallRecord& record, const Each& each) {
    const std::string model = model_name(record.provider, record.model);
    for_each_account(CallNames<std::string_view>{.app = record.app_id,
                                                 .key = record.key_id,
                                                 .model = model,
                                                 .makers = record.makers,
                                                 .tags = record.tags},
                     each);
}

}  // namespace keywarden
