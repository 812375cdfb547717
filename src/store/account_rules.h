// What every store does alike with teams, plans, apps, and people, and how it words its errors.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/account_store.h"

namespace keywarden {

/// An email with its ASCII letters in lower case: how two are compared.
std::string folded_email(std::string_view email);

/// The name in an error, which says what is not there, or is there already.
std::unexpected<Error> no_such(std::string_view what);
std::unexpected<Error> taken(std::string_view what, std::string_view field);
std::unexpected<Error> too_many(std::string_view what, int64_t most);
std::unexpected<Error> changed_meanwhile(std::string_view what);
std::unexpected<Error> no_such_plan();                        // of a team
std::unexpected<Error> no_such_part(std::string_view field);  // of a key: its app, its user
std::unexpected<Error> last_owner();
std::unexpected<Error> app_has_keys(int64_t count);
std::unexpected<Error> no_such_cursor();
std::unexpected<Error> identity_taken();
std::unexpected<Error> last_way_in();

/// Runs `changes` as a part of what is done together already, and how it went so far is `whole`:
/// a failure counts for all of it.
Result<void> part_of(Result<void>& whole, const std::function<Result<void>()>& changes);

}  // namespace keywarden
