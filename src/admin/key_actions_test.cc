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
                              R"({"grace":null,"emergency":true})")
                             .json();
    EXPECT_EQ(state_of(made["key"]), "expired_api_key");
    EXPECT_EQ(state_of(rotated["key"]), "ok");
}

TEST_F(KeyActions, AnEmergencyLeavesNoGrace) {
    const Json made = make_key();
    const std::string path = path_of(made["id"].get<std::string>(), "/rotate");
    for (const char* grace : {"24h", "0s"}) {
        const Json body = {{"grace", grace}, {"emergency", true}};
        const Reply refused = post(path, body.dump());
        EXPECT_EQ(refused.code(), "invalid_request") << refused.body;
        EXPECT_EQ(refused.json()["param"], "grace");
    }
    EXPECT_EQ(state_of(made["key"]), "ok");
    EXPECT_EQ(get(path_of(made["id"].get<std::string>())).json()["secrets"].size(), 1U);
    EXPECT_EQ(post(path, R"({"grace":"1h","emergency":false})").status, 200);
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
    for (const std::string family : {"/v1/keys/", "/v1/account/keys/"}) {
        const Json made = make_key();
        const std::string id = made["id"];
        const std::string path = family + id;
        EXPECT_EQ(post(path + "/quarantine", "").json()["status"], "quarantined");
        EXPECT_EQ(state_of(made["key"]), "key_quarantined");
        EXPECT_EQ(post(path + "/quarantine", "").status, 200) << "twice is once";
        EXPECT_EQ(post(path + "/enable", "").json()["param"], "status");
        EXPECT_EQ(post(path + "/disable", "").json()["param"], "status");
        EXPECT_EQ(post(path + "/release", "").json()["status"], "active");
        EXPECT_EQ(state_of(made["key"]), "ok");
        EXPECT_EQ(post(path + "/release", "").status, 200);
        EXPECT_EQ(post(path + "/quarantine", "").status, 200);
        EXPECT_EQ(revoke(id).json()["status"], "revoked");
        EXPECT_EQ(post(path + "/release", "").code(), "invalid_request");
    }
}

TEST_F(KeyActions, QuarantineAndReleaseStandInTheAuditLog) {
    const std::string id = make_id();
    post(path_of(id, "/quarantine"), "");
    post(path_of(id, "/release"), "");
    const Json rows = get("/v1/account/audit").json()["data"];
    EXPECT_EQ(rows[0]["action"], "key.release");
    EXPECT_EQ(rows[1]["action"], "key.quarantine");
    EXPECT_EQ(rows[1]["target"]["id"], id);
}

TEST_F(KeyActions, ADisabledKeyIsNotBroughtBackByQuarantineAndRelease) {
    const std::string id = make_id();
    post(path_of(id, "/disable"), "");
    EXPECT_EQ(post(path_of(id, "/quarantine"), "").json()["param"], "status");
    EXPECT_EQ(post(path_of(id, "/release"), "").json()["param"], "status");
    EXPECT_EQ(get(path_of(id)).json()["status"], "disabled");
}

TEST_F(KeyActions, WhoeverIsHeldBackDoesNotLetThemselvesGo) {
    const Json member =
        post("/v1/account/members", R"({"email":"mia@x.test","role":"member"})").json();
    const Json owner =
        post("/v1/account/members", R"({"email":"ann@x.test","role":"owner"})").json();
    const auto key_for = [&](const Json& person) {
        return make_key(R"({"user":")" + person["user"].get<std::string>() + "\"}");
    };
    const Json caller = key_for(member);
    const std::string held = key_for(member)["id"];
    const std::string foreign = make_id();
    const Json anns = key_for(owner);
    be(caller["key"].get<std::string>());
    EXPECT_EQ(post(path_of(foreign, "/quarantine"), "").code(), "team_access_denied");
    EXPECT_EQ(post(path_of(held, "/quarantine"), "").status, 200);
    const Reply refused = post(path_of(held, "/release"), "");
    EXPECT_EQ(refused.code(), "team_access_denied");
    EXPECT_EQ(refused.json()["denied_by"], "team");
    be(anns["key"].get<std::string>());
    EXPECT_EQ(post(path_of(held, "/release"), "").status, 200);
}

TEST_F(KeyActions, TheyTakeNoFields) {
    const std::string id = make_id();
    EXPECT_EQ(post(path_of(id, "/disable"), R"({"reason":"x"})").code(), "unknown_field");
    EXPECT_EQ(post(path_of(id, "/enable"), "[]").code(), "invalid_request");
    EXPECT_EQ(post(path_of(id, "/quarantine"), R"({"reason":"x"})").code(), "unknown_field");
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
    EXPECT_EQ(put_toollist(id, R"({"denied":["github_delete_*"]})").json()["policy"]["tools"],
              Json::parse(R"({"deny":["github_delete_*"]})"))
        << "it is one list by two names";
    EXPECT_EQ(put_toollist(id, R"({"allow":[]})").code(), "unknown_field");
    EXPECT_EQ(put_toollist(id, R"({"allowed":["a","a"]})").json()["param"], "toollist.allowed");
    EXPECT_EQ(put_toollist(id, R"({"allowed":"a"})").json()["param"], "toollist.allowed");
}

}  // namespace
}  // namespace keywarden
