// Teams, plans, apps, and members as the directory of policies takes them.
#pragma once

#include "base/result.h"
#include "store/account_store.h"
#include "store/policy_directory.h"

namespace keywarden {

TeamRules rules_of(const Team& team);
PlanRules rules_of(const Plan& plan);
AppRules rules_of(const App& app);
ModelRules rules_of(const ModelLimits& model);
/// `default_rpm`: of keys, where the settings say nothing.
InstanceRules rules_of(const InstanceSettings& settings, int64_t default_rpm);

/// Puts in all that the store holds. Errors: those of the store.
Result<void> load_policies(AccountStore& accounts, int64_t default_rpm, PolicyDirectory& policies);

}  // namespace keywarden
