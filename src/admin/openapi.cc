#include "admin/openapi.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "admin/embedded.h"
#include "admin/json_body.h"
#include "domain/role.h"

namespace keywarden {
namespace {

struct Word {
    std::string_view word;
    Method method;
};

constexpr std::array kMethods = {
    Word{"get", Method::Get},
    Word{"put", Method::Put},
    Word{"post", Method::Post},
    Word{"patch", Method::Patch},
    Word{"delete", Method::Delete},
    Word{"options", Method::Options},
};

/// OpenAPI has no word for "the rest of the path": `{id+}` and `{id*}` are `{id}` there.
std::string spec_path(std::string_view route_path) {
    std::string out(route_path);
    std::erase_if(out, [](char c) { return c == '+' || c == '*'; });
    return out;
}

std::string line(Method method, std::string_view path, std::string_view what) {
    return std::string(name(method)) + " " + std::string(path) + ": " + std::string(what);
}

}  // namespace

std::vector<SpecOperation> spec_operations() {
    std::vector<SpecOperation> operations;
    const Json spec = Json::parse(kOpenApiJson);
    for (const auto& [path, item] : spec.at("paths").items()) {
        for (const Word& row : kMethods) {
            const auto found = item.find(row.word);
            if (found == item.end()) continue;
            operations.push_back(
                {.method = row.method,
                 .path = path,
                 .tag = found->at("tags").at(0).get<std::string>(),
                 .permission = found->value("x-permission", ""),
                 .is_public = found->contains("security") && found->at("security").empty()});
        }
    }
    return operations;
}

std::vector<std::string> spec_differences(std::span<const RouteFacts> routes) {
    std::vector<std::string> differences;
    std::vector<SpecOperation> operations = spec_operations();
    for (const RouteFacts& route : routes) {
        const auto found = std::ranges::find_if(operations, [&](const SpecOperation& operation) {
            return operation.method == route.method && operation.path == spec_path(route.path);
        });
        if (found == operations.end()) {
            differences.push_back(line(route.method, route.path, "not in openapi.yaml"));
            continue;
        }
        const bool is_public = route.needs.permission == Permission::Public;
        if (found->is_public != is_public) {
            differences.push_back(
                line(route.method,
                     route.path,
                     is_public ? "openapi.yaml asks for a key" : "openapi.yaml asks for no key"));
        }
        const std::string_view permission = info(route.needs.permission).name;
        if (found->permission != permission) {
            differences.push_back(line(route.method,
                                       route.path,
                                       "openapi.yaml asks for the permission '" +
                                           found->permission + "', the route for '" +
                                           std::string(permission) + "'"));
        }
        operations.erase(found);
    }
    for (const SpecOperation& operation : operations) {
        differences.push_back(line(operation.method, operation.path, "no such route"));
    }
    return differences;
}

}  // namespace keywarden
