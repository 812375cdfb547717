// Passwords, sessions, and links of people: what every store promises of them.
#include <gmock/gmock.h>
#include <string>
#include <vector>

#include "tests/contract/store_fixture.h"

namespace keywarden {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SignInContract : public StoreContract {
protected:
    void SetUp() override {
        StoreContract::SetUp();
        for (const char* id : {"user_1", "user_2"}) {
            ASSERT_TRUE(store_->accounts().create_user(
                {.id = id, .email = std::string(id) + "@example.com", .name = id}, an_audit()));
        }
    }

    SignInStore& sign_ins() { return store_->sign_ins(); }
    PasskeyStore& passkeys() { return store_->sign_ins(); }

    static AuditEntry an_audit() {
        return {.at = kNow, .tenant = "instance", .actor = {"user", "user_1"}, .action = "test"};
    }
    static WebSession a_session(const std::string& user = "user_1") {
        const std::string id = new_id("session");
        return {.id = id,
                .user_id = user,
                .digest = sha256(id),
                .created_at = kNow,
                .used_at = kNow,
                .network = {7}};
    }
    static SignInLink a_link(LinkPurpose purpose = LinkPurpose::Invitation,
                             const std::string& email = "Ann@example.com") {
        const std::string id = new_id("link");
        return {.id = id,
                .purpose = purpose,
                .digest = sha256(id),
                .email = email,
                .team_id = "team_a",
                .role = Role::Viewer,
                .created_at = kNow,
                .ends_at = kNow + std::chrono::hours(1)};
    }
    std::vector<std::string> session_ids() {
        std::vector<std::string> ids;
        for (const WebSession& session : *sign_ins().list_sessions()) ids.push_back(session.id);
        return ids;
    }
    size_t audit_rows() { return store_->accounts().read_audit({.tenant = "instance"})->size(); }
};

INSTANTIATE_TEST_SUITE_P(Memory, SignInContract, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, SignInContract, testing::Values("sqlite:"));

TEST_P(SignInContract, ASignInStaysAsItIsPut) {
    const SignIn put{.user_id = "user_1",
                     .password_hash = "$argon2id$…",
                     .totp_sealed = std::string("\x01\x00sealed\xff", 9),
                     .totp_confirmed = true,
                     .totp_step = 59'000'000,
                     .recovery_codes = {sha256("one"), sha256("two")}};
    const size_t rows = audit_rows();
    ASSERT_TRUE(sign_ins().put_sign_in({.user_id = "user_1", .password_hash = "old"}, an_audit()));
    ASSERT_TRUE(sign_ins().put_sign_in(put, an_audit()));
    EXPECT_EQ(audit_rows(), rows + 2);
    if (lasts()) open();
    const auto got = sign_ins().get_sign_in("user_1");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->password_hash, put.password_hash);
    EXPECT_EQ(got->totp_sealed, put.totp_sealed);
    EXPECT_TRUE(got->totp_confirmed);
    EXPECT_EQ(got->totp_step, put.totp_step);
    EXPECT_EQ(got->recovery_codes, put.recovery_codes);
}

TEST_P(SignInContract, WhoHasNoneHasNoPasswordAndWhoIsNotThereGetsNone) {
    EXPECT_EQ(sign_ins().get_sign_in("user_2")->password_hash, "");
    EXPECT_EQ(sign_ins().get_sign_in("user_9")->password_hash, "");
    const size_t rows = audit_rows();
    EXPECT_EQ(sign_ins().put_sign_in({.user_id = "user_9"}, an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(audit_rows(), rows);
}

TEST_P(SignInContract, AnOperatorCountsOnceTheyHaveAPassword) {
    EXPECT_FALSE(*sign_ins().has_operator());
    ASSERT_TRUE(sign_ins().put_sign_in({.user_id = "user_1", .password_hash = "x"}, an_audit()));
    EXPECT_FALSE(*sign_ins().has_operator());
    ASSERT_TRUE(store_->accounts().create_user(
        {.id = "user_3", .name = "root", .is_operator = true}, an_audit()));
    EXPECT_FALSE(*sign_ins().has_operator());
    ASSERT_TRUE(sign_ins().put_sign_in({.user_id = "user_3", .password_hash = "x"}, an_audit()));
    EXPECT_TRUE(*sign_ins().has_operator());
}

TEST_P(SignInContract, ARowByItselfIsWritten) {
    const size_t rows = audit_rows();
    ASSERT_TRUE(sign_ins().tell(an_audit()));
    EXPECT_EQ(audit_rows(), rows + 1);
}

TEST_P(SignInContract, SessionsLastUntilTheyAreEnded) {
    const WebSession one = a_session();
    const WebSession two = a_session("user_2");
    ASSERT_TRUE(sign_ins().create_session(one, an_audit()));
    ASSERT_TRUE(sign_ins().create_session(two, an_audit()));
    if (lasts()) open();
    const auto all = sign_ins().list_sessions();
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ(all->front().id, one.id);
    EXPECT_EQ(all->front().digest, one.digest);
    EXPECT_EQ(all->front().user_id, "user_1");
    EXPECT_EQ(all->front().created_at, from_millis(to_millis(kNow)));
    EXPECT_EQ(all->front().network, one.network);
    ASSERT_TRUE(sign_ins().end_session(one.id, an_audit()));
    EXPECT_THAT(session_ids(), ElementsAre(two.id));
    EXPECT_EQ(sign_ins().end_session(one.id, an_audit()).error().code, ErrorCode::NotFound);
}

TEST_P(SignInContract, NoTwoSessionsAreOneAndNobodysIsNone) {
    const WebSession one = a_session();
    ASSERT_TRUE(sign_ins().create_session(one, an_audit()));
    WebSession other = a_session();
    other.digest = one.digest;
    EXPECT_EQ(sign_ins().create_session(other, an_audit()).error().code, ErrorCode::InvalidRequest);
    EXPECT_EQ(sign_ins().create_session(one, an_audit()).error().code, ErrorCode::InvalidRequest);
    EXPECT_EQ(sign_ins().create_session(a_session("user_9"), an_audit()).error().code,
              ErrorCode::NotFound);
}

TEST_P(SignInContract, SeveralSessionsAreForgottenAtOnceUnknownOnesToo) {
    const WebSession one = a_session();
    const WebSession two = a_session();
    const WebSession three = a_session();
    for (const WebSession& each : {one, two, three}) {
        ASSERT_TRUE(sign_ins().create_session(each, an_audit()));
    }
    ASSERT_TRUE(sign_ins().forget_sessions(std::vector<std::string>{one.id, three.id, "none"}));
    EXPECT_THAT(session_ids(), ElementsAre(two.id));
}

TEST_P(SignInContract, AUseOnlyMovesForward) {
    const WebSession one = a_session();
    ASSERT_TRUE(sign_ins().create_session(one, an_audit()));
    const TimePoint later = from_millis(to_millis(kNow) + 60'000);
    ASSERT_TRUE(sign_ins().note_sessions(std::vector<SessionUse>{{one.id, later}}));
    ASSERT_TRUE(sign_ins().note_sessions(std::vector<SessionUse>{{one.id, kNow}, {"none", later}}));
    EXPECT_EQ(sign_ins().list_sessions()->front().used_at, later);
}

TEST_P(SignInContract, ALinkWorksOnce) {
    const SignInLink link = a_link();
    ASSERT_TRUE(sign_ins().put_link(link, an_audit()));
    if (lasts()) open();
    const auto got = sign_ins().get_link(link.digest);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->id, link.id);
    EXPECT_EQ(got->purpose, link.purpose);
    EXPECT_EQ(got->email, link.email);
    EXPECT_EQ(got->team_id, link.team_id);
    EXPECT_EQ(got->role, link.role);
    EXPECT_EQ(got->made_by.type + " " + got->made_by.id, "user user_1") << "the row's actor";
    EXPECT_EQ(got->ends_at, from_millis(to_millis(link.ends_at)));
    ASSERT_TRUE(sign_ins().use_link(link.digest, an_audit()));
    EXPECT_EQ(sign_ins().get_link(link.digest).error().code, ErrorCode::NotFound);
    EXPECT_EQ(sign_ins().use_link(link.digest, an_audit()).error().code, ErrorCode::NotFound);
}

TEST_P(SignInContract, ANewerLinkForTheSameReplacesTheOneBefore) {
    const SignInLink first = a_link();
    const SignInLink second = a_link(LinkPurpose::Invitation, "ann@EXAMPLE.com");
    const SignInLink other = a_link(LinkPurpose::Invitation, "bob@example.com");
    for (const SignInLink& link : {first, other, second}) {
        ASSERT_TRUE(sign_ins().put_link(link, an_audit()));
    }
    EXPECT_FALSE(sign_ins().get_link(first.digest));
    EXPECT_TRUE(sign_ins().get_link(second.digest));
    EXPECT_TRUE(sign_ins().get_link(other.digest));
    EXPECT_EQ(sign_ins().list_links("team_a")->size(), 2U);
    EXPECT_THAT(*sign_ins().list_links("team_b"), IsEmpty());
}

TEST_P(SignInContract, WhatIsUndoneTogetherLeavesNothingBehind) {
    const SignInLink link = a_link();
    const WebSession session = a_session();
    ASSERT_TRUE(sign_ins().put_link(link, an_audit()));
    const auto done = store_->together([&]() -> Result<void> {
        TRY_VOID(sign_ins().use_link(link.digest, an_audit()));
        TRY_VOID(sign_ins().put_sign_in({.user_id = "user_1", .password_hash = "x"}, an_audit()));
        TRY_VOID(sign_ins().create_session(session, an_audit()));
        return fail(ErrorCode::InternalError, "enough");
    });
    EXPECT_FALSE(done);
    EXPECT_TRUE(sign_ins().get_link(link.digest));
    EXPECT_EQ(sign_ins().get_sign_in("user_1")->password_hash, "");
    EXPECT_THAT(session_ids(), IsEmpty());
}

TEST_P(SignInContract, APersonsTeamsAreTold) {
    for (const char* team : {"team_b", "team_a"}) {
        ASSERT_TRUE(store_->accounts().put_member(
            {.team_id = team, .user_id = "user_1", .role = Role::Owner, .created_at = kNow},
            an_audit()));
    }
    std::vector<std::string> teams;
    for (const Member& member : *store_->accounts().list_memberships("user_1")) {
        teams.push_back(member.team_id);
        EXPECT_EQ(member.role, Role::Owner);
        EXPECT_EQ(member.email, "user_1@example.com");
    }
    EXPECT_THAT(teams, ElementsAre("team_a", "team_b"));
    EXPECT_THAT(*store_->accounts().list_memberships("user_2"), IsEmpty());
}

TEST_P(SignInContract, ThatAUserIsDisabledIsKept) {
    User user = *store_->accounts().get_user("user_1");
    user.is_disabled = true;
    ASSERT_TRUE(store_->accounts().update_user(user, an_audit()));
    if (lasts()) open();
    EXPECT_TRUE(store_->accounts().get_user("user_1")->is_disabled);
    EXPECT_FALSE(store_->accounts().get_user("user_2")->is_disabled);
}

Identity an_identity(const std::string& user, const std::string& subject) {
    return {.id = new_id("identity"),
            .user_id = user,
            .issuer = "https://id.example.com",
            .subject = subject,
            .email = "ann@example.com",
            .created_at = kNow};
}

TEST_P(SignInContract, AnIdentityIsFoundByIssuerAndSubjectToTheLetter) {
    const Identity put = an_identity("user_1", "Ann");
    ASSERT_TRUE(sign_ins().create_identity(put, an_audit()));
    if (lasts()) open();
    const auto found = sign_ins().find_identity(put.issuer, "Ann");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, put.id);
    EXPECT_EQ(found->user_id, "user_1");
    EXPECT_EQ(found->email, put.email);
    EXPECT_EQ(found->created_at, put.created_at);
    for (const auto& [issuer, subject] : std::vector<std::pair<std::string, std::string>>{
             {put.issuer, "ann"}, {put.issuer + "/", "Ann"}, {"HTTPS://id.example.com", "Ann"}}) {
        EXPECT_EQ(sign_ins().find_identity(issuer, subject).error().code, ErrorCode::NotFound);
    }
}

TEST_P(SignInContract, AnIdentityIsOnePersons) {
    ASSERT_TRUE(sign_ins().create_identity(an_identity("user_1", "ann"), an_audit()));
    const size_t rows = audit_rows();
    EXPECT_EQ(sign_ins().create_identity(an_identity("user_2", "ann"), an_audit()).error().code,
              ErrorCode::IdentityTaken);
    EXPECT_EQ(sign_ins().create_identity(an_identity("user_9", "bob"), an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(audit_rows(), rows);
    for (int64_t i = 1; i < kIdentitiesMax; ++i) {
        const std::string subject = "ann-" + std::to_string(i);
        ASSERT_TRUE(sign_ins().create_identity(an_identity("user_1", subject), an_audit()));
    }
    EXPECT_EQ(sign_ins().create_identity(an_identity("user_1", "more"), an_audit()).error().code,
              ErrorCode::InvalidRequest);
    EXPECT_EQ(sign_ins().list_identities("user_1")->size(), size_t{kIdentitiesMax});
    EXPECT_THAT(*sign_ins().list_identities("user_2"), IsEmpty());
}

TEST_P(SignInContract, TheLastWayInStays) {
    const Identity first = an_identity("user_1", "one");
    const Identity second = an_identity("user_1", "two");
    ASSERT_TRUE(sign_ins().create_identity(first, an_audit()));
    ASSERT_TRUE(sign_ins().create_identity(second, an_audit()));
    EXPECT_EQ(sign_ins().delete_identity("user_2", first.id, an_audit()).error().code,
              ErrorCode::NotFound);
    ASSERT_TRUE(sign_ins().delete_identity("user_1", first.id, an_audit()));
    EXPECT_EQ(sign_ins().delete_identity("user_1", first.id, an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(sign_ins().delete_identity("user_1", second.id, an_audit()).error().code,
              ErrorCode::LastWayIn);
    ASSERT_TRUE(sign_ins().put_sign_in({.user_id = "user_1", .password_hash = "x"}, an_audit()));
    EXPECT_TRUE(sign_ins().delete_identity("user_1", second.id, an_audit()));
    EXPECT_THAT(*sign_ins().list_identities("user_1"), IsEmpty());
}

TEST_P(SignInContract, AnOperatorWithAnIdentityMaySignIn) {
    ASSERT_TRUE(store_->accounts().create_user(
        {.id = "user_3", .name = "root", .is_operator = true}, an_audit()));
    ASSERT_TRUE(sign_ins().create_identity(an_identity("user_1", "ann"), an_audit()));
    EXPECT_FALSE(*sign_ins().has_operator());
    ASSERT_TRUE(sign_ins().create_identity(an_identity("user_3", "root"), an_audit()));
    EXPECT_TRUE(*sign_ins().has_operator());
}

TEST_P(SignInContract, ASessionKnowsWhereItBegan) {
    WebSession session = a_session();
    session.issuer = "https://id.example.com";
    session.provider_session = "s-1";
    ASSERT_TRUE(sign_ins().create_session(session, an_audit()));
    if (lasts()) open();
    const auto sessions = sign_ins().list_sessions();
    ASSERT_EQ(sessions->size(), 1U);
    EXPECT_EQ(sessions->front().issuer, session.issuer);
    EXPECT_EQ(sessions->front().provider_session, "s-1");
}

Passkey a_passkey(const std::string& user, const std::string& credential) {
    return {.id = new_id("passkey"),
            .user_id = user,
            .name = "Laptop",
            .credential_id = credential,
            .public_key = std::string("\xa5\x00key", 5),
            .algorithm = JwsAlgorithm::EdDsa,
            .sign_count = 4'000'000'000,
            .rp_id = "keys.example.com",
            .transports = {"internal", "hybrid"},
            .created_at = kNow};
}

TEST_P(SignInContract, APasskeyStaysAsItIsPutAndIsFoundByItsCredential) {
    const std::string credential("\x00\xff cred", 7);
    const Passkey put = a_passkey("user_1", credential);
    ASSERT_TRUE(passkeys().create_passkey(put, an_audit()));
    if (lasts()) open();
    const auto found = passkeys().find_passkey(credential);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, put.id);
    EXPECT_EQ(found->user_id, "user_1");
    EXPECT_EQ(found->name, "Laptop");
    EXPECT_EQ(found->credential_id, credential);
    EXPECT_EQ(found->public_key, put.public_key);
    EXPECT_EQ(found->algorithm, JwsAlgorithm::EdDsa);
    EXPECT_EQ(found->sign_count, 4'000'000'000U);
    EXPECT_EQ(found->rp_id, "keys.example.com");
    EXPECT_THAT(found->transports, ElementsAre("internal", "hybrid"));
    EXPECT_EQ(found->created_at, put.created_at);
    EXPECT_FALSE(found->used_at);
    EXPECT_EQ(passkeys().find_passkey("cred").error().code, ErrorCode::NotFound);
}

TEST_P(SignInContract, APasskeyIsOnePersonsWhoHasNotTooMany) {
    ASSERT_TRUE(passkeys().create_passkey(a_passkey("user_1", "one"), an_audit()));
    const size_t rows = audit_rows();
    EXPECT_EQ(passkeys().create_passkey(a_passkey("user_2", "one"), an_audit()).error().code,
              ErrorCode::IdentityTaken);
    EXPECT_EQ(passkeys().create_passkey(a_passkey("user_9", "two"), an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(audit_rows(), rows);
    for (int64_t i = 1; i < kPasskeysMax; ++i) {
        const std::string credential = "more-" + std::to_string(i);
        ASSERT_TRUE(passkeys().create_passkey(a_passkey("user_1", credential), an_audit()));
    }
    EXPECT_EQ(passkeys().create_passkey(a_passkey("user_1", "last"), an_audit()).error().code,
              ErrorCode::InvalidRequest);
    EXPECT_EQ(passkeys().list_passkeys("user_1")->size(), size_t{kPasskeysMax});
    EXPECT_EQ(passkeys().list_passkeys("user_1")->front().credential_id, "one");
    EXPECT_THAT(*passkeys().list_passkeys("user_2"), IsEmpty());
}

TEST_P(SignInContract, AUseOfAPasskeyIsKept) {
    const Passkey put = a_passkey("user_1", "one");
    ASSERT_TRUE(passkeys().create_passkey(put, an_audit()));
    const TimePoint later = kNow + std::chrono::minutes(1);
    ASSERT_TRUE(passkeys().use_passkey({.id = put.id, .sign_count = 7, .at = later}, an_audit()));
    if (lasts()) open();
    const auto found = passkeys().find_passkey("one");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->sign_count, 7U);
    EXPECT_EQ(found->used_at, later);
    EXPECT_EQ(passkeys().use_passkey({.id = "none"}, an_audit()).error().code, ErrorCode::NotFound);
}

TEST_P(SignInContract, OnlyItsOwnerDeletesAPasskey) {
    const Passkey put = a_passkey("user_1", "one");
    ASSERT_TRUE(passkeys().create_passkey(put, an_audit()));
    EXPECT_EQ(passkeys().delete_passkey("user_2", put.id, an_audit()).error().code,
              ErrorCode::NotFound);
    ASSERT_TRUE(passkeys().delete_passkey("user_1", put.id, an_audit()));
    EXPECT_EQ(passkeys().delete_passkey("user_1", put.id, an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(passkeys().find_passkey("one").error().code, ErrorCode::NotFound);
    EXPECT_TRUE(passkeys().create_passkey(a_passkey("user_2", "one"), an_audit()));
}

TEST_P(SignInContract, APasskeyUndoneTogetherLeavesNothingBehind) {
    const auto changes = [&]() -> Result<void> {
        TRY_VOID(passkeys().create_passkey(a_passkey("user_1", "one"), an_audit()));
        return fail(ErrorCode::NotFound, "no");
    };
    EXPECT_FALSE(store_->together(changes));
    EXPECT_EQ(passkeys().find_passkey("one").error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace keywarden
