// The changes of an estate as JSON, for whoever is asked whether they are meant.
#pragma once

#include <string>
#include <vector>

#include "admin/json_body.h"
#include "domain/estate.h"
#include "domain/policy.h"

namespace keywarden {

/// One object a change: what is done to which thing, and field by field what was and what will be.
/// Ids of plans, apps, people and makers are told by name. Nothing in it depends on the ids of what
/// is new, so that it is the same at each reading of the same document.
Json changes_record(const std::vector<EstateChange>& changes,
                    const Estate& before,
                    const Estate& after);

/// Sentences for whoever wrote the policies that are new or changed, each with whose it is.
std::vector<std::string> warnings_of(const std::vector<EstateChange>& changes,
                                     const PolicyNames& there_is);

/// Of the record: whoever has seen it says by this what they said yes to.
std::string digest_of(const Json& changes);

}  // namespace keywarden
