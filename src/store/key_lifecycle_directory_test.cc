// Imports, networks, and expiries as the directory in memory meets them.
#include <chrono>

#include <gtest/gtest.h>

#include "store/directory_fixture.h"
#include "store/key_directory.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

const NetworkPrefix kHere = prefix_of(*parse_ip("192.0.2.9"));
const NetworkPrefix kThere = prefix_of(*parse_ip("2001:db8:1::9"));

class KeyLife : public DirectoryFixture {
protected:
    Result<Caller> ask_from(const MintedKey& minted, NetworkPrefix network) {
        return directory_->authenticate(minted.secret.reveal(), clock_.now(), network);
    }
};

TEST_F(KeyLife, EachNetworkReachesTheStoreWithItsSecret) {
    const MintedKey old = create();
    const MintedKey fresh = *directory_->rotate("team_a", old.key.id, {}, {});
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(ask_from(old, kHere));
        ASSERT_TRUE(ask_from(old, kThere)) << "in the same second";
        ASSERT_TRUE(ask_from(fresh, kHere));
    }
    EXPECT_TRUE(stored_secret(old).networks.empty()) << "no write on the way of a call";
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_EQ(stored_secret(old).networks.size(), 2U);
    EXPECT_EQ(stored_secret(fresh).networks,
              (std::vector<SecretNetwork>{{kHere, clock_.now(), clock_.now()}}));
    ASSERT_TRUE(ask(fresh));
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_EQ(stored_secret(fresh).networks.size(), 1U) << "none was said";
}

TEST_F(KeyLife, ANetworkIsNotLostWhileTheStoreIsAway) {
    const MintedKey minted = create();
    ASSERT_TRUE(ask_from(minted, kHere));
    store_->away = true;
    EXPECT_FALSE(directory_->write_uses());
    store_->away = false;
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_EQ(stored_secret(minted).networks.size(), 1U);
}

TEST_F(KeyLife, WhoIsRefusedIsNotNoted) {
    const MintedKey minted = create();
    set_status(minted, KeyStatus::Disabled);
    EXPECT_FALSE(ask_from(minted, kHere));
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_TRUE(stored_secret(minted).networks.empty());
}

TEST_F(KeyLife, AnExpiryThatIsNearIsSaid) {
    Key key = a_key();
    key.expires_at = clock_.now() + days(14) + 1s;
    const MintedKey minted = *directory_->create(key, "", false);
    EXPECT_EQ(ask(minted)->sunset_at, std::nullopt);
    clock_.advance(1s);
    EXPECT_EQ(ask(minted)->sunset_at, key.expires_at);
    EXPECT_EQ(ask(minted)->deprecated_at, std::nullopt);
    ASSERT_TRUE(directory_->rotate("team_a", key.id, {}, {.grace = 0s}));
    EXPECT_EQ(ask(minted)->sunset_at, key.expires_at) << "of two ends the earlier";
}

TEST_F(KeyLife, AnImportedSecretOpensTheDoorAndIsRotatedLikeAnyOther) {
    constexpr std::string_view kSecret = "sk-Qx7gmade-by-another-0001";
    ASSERT_FALSE(directory_->knows(sha256(kSecret)));
    const auto imported = directory_->import(a_key(), sha256(kSecret), "…0001");
    ASSERT_TRUE(imported) << imported.error().message;
    EXPECT_TRUE(directory_->knows(sha256(kSecret)));
    const auto caller = directory_->authenticate(kSecret, clock_.now());
    ASSERT_TRUE(caller) << caller.error().message;
    EXPECT_EQ(caller->key_id(), imported->id);
    reload();
    EXPECT_TRUE(directory_->authenticate(kSecret, clock_.now()));
    EXPECT_EQ(directory_->import(a_key(), sha256(kSecret), "x").error().code,
              ErrorCode::InvalidRequest)
        << "one hash, one key";
    const auto fresh = directory_->rotate("team_a", imported->id, {}, {});
    ASSERT_TRUE(fresh) << fresh.error().message;
    EXPECT_TRUE(fresh->secret.reveal().starts_with("kw_live_")) << "of the default format";
    EXPECT_TRUE(directory_->authenticate(kSecret, clock_.now())->deprecated_at);
}

TEST_F(KeyLife, WhatIsTakenForAnotherFormatIsHashedLikeIt) {
    const std::string secret = "sk-orq-" + std::string(64, 'a');
    ASSERT_TRUE(directory_->import(a_key(), sha256(secret), "x"));
    EXPECT_TRUE(directory_->authenticate(secret, clock_.now()));
    ASSERT_TRUE(directory_->import(a_key(), sha256("too short"), "x"));
    EXPECT_EQ(directory_->authenticate("too short", clock_.now()).error().code,
              ErrorCode::InvalidApiKey)
        << "20 characters at least";
}

TEST_F(KeyLife, WithoutTheOpaqueFormatNothingIsImported) {
    const KeyFormats formats = *KeyFormats::open({"keywarden"}, Secret("a pepper for tests"));
    const auto directory = *KeyDirectory::load(*store_, formats, defaults_, clock_);
    const auto refused = directory->import(a_key(), sha256("x"), "x");
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidRequest);
    EXPECT_NE(refused.error().message.find("keys.formats"), std::string::npos);
}

}  // namespace
}  // namespace keywarden
