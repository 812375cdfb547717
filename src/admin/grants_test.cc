// Nobody grants more than they hold, whichever route they try.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kBound = R"({"name":"bound","rate_limit_rpm":20,
    "expires_at":"2050-01-01T00:00:00Z","toollist":{"allowed":["a","b"],"denied":["b"]}})";

class Grants : public ApiFixture {
protected:
    /// Calls as a new key of this body from here on, and returns its id.
    std::string be_new(std::string_view body) {
        const Json made = make_key(body);
        be(made["key"].get<std::string>());
        return made["id"];
    }

    /// Creates as the caller: "201", or the field that is refused.
    std::string create(std::string_view body) {
        Json wanted = Json::parse(body);
        wanted["name"] = "child";
        return outcome(post("/v1/keys", wanted.dump()));
    }

    static std::string outcome(const Reply& reply) {
        if (reply.status < 400) return std::to_string(reply.status);
        EXPECT_EQ(reply.code(), "insufficient_scope") << reply.body;
        EXPECT_EQ(reply.status, 403);
        return reply.json()["param"];
    }
};

TEST_F(Grants, AChildInheritsWhatItsCreatorIsBoundBy) {
    const std::string parent = be_new(kBound);
    const Json child = make_key();
    EXPECT_EQ(child["created_by"], parent);
    EXPECT_EQ(child["rate_limit_rpm"], 20);
    EXPECT_EQ(child["expires_at"], "2050-01-01T00:00:00.000Z");
    EXPECT_EQ(child["toollist"]["allowed"], Json({"a", "b"}));
    EXPECT_EQ(child["toollist"]["denied"], Json({"b"}));
    EXPECT_EQ(child["kind"], "full");
}

TEST_F(Grants, AChildMayHaveAsMuchButNoMore) {
    be_new(kBound);
    EXPECT_EQ(create(R"({"rate_limit_rpm":20})"), "201");
    EXPECT_EQ(create(R"({"rate_limit_rpm":21})"), "rate_limit_rpm");
    EXPECT_EQ(create(R"({"expires_at":"2050-01-01T00:00:00Z"})"), "201");
    EXPECT_EQ(create(R"({"expires_at":"2050-01-01T00:00:01Z"})"), "expires_at");
    EXPECT_EQ(create(R"({"toollist":{"allowed":["a"]}})"), "201");
    EXPECT_EQ(create(R"({"toollist":{"allowed":["c"]}})"), "toollist");
    EXPECT_EQ(create(R"({"toollist":{"allowed":["*"]}})"), "toollist");
    EXPECT_EQ(create(R"({"toollist":{"denied":[]}})"), "201")
        << "what its maker is denied it is too";
}

TEST_F(Grants, AChildHasTheTagsOfItsMakerAndThoseOfItsOwn) {
    be_new(R"({"tags":["a","b"]})");
    EXPECT_EQ(make_key()["tags"], Json({"a", "b"}));
    const Json child = make_key(R"({"tags":["b","c"]})");
    EXPECT_EQ(child["tags"], Json({"b", "c", "a"}));
    be(child["key"].get<std::string>());
    EXPECT_EQ(make_key(R"({"tags":[]})")["tags"], Json({"b", "c", "a"}));
    Json many = Json::array();
    for (int i = 0; i < 14; ++i) many.push_back("t" + std::to_string(i));
    EXPECT_EQ(post("/v1/keys", Json({{"name", "k"}, {"tags", many}}).dump()).json()["param"],
              "tags");
}

TEST_F(Grants, NoKeyTakesOffItsOwnTagsNorGetsASecretWithoutThem) {
    const std::string untagged = make_id();
    const std::string own = be_new(R"({"tags":["a"]})");
    EXPECT_EQ(outcome(patch(own, R"({"tags":[]})")), "tags");
    EXPECT_EQ(outcome(patch(own, R"({"tags":["b"]})")), "tags");
    EXPECT_EQ(outcome(patch(own, R"({"tags":["b","a"]})")), "200") << "it is bound by more";
    EXPECT_EQ(outcome(post(path_of(untagged, "/rotate"), "")), "tags");
    EXPECT_EQ(outcome(patch(untagged, R"({"name":"renamed"})")), "200");
}

TEST_F(Grants, AManagementKeyMakesOnlyItsOwnKind) {
    be_new(R"({"kind":"management"})");
    EXPECT_EQ(make_key()["kind"], "management");
    EXPECT_EQ(create(R"({"kind":"management"})"), "201");
    EXPECT_EQ(create(R"({"kind":"inference"})"), "kind");
    EXPECT_EQ(create(R"({"kind":"full"})"), "kind");
}

TEST_F(Grants, AFullKeyMakesEveryKind) {
    be_new("{}");
    for (const char* kind : {"full", "inference", "management"}) {
        EXPECT_EQ(create(std::string(R"({"kind":")") + kind + "\"}"), "201");
    }
}

TEST_F(Grants, AnOperatorIsNotBound) { EXPECT_EQ(create(R"({"rate_limit_rpm":1000000})"), "201"); }

TEST_F(Grants, NoKeyWidensItself) {
    const std::string own = be_new(kBound);
    EXPECT_EQ(outcome(patch(own, R"({"rate_limit_rpm":21})")), "rate_limit_rpm");
    EXPECT_EQ(outcome(patch(own, R"({"rate_limit_rpm":null})")), "rate_limit_rpm");
    EXPECT_EQ(outcome(patch(own, R"({"expires_at":null})")), "expires_at");
    EXPECT_EQ(outcome(patch(own, R"({"toollist":null})")), "toollist");
    EXPECT_EQ(outcome(send(Method::Put, path_of(own, "/toollist"), R"({"denied":null})")),
              "toollist");
    EXPECT_EQ(outcome(patch(own, R"({"rate_limit_rpm":19,"name":"narrower"})")), "200");
}

TEST_F(Grants, AWiderKeyMayBeNarrowedRenamedAndRevoked) {
    const std::string wide = make_id(R"({"rate_limit_rpm":500})");
    be_new(kBound);
    EXPECT_EQ(outcome(patch(wide, R"({"name":"renamed"})")), "200");
    EXPECT_EQ(outcome(patch(wide, R"({"rate_limit_rpm":400})")), "200");
    EXPECT_EQ(outcome(patch(wide, R"({"rate_limit_rpm":401})")), "rate_limit_rpm");
    EXPECT_EQ(outcome(post(path_of(wide, "/disable"), "")), "200");
    EXPECT_EQ(outcome(post(path_of(wide, "/enable"), "")), "200");
    EXPECT_EQ(outcome(revoke(wide)), "200");
}

TEST_F(Grants, RotatingAWiderKeyWouldBeAGrant) {
    const std::string fast = make_id(R"({"rate_limit_rpm":500,
        "expires_at":"2050-01-01T00:00:00Z","toollist":{"allowed":["a"]}})");
    const std::string full = make_id("{}");
    const std::string peer = make_id(R"({"kind":"management"})");
    const Json manager = make_key(R"({"kind":"management"})");
    be_new(kBound);
    EXPECT_EQ(outcome(post(path_of(fast, "/rotate"), "")), "rate_limit_rpm");
    be(manager["key"].get<std::string>());
    EXPECT_EQ(outcome(post(path_of(full, "/rotate"), R"({"emergency":true})")), "kind");
    EXPECT_EQ(outcome(post(path_of(peer, "/rotate"), "")), "200");
}

}  // namespace
}  // namespace keywarden
