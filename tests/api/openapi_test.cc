// openapi.yaml has every route of the gateway and no other.
#include "admin/openapi.h"

#include <gmock/gmock.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "admin/routes.h"
#include "proxy/endpoints.h"

namespace keywarden {
namespace {

std::vector<RouteFacts> every_route() {
    std::vector<RouteFacts> routes;
    for (const Endpoint& endpoint : endpoints()) routes.push_back(endpoint.facts);
    for (const RouteFacts& facts : admin_route_facts()) routes.push_back(facts);
    return routes;
}

TEST(OpenApi, HasEveryRouteAndNoOther) {
    EXPECT_THAT(spec_differences(every_route()), testing::IsEmpty());
}

TEST(OpenApi, ANewRouteMustBeWrittenIntoIt) {
    std::vector<RouteFacts> routes = every_route();
    routes.push_back({Method::Post, "/v1/new", Permission::KeysRead, Dialect::Problem});
    EXPECT_THAT(spec_differences(routes),
                testing::ElementsAre("POST /v1/new: not in openapi.yaml"));
}

TEST(OpenApi, ARouteThatGoesMustGoThereToo) {
    std::vector<RouteFacts> routes = every_route();
    const RouteFacts gone = routes.back();
    routes.pop_back();
    EXPECT_THAT(spec_differences(routes),
                testing::ElementsAre("GET " + std::string(gone.path) + ": no such route"));
}

TEST(OpenApi, ItSaysWhichRoutesNeedNoKey) {
    std::vector<RouteFacts> routes = every_route();
    for (RouteFacts& facts : routes) {
        if (facts.path == "/health") facts.needs = Permission::AnyKey;
        if (facts.path == "/v1/key") facts.needs = Permission::Public;
    }
    EXPECT_THAT(spec_differences(routes),
                testing::UnorderedElementsAre("GET /health: openapi.yaml asks for no key",
                                              "GET /v1/key: openapi.yaml asks for a key"));
}

}  // namespace
}  // namespace keywarden
