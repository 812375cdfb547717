#include <array>
#include <gmock/gmock.h>
#include <string>

#include <gtest/gtest.h>

#include "console/routes.h"
#include "domain/router.h"

namespace keywarden {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::array kFiles = {
    WebFile{"index.html",
            "text/html; charset=utf-8",
            R"(<link href="./assets/a.css"><script type="module" src="./assets/a.js"></script>)",
            ""},
    WebFile{"assets/a.js", "text/javascript; charset=utf-8", "plain", "packed"},
    WebFile{"assets/a.png", "image/png", "picture", ""},
};

class Pages : public testing::Test {
protected:
    /// As the pipeline asks: the route of that path, or else that of the pages.
    HttpResponse get(const std::string& path, std::string_view encodings = "") {
        const auto routes = console_routes(context_);
        std::vector<RouteFacts> facts;
        for (const ApiRoute& route : routes) facts.push_back(route.facts);
        const RouteMatch match = Router::open(facts)->match(Method::Get, path);
        const HttpRequest request{.path = path,
                                  .headers = {{"Accept-Encoding", std::string(encodings)}}};
        const bool found = match.kind == RouteMatch::Kind::Found;
        const ApiCall call{.request = request,
                           .caller = nullptr,
                           .values = found ? match.values : std::vector<std::string>{path}};
        const auto pages = console_pages(context_);
        const auto answer =
            found ? routes[match.route].handler(call)
                  : (pages ? pages->handler(call) : fail(ErrorCode::NotFound, "no pages"));
        return answer ? *answer : HttpResponse{.status = info(answer.error().code).http_status};
    }

    static std::string header(const HttpResponse& response, std::string_view name) {
        for (const Header& each : response.headers) {
            if (each.name == name) return each.value;
        }
        return "(none)";
    }

    ConsoleContext context_{.files = kFiles};
};

TEST_F(Pages, OnePageIsAtEveryAddress) {
    for (const char* path : {"/", "/keys", "/keys/key_1", "/a/b/c/"}) {
        const HttpResponse page = get(path);
        EXPECT_EQ(page.status, 200) << path;
        EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8") << path;
        EXPECT_EQ(header(page, "Cache-Control"), "no-cache") << path;
    }
}

TEST_F(Pages, ItsFilesAreFoundFromWhateverDepthItIsShownAt) {
    EXPECT_THAT(get("/").body, HasSubstr(R"(src="./assets/a.js")"));
    EXPECT_THAT(get("/keys").body, HasSubstr(R"(src="./assets/a.js")"));
    EXPECT_THAT(get("/keys/").body, HasSubstr(R"(src="../assets/a.js")"));
    EXPECT_THAT(get("/keys/key_1/uses").body, HasSubstr(R"(href="../../assets/a.css")"));
    EXPECT_THAT(get("/keys/key_1/uses").body, HasSubstr(R"(src="../../assets/a.js")"));
    EXPECT_EQ(get(std::string(17, '/')).status, 404);
}

TEST_F(Pages, NothingInlineRunsAndNobodyFramesIt) {
    for (const char* path : {"/", "/keys", "/assets/a.js"}) {
        const std::string policy = header(get(path), "Content-Security-Policy");
        EXPECT_THAT(policy, HasSubstr("default-src 'none'; script-src 'self'; style-src 'self';"));
        EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
        EXPECT_THAT(policy, HasSubstr("require-trusted-types-for 'script'"));
        EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
        EXPECT_EQ(header(get(path), "X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(header(get(path), "Referrer-Policy"), "no-referrer");
    }
}

TEST_F(Pages, AssetsAreKeptForAYearAndPackedForWhoTakesIt) {
    const HttpResponse packed = get("/assets/a.js", "br, gzip;q=0.8");
    EXPECT_EQ(packed.body, "packed");
    EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
    EXPECT_EQ(header(packed, "Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(header(packed, "Cache-Control"), "public, max-age=31536000, immutable");
    for (const char* encodings : {"", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"}) {
        const HttpResponse plain = get("/assets/a.js", encodings);
        EXPECT_EQ(plain.body, "plain") << encodings;
        EXPECT_EQ(header(plain, "Content-Encoding"), "(none)") << encodings;
        EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding");
    }
    EXPECT_EQ(get("/assets/a.png", "gzip").body, "picture");
}

TEST_F(Pages, OnlyAssetsAreAssets) {
    EXPECT_EQ(get("/assets/b.js").status, 404);
    EXPECT_EQ(get("/assets/index.html").status, 404);
}

TEST_F(Pages, ABinaryWithoutTheConsoleSaysSoAtItsRootAlone) {
    context_.files = {};
    const HttpResponse page = get("/");
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, HasSubstr("built without the console"));
    EXPECT_THAT(page.body, HasSubstr("./dev build"));
    EXPECT_THAT(page.body, Not(HasSubstr("<script")));
    EXPECT_EQ(get("/keys").status, 404);
    EXPECT_EQ(get("/assets/a.js").status, 404);
}

TEST_F(Pages, WhatTheBuildEmbedsBeginsWithThePage) {
    const auto files = web_files();
    if (files.empty()) GTEST_SKIP() << "built without the console";
    EXPECT_EQ(files.front().name, "index.html");
    for (const WebFile& file : files) EXPECT_FALSE(file.body.empty()) << file.name;
}

}  // namespace
}  // namespace keywarden
