// Reference documents that the tables of policy make: docs/reference/permissions.md and limits.md.
#pragma once

#include <string>

namespace keywarden {

/// Who may do what: roles, and kinds of key.
std::string permissions_markdown();

/// Every limit and every list: its field, its bounds, and what a denial is called.
std::string limits_markdown();

}  // namespace keywarden
