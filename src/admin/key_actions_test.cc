// What is done to a key besides changing its fields.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

using std::chrono::hours;

class KeyActions : public ApiFixture {
protected:
    /// "ok", or the code with which the secret is refused now.
    std::string state_of(const Json& secret) {
        const auto got = directory_->authenticate(secret.get<std::string>(), clock_.now());
        return got ? "ok" : std::string(info(got.error().code).slug);
    }

    Reply put_toollist(const std::string& id, std::string body) {
        return send(Method::Put, path_of(id, "/toollist"), std::move(body));
    }
};

TEST_F(KeyActions, ARotationAddsASecretAndKeepsTheKey) {
    const Json made = make_key(R"({"name":"ci","rate_limit_rpm":7})");
    const Reply reply =
        post(path_of(made["id"].get<std::string>(), "/rotate"), R"({"grace":"2h"})");
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
    const Json rotated = reply.json();
    EXPECT_EQ(rotated["id"], made["id"]);
    EXPECT_EQ(rotated["rate_limit_rpm"], 7);
    EXPECT_NE(rotated["key"], made["key"]);
    EXPECT_EQ(rotated["secrets"].size(), 2U);
    EXPECT_EQ(state_of(made["key"]), "ok");
    EXPECT_EQ(state_of(rotated["key"]), "ok");
}

TEST_F(KeyActions, TheGraceStartsAtTheFirstUseOfTheNewSecret) {
    const Json made = make_key();
    const Json rotated =
        post(path_of(made["id"].get<std::string>(), "/rotate"), R"({"grace":"2h"})").json();
    clock_.advance(hours(100));
    EXPECT_EQ(state_of(made["key"]), "ok");  // nobody has used the new one
    EXPECT_EQ(state_of(rotated["key"]), "ok");
    ASSERT_TRUE(directory_->write_uses());
    clock_.advance(hours(2) - std::chrono::seconds(1));
    EXPECT_EQ(state_of(made["key"]), "ok");
    clock_.advance(std::chrono::seconds(2));
    EXPECT_EQ(state_of(made["key"]), "expired_api_key");
    EXPECT_EQ(state_of(rotated["key"]), "ok");
}

TEST_F(KeyActions, AnEmergencyEndsTheOldSecretAtOnce) {
    const Json made = make_key();
    const Json rotated = post(path_of(made["id"].get<std::string>(), "/rotate"),
                              R"({"grace":"24h","emergency":true})")
                             .json();
    EXPECT_EQ(state_of(made["key"]), "expired_api_key");
    EXPECT_EQ(state_of(rotated["key"]), "ok");
}

TEST_F(KeyActions, ARotationNeedsNoBody) {
    EXPECT_EQ(post(path_of(make_id(), "/rotate"), "").status, 200);
    EXPECT_EQ(post(path_of(make_id(), "/rotate"), "{}").status, 200);
}

TEST_F(KeyActions, AWrongRotationIsRefused) {
    const std::string path = path_of(make_id(), "/rotate");
    EXPECT_EQ(post(path, R"({"grace":"91d"})").json()["param"], "grace");
    EXPECT_EQ(post(path, R"({"grace":24})").json()["param"], "grace");
    EXPECT_EQ(post(path, R"({"emergency":"yes"})").json()["param"], "emergency");
    EXPECT_EQ(post(path, R"({"grase":"1h"})").json()["suggestion"], "grace");
    EXPECT_EQ(post(path, "{}", {{"If-Match", "\"9\""}}).code(), "version_mismatch");
    EXPECT_EQ(get(path_of(get("/v1/keys").json()["data"][0]["id"].get<std::string>()))
                  .json()["secrets"]
                  .size(),
              1U);
}

TEST_F(KeyActions, ThreeSecretsLiveAtMost) {
    const std::string path = path_of(make_id(), "/rotate");
    EXPECT_EQ(post(path, "").status, 200);
    EXPECT_EQ(post(path, "").status, 200);
    EXPECT_EQ(post(path, "").code(), "invalid_request");
    EXPECT_EQ(post(path, R"({"emergency":true})").status, 200);
}

TEST_F(KeyActions, DisablingStopsAKeyAndEnablingBringsItBack) {
    const Json made = make_key();
    const std::string id = made["id"];
    EXPECT_EQ(post(path_of(id, "/disable"), "").json()["status"], "disabled");
    EXPECT_EQ(state_of(made["key"]), "disabled_api_key");
    EXPECT_EQ(post(path_of(id, "/enable"), "").json()["status"], "active");
    EXPECT_EQ(state_of(made["key"]), "ok");
}

TEST_F(KeyActions, DoingItTwiceChangesNothing) {
    const std::string id = make_id();
    const Reply first = post(path_of(id, "/disable"), "");
    EXPECT_EQ(post(path_of(id, "/disable"), "").body, first.body);
    const Reply enabled = post(path_of(id, "/enable"), "");
    EXPECT_EQ(post(path_of(id, "/enable"), "").body, enabled.body);
}

TEST_F(KeyActions, AQuarantinedKeyWaitsForAPerson) {
    const std::string id = make_id();
    ASSERT_TRUE(directory_->change("team_1", id, std::nullopt, [](Key& key) -> Result<void> {
        key.status = KeyStatus::Quarantined;
        return {};
    }));
    EXPECT_EQ(post(path_of(id, "/enable"), "").json()["param"], "status");
    EXPECT_EQ(post(path_of(id, "/disable"), "").json()["param"], "status");
    EXPECT_EQ(revoke(id).json()["status"], "revoked");
}

TEST_F(KeyActions, TheyTakeNoFields) {
    const std::string id = make_id();
    EXPECT_EQ(post(path_of(id, "/disable"), R"({"reason":"x"})").code(), "unknown_field");
    EXPECT_EQ(post(path_of(id, "/enable"), "[]").code(), "invalid_request");
    EXPECT_EQ(send(Method::Delete, path_of(id), R"({"force":true})").code(), "unknown_field");
}

TEST_F(KeyActions, AToolListTellsAbsentFromNullFromEmpty) {
    const std::string id = make_id();
    EXPECT_EQ(put_toollist(id, R"({"allowed":["a","b"],"denied":["c"]})").json()["toollist"],
              Json::parse(R"({"allowed":["a","b"],"denied":["c"]})"));
    EXPECT_EQ(put_toollist(id, R"({"denied":null})").json()["toollist"],
              Json::parse(R"({"allowed":["a","b"],"denied":null})"));
    EXPECT_EQ(put_toollist(id, R"({"allowed":[]})").json()["toollist"],
              Json::parse(R"({"allowed":[],"denied":null})"));
    EXPECT_EQ(put_toollist(id, R"({"allowed":null})").json()["toollist"],
              Json::parse(R"({"allowed":null,"denied":null})"));
    EXPECT_EQ(put_toollist(id, R"({"allow":[]})").code(), "unknown_field");
    EXPECT_EQ(put_toollist(id, R"({"allowed":"a"})").json()["param"], "toollist.allowed");
}

}  // namespace
}  // namespace keywarden
