#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

class Introspect : public ApiFixture {
protected:
    void SetUp() override {
        ApiFixture::SetUp();
        made_ = make_key(R"({"name":"client"})");
        secret_ = made_["key"].get<std::string>();
    }

    Reply ask(std::string body,
              std::string_view type = "application/x-www-form-urlencoded; charset=UTF-8") {
        return answer({.method = Method::Post,
                       .path = "/v1/introspect",
                       .headers = {{"Content-Type", std::string(type)}},
                       .body = std::move(body)});
    }
    Json look(std::string_view token) {
        const Reply reply = ask("token_type_hint=access_token&token=" + std::string(token));
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.header("Cache-Control"), "no-store");
        return reply.json();
    }

    const Json inactive_ = {{"active", false}};
    Json made_;
    std::string secret_;
};

TEST_F(Introspect, TellsOfALiveKeyWhatOAuthAsks) {
    const Json got = look(secret_);
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now().time_since_epoch());
    EXPECT_EQ(got["active"], true);
    EXPECT_EQ(got["token_type"], "Bearer");
    EXPECT_EQ(got["client_id"], made_["id"]);
    EXPECT_EQ(got["sub"], made_["id"]) << "nobody's key is its own subject";
    EXPECT_EQ(got["team"], "team_1");
    EXPECT_EQ(got["iat"], now.count());
    EXPECT_FALSE(got.contains("exp"));
    EXPECT_FALSE(got.contains("nbf"));
    const std::string scope = " " + got["scope"].get<std::string>() + " ";
    EXPECT_NE(scope.find(" inference "), std::string::npos) << scope;
    EXPECT_EQ(scope.find(" operator "), std::string::npos) << scope;
}

TEST_F(Introspect, TheEndIsTheKeysOrThatOfARotatedSecret) {
    const auto in = [&](Nanos span) {
        const auto when = (clock_.now() + span).time_since_epoch();
        return std::chrono::floor<std::chrono::seconds>(when).count();
    };
    const Json key = make_key(R"({"expires_at":")" + format_iso8601(clock_.now() + 48h) + R"("})");
    EXPECT_EQ(look(key["key"].get<std::string>())["exp"], in(48h));
    const std::string id = key["id"];
    const Json rotated = post(path_of(id, "/rotate"), R"({"grace":"1h"})").json();
    EXPECT_EQ(look(rotated["key"].get<std::string>())["exp"], in(48h));
    EXPECT_EQ(look(key["key"].get<std::string>())["exp"], in(1h)) << "the grace has begun";
    clock_.advance(1h);
    EXPECT_EQ(look(key["key"].get<std::string>()), inactive_);
}

TEST_F(Introspect, WhateverIsNotValidIsJustNotActive) {
    const Json disabled = make_key();
    post(path_of(disabled["id"].get<std::string>(), "/disable"), "");
    const Json pending =
        make_key(R"({"not_before":")" + format_iso8601(clock_.now() + 1h) + R"("})");
    be_operator("team_2");
    const Json foreign = make_key();
    be_operator();
    for (const std::string& each : {std::string("nothing"),
                                    disabled["key"].get<std::string>(),
                                    pending["key"].get<std::string>(),
                                    foreign["key"].get<std::string>()}) {
        EXPECT_EQ(look(each), inactive_);
    }
    directory_->policies().put(
        TeamRules{.id = "team_1", .state = TeamState::Suspended, .version = 9});
    EXPECT_EQ(look(secret_), inactive_);
}

TEST_F(Introspect, ReadsAForm) {
    EXPECT_EQ(ask("token=" + secret_ + "&client_id=other&x").json()["active"], true);
    EXPECT_EQ(ask("token=%6b" + secret_.substr(1)).json()["active"], true) << "%6b is a 'k'";
    EXPECT_EQ(ask("").code(), "invalid_request");
    EXPECT_EQ(ask("token=").code(), "invalid_request");
    EXPECT_EQ(ask("tokn=x").code(), "invalid_request");
    EXPECT_EQ(ask("token=a&token=b").json()["param"], "token");
    EXPECT_EQ(ask("token=%zz").code(), "invalid_request");
    EXPECT_EQ(ask(R"({"token":"x"})", "application/json").code(), "unsupported_media_type");
    EXPECT_EQ(ask("token=x", "").code(), "unsupported_media_type");
    std::string many;
    for (int i = 0; i < 40; ++i) many += "a=b&";
    EXPECT_EQ(ask(many + "token=x").code(), "invalid_request");
}

}  // namespace
}  // namespace keywarden
