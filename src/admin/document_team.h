// What a document says of one team: its members, apps, and keys.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "admin/estate_document.h"
#include "base/result.h"
#include "domain/estate.h"

namespace keywarden {

/// What is being made of a document.
struct Reading {
    const Estate& current;
    const EstateContext& context;
    bool prune;
    Estate wanted;  // begins as `current`
};

/// Takes over what `entry`, an object, says under `members`, `apps`, and `keys`.
/// Requires: plans, people, and the team itself are as the document says already.
/// Errors: as estate_of.
Result<void> read_members(const Json& entry,
                          const std::string& path,
                          const Team& team,
                          Reading& to);
Result<void> read_apps(const Json& entry, const std::string& path, const Team& team, Reading& to);
Result<void> read_keys(const Json& entry, const std::string& path, const Team& team, Reading& to);

/// Errors: InvalidRequest where an app went that a key still belongs to.
Result<void> check_app_keys(const std::string& path, const Team& team, const Reading& to);

/// Whoever has that email; made where there is nobody.
User& user_with(Reading& to, std::string_view email);

/// Puts the thing in the place of the one with its id, or at the end.
template <class T>
void put_back(std::vector<T>& things, T thing) {
    const auto found = std::ranges::find(things, thing.id, &T::id);
    if (found == things.end()) {
        things.push_back(std::move(thing));
    } else {
        *found = std::move(thing);
    }
}

/// What a wider scope sets, now and before.
struct Ceiling {
    const Policy& now;
    const Policy& before;
    Scope scope;
};

/// Errors: InvalidRequest where a limit of `policy` goes beyond the ceiling, and one of the two is
/// not as it was: what has been so all along is no mistake of the document.
Result<void> check_below(const Policy& policy, const Policy& before, const Ceiling& ceiling);
/// The same below the instance; and below it, the team, and its plan.
Result<void> check_under_instance(const Policy& policy, const Policy& before, const Reading& to);
Result<void> check_under_team(const Policy& policy,
                              const Policy& before,
                              const Team& team,
                              const Reading& to);

}  // namespace keywarden
