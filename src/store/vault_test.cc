#include "store/vault.h"

#include <gtest/gtest.h>

#include "base/base64url.h"
#include "store/open.h"

namespace keywarden {
namespace {

constexpr std::string_view kValue = "sk-fake-0123456789abcdef-wxyz";
const TimePoint kNow = TimePoint(std::chrono::seconds(1'700'000'000));

Secret a_master(char fill = 'a') { return Secret(std::string(64, fill)); }

class VaultTest : public testing::Test {
protected:
    CredentialStore& store() { return store_->credentials(); }

    static VaultKeys keys(std::string masters, SealForm form = SealForm::Envelope) {
        VaultKeys out{.form = form};
        for (const char fill : masters) out.masters.push_back(a_master(fill));
        out.fernet = Fernet::open(kFernet).value();
        return out;
    }
    Vault open(VaultKeys with) {
        Vault vault(store(), std::move(with));
        EXPECT_TRUE(vault.load());
        return vault;
    }
    ProviderCredential sealed(Vault& vault, const std::string& id, const std::string& team = "") {
        ProviderCredential row{.id = id,
                               .team_id = team,
                               .provider = "openai",
                               .name = id,
                               .origin = "https://api.example.com:443",
                               .secret_version = 1};
        EXPECT_TRUE(vault.seal(row, Secret(std::string(kValue)), kNow));
        return row;
    }
    void put(const ProviderCredential& row) {
        ASSERT_TRUE(store().create_credential(row, {.at = kNow, .tenant = "instance"}));
    }

    static constexpr std::string_view kFernet = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    std::unique_ptr<Store> store_ = open_store("memory:").value();
};

class SealForms : public VaultTest, public testing::WithParamInterface<SealForm> {};
INSTANTIATE_TEST_SUITE_P(Both, SealForms, testing::Values(SealForm::Envelope, SealForm::Fernet));

TEST_P(SealForms, WhatIsSealedOpensAfterARestartToo) {
    Vault first = open(keys("a", GetParam()));
    const ProviderCredential row = sealed(first, "cred_1");
    EXPECT_FALSE(row.sealed.contains(kValue));
    EXPECT_EQ(first.open(row)->reveal(), kValue);
    EXPECT_EQ(open(keys("a", GetParam())).open(row)->reveal(), kValue);
    EXPECT_FALSE(open(keys("b", GetParam())).open(row));
}

TEST_P(SealForms, EveryBitOfACiphertextCounts) {
    Vault vault = open(keys("a", GetParam()));
    const ProviderCredential row = sealed(vault, "cred_1");
    for (size_t bit = 0; bit < row.sealed.size() * 8; ++bit) {
        ProviderCredential other = row;
        other.sealed[bit / 8] = static_cast<char>(other.sealed[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(vault.open(other)) << bit;
    }
}

TEST_P(SealForms, TwoRowsSwappedAreBothRefused) {
    Vault vault = open(keys("a", GetParam()));
    ProviderCredential first = sealed(vault, "cred_1");
    ProviderCredential second = sealed(vault, "cred_2");
    std::swap(first.sealed, second.sealed);
    EXPECT_FALSE(vault.open(first));
    EXPECT_FALSE(vault.open(second));
}

TEST_P(SealForms, InNoOtherPlaceAValueOpens) {
    Vault vault = open(keys("a", GetParam()));
    const ProviderCredential row = sealed(vault, "cred_1");
    const auto opens = [&](auto change) {
        ProviderCredential other = row;
        change(other);
        return vault.open(other).has_value();
    };
    EXPECT_TRUE(opens([](auto& other) { other.weight = 9; }));
    EXPECT_FALSE(opens([](auto& other) { other.team_id = "team_2"; }));
    EXPECT_FALSE(opens([](auto& other) { other.provider = "groq"; }));
    EXPECT_FALSE(opens([](auto& other) { other.origin = "https://evil.example.com:443"; }));
    EXPECT_FALSE(opens([](auto& other) { other.secret_version = 2; }));
    EXPECT_FALSE(opens([](auto& other) { ++other.data_key; }));
}

TEST_F(VaultTest, EachTeamHasADataKeyOfItsOwn) {
    Vault vault = open(keys("a"));
    (void)sealed(vault, "cred_1", "team_1");
    (void)sealed(vault, "cred_2", "team_1");
    (void)sealed(vault, "cred_3", "team_2");
    const auto stored = store().list_data_keys().value();
    ASSERT_EQ(stored.size(), 2U);
    EXPECT_NE(stored[0].team_id, stored[1].team_id);
}

TEST_F(VaultTest, ADataKeyOfAnotherTeamIsRefused) {
    Vault vault = open(keys("a"));
    const ProviderCredential row = sealed(vault, "cred_1", "team_1");
    DataKey key = store().list_data_keys()->front();
    key.team_id = "team_2";
    ASSERT_TRUE(store().add_data_key(key));
    ProviderCredential other = row;
    other.team_id = "team_2";
    EXPECT_FALSE(open(keys("a")).open(other));
}

TEST_F(VaultTest, ATokenIsFernetsOwnBehindItsTag) {
    Vault vault = open(keys("a", SealForm::Fernet));
    const ProviderCredential row = sealed(vault, "cred_1");
    EXPECT_EQ(Fernet::open(kFernet)->decrypt(row.sealed.substr(33))->reveal(), kValue);
    EXPECT_EQ(vault.open_token(row.sealed.substr(33))->reveal(), kValue);
    EXPECT_EQ(vault.open_token("gAAAA").error().code, ErrorCode::InvalidRequest);
}

TEST_F(VaultTest, ARotationGoesOnWhereverItWasInterrupted) {
    {
        Vault vault = open(keys("a"));
        for (int i = 0; i < 7; ++i) put(sealed(vault, "cred_" + std::to_string(i)));
    }
    // Each round is another process: it knows both master keys, and ends after one row.
    for (int64_t round = 1; round <= 7; ++round) {
        Vault vault = open(keys("ba"));
        const auto status = vault.reseal(1, kNow);
        ASSERT_TRUE(status);
        EXPECT_EQ(status->current, round);
        EXPECT_EQ(status->sealed, 7);
        EXPECT_EQ(status->unreadable, 0);
        Vault next = open(keys("ba"));
        for (const ProviderCredential& row : store().all_credentials().value()) {
            EXPECT_EQ(next.open(row)->reveal(), kValue) << "after row " << round;
        }
    }
    Vault after = open(keys("b"));
    for (const ProviderCredential& row : store().all_credentials().value()) {
        EXPECT_EQ(after.open(row)->reveal(), kValue);
    }
    EXPECT_TRUE(after.status()->is_done());
    const auto stored = store().list_data_keys().value();
    ASSERT_EQ(stored.size(), 1U) << "the old data key is forgotten";
    EXPECT_EQ(stored.front().master, Vault::name_of(a_master('b')));
}

TEST_F(VaultTest, WhatCannotBeReadKeepsARotationOpen) {
    Vault vault = open(keys("a"));
    put(sealed(vault, "cred_1"));
    ProviderCredential damaged = sealed(vault, "cred_2");
    damaged.sealed.back() = static_cast<char>(damaged.sealed.back() ^ 1);
    put(damaged);
    vault.add_master(a_master('b'));
    const auto status = vault.reseal(100, kNow);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->current, 1);
    EXPECT_EQ(status->unreadable, 1);
    EXPECT_FALSE(status->is_done());
    EXPECT_EQ(store().list_data_keys()->size(), 2U) << "nothing that is named is forgotten";
}

TEST_F(VaultTest, AnotherFormIsTakenOnByARotation) {
    {
        Vault vault = open(keys("a", SealForm::Fernet));
        put(sealed(vault, "cred_1"));
    }
    Vault vault = open(keys("a"));
    EXPECT_EQ(vault.status()->current, 0);
    ASSERT_EQ(vault.reseal(100, kNow)->current, 1);
    const ProviderCredential row = store().all_credentials()->front();
    EXPECT_EQ(row.data_key, 1);
    EXPECT_EQ(vault.open(row)->reveal(), kValue);
}

TEST_F(VaultTest, ANewFirstFernetKeyIsTakenOnByARotation) {
    Vault before = open(keys("a", SealForm::Fernet));
    put(sealed(before, "cred_1"));
    VaultKeys with = keys("a", SealForm::Fernet);
    with.fernet = Fernet::open(Fernet::new_key() + "," + std::string(kFernet)).value();
    Vault vault = open(std::move(with));
    EXPECT_EQ(vault.status()->current, 0);
    EXPECT_EQ(vault.reseal(100, kNow)->current, 1);
    EXPECT_EQ(vault.open(store().all_credentials()->front())->reveal(), kValue);
    EXPECT_FALSE(before.open(store().all_credentials()->front()));
}

TEST_F(VaultTest, TheNameOfAMasterKeyTellsNothingOfIt) {
    EXPECT_EQ(Vault::name_of(a_master()), Vault::name_of(a_master()));
    EXPECT_NE(Vault::name_of(a_master()), Vault::name_of(a_master('b')));
    EXPECT_EQ(Vault::name_of(a_master()).size(), 16U);
}

}  // namespace
}  // namespace keywarden
