// Keys over the API: create, read, list, change, revoke.
#include <chrono>
#include <gmock/gmock.h>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

using testing::HasSubstr;
using testing::Not;

class Keys : public ApiFixture {};

TEST_F(Keys, ANameAloneMakesAKeyThatWorks) {
    const Reply reply = post("/v1/account/keys", R"({"name":"laptop"})");
    EXPECT_EQ(reply.status, 201);
    const Json key = reply.json();
    EXPECT_EQ(key["object"], "api_key");
    EXPECT_EQ(key["name"], "laptop");
    EXPECT_EQ(key["kind"], "full");
    EXPECT_EQ(key["status"], "active");
    EXPECT_EQ(key["rate_limit_rpm"], 60);
    EXPECT_EQ(key["created_by"], "user_operator");
    EXPECT_EQ(key["version"], 1);
    EXPECT_EQ(reply.header("ETag"), "\"1\"");
    EXPECT_EQ(reply.header("Location"), "/v1/account/keys/" + key["id"].get<std::string>());

    const auto caller = directory_->authenticate(key["key"].get<std::string>(), clock_.now());
    ASSERT_TRUE(caller);
    EXPECT_EQ(caller->key_id(), key["id"].get<std::string>());
}

TEST_F(Keys, TheSecretIsShownOnceAndKeptByNoCache) {
    const Reply created = post("/v1/keys", R"({"name":"a"})");
    EXPECT_EQ(created.header("Cache-Control"), "no-store");
    const std::string secret = created.json()["key"];
    const std::string id = created.json()["id"];
    EXPECT_THAT(secret, testing::StartsWith("kw_live_"));
    for (const std::string& target : {path_of(id), std::string("/v1/keys")}) {
        const Reply later = get(target);
        EXPECT_EQ(later.status, 200);
        EXPECT_THAT(later.body, Not(HasSubstr(secret)));
        EXPECT_THAT(later.body, Not(HasSubstr("\"key\":")));
        EXPECT_EQ(later.header("Cache-Control"), "no-store");
    }
}

TEST_F(Keys, EveryFieldIsStoredAndReadBack) {
    const Json made = make_key(R"({"name":"billing","description":"Writes letters.",
        "kind":"inference","not_before":"2090-01-01T00:00:00Z","expires_at":"2091-01-01T00:00:00Z",
        "rate_limit_rpm":30,"k_target_override":8,
        "toollist":{"allowed":["get_invoice"],"denied":["drop_table"]},
        "metadata":{"cost_center":"4711"},"tags":["production"],"environment":"test"})");
    const Json read = get(path_of(made["id"].get<std::string>())).json();
    EXPECT_EQ(read["description"], "Writes letters.");
    EXPECT_EQ(read["kind"], "inference");
    EXPECT_EQ(read["status"], "pending");
    EXPECT_EQ(read["not_before"], "2090-01-01T00:00:00.000Z");
    EXPECT_EQ(read["expires_at"], "2091-01-01T00:00:00.000Z");
    EXPECT_EQ(read["rate_limit_rpm"], 30);
    EXPECT_EQ(read["k_target_override"], 8);
    EXPECT_EQ(read["toollist"]["allowed"], Json({"get_invoice"}));
    EXPECT_EQ(read["toollist"]["denied"], Json({"drop_table"}));
    EXPECT_EQ(read["metadata"], Json({{"cost_center", "4711"}}));
    EXPECT_EQ(read["tags"], Json({"production"}));
    EXPECT_THAT(made["key"].get<std::string>(), testing::StartsWith("kw_test_"));
}

TEST_F(Keys, AFormatIsOneThatCanBeMinted) {
    EXPECT_THAT(make_key(R"({"format":"orqen"})")["key"].get<std::string>(),
                testing::StartsWith("sk-orq-"));
    EXPECT_THAT(make_key(R"({"format":"orbitkit"})")["key"].get<std::string>(),
                testing::StartsWith("ok_"));
    const Reply unknown = post("/v1/keys", R"({"name":"a","format":"jwt"})");
    EXPECT_EQ(unknown.status, 400);
    EXPECT_EQ(unknown.json()["param"], "format");
    EXPECT_THAT(unknown.body, HasSubstr("keywarden"));
    const Reply no_test_keys =
        post("/v1/keys", R"({"name":"a","format":"orqen","environment":"test"})");
    EXPECT_EQ(no_test_keys.json()["param"], "environment");
}

TEST_F(Keys, AWrongFieldIsNamedAndNothingIsMade) {
    const Reply reply = post("/v1/keys", R"({"name":"a","rate_limit":5})");
    EXPECT_EQ(reply.code(), "unknown_field");
    EXPECT_EQ(reply.json()["suggestion"], "rate_limit_rpm");
    EXPECT_EQ(
        post("/v1/keys", R"({"name":"a","expires_at":"2001-01-01T00:00:00Z"})").json()["param"],
        "expires_at");
    EXPECT_EQ(post("/v1/keys", "{").code(), "invalid_request");
    EXPECT_TRUE(get("/v1/keys").json()["data"].empty());
}

TEST_F(Keys, BothFamiliesAreOneThing) {
    const std::string id = make_id();
    EXPECT_EQ(get("/v1/account/keys/" + id).body, get("/v1/keys/" + id).body);
    EXPECT_EQ(get("/v1/account/keys").body, get("/v1/keys").body);
}

TEST_F(Keys, TheDefaultCapsAreTenActiveAndFiveAnHour) {
    start({});
    for (int i = 0; i < 5; ++i) make_key();
    const Reply too_fast = post("/v1/keys", R"({"name":"a"})");
    EXPECT_EQ(too_fast.status, 429);
    EXPECT_EQ(too_fast.code(), "key_creation_rate_exceeded");
    EXPECT_GE(std::stoi(too_fast.header("Retry-After")), 1);
    clock_.advance(std::chrono::hours(1));
    for (int i = 0; i < 5; ++i) make_key();
    // The cap is looked at before the rate.
    const Reply too_many = post("/v1/keys", R"({"name":"a"})");
    EXPECT_EQ(too_many.status, 400);
    EXPECT_EQ(too_many.code(), "api_key_limit_reached");
}

TEST_F(Keys, AnExpiredKeyIsGivenMoreTimeOnlyUnderTheCap) {
    start({.caps = {.active_keys_max = 1, .creations_per_hour_max = 100}});
    const std::string old = make_id(R"({"expires_at":")" +
                                    format_iso8601(clock_.now() + std::chrono::hours(1)) + "\"}");
    clock_.advance(std::chrono::hours(2));
    const std::string young = make_id();
    EXPECT_EQ(patch(old, R"({"expires_at":null})").code(), "api_key_limit_reached");
    EXPECT_EQ(get(path_of(old)).json()["status"], "expired");
    EXPECT_EQ(revoke(young).status, 200);
    EXPECT_EQ(patch(old, R"({"expires_at":null})").json()["status"], "active");
}

TEST_F(Keys, AListGoesFromTheNewestOnPageByPage) {
    for (int i = 0; i < 5; ++i) {
        make_key(R"({"name":"k)" + std::to_string(i) + "\"}");
        clock_.advance(std::chrono::seconds(1));
    }
    std::vector<std::string> names;
    std::string target = "/v1/keys?limit=2";
    int pages = 0;
    for (; pages < 10; ++pages) {
        const Json page = get(target).json();
        EXPECT_EQ(page["object"], "list");
        for (const Json& key : page["data"]) names.push_back(key["name"]);
        EXPECT_EQ(page["has_more"].get<bool>(), !page["next"].is_null());
        if (!page["has_more"].get<bool>()) break;
        target = "/v1/keys?limit=2&after=" + page["next"].get<std::string>();
    }
    EXPECT_EQ(pages, 2);
    EXPECT_THAT(names, testing::ElementsAre("k4", "k3", "k2", "k1", "k0"));
}

TEST_F(Keys, AListMayBeFilteredByStatus) {
    const std::string gone = make_id();
    const std::string here = make_id();
    revoke(gone);
    const Json revoked = get("/v1/keys?status=revoked").json();
    ASSERT_EQ(revoked["data"].size(), 1U);
    EXPECT_EQ(revoked["data"][0]["id"], gone);
    const Json active = get("/v1/keys?status=active").json();
    ASSERT_EQ(active["data"].size(), 1U);
    EXPECT_EQ(active["data"][0]["id"], here);
}

TEST_F(Keys, AWrongQueryIsRefused) {
    EXPECT_EQ(get("/v1/keys?limit=0").code(), "invalid_request");
    EXPECT_EQ(get("/v1/keys?page=2").code(), "unknown_field");
    EXPECT_EQ(get("/v1/keys?after=made-up").code(), "invalid_request");
}

TEST_F(Keys, AnotherTeamsKeyIsNotFound) {
    const std::string id = make_id();
    be_operator("team_2");
    EXPECT_EQ(get(path_of(id)).code(), "not_found");
    EXPECT_EQ(patch(id, R"({"name":"mine"})").code(), "not_found");
    EXPECT_EQ(revoke(id).code(), "not_found");
    EXPECT_EQ(post(path_of(id, "/rotate"), "").code(), "not_found");
    EXPECT_EQ(post(path_of(id, "/disable"), "").code(), "not_found");
    EXPECT_EQ(send(Method::Put, path_of(id, "/toollist"), "{}").code(), "not_found");
    EXPECT_TRUE(get("/v1/keys").json()["data"].empty());
}

TEST_F(Keys, AChangeTouchesOnlyWhatItNames) {
    const std::string id = make_id(R"({"name":"old","rate_limit_rpm":30,"tags":["a"]})");
    const Reply changed = patch(id, R"({"name":"new","tags":null})");
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(changed.json()["name"], "new");
    EXPECT_EQ(changed.json()["rate_limit_rpm"], 30);
    EXPECT_TRUE(changed.json()["tags"].empty());
    EXPECT_EQ(changed.json()["version"], 2);
    EXPECT_EQ(changed.header("ETag"), "\"2\"");
    EXPECT_EQ(patch(id, R"({"rate_limit_rpm":null})").json()["rate_limit_rpm"], 60);
}

TEST_F(Keys, AChangeHoldsForTheNextRequest) {
    const Json made = make_key(R"({"rate_limit_rpm":10})");
    patch(made["id"].get<std::string>(), R"({"rate_limit_rpm":20})");
    const auto caller = directory_->authenticate(made["key"].get<std::string>(), clock_.now());
    ASSERT_TRUE(caller);
    EXPECT_EQ(caller->rate_limit_rpm, 20);
}

TEST_F(Keys, IfMatchKeepsTwoWritersApart) {
    const std::string id = make_id();
    EXPECT_EQ(patch(id, R"({"name":"first"})", {{"If-Match", "\"1\""}}).status, 200);
    const Reply late = patch(id, R"({"name":"second"})", {{"If-Match", "\"1\""}});
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(late.code(), "version_mismatch");
    EXPECT_EQ(get(path_of(id)).json()["name"], "first");
    EXPECT_EQ(patch(id, R"({"name":"third"})", {{"If-Match", "*"}}).status, 200);
    EXPECT_EQ(patch(id, R"({"name":"x"})", {{"If-Match", "3"}}).json()["param"], "If-Match");
    EXPECT_EQ(send(Method::Delete, path_of(id), "", {{"If-Match", "\"1\""}}).status, 412);
}

TEST_F(Keys, ARefusedChangeChangesNothing) {
    const std::string id = make_id();
    const std::string before = get(path_of(id)).body;
    EXPECT_EQ(patch(id, R"({"name":"new","tags":7})").status, 400);
    EXPECT_EQ(patch(id, R"({"name":"new","expires_at":"2001-01-01T00:00:00Z"})").status, 400);
    EXPECT_EQ(patch(id, "").status, 400);
    EXPECT_EQ(get(path_of(id)).body, before);
}

TEST_F(Keys, RevokingHoldsAtOnceAndMayBeRepeated) {
    const Json made = make_key();
    const std::string id = made["id"];
    const Reply first = revoke(id);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.json()["status"], "revoked");
    EXPECT_FALSE(first.json()["revoked_at"].is_null());
    const auto refused = directory_->authenticate(made["key"].get<std::string>(), clock_.now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::RevokedApiKey);

    clock_.advance(std::chrono::hours(1));
    const Reply second = send(Method::Delete, path_of(id), "", {{"If-Match", "\"1\""}});
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(second.body, first.body);
}

TEST_F(Keys, ARevokedKeyIsTheEndOfAHistory) {
    const std::string id = make_id();
    revoke(id);
    for (const Reply& reply : {patch(id, R"({"name":"a"})"),
                               post(path_of(id, "/rotate"), ""),
                               post(path_of(id, "/enable"), ""),
                               post(path_of(id, "/disable"), ""),
                               send(Method::Put, path_of(id, "/toollist"), "{}")}) {
        EXPECT_EQ(reply.code(), "invalid_request") << reply.body;
    }
    EXPECT_EQ(get(path_of(id)).status, 200);
}

TEST_F(Keys, AStoreThatIsAwayIs503AndChangesNothing) {
    const std::string id = make_id();
    const std::string before = get(path_of(id)).body;
    store_->is_down = true;
    for (const Reply& reply : {get("/v1/keys"),
                               get(path_of(id)),
                               post("/v1/keys", R"({"name":"a"})"),
                               patch(id, R"({"name":"a"})"),
                               revoke(id),
                               post(path_of(id, "/rotate"), ""),
                               post(path_of(id, "/disable"), "")}) {
        EXPECT_EQ(reply.status, 503);
        EXPECT_EQ(reply.code(), "store_unavailable");
    }
    store_->is_down = false;
    EXPECT_EQ(get(path_of(id)).body, before);
}

TEST_F(Keys, AnUnknownIdIsNotFound) {
    for (const char* id : {"key_none", "x", "%00", "..", "key_00000000000000000000"}) {
        EXPECT_EQ(get(path_of(id)).status, 404) << id;
        EXPECT_EQ(revoke(id).status, 404) << id;
    }
}

}  // namespace
}  // namespace keywarden
