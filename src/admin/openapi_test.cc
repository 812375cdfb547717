// What spec_differences sees. That the whole gateway has none is a test of app/, where all routes
// are.
#include "admin/openapi.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "admin/routes.h"
#include "domain/role.h"

namespace keywarden {
namespace {

class OpenApi : public testing::Test {
protected:
    OpenApi() {
        for (const SpecOperation& operation : operations_) {
            routes_.push_back(
                {operation.method, operation.path, needs(operation), Dialect::Problem});
        }
    }

    static Permission needs(const SpecOperation& operation) {
        const auto found =
            std::ranges::find(all_permissions(), operation.permission, &PermissionInfo::name);
        EXPECT_NE(found, all_permissions().end()) << operation.path;
        return found == all_permissions().end() ? Permission::kCount : found->permission;
    }

    RouteFacts& route(std::string_view path) {
        return *std::ranges::find(routes_, path, &RouteFacts::path);
    }

    const std::vector<SpecOperation> operations_ = spec_operations();
    std::vector<RouteFacts> routes_;  // exactly what openapi.yaml says
};

TEST_F(OpenApi, SaysTheSameAsItself) {
    EXPECT_GT(routes_.size(), 35U);
    EXPECT_THAT(spec_differences(routes_), testing::IsEmpty());
}

TEST_F(OpenApi, HasEveryRouteOfThisLayer) {
    const std::vector<RouteFacts> own = admin_route_facts();
    for (const std::string& line : spec_differences(own)) {
        EXPECT_THAT(line, testing::EndsWith(": no such route"));
    }
    const auto is_ours = [](const SpecOperation& operation) {
        return operation.tag == "Keys" || operation.tag == "Calling key" ||
               operation.tag == "Operations" || operation.tag == "Account" ||
               operation.tag == "Operator" || operation.tag == "Usage" ||
               operation.tag == "Money" || operation.tag == "For other services";
    };
    EXPECT_EQ(std::ranges::count_if(operations_, is_ours), std::ssize(own));
}

TEST_F(OpenApi, ANewRouteMustBeWrittenIntoIt) {
    routes_.push_back({Method::Post, "/v1/new", Permission::KeysRead, Dialect::Problem});
    EXPECT_THAT(spec_differences(routes_),
                testing::ElementsAre("POST /v1/new: not in openapi.yaml"));
}

TEST_F(OpenApi, ARouteThatGoesMustGoThereToo) {
    std::erase_if(routes_, [](const RouteFacts& facts) { return facts.path == "/v1/key"; });
    EXPECT_THAT(spec_differences(routes_), testing::ElementsAre("GET /v1/key: no such route"));
}

TEST_F(OpenApi, ARouteOfAnotherMethodIsAnotherRoute) {
    route("/v1/key").method = Method::Put;
    EXPECT_THAT(spec_differences(routes_),
                testing::UnorderedElementsAre("PUT /v1/key: not in openapi.yaml",
                                              "GET /v1/key: no such route"));
}

TEST_F(OpenApi, ItSaysWhichRoutesNeedNoKey) {
    route("/health").needs = Permission::AnyKey;
    route("/v1/key").needs = Permission::Public;
    EXPECT_THAT(spec_differences(routes_),
                testing::IsSupersetOf({"GET /health: openapi.yaml asks for no key",
                                       "GET /v1/key: openapi.yaml asks for a key"}));
}

TEST_F(OpenApi, ItSaysWhichPermissionARouteNeeds) {
    route("/v1/account/audit").needs = Permission::AccountRead;
    EXPECT_THAT(spec_differences(routes_),
                testing::ElementsAre("GET /v1/account/audit: openapi.yaml asks for the permission "
                                     "'audit.read', the route for 'account.read'"));
}

TEST_F(OpenApi, TheRestOfAPathIsOneNameThere) {
    route("/v1/models/{id}").path = "/v1/models/{id+}";
    EXPECT_THAT(spec_differences(routes_), testing::IsEmpty());
}

}  // namespace
}  // namespace keywarden
