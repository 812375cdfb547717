// What the contract says of routes, so that tests can hold the tables to it and it to the tables.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "domain/route.h"

namespace keywarden {

struct SpecOperation {
    Method method;
    std::string path;        // "/v1/models/{id}"
    std::string tag;         // "Keys"
    std::string permission;  // "keys.read", of domain/role.h; its `x-permission`
    bool is_public = false;  // needs no credential
};

/// Every operation of openapi.yaml, as it is embedded.
std::vector<SpecOperation> spec_operations();

/// One line for each route that openapi.yaml does not have, each operation that is no route, and
/// each pair that disagrees about needing a key, or about which permission. Empty: the two say the
/// same.
std::vector<std::string> spec_differences(std::span<const RouteFacts> routes);

}  // namespace keywarden
