// An estate as a document, which is what a policy file says, and a document as an estate.
#pragma once

#include <string>
#include <vector>

#include "admin/json_body.h"
#include "base/result.h"
#include "domain/catalogue.h"
#include "domain/estate.h"
#include "domain/key_format.h"
#include "store/sign_in_store.h"

namespace keywarden {

inline constexpr int64_t kDocumentVersion = 1;

/// What stands around an estate.
struct EstateContext {
    const KeyFormats* formats = nullptr;  // not null
    std::string default_format{};         // of new keys
    std::string operator_id{};            // a document says `operator`, if they have no email
    const Catalogue* models = nullptr;    // null: there are none, and no providers
    TimePoint now{};
    SignInStore* sign_ins = nullptr;  // null: nobody signs in
};

/// The same for the same estate, whatever its ids and the order in which things were made. A thing
/// goes by its name, and by its id where that name would mean two.
/// Left out: what is as it is by itself, keys that have expired, people without an email.
Json document_of(const Estate& estate, const EstateContext& context);

/// What the instance is to become.
///
/// A thing in the document is the thing that is there with its `id`, or else with its name; there
/// is nothing like it: it is made. Of what it does not say of a thing, the status stays, and all
/// else is as of a new one. What is not in the document stays as it is; with `prune`, what a list
/// of it does not name goes: apps, members, and keys that have not expired.
/// Requires: `current` has the settings, all models, plans, people and teams, and the rest of the
/// teams in the document. Errors: UnknownField, InvalidRequest; param is the place, such as
/// `teams[0].keys[2].app`.
Result<Estate> estate_of(const Json& document,
                         const Estate& current,
                         const EstateContext& context,
                         bool prune);

/// Whether the document names the team, by its name or its id.
bool names_team(const Json& document, const Team& team);

}  // namespace keywarden
