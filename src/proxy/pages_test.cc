// Who gets a page where no route is: a browser that asks for one, and nobody else.
#include <string>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

class PagesOfProxy : public ProxyFixture {
protected:
    void start_with_pages() {
        parts_.pages =
            ApiRoute{.facts = {Method::Get, "/{page*}", Permission::Public, Dialect::Problem},
                     .handler = [](const ApiCall& call) -> Result<HttpResponse> {
                         return HttpResponse{.headers = {{"Content-Type", "text/html"}},
                                             .body = "<p>" + call.values.at(0) + "</p>"};
                     }};
        start();
    }

    std::string browse(std::string_view path,
                       std::string_view method = "GET",
                       std::string_view accept = "text/html,application/xhtml+xml,*/*;q=0.8") {
        return ask(std::string(method) + " " + std::string(path) +
                   " HTTP/1.1\r\nHost: gateway.test\r\nAccept: " + std::string(accept) +
                   "\r\n\r\n");
    }
};

TEST_F(PagesOfProxy, ABrowserGetsThePageAtAnyAddressWithoutARoute) {
    start_with_pages();
    EXPECT_EQ(status(browse("/keys/a%2Fb?state=active")), 200);
    EXPECT_TRUE(browse("/keys/a%2Fb?state=active").ends_with("<p>/keys/a%2Fb</p>"));
    EXPECT_EQ(row(1), "200 /{page*}  ");
}

TEST_F(PagesOfProxy, EveryOtherClientGetsTheErrorThatItHad) {
    start_with_pages();
    EXPECT_EQ(status(browse("/v1/nothing", "GET", "*/*")), 404);
    EXPECT_EQ(status(browse("/v1/nothing", "GET", "application/json")), 404);
    EXPECT_EQ(status(browse("/v1/nothing", "POST")), 404);
    EXPECT_EQ(status(browse("/v1/models")), 401);            // a route, and it needs a key
    EXPECT_EQ(status(browse("/v1/chat/completions")), 405);  // a route of another method
}

TEST_F(PagesOfProxy, WithoutAConsoleThereIsNothing) {
    start();
    EXPECT_EQ(status(browse("/keys")), 404);
}

}  // namespace
}  // namespace keywarden
