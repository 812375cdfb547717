// Health, readiness, key formats, and the documents: what anybody may read.
#include <array>
#include <gmock/gmock.h>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"
#include "admin/openapi.h"
#include "base/crypto.h"

namespace keywarden {
namespace {

using testing::HasSubstr;
using testing::Not;

class PublicRoutes : public ApiFixture {};

/// 32 bytes as 44 characters. Source: RFC 4648, section 4.
std::string base64_of(const Digest& digest) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (size_t i = 0; i < digest.size(); i += 3) {
        const auto byte = [&](size_t at) -> uint32_t { return at < 32 ? digest[at] : 0; };
        const uint32_t bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
        for (const unsigned shift : {18U, 12U, 6U, 0U}) out += kAlphabet[bits >> shift & 63U];
    }
    out.back() = '=';
    return out;
}

TEST_F(PublicRoutes, HealthIsWellWhileTheProcessLives) {
    EXPECT_EQ(get("/health").body, R"({"status":"ok"})");
    context_->draining = [] { return true; };
    EXPECT_EQ(get("/health").status, 200);
}

TEST_F(PublicRoutes, ReadyRefusesWhileTheGatewayDrains) {
    EXPECT_EQ(get("/ready").body, R"({"status":"ready"})");
    context_->draining = [] { return true; };
    EXPECT_EQ(get("/ready").status, 503);
    EXPECT_EQ(get("/ready").code(), "overloaded");
}

TEST_F(PublicRoutes, ReadyRefusesWhileTheStoreIsAway) {
    store_->is_down = true;
    const Reply away = get("/ready");
    EXPECT_EQ(away.status, 503);
    EXPECT_EQ(away.code(), "store_unavailable");
    EXPECT_THAT(away.body, Not(HasSubstr("disk")));
    EXPECT_EQ(get("/health").status, 200);
    store_->is_down = false;
    EXPECT_EQ(get("/ready").status, 200);
}

TEST_F(PublicRoutes, KeyFormatsFindTheKeysWeMake) {
    const Reply reply = get("/v1/key-formats");
    EXPECT_EQ(reply.header("Cache-Control"), "public, max-age=3600");
    const Json formats = reply.json()["data"];
    ASSERT_EQ(formats.size(), 5U);
    for (const Json& format : formats) {
        const std::string name = format["name"];
        if (name == "opaque") {  // whatever was imported: nothing to look for, nothing to make
            EXPECT_FALSE(format["mintable"].get<bool>());
            EXPECT_TRUE(format["regex"].is_null());
            EXPECT_TRUE(format["prefixes"].empty());
            EXPECT_EQ(post("/v1/keys", R"({"name":"a","format":"opaque"})").json()["param"],
                      "format");
            continue;
        }
        const std::string secret = make_key(R"({"format":")" + name + "\"}")["key"];
        EXPECT_THAT(secret, testing::StartsWith(format["prefixes"][0].get<std::string>()));
        const std::regex regex(format["regex"].get<std::string>());
        EXPECT_TRUE(std::regex_search("x = '" + secret + "';", regex)) << name;
        EXPECT_FALSE(std::regex_search("x = 'nothing here';", regex)) << name;
        EXPECT_EQ(format["default"], name == "keywarden");
        EXPECT_EQ(format["checksum"].is_null(), name != "keywarden");
    }
}

TEST_F(PublicRoutes, PrefixesReachToTheFirstCharacterThatIsDrawn) {
    std::vector<Json> prefixes;
    for (const Json& format : get("/v1/key-formats").json()["data"]) {
        prefixes.push_back(format["prefixes"]);
    }
    EXPECT_THAT(prefixes,
                testing::ElementsAre(Json({"kw_live_", "kw_test_"}),
                                     Json::array({"sk-orq-"}),
                                     Json::array({"ok_"}),
                                     Json::array({"sk-ollm-"}),
                                     Json::array()));
}

TEST_F(PublicRoutes, OpenApiIsTheContract) {
    const Reply reply = get("/openapi.json");
    EXPECT_EQ(reply.header("Content-Type"), "application/json");
    const Json spec = reply.json();
    EXPECT_EQ(spec["openapi"], "3.1.0");
    EXPECT_TRUE(spec["paths"].contains("/v1/chat/completions"));
}

TEST_F(PublicRoutes, EveryReferenceInItPointsAtSomething) {
    const std::string text = get("/openapi.json").body;
    const Json spec = Json::parse(text);
    const std::regex reference(R"re("\$ref":"#([^"]+)")re");
    size_t count = 0;
    for (std::sregex_iterator i(text.begin(), text.end(), reference), end; i != end; ++i) {
        EXPECT_TRUE(spec.contains(Json::json_pointer((*i)[1].str()))) << (*i)[1];
        ++count;
    }
    EXPECT_GT(count, 100U);
}

TEST_F(PublicRoutes, OperationIdsAreUnique) {
    const Json spec = get("/openapi.json").json();
    std::set<std::string> ids;
    for (const auto& [path, item] : spec["paths"].items()) {
        for (const auto& [method, operation] : item.items()) {
            if (!operation.is_object()) continue;
            EXPECT_TRUE(ids.insert(operation["operationId"]).second) << path << " " << method;
        }
    }
}

TEST_F(PublicRoutes, PagesLoadNothingAndRunNothing) {
    for (const char* target : {"/docs", "/docs/errors"}) {
        EXPECT_THAT(get(target).body,
                    HasSubstr("<a href=\"" + std::string(target) + "\" aria-current=\"page\">"));
        const Reply page = get(target);
        EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
        EXPECT_THAT(page.header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
        EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
        for (const char* banned : {"<script",
                                   "src=",
                                   "style=",
                                   "=\"http:",
                                   "=\"https:",
                                   "=\"//",
                                   "onclick",
                                   "@import",
                                   "url("}) {
            EXPECT_THAT(page.body, Not(HasSubstr(banned))) << target;
        }
    }
}

TEST_F(PublicRoutes, TheStyleIsTheOneThatThePolicyAllows) {
    const Reply page = get("/docs");
    const size_t begin = page.body.find("<style>") + 7;
    const std::string style = page.body.substr(begin, page.body.find("</style>") - begin);
    // What the policy names is the SHA-256 of exactly these bytes, in base 64.
    EXPECT_THAT(page.header("Content-Security-Policy"),
                HasSubstr("style-src 'sha256-" + base64_of(sha256(style)) + "'"));
}

TEST_F(PublicRoutes, TheReferenceHasEveryOperationAndLinksThatLeadSomewhere) {
    const std::string page = get("/docs").body;
    for (const SpecOperation& operation : spec_operations()) {
        EXPECT_THAT(page, HasSubstr("<code>" + operation.path + "</code>"));
    }
    const std::regex link(R"re(href="#([^"]+)")re");
    for (std::sregex_iterator i(page.begin(), page.end(), link), end; i != end; ++i) {
        EXPECT_THAT(page, HasSubstr("id=\"" + (*i)[1].str() + "\""));
    }
}

TEST_F(PublicRoutes, PagesMayBeReadByAll) {
    const std::string page = get("/docs").body;
    EXPECT_THAT(page, HasSubstr("<html lang=\"en\">"));
    EXPECT_THAT(page, HasSubstr("Skip to content"));
    EXPECT_THAT(page, HasSubstr("<main id=\"main\">"));
    EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
    EXPECT_THAT(page, HasSubstr("scope=\"col\""));
}

}  // namespace
}  // namespace keywarden
