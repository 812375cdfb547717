// Who hands something out, as the rules about grants and ceilings see them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "admin/context.h"
#include "base/result.h"
#include "domain/budget.h"
#include "domain/caller.h"
#include "domain/key.h"
#include "domain/rights.h"

namespace keywarden {

/// What the caller may pass on: what their key holds, as far as who made it still holds it. Nothing
/// for an operator, and for a person who has signed in: no grant binds them.
Result<std::optional<Rights>> grantor_of(AdminContext& context, const Caller& caller);

/// The calling key, and who made it, from the nearest on. Requires: the caller is a key.
Result<std::vector<Key>> lineage_of(AdminContext& context, const Caller& caller);

/// Whether the caller may make keys at all: those who made a key narrow it, and only so many are
/// looked at. Errors: InsufficientScope.
Result<void> check_may_make(AdminContext& context, const Caller& caller);

/// Gives a new key what the grantor is bound by, where it names nothing itself, and their tags.
void inherit(AdminContext& context, Key& key, const Rights& grantor);

/// Nobody loosens what binds themselves: a key leaves the budgets of its own, of the keys that made
/// it, and of their apps and tags to others. What binds the team as a whole is for whoever may
/// write budgets. Errors: InsufficientScope.
Result<void> check_may_loosen(AdminContext& context, const Caller& caller, const Budget& budget);

/// Whether the caller may take the key out of the budgets of its app or tags that it would leave:
/// for the key it loosens them, so it is for who may write budgets, and whom they do not bind.
/// Errors: InsufficientScope, with `app` or `tags` as its param.
Result<void> check_may_leave(AdminContext& context,
                             const Caller& caller,
                             const Key& before,
                             const Key& after);

/// What a policy is to be set on.
struct PolicyPlace {
    std::string_view team_id{};
    std::string_view app_id{};  // of a key, where it has one
    Scope scope = Scope::Key;
    std::string_view under = "policy";  // before the field in errors
};

/// Whether the limits of `policy` keep within what the wider scopes set now. What `before` had
/// already is not looked at again: a ceiling may have come down since.
/// Errors: InvalidRequest, with the field, its ceiling, and who sets it.
Result<void> check_ceilings(AdminContext& context,
                            const PolicyPlace& place,
                            const Policy& policy,
                            const Policy& before = {});

/// Whether what keys get that name no limit keeps within what `scope`, which gives it, sets itself.
/// Errors: InvalidRequest.
Result<void> check_key_defaults(const Limits& defaults, const Policy& policy, Scope scope);

/// The same of a team: within what it, its plan, and the instance set now. What `before` had
/// already is not looked at again. Errors: InvalidRequest.
Result<void> check_key_defaults(AdminContext& context, const Team& team, const Limits& before);

/// What a check says of limits, as said of those that keys start with: `under` stands in place of
/// whatever stood before a limit's name.
Result<void> of_key_defaults(Result<void> checked, std::string_view under = "key_defaults.");

/// As check_ceilings, for a key, whose rate goes by two names.
Result<void> check_key_ceilings(AdminContext& context, const Key& key, const Key* before);

/// Whether the caller may turn `before`, the policy of their team or of an app, into `after`: what
/// one was refused oneself, one lets nobody have. Errors: InsufficientScope.
Result<void> check_may_widen(AdminContext& context,
                             const Caller& caller,
                             std::string_view under,
                             const Policy& before,
                             const Policy& after);

/// As check_rights, for keys.
Result<void> check_key_rights(const Key& wanted,
                              const Rights& grantor,
                              const Key* before,
                              TimePoint now);

}  // namespace keywarden
