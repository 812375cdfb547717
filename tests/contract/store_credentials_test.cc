// Providers' credentials and the keys that seal them: what every store promises of them.
#include <gmock/gmock.h>
#include <string>
#include <vector>

#include "tests/contract/store_fixture.h"

namespace keywarden {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CredentialContract : public StoreContract {
protected:
    CredentialStore& credentials() { return store_->credentials(); }

    static ProviderCredential a_credential(const std::string& name = "default",
                                           const std::string& team = "team_a") {
        return {.id = new_id("cred"),
                .team_id = team,
                .provider = "openai",
                .name = name,
                .weight = 3,
                .cooldown = std::chrono::seconds(90),
                .is_enabled = false,
                .origin = "https://api.example.com:443",
                .sealed = std::string("\x01\x00sealed\xff", 9),
                .data_key = 2,
                .secret_version = 1,
                .preview = "sk-…wxyz",
                .created_at = kNow,
                .secret_at = kNow};
    }
    static AuditEntry an_audit(const std::string& tenant = "team_a") {
        return {.at = kNow, .tenant = tenant, .actor = {"user", "user_1"}, .action = "test"};
    }
    Result<void> add(const ProviderCredential& credential) {
        return credentials().create_credential(credential, an_audit());
    }
    size_t audit_rows() { return store_->accounts().read_audit({.tenant = "team_a"})->size(); }
};

INSTANTIATE_TEST_SUITE_P(Memory, CredentialContract, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, CredentialContract, testing::Values("sqlite:"));

TEST_P(CredentialContract, WhatIsCreatedStaysAsItIs) {
    const ProviderCredential credential = a_credential();
    const size_t rows = audit_rows();
    ASSERT_TRUE(add(credential));
    if (lasts()) open();
    EXPECT_EQ(credentials().get_credential("team_a", credential.id).value(), credential);
    EXPECT_EQ(audit_rows(), rows + 1);
}

TEST_P(CredentialContract, AnotherTeamsIsNotThere) {
    const ProviderCredential credential = a_credential();
    ASSERT_TRUE(add(credential));
    EXPECT_EQ(credentials().get_credential("team_b", credential.id).error().code,
              ErrorCode::NotFound);
    ProviderCredential stolen = credential;
    stolen.team_id = "team_b";
    stolen.version = 2;
    EXPECT_EQ(credentials().update_credential(stolen, an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(credentials().delete_credential("team_b", credential.id, an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_THAT(*credentials().list_credentials("team_b"), IsEmpty());
    EXPECT_FALSE(credentials().reseal(stolen).value());
}

TEST_P(CredentialContract, AnUpdateTakesEverythingOver) {
    const ProviderCredential first = a_credential();
    ASSERT_TRUE(add(first));
    ProviderCredential next = first;
    next.name = "second";
    next.weight = 7;
    next.cooldown = std::chrono::seconds(0);
    next.is_enabled = true;
    next.origin = "http://127.0.0.1:9000";
    next.reference = "env:SOME_KEY";
    next.sealed.clear();
    next.data_key = 0;
    next.secret_version = 2;
    next.preview = "…";
    next.last_test = {.at = kNow, .status = 401};
    next.secret_at = kNow + std::chrono::seconds(5);
    next.version = 2;
    ASSERT_TRUE(credentials().update_credential(next, an_audit()));
    if (lasts()) open();
    EXPECT_EQ(credentials().get_credential("team_a", first.id).value(), next);
    EXPECT_EQ(credentials().update_credential(next, an_audit()).error().code,
              ErrorCode::VersionMismatch);
}

TEST_P(CredentialContract, TheOperatorsBelongToNoTeam) {
    const ProviderCredential shared = a_credential("default", "");
    const ProviderCredential own = a_credential();
    ASSERT_TRUE(credentials().create_credential(shared, an_audit("instance")));
    ASSERT_TRUE(add(own));
    EXPECT_THAT(*credentials().list_credentials(""), ElementsAre(shared));
    EXPECT_THAT(*credentials().list_credentials("team_a"), ElementsAre(own));
    EXPECT_THAT(*credentials().all_credentials(), ElementsAre(shared, own));
}

TEST_P(CredentialContract, OneNameIsOneCredential) {
    ASSERT_TRUE(add(a_credential("a")));
    EXPECT_EQ(add(a_credential("a")).error().code, ErrorCode::InvalidRequest);
    ASSERT_TRUE(add(a_credential("b")));
    ASSERT_TRUE(credentials().create_credential(a_credential("a", "team_b"), an_audit("team_b")));
    ProviderCredential elsewhere = a_credential("a");
    elsewhere.provider = "groq";
    ASSERT_TRUE(add(elsewhere));
    elsewhere.name = "c";
    EXPECT_EQ(add(elsewhere).error().code, ErrorCode::InvalidRequest) << "the id is taken";
    EXPECT_EQ(add(a_credential("a", "no such team")).error().code, ErrorCode::NotFound);
}

TEST_P(CredentialContract, ATeamHasSoManyAndNoMore) {
    for (int64_t i = 0; i < kCredentialsMax; ++i) {
        ASSERT_TRUE(add(a_credential(std::to_string(i))));
    }
    EXPECT_EQ(add(a_credential("more")).error().code, ErrorCode::InvalidRequest);
}

TEST_P(CredentialContract, WhatIsDeletedIsGone) {
    const ProviderCredential credential = a_credential();
    ASSERT_TRUE(add(credential));
    ASSERT_TRUE(credentials().delete_credential("team_a", credential.id, an_audit()));
    EXPECT_THAT(*credentials().all_credentials(), IsEmpty());
    EXPECT_EQ(credentials().delete_credential("team_a", credential.id, an_audit()).error().code,
              ErrorCode::NotFound);
}

TEST_P(CredentialContract, ResealingTouchesOnlyWhatIsSealed) {
    const ProviderCredential credential = a_credential();
    ASSERT_TRUE(add(credential));
    const size_t rows = audit_rows();
    ProviderCredential resealed = credential;
    resealed.sealed = "other bytes";
    resealed.data_key = 3;
    resealed.weight = 9;
    EXPECT_TRUE(credentials().reseal(resealed).value());
    resealed.weight = credential.weight;
    EXPECT_EQ(credentials().get_credential("team_a", credential.id).value(), resealed);
    EXPECT_EQ(audit_rows(), rows);
}

TEST_P(CredentialContract, AValueThatWasSetMeanwhileIsNotResealed) {
    ProviderCredential credential = a_credential();
    ASSERT_TRUE(add(credential));
    const ProviderCredential before = credential;
    credential.secret_version = 2;
    credential.sealed = "a new value";
    credential.version = 2;
    ASSERT_TRUE(credentials().update_credential(credential, an_audit()));
    EXPECT_FALSE(credentials().reseal(before).value());
    EXPECT_EQ(credentials().get_credential("team_a", credential.id).value(), credential);
}

TEST_P(CredentialContract, DataKeysStayUntilNobodyNamesThem) {
    const DataKey key{.team_id = "team_a", .version = 2, .master = "abcd", .wrapped = "\x01\xff"};
    ASSERT_TRUE(credentials().add_data_key(key));
    EXPECT_EQ(credentials().add_data_key(key).error().code, ErrorCode::InvalidRequest);
    ASSERT_TRUE(add(a_credential()));
    ASSERT_TRUE(credentials().forget_data_key("team_a", 2));
    if (lasts()) open();
    EXPECT_THAT(*credentials().list_data_keys(), ElementsAre(key));
    ProviderCredential resealed = credentials().list_credentials("team_a")->front();
    resealed.data_key = 3;
    ASSERT_TRUE(credentials().reseal(resealed).value());
    ASSERT_TRUE(credentials().forget_data_key("team_b", 2));
    EXPECT_THAT(*credentials().list_data_keys(), ElementsAre(key));
    ASSERT_TRUE(credentials().forget_data_key("team_a", 2));
    EXPECT_THAT(*credentials().list_data_keys(), IsEmpty());
}

TEST_P(CredentialContract, WhatIsDoneBesideTheStoreIsTold) {
    const size_t rows = audit_rows();
    ASSERT_TRUE(credentials().tell(an_audit()));
    EXPECT_EQ(audit_rows(), rows + 1);
}

TEST_P(CredentialContract, AChangeWithinOthersHappensWithThemOrNot) {
    const ProviderCredential credential = a_credential();
    EXPECT_FALSE(store_->together([&]() -> Result<void> {
        TRY_VOID(add(credential));
        return fail(ErrorCode::InvalidRequest, "no");
    }));
    EXPECT_THAT(*credentials().all_credentials(), IsEmpty());
}

}  // namespace
}  // namespace keywarden
