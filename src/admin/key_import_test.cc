// Keys come in by their hashes, each by itself, and within what the caller may hand out.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

std::string secret(int number) { return "sk-made-elsewhere-" + std::to_string(100 + number); }

class KeyImport : public ApiFixture {
protected:
    static Json item(int number, const Json& more = Json::object()) {
        Json made = {{"hash", to_hex(sha256(secret(number)))},
                     {"name", "k" + std::to_string(number)}};
        made.update(more);
        return made;
    }
    Reply import(const std::vector<Json>& items,
                 std::vector<Header> headers = {},
                 const std::string& path = "/v1/keys/import") {
        return post(path, Json{{"keys", items}}.dump(), std::move(headers));
    }
    /// The status of each item.
    static std::vector<std::string> fates(const Reply& reply) {
        std::vector<std::string> out;
        EXPECT_EQ(reply.status, 200) << reply.body;
        for (const Json& each : reply.json()["data"]) out.push_back(each["status"]);
        return out;
    }
    bool works(int number) {
        return directory_->authenticate(secret(number), clock_.now()).has_value();
    }
};

using Fates = std::vector<std::string>;

TEST_F(KeyImport, ASecretGoesOnWorkingFromTheNextRequestOn) {
    EXPECT_FALSE(works(1));
    const Reply reply = import({item(
        1,
        {{"display", "sk-...101"}, {"rate_limit_rpm", 7}, {"metadata", {{"from", "litellm"}}}})});
    EXPECT_EQ(fates(reply), Fates{"imported"});
    EXPECT_TRUE(works(1));
    const Json key = get(path_of(reply.json()["data"][0]["id"].get<std::string>())).json();
    EXPECT_EQ(key["name"], "k1");
    EXPECT_EQ(key["display"], "sk-...101");
    EXPECT_EQ(key["rate_limit_rpm"], 7);
    EXPECT_EQ(key["secrets"][0]["format"], "opaque");
    EXPECT_EQ(reply.body.find(to_hex(sha256(secret(1)))), std::string::npos);
    EXPECT_EQ(get("/v1/account/audit").json()["data"][0]["action"], "key.create");
}

TEST_F(KeyImport, EachItemIsTakenOrNotByItself) {
    const Reply reply = import({item(1),
                                item(1, {{"name", "the same again"}}),
                                {{"hash", "d41d8cd98f00b204e9800998ecf8427e"}, {"name", "md5"}},
                                {{"hash", std::string(64, '0')}, {"name", "zeros"}},
                                {{"hash", to_hex(sha256(""))}, {"name", "nothing"}},
                                item(2, {{"name", ""}}),
                                item(3, {{"expires_at", "2001-01-01T00:00:00Z"}}),
                                item(4, {{"expires_att", "2099-01-01T00:00:00Z"}}),
                                item(5, {{"format", "orqen"}}),
                                {{"name", "no hash"}},
                                Json(7),
                                item(6)});
    EXPECT_EQ(fates(reply),
              (Fates{"imported",
                     "duplicate",
                     "weak_hash",
                     "weak_hash",
                     "weak_hash",
                     "invalid",
                     "invalid",
                     "invalid",
                     "invalid",
                     "invalid",
                     "invalid",
                     "imported"}));
    const Json told = reply.json();
    EXPECT_EQ(told["imported"], 2);
    EXPECT_EQ(told["duplicates"], 1);
    EXPECT_EQ(told["failed"], 9);
    EXPECT_NE(told["data"][2]["error"]["message"].get<std::string>().find("MD5"),
              std::string::npos);
    EXPECT_EQ(told["data"][7]["error"]["code"], "unknown_field");
    EXPECT_EQ(told["data"][11]["index"], 11);
    EXPECT_EQ(get("/v1/keys").json()["data"].size(), 2U);
    EXPECT_TRUE(works(6));
}

TEST_F(KeyImport, AHashOfAnotherTeamIsADuplicateAndNoMoreIsSaid) {
    be_operator("team_2");
    ASSERT_EQ(fates(import({item(1)})), Fates{"imported"});
    be_operator();
    const Reply reply = import({item(1)});
    EXPECT_EQ(fates(reply), Fates{"duplicate"});
    EXPECT_EQ(reply.body.find("team_2"), std::string::npos);
    EXPECT_FALSE(reply.json()["data"][0].contains("id"));
    EXPECT_EQ(fates(import({item(2)}, {}, "/v1/admin/teams/team_2/keys/import")),
              Fates{"imported"});
    EXPECT_EQ(directory_->authenticate(secret(2), clock_.now())->team_id, "team_2");
    EXPECT_EQ(import({item(3)}, {}, "/v1/admin/teams/none/keys/import").code(), "not_found");
}

TEST_F(KeyImport, TheCapsHold) {
    start({.caps = {.active_keys_max = 2, .creations_per_hour_max = 3}});
    const Reply reply = import({item(1), item(2), item(3)});
    EXPECT_EQ(fates(reply), (Fates{"imported", "imported", "refused"}));
    EXPECT_EQ(reply.json()["data"][2]["error"]["code"], "api_key_limit_reached");
    EXPECT_FALSE(works(3));
    revoke(reply.json()["data"][0]["id"].get<std::string>());
    revoke(reply.json()["data"][1]["id"].get<std::string>());
    const Reply later = import({item(3), item(4)});
    EXPECT_EQ(fates(later), (Fates{"imported", "refused"}));
    EXPECT_EQ(later.json()["data"][1]["error"]["code"], "key_creation_rate_exceeded");
}

TEST_F(KeyImport, NobodyBringsInMoreThanTheyHold) {
    const Json bound = make_key(R"({"rate_limit_rpm":20,"kind":"management"})");
    be(bound["key"].get<std::string>());
    const Reply reply =
        import({item(1, {{"rate_limit_rpm", 21}}), item(2, {{"kind", "full"}}), item(3)});
    EXPECT_EQ(fates(reply), (Fates{"refused", "refused", "imported"}));
    EXPECT_EQ(reply.json()["data"][0]["error"]["code"], "insufficient_scope");
    const Json key = get(path_of(reply.json()["data"][2]["id"].get<std::string>())).json();
    EXPECT_EQ(key["rate_limit_rpm"], 20) << "inherited";
    EXPECT_EQ(key["created_by"], bound["id"]);
}

TEST_F(KeyImport, ADryRunStoresNothing) {
    const Json body = {{"keys", {item(1), item(1), item(2, {{"name", ""}})}}, {"dry_run", true}};
    const Reply reply = post("/v1/keys/import", body.dump());
    EXPECT_EQ(fates(reply), (Fates{"valid", "duplicate", "invalid"}));
    EXPECT_EQ(reply.json()["dry_run"], true);
    EXPECT_FALSE(works(1));
    EXPECT_TRUE(get("/v1/keys").json()["data"].empty());
}

TEST_F(KeyImport, HappensOnceForAnIdempotencyKey) {
    const std::vector<Header> once = {{"Idempotency-Key", "one"}};
    const Reply first = import({item(1)}, once);
    const Reply again = import({item(1)}, once);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(import({item(2)}, once).code(), "idempotency_mismatch");
    EXPECT_EQ(fates(import({item(1)})), Fates{"duplicate"});
}

TEST_F(KeyImport, WhereImportedKeysAreNotAcceptedNothingIsTriedNotEvenDry) {
    accepted_formats_ = {"keywarden"};
    start({.caps = kRoomy});
    EXPECT_EQ(import({item(1)}).code(), "invalid_request");
    const Reply dry = post("/v1/keys/import", Json{{"keys", {item(1)}}, {"dry_run", true}}.dump());
    EXPECT_EQ(dry.code(), "invalid_request");
}

TEST_F(KeyImport, AWrongBodyIsRefusedAsAWhole) {
    EXPECT_EQ(post("/v1/keys/import", "{}").json()["param"], "keys");
    EXPECT_EQ(post("/v1/keys/import", R"({"keys":[]})").json()["param"], "keys");
    EXPECT_EQ(post("/v1/keys/import", R"({"keys":{}})").json()["param"], "keys");
    EXPECT_EQ(post("/v1/keys/import", R"({"key":[]})").json()["suggestion"], "keys");
    EXPECT_EQ(import(std::vector<Json>(501, item(1))).json()["param"], "keys");
    EXPECT_TRUE(get("/v1/keys").json()["data"].empty());
}

}  // namespace
}  // namespace keywarden
