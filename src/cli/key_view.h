// A key as commands show it to people.
#pragma once

#include "cli/answer.h"
#include "cli/session.h"

namespace keywarden {

/// What is known of it, what it may do, and where each limit and list comes from; with --json as it
/// came.
void print_key(Session& session, const Arguments& arguments, const Json& key);

/// The sentences of an answer's `warnings` on standard error, a line each.
void print_warnings(Session& session, const Json& answer);

}  // namespace keywarden
