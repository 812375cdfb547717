// Teams, plans, apps, and members as the directory of policies takes them.
#pragma once

#include "base/result.h"
#include "store/account_store.h"
#include "store/policy_directory.h"

namespace keywarden {

TeamRules rules_of(const Team& team);
PlanRules rules_of(const Plan& plan);
AppRules rules_of(const App& app);

/// Puts in all that the store holds. Errors: those of the store.
Result<void> load_policies(AccountStore& accounts, PolicyDirectory& policies);

}  // namespace keywarden
