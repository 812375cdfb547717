// The contract and the gateway say the same: every route stands in openapi.yaml, and the reverse.
#include "admin/routes.h"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "admin/openapi.h"
#include "console/routes.h"
#include "domain/router.h"
#include "proxy/proxy.h"
#include "store/open.h"

namespace keywarden {
namespace {

class RoutesTest : public testing::Test {
protected:
    void SetUp() override {
        auto store = open_store("memory:");
        ASSERT_TRUE(store);
        store_ = std::move(*store);
        auto formats = KeyFormats::open({"keywarden"}, Secret("test"));
        ASSERT_TRUE(formats);
        formats_.emplace(std::move(*formats));
        auto directory = KeyDirectory::load(*store_, *formats_, {}, clock_);
        ASSERT_TRUE(directory);
        directory_ = std::move(*directory);
        context_.emplace(AdminContext{.keys = *directory_, .clock = clock_});
        std::vector<ApiRoute> own = admin_routes(*context_);
        for (const ApiRoute& route : console_routes(console_)) own.push_back(route);
        routes_ = Proxy::routes_of(own);
    }

    ManualClock clock_;
    std::unique_ptr<Store> store_;
    std::optional<KeyFormats> formats_;
    std::unique_ptr<KeyDirectory> directory_;
    std::optional<AdminContext> context_;
    ConsoleContext console_;
    std::vector<RouteFacts> routes_;
};

TEST_F(RoutesTest, EveryRouteOfTheGatewayStandsInTheContractAndTheReverse) {
    EXPECT_THAT(spec_differences(routes_), testing::IsEmpty());
}

TEST_F(RoutesTest, ARouteThatTheContractDoesNotKnowIsFound) {
    routes_.push_back({Method::Get, "/v1/nowhere", Permission::AnyKey, Dialect::OpenAi});
    EXPECT_EQ(spec_differences(routes_).size(), 1U);
    routes_.pop_back();
    routes_.pop_back();
    EXPECT_EQ(spec_differences(routes_).size(), 1U);
}

TEST_F(RoutesTest, NoTwoRoutesAreOne) {
    const auto router = Router::open(routes_);
    EXPECT_TRUE(router) << router.error().message;
}

}  // namespace
}  // namespace keywarden
