// Passkeys as the handlers see them: added, used beside a password and by themselves, removed.
#include <gmock/gmock.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/json/body.h"
#include "base/password.h"
#include "console/console_fixture.h"
#include "console/passkey_fields.h"
#include "domain/totp.h"
#include "domain/webauthn_fixture.h"

namespace keywarden {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::Authenticator;
using test::ConsoleTest;
using test::kPassword;
using test::Reply;
using testing::Contains;
using testing::HasSubstr;

std::string raw(const Json& text) {
    Json answer = {{"attempt", std::string(kWebTokenLength, 'x')},
                   {"id", text},
                   {"client_data", "AA"},
                   {"authenticator_data", "AA"},
                   {"signature", "AA"}};
    return read_passkey_answer(answer)->assertion.credential_id;
}

class Passkeys : public ConsoleTest {
protected:
    void SetUp() override {
        ConsoleTest::SetUp();
        origin_ = "https://keys.example.com";
        is_secure_ = true;
        make("user_ann", "ann@example.com");
        make("user_bob", "bob@example.com");
        cookie_ = sign_in().token();
        ASSERT_NE(cookie_, "");
    }

    void make(const std::string& id, const std::string& email) {
        ASSERT_TRUE(store_->accounts().create_user({.id = id, .email = email, .name = id}, kAudit));
        static const std::string kHash = *hash_password(Secret(kPassword));
        ASSERT_TRUE(
            store_->sign_ins().put_sign_in({.user_id = id, .password_hash = kHash}, kAudit));
    }

    Reply sign_in(const Json& more = Json::object(), const std::string& email = "ann@example.com") {
        Json body = {{"email", email}, {"password", kPassword}};
        body.update(more);
        return post("/auth/login", body);
    }

    // As a browser does it:
    Json creation(const Authenticator& device, const Json& options) {
        return {{"attempt", options.at("attempt")},
                {"name", "Laptop"},
                {"client_data",
                 to_base64url_bare(
                     device.client_data("webauthn.create", raw(options.at("challenge"))))},
                {"attestation_object",
                 to_base64url_bare(Authenticator::attestation(device.new_data()))},
                {"transports", {"internal"}}};
    }
    Json begin(const Json& more = Json::object()) {
        Json body = {{"password", kPassword}};
        body.update(more);
        return post("/auth/passkeys/begin", body).body;
    }
    Json add(const Authenticator& device, const Json& more = Json::object()) {
        const Reply made = post("/auth/passkeys", creation(device, begin(more)));
        EXPECT_EQ(made.status, 201) << made.body;
        return made.body;
    }
    Json challenge() { return post("/auth/passkeys/challenge").body; }
    static Json answer(const Authenticator& device,
                       const Json& asked,
                       const std::string& handle = "user_ann") {
        const PasskeyAssertion made = device.sign(raw(asked.at("challenge")), handle);
        Json out = {{"attempt", asked.at("attempt")},
                    {"id", to_base64url_bare(made.credential_id)},
                    {"client_data", to_base64url_bare(made.client_data)},
                    {"authenticator_data", to_base64url_bare(made.authenticator_data)},
                    {"signature", to_base64url_bare(made.signature)}};
        if (!handle.empty()) out["user_handle"] = to_base64url_bare(handle);
        return out;
    }
    Reply enter(const Json& answered) {
        return post("/auth/passkeys/login", {{"passkey", answered}});
    }
    Reply enter(const Authenticator& device) { return enter(answer(device, challenge())); }
};

TEST_F(Passkeys, OneIsAddedListedAndSignsInByItself) {
    Authenticator device;
    const std::string other = sign_in().token();
    const Json made = add(device);
    EXPECT_EQ(made.at("passkey").at("name"), "Laptop");
    EXPECT_EQ(made.at("passkey").at("last_used_at"), nullptr);
    EXPECT_EQ(made.at("recovery_codes").size(), kRecoveryCodes);
    EXPECT_FALSE(sessions_->find(other, clock_.now())) << "it began without";
    device.sign_count = 2;
    const Reply entered = enter(device);
    ASSERT_EQ(entered.status, 200) << entered.body;
    EXPECT_EQ(entered.body.at("user").at("id"), "user_ann");
    cookie_ = entered.token();
    const Json list = ask(Method::Get, "/auth/passkeys").body;
    ASSERT_EQ(list.at("data").size(), 1U);
    EXPECT_NE(list.at("data").at(0).at("last_used_at"), nullptr);
    for (const Json& each : ask(Method::Get, "/auth/sessions").body.at("data")) {
        EXPECT_EQ(each.at("began_with"), each.at("is_current") == true ? "passkey" : "password");
    }
    EXPECT_THAT(audit(), Contains("passkey.add ok"));
    EXPECT_THAT(audit(), Contains("passkey.use ok"));
}

TEST_F(Passkeys, FromThenOnAPasswordAloneIsNotEnough) {
    Authenticator device;
    const Json codes = add(device).at("recovery_codes");
    EXPECT_EQ(sign_in().code(), "second_factor_required");
    device.sign_count = 2;
    device.flags = 0x01;  // a password is there: a touch is enough
    EXPECT_EQ(sign_in({{"passkey", answer(device, challenge(), "")}}).status, 200);
    EXPECT_EQ(sign_in({{"code", codes.at(0)}}).status, 200);
    EXPECT_EQ(sign_in({{"code", codes.at(0)}}).code(), "invalid_sign_in");
    EXPECT_EQ(sign_in({{"code", "123456"}}).code(), "invalid_sign_in");
}

TEST_F(Passkeys, ByItselfThePersonIsVerifiedAndNamed) {
    Authenticator device;
    add(device);
    device.sign_count = 2;
    device.flags = 0x01;
    EXPECT_EQ(enter(device).code(), "invalid_sign_in");
    EXPECT_EQ(audit().back(), "user.sign_in denied invalid_sign_in: user_verified");
    device.flags = 0x05;
    EXPECT_EQ(enter(answer(device, challenge(), "")).code(), "invalid_sign_in");
    EXPECT_EQ(enter(answer(device, challenge(), "user_bob")).code(), "invalid_sign_in");
    EXPECT_EQ(audit().back(), "user.sign_in denied invalid_sign_in: user_handle");
    EXPECT_EQ(enter(device).status, 200);
}

TEST_F(Passkeys, AnAnswerWorksOnceAndForFiveMinutes) {
    Authenticator device;
    add(device);
    device.sign_count = 0;
    const Json asked = challenge();
    device.sign_count = 2;
    const Json answered = answer(device, asked);
    ASSERT_EQ(enter(answered).status, 200);
    EXPECT_EQ(enter(answered).code(), "invalid_sign_in");
    EXPECT_EQ(audit().back(), "user.sign_in denied invalid_sign_in: attempt");
    device.sign_count = 3;
    EXPECT_EQ(enter(answer(device, asked)).code(), "invalid_sign_in") << "signed anew";
    const Json late = answer(device, challenge());
    clock_.advance(minutes(5));
    EXPECT_EQ(enter(late).code(), "invalid_sign_in");
    const Json one = challenge();
    Json other = answer(device, challenge());
    other["attempt"] = one.at("attempt");
    EXPECT_EQ(enter(other).code(), "invalid_sign_in");
    EXPECT_EQ(audit().back(), "user.sign_in denied invalid_sign_in: challenge");
}

TEST_F(Passkeys, WhatWasAskedToAddOneLetsNobodyInAndTheOtherWayRound) {
    Authenticator device;
    add(device);
    device.sign_count = 2;
    const Json to_add = begin({{"passkey", answer(device, challenge())}});
    device.sign_count = 3;
    EXPECT_EQ(enter(answer(device, to_add)).code(), "invalid_sign_in");
    EXPECT_EQ(audit().back(), "user.sign_in denied invalid_sign_in: attempt");
    Authenticator second;
    second.credential_id = "credential-2";
    EXPECT_EQ(post("/auth/passkeys", creation(second, challenge())).code(), "invalid_sign_in");
}

TEST_F(Passkeys, AnotherSessionOrPersonAddsNoneWithIt) {
    const Authenticator device;
    const Json options = begin();
    const std::string own = cookie_;
    cookie_ = sign_in().token();
    EXPECT_EQ(post("/auth/passkeys", creation(device, options)).code(), "invalid_sign_in");
    cookie_ = own;
    EXPECT_EQ(post("/auth/passkeys", creation(device, options)).code(), "invalid_sign_in")
        << "it was taken";
    const Json again = begin();
    cookie_ = sign_in(Json::object(), "bob@example.com").token();
    EXPECT_EQ(post("/auth/passkeys", creation(device, again)).code(), "invalid_sign_in");
}

TEST_F(Passkeys, AnothersIsNone) {
    Authenticator anns;
    add(anns);
    anns.sign_count = 2;
    EXPECT_EQ(sign_in({{"passkey", answer(anns, challenge())}}, "bob@example.com").status, 200)
        << "bob has no second factor, and none is looked at";
    cookie_ = sign_in(Json::object(), "bob@example.com").token();
    Authenticator bobs;
    bobs.credential_id = "credential-2";
    add(bobs);
    anns.sign_count = 3;
    EXPECT_EQ(sign_in({{"passkey", answer(anns, challenge())}}, "bob@example.com").code(),
              "invalid_sign_in");
    EXPECT_EQ(audit().back(), "user.sign_in denied invalid_sign_in: user");
    const Json list = ask(Method::Get, "/auth/passkeys").body.at("data");
    ASSERT_EQ(list.size(), 1U);
    cookie_ = enter(anns).token();
    bobs.sign_count = 2;
    anns.sign_count = 4;
    const Json proof = {{"password", kPassword}, {"passkey", answer(anns, challenge())}};
    EXPECT_EQ(ask(Method::Delete, "/auth/passkeys/" + list.at(0).at("id").get<std::string>(), proof)
                  .status,
              404);
}

TEST_F(Passkeys, NobodyRegistersWhatIsThere) {
    Authenticator device;
    add(device);
    cookie_ = sign_in(Json::object(), "bob@example.com").token();
    EXPECT_EQ(post("/auth/passkeys", creation(device, begin())).code(), "identity_taken");
}

TEST_F(Passkeys, ACopyIsRefusedAndTold) {
    Authenticator device;
    device.sign_count = 7;
    add(device);
    EXPECT_EQ(enter(device).code(), "invalid_sign_in");
    EXPECT_EQ(audit().back(), "user.sign_in denied invalid_sign_in: sign_count");
}

TEST_F(Passkeys, WhatIsUnknownAndWhatIsWrongGetOneAnswer) {
    Authenticator device;
    add(device);
    device.sign_count = 2;
    Authenticator unknown = device;
    unknown.credential_id = "credential-9";
    Authenticator wrong = device;
    wrong.key = test::new_key(wrong.algorithm);
    EXPECT_EQ(enter(unknown).body, enter(wrong).body);
    User user = *store_->accounts().find_user("ann@example.com");
    user.is_disabled = true;
    ASSERT_TRUE(store_->accounts().update_user(user, kAudit));
    EXPECT_EQ(enter(device).body, enter(wrong).body);
}

TEST_F(Passkeys, WhoGuessesIsHeldOff) {
    Authenticator device;
    add(device);
    device.sign_count = 2;
    Authenticator wrong = device;
    wrong.key = test::new_key(wrong.algorithm);
    std::string last;
    for (int i = 0; i < 12; ++i) last = enter(wrong).code();
    EXPECT_EQ(last, "too_many_failed_attempts");
    EXPECT_EQ(enter(device).code(), "too_many_failed_attempts");
    address_ = "203.0.113.8";
    EXPECT_EQ(enter(device).status, 200);
}

TEST_F(Passkeys, AskingIsBoundedByAddress) {
    std::string last;
    for (int i = 0; i < 31; ++i) last = post("/auth/passkeys/challenge").code();
    EXPECT_EQ(last, "too_many_failed_attempts");
}

TEST_F(Passkeys, OnlyTheConsolesOwnAddressIsAsked) {
    Authenticator device;
    add(device);
    context_.public_url = "https://keys.example.com/kw";
    device.sign_count = 2;
    EXPECT_EQ(enter(device).status, 200);
    origin_ = "https://elsewhere.example.com";
    EXPECT_EQ(post("/auth/passkeys/challenge").code(), "invalid_request");
    context_.public_url.clear();
    origin_ = "http://keys.example.com";
    EXPECT_THAT(post("/auth/passkeys/challenge").body.at("message").get<std::string>(),
                HasSubstr("TLS"));
    origin_ = "https://192.0.2.7";
    EXPECT_THAT(post("/auth/passkeys/challenge").body.at("message").get<std::string>(),
                HasSubstr("name"));
    origin_ = "http://localhost:8080";
    EXPECT_EQ(challenge().at("rp_id"), "localhost");
}

TEST_F(Passkeys, RemovingOneTakesThePasswordAndAFactor) {
    Authenticator device;
    const Json made = add(device);
    const std::string path = "/auth/passkeys/" + made.at("passkey").at("id").get<std::string>();
    device.sign_count = 2;
    const std::string other = enter(device).token();
    EXPECT_EQ(ask(Method::Delete, path, {{"password", kPassword}}).code(),
              "second_factor_required");
    device.sign_count = 3;
    const Json proof = {{"password", kPassword}, {"passkey", answer(device, challenge())}};
    EXPECT_EQ(ask(Method::Delete, path, proof).status, 204);
    EXPECT_FALSE(sessions_->find(other, clock_.now()));
    EXPECT_TRUE(sessions_->find(cookie_, clock_.now()));
    device.sign_count = 4;
    EXPECT_EQ(enter(device).code(), "invalid_sign_in");
    EXPECT_EQ(sign_in().status, 200);
    EXPECT_TRUE(store_->sign_ins().get_sign_in("user_ann")->recovery_codes.empty());
    EXPECT_THAT(audit(), Contains("passkey.remove ok"));
}

TEST_F(Passkeys, AnAuthenticatorStandsBesideAndItsEndLeavesTheCodes) {
    Authenticator device;
    add(device);
    device.sign_count = 2;
    const Json begun =
        post("/auth/totp", {{"password", kPassword}, {"passkey", answer(device, challenge())}})
            .body;
    ASSERT_TRUE(begun.contains("secret")) << begun;
    const Secret secret = *key_.open(store_->sign_ins().get_sign_in("user_ann")->totp_sealed,
                                     bound_to({"totp", "user_ann"}));
    const auto code = [&] { return totp_code(secret.reveal(), totp_step(clock_.now())); };
    const Json codes = post("/auth/totp/confirm", {{"code", code()}}).body.at("recovery_codes");
    EXPECT_EQ(store_->sign_ins().get_sign_in("user_ann")->recovery_codes.size(), kRecoveryCodes);
    clock_.advance(seconds(30));
    EXPECT_EQ(sign_in({{"code", code()}}).status, 200);
    device.sign_count = 3;
    EXPECT_EQ(sign_in({{"passkey", answer(device, challenge())}}).status, 200);
    EXPECT_EQ(
        ask(Method::Delete, "/auth/totp", {{"password", kPassword}, {"code", codes.at(0)}}).status,
        204);
    EXPECT_EQ(sign_in().code(), "second_factor_required");
    EXPECT_EQ(sign_in({{"code", codes.at(0)}}).code(), "invalid_sign_in");
    EXPECT_EQ(sign_in({{"code", codes.at(1)}}).status, 200);
}

TEST_F(Passkeys, ThereAreTenAtMost) {
    Authenticator first;
    add(first);
    for (int64_t i = 1; i < kPasskeysMax; ++i) {
        ASSERT_TRUE(store_->sign_ins().create_passkey({.id = "passkey_" + std::to_string(i),
                                                       .user_id = "user_ann",
                                                       .credential_id = std::to_string(i)},
                                                      kAudit));
    }
    first.sign_count = 2;
    EXPECT_THAT(begin({{"passkey", answer(first, challenge())}}).value("message", ""),
                HasSubstr("Remove one"));
}

TEST_F(Passkeys, WhoHasNoPasswordAddsNone) {
    ASSERT_TRUE(store_->sign_ins().put_sign_in({.user_id = "user_ann"}, kAudit));
    EXPECT_EQ(begin().at("code"), "invalid_request");
}

TEST_F(Passkeys, ALinkForANewPasswordTakesThemAway) {
    Authenticator device;
    add(device);
    const Secret token = new_web_token();
    ASSERT_TRUE(store_->sign_ins().put_link({.id = "link_1",
                                             .purpose = LinkPurpose::Reset,
                                             .digest = web_token_digest(token.reveal()),
                                             .user_id = "user_ann",
                                             .ends_at = clock_.now() + minutes(60)},
                                            kAudit));
    EXPECT_EQ(post("/auth/reset", {{"token", std::string(token.reveal())}, {"password", kPassword}})
                  .status,
              200);
    device.sign_count = 2;
    EXPECT_EQ(enter(device).code(), "invalid_sign_in");
    EXPECT_EQ(sign_in().status, 200);
}

TEST_F(Passkeys, WhatIsNotAsItShouldBeIsNamed) {
    const Authenticator device;
    const Json good = creation(device, begin());
    const std::vector<std::pair<std::string, Json>> bad = {
        {"name", ""},
        {"name", "two\nlines"},
        {"name", std::string(101, 'x')},
        {"client_data", "not base64url!"},
        {"client_data", "AA=="},
        {"attestation_object", std::string(20'000, 'A')},
        {"transports", "usb"},
        {"transports", {"USB"}},
        {"transports", {"a b"}},
        {"transports", std::vector<std::string>(9, "usb")}};
    for (const auto& [field, value] : bad) {
        Json body = good;
        body[field] = value;
        const Reply refused = post("/auth/passkeys", body);
        EXPECT_EQ(refused.code(), "invalid_request") << field << value;
        EXPECT_EQ(refused.body.value("param", ""), field);
    }
    Json body = good;
    body["is_admin"] = true;
    EXPECT_EQ(post("/auth/passkeys", body).code(), "unknown_field");
    EXPECT_EQ(post("/auth/passkeys", good).status, 201) << "none of these was an attempt";
    Json both = {{"passkey", answer(device, challenge())}, {"code", "123456"}};
    EXPECT_EQ(sign_in(both).code(), "invalid_request");
}

}  // namespace
}  // namespace keywarden
