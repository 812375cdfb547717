#include "domain/router.h"

#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

Router router_of(const std::vector<std::pair<Method, std::string_view>>& rows) {
    std::vector<RouteFacts> routes;
    for (const auto& [method, path] : rows) {
        routes.push_back({method, path, Permission::Public, Dialect::OpenAi});
    }
    auto router = Router::open(routes);
    EXPECT_TRUE(router) << router.error().message;
    return *std::move(router);
}

const Router& example() {
    static const Router router = router_of({
        {Method::Post, "/v1/chat/completions"},  // 0
        {Method::Get, "/v1/models"},             // 1
        {Method::Get, "/v1/models/{id+}"},       // 2
        {Method::Get, "/v1/keys/{id}"},          // 3
        {Method::Patch, "/v1/keys/{id}"},        // 4
        {Method::Post, "/v1/keys/{id}/rotate"},  // 5
        {Method::Get, "/v1/keys/self"},          // 6
        {Method::Get, "/"},                      // 7
        {Method::Get, "/ask/{what}/{path*}"},    // 8
    });
    return router;
}

/// "0", "2 groq/llama", "405 GET, HEAD, PATCH", or "404".
std::string meaning(Method method, std::string_view path) {
    const RouteMatch match = example().match(method, path);
    if (match.kind == RouteMatch::Kind::NoSuchPath) return "404";
    if (match.kind == RouteMatch::Kind::NoSuchMethod) return "405 " + std::string(match.allow);
    std::string text = std::to_string(match.route);
    for (const std::string& value : match.values) text += " " + value;
    return text;
}

TEST(Router, FindsLiteralsAndValues) {
    EXPECT_EQ(meaning(Method::Post, "/v1/chat/completions"), "0");
    EXPECT_EQ(meaning(Method::Get, "/v1/models"), "1");
    EXPECT_EQ(meaning(Method::Get, "/v1/models/gpt-4o"), "2 gpt-4o");
    EXPECT_EQ(meaning(Method::Get, "/v1/models/groq/llama-3.3"), "2 groq/llama-3.3");
    EXPECT_EQ(meaning(Method::Get, "/v1/keys/key_1"), "3 key_1");
    EXPECT_EQ(meaning(Method::Post, "/v1/keys/key_1/rotate"), "5 key_1");
    EXPECT_EQ(meaning(Method::Get, "/"), "7");
}

TEST(Router, AWrongMethodNamesARowOfThatPath) {
    EXPECT_EQ(example().match(Method::Get, "/v1/chat/completions").route, 0U);
    EXPECT_EQ(example().match(std::nullopt, "/v1/keys/key_1").route, 3U);
}

TEST(Router, HeadGoesWhereGetGoes) {
    EXPECT_EQ(meaning(Method::Head, "/v1/models"), "1");
    EXPECT_EQ(meaning(Method::Head, "/v1/chat/completions"), "405 POST");
}

TEST(Router, ALiteralBeatsAName) { EXPECT_EQ(meaning(Method::Get, "/v1/keys/self"), "6"); }

TEST(Router, TellsAMissingPathFromAMissingMethod) {
    EXPECT_EQ(meaning(Method::Get, "/v1/chat/completions"), "405 POST");
    EXPECT_EQ(meaning(Method::Delete, "/v1/keys/key_1"), "405 GET, HEAD, PATCH");
    EXPECT_EQ(example().match(std::nullopt, "/v1/models").allow, "GET, HEAD");
    EXPECT_EQ(meaning(Method::Get, "/v2/models"), "404");
    EXPECT_EQ(meaning(Method::Get, ""), "404");
}

TEST(Router, DecodesValuesOnly) {
    EXPECT_EQ(meaning(Method::Get, "/v1/models/a%20b"), "2 a b");
    EXPECT_EQ(meaning(Method::Get, "/v1/models/groq%2Fllama"), "2 groq/llama");
    EXPECT_EQ(meaning(Method::Get, "/v1/mod%65ls"), "404");
    EXPECT_EQ(meaning(Method::Get, "/v1/models/%zz"), "404");
    EXPECT_EQ(meaning(Method::Get, "/v1/models/a%00b"), "404");
}

TEST(Router, TheRawRestOfAPathComesAsItWasSent) {
    EXPECT_EQ(meaning(Method::Get, "/ask/a%20b/c%2f..//d/"), "8 a b c%2f..//d/");
    EXPECT_EQ(meaning(Method::Get, "/ask/a/"), "8 a ");
    EXPECT_EQ(meaning(Method::Get, "/ask/a"), "404") << "there is no rest";
    EXPECT_EQ(meaning(Method::Get, "/ask/../c"), "404") << "what stands before it is a value";
}

TEST(Router, OnePathHasOneMeaning) {
    for (const char* path : {"/v1/models/",
                             "//v1/models",
                             "/v1//models",
                             "/V1/models",
                             "/v1/keys/",
                             "/v1/keys/a%2Fb",
                             "/v1/keys/%2e%2e",
                             "/v1/keys/..",
                             "/v1/keys/.",
                             "/v1/models/a//b",
                             "/v1/models/../keys/x",
                             "/v1/models/a%2F..%2Fb",
                             "/v1/models/%2e",
                             "v1/models",
                             "*",
                             "/v1/keys/a/b",
                             "/v1/models/a/"}) {
        EXPECT_EQ(meaning(Method::Get, path), "404") << path;
    }
}

TEST(Router, RefusesTwoRowsForOneRouteAndMalformedPaths) {
    const auto error_of = [](std::vector<std::string_view> paths) -> std::string {
        std::vector<RouteFacts> routes;
        for (const std::string_view path : paths) {
            routes.push_back({Method::Get, path, Permission::Public, Dialect::OpenAi});
        }
        const auto router = Router::open(routes);
        return router ? "" : router.error().message;
    };
    EXPECT_EQ(error_of({"/a", "/a"}), "The route GET /a is there twice.");
    EXPECT_EQ(error_of({"/a/{id}", "/a/{id}"}), "The route GET /a/{id} is there twice.");
    EXPECT_EQ(error_of({"a"}), "The route GET a is malformed.");
    EXPECT_EQ(error_of({"/{rest+}/a"}), "The route GET /{rest+}/a is malformed.");
    EXPECT_EQ(error_of({"/a//b"}), "The route GET /a//b is malformed.");
    EXPECT_EQ(error_of({"/a", "/a/{id}"}), "");
}

TEST(Router, TheLongerLiteralBeginningWins) {
    const Router router = router_of({{Method::Get, "/{rest+}"},
                                     {Method::Get, "/a/{rest+}"},
                                     {Method::Get, "/a/{id}"},
                                     {Method::Get, "/a/{id}/c"}});
    EXPECT_EQ(router.match(Method::Get, "/x/y").route, 0U);
    EXPECT_EQ(router.match(Method::Get, "/a/y/z").route, 1U);
    EXPECT_EQ(router.match(Method::Get, "/a/y").route, 2U);
    EXPECT_EQ(router.match(Method::Get, "/a/y/c").route, 3U);
}

TEST(Router, ARowMaySayThatItsNamesHaveSlashes) {
    const std::vector<RouteFacts> routes = {
        {Method::Post, "/model/{id}/converse", Permission::Public, Dialect::Bedrock, false, true}};
    const Router router = Router::open(routes).value();
    const auto id = [&](std::string_view path) {
        const RouteMatch match = router.match(Method::Post, path);
        return match.kind == RouteMatch::Kind::Found ? match.values.front() : "404";
    };
    EXPECT_EQ(id("/model/maker.m-v1%3A0/converse"), "maker.m-v1:0");
    EXPECT_EQ(id("/model/bedrock%2Fmaker.m/converse"), "bedrock/maker.m");
    for (const char* path : {"/model/a/b/converse",
                             "/model/%2F/converse",
                             "/model/a%2F/converse",
                             "/model/..%2Fa/converse",
                             "/model/a%2F%2E%2E%2Fb/converse",
                             "/model//converse"}) {
        EXPECT_EQ(id(path), "404") << path;
    }
}

}  // namespace
}  // namespace keywarden
