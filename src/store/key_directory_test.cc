#include "store/key_directory.h"

#include <gtest/gtest.h>

#include "base/id.h"
#include "store/directory_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

class KeyDirectoryTest : public DirectoryFixture {};

TEST_F(KeyDirectoryTest, AFreshKeyOpensTheDoor) {
    const MintedKey minted = create();
    const auto caller = ask(minted);
    ASSERT_TRUE(caller) << caller.error().message;
    EXPECT_EQ(caller->key_id(), minted.key.id);
    EXPECT_EQ(caller->team_id, "team_a");
    EXPECT_EQ(caller->kind, KeyKind::Full);
    EXPECT_EQ(requests_left(*caller).limit, 60);
    EXPECT_FALSE(caller->is_operator);
    EXPECT_EQ(caller->deprecated_at, std::nullopt);
    EXPECT_EQ(caller->sunset_at, std::nullopt);
}

TEST_F(KeyDirectoryTest, EveryFormatOpensTheDoor) {
    for (const char* format : {"keywarden", "orqen", "orbitkit", "orgn"}) {
        const auto minted = directory_->create(a_key(), format, false);
        ASSERT_TRUE(minted) << format << minted.error().message;
        EXPECT_TRUE(ask(*minted)) << format;
    }
    for (const char* format : {"opaque", "none"}) {
        EXPECT_EQ(directory_->create(a_key(), format, false).error().code,
                  ErrorCode::InvalidRequest);
    }
}

TEST_F(KeyDirectoryTest, TheStoreHoldsNoSecret) {
    const MintedKey minted = create();
    const Key stored = *store_->get_key("team_a", minted.key.id);
    ASSERT_EQ(stored.secrets.size(), 1U);
    const std::string_view secret = minted.secret.reveal();
    EXPECT_EQ(stored.secrets[0].display.find(secret.substr(21, 40)), std::string::npos);
    EXPECT_TRUE(secret.starts_with(stored.secrets[0].display.substr(0, 20)));
    EXPECT_TRUE(secret.ends_with(stored.secrets[0].display.substr(23)));
}

TEST_F(KeyDirectoryTest, MalformedUnknownAndWrongSecretsFailAlike) {
    const MintedKey minted = create();
    const KeyFormats::Minted unknown = formats_.mint(formats_.all()[0], false);
    const MintedKey orbit = *directory_->create(a_key(), "orbitkit", false);
    std::string other_id(orbit.secret.reveal());
    other_id[3] = other_id[3] == 'a' ? 'b' : 'a';
    std::string cut(minted.secret.reveal());
    cut.pop_back();
    for (const std::string& wrong : {std::string(),
                                     std::string("hello"),
                                     std::string(100'000, 'x'),
                                     std::string(unknown.secret.reveal()),
                                     other_id,
                                     cut}) {
        const auto refused = directory_->authenticate(wrong, clock_.now());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::InvalidApiKey);
        EXPECT_EQ(refused.error().message, "The API key is not one of this gateway.");
        EXPECT_EQ(refused.error().detail, "");
    }
}

TEST_F(KeyDirectoryTest, SaysWhatIsWrongOnlyWithTheRightSecret) {
    struct Row {
        KeyStatus status;
        ErrorCode code;
    };
    for (const Row& row : {Row{KeyStatus::Disabled, ErrorCode::DisabledApiKey},
                           Row{KeyStatus::Quarantined, ErrorCode::KeyQuarantined},
                           Row{KeyStatus::Revoked, ErrorCode::RevokedApiKey}}) {
        const MintedKey minted = create();
        set_status(minted, row.status);
        EXPECT_EQ(ask(minted).error().code, row.code);
    }
}

TEST_F(KeyDirectoryTest, TheClockDecidesOnEachRequest) {
    Key key = a_key();
    key.not_before = clock_.now() + 10s;
    key.expires_at = clock_.now() + 20s;
    const MintedKey minted = *directory_->create(key, "", false);
    EXPECT_EQ(ask(minted).error().code, ErrorCode::ExpiredApiKey);
    clock_.advance(10s);
    EXPECT_TRUE(ask(minted));
    clock_.advance(10s - 1ns);
    EXPECT_TRUE(ask(minted));
    clock_.advance(1ns);
    EXPECT_EQ(ask(minted).error().code, ErrorCode::ExpiredApiKey);
}

TEST_F(KeyDirectoryTest, ARevokedKeyIsRefusedAtOnceAndForGood) {
    const MintedKey minted = create();
    ASSERT_TRUE(ask(minted));
    const Key revoked = set_status(minted, KeyStatus::Revoked);
    EXPECT_EQ(ask(minted).error().code, ErrorCode::RevokedApiKey);
    EXPECT_EQ(revoked.revoked_at, clock_.now());

    const auto back = directory_->change("team_a", minted.key.id, {}, [](Key& key) {
        key.status = KeyStatus::Active;
        return Result<void>();
    });
    EXPECT_EQ(back.error().code, ErrorCode::RevokedApiKey);
    EXPECT_EQ(directory_->rotate("team_a", minted.key.id, {}, {}).error().code,
              ErrorCode::RevokedApiKey);
    reload();
    EXPECT_EQ(ask(minted).error().code, ErrorCode::RevokedApiKey);
}

TEST_F(KeyDirectoryTest, AChangeIsOfOneVersionAndTouchesOnlyThePolicy) {
    const MintedKey minted = create();
    const auto rename = [&](std::optional<int64_t> version) {
        return directory_->change("team_a", minted.key.id, version, [](Key& key) {
            key.name = "renamed";
            key.rate_limit_rpm = 5;
            key.id = "key_other";
            key.team_id = "team_b";
            key.secrets.clear();
            return Result<void>();
        });
    };
    const auto changed = rename(1);
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ(changed->version, 2);
    EXPECT_EQ(changed->name, "renamed");
    EXPECT_EQ(changed->id, minted.key.id);
    EXPECT_EQ(rename(1).error().code, ErrorCode::VersionMismatch);
    EXPECT_TRUE(rename({}));
    EXPECT_EQ(ask(minted)->rate_limit_rpm, 5);
    EXPECT_EQ(ask(minted)->team_id, "team_a");
    EXPECT_EQ(directory_->change("team_b", minted.key.id, {}, [](Key&) { return Result<void>(); })
                  .error()
                  .code,
              ErrorCode::NotFound);
}

TEST_F(KeyDirectoryTest, AChangeThatFailsChangesNothing) {
    const MintedKey minted = create();
    const auto failed = directory_->change("team_a", minted.key.id, {}, [](Key& key) {
        key.status = KeyStatus::Revoked;
        return Result<void>(fail(ErrorCode::UnknownField, "no"));
    });
    EXPECT_EQ(failed.error().code, ErrorCode::UnknownField);
    EXPECT_TRUE(ask(minted));
    for (const int64_t rpm : {int64_t{0}, int64_t{-1}, kRateLimitRpmMax + 1}) {
        const auto refused = directory_->change("team_a", minted.key.id, {}, [&](Key& key) {
            key.rate_limit_rpm = rpm;
            return Result<void>();
        });
        EXPECT_EQ(refused.error().code, ErrorCode::InvalidRequest) << rpm;
        EXPECT_EQ(refused.error().param, "rate_limit_rpm");
    }
    EXPECT_EQ(store_->get_key("team_a", minted.key.id)->version, 1);
}

TEST_F(KeyDirectoryTest, CapsHold) {
    for (int i = 0; i < 2; ++i) create();
    defaults_.caps = {.active_keys_max = 2, .creations_per_hour_max = 5};
    reload();
    EXPECT_EQ(directory_->create(a_key(), "", false).error().code, ErrorCode::ApiKeyLimitReached);
}

TEST_F(KeyDirectoryTest, TheDefaultFormatMustBeThere) {
    defaults_.format = "opaque";
    EXPECT_EQ(KeyDirectory::load(*store_, formats_, defaults_, clock_).error().code,
              ErrorCode::InvalidConfig);
    defaults_.format = "nothing";
    EXPECT_EQ(KeyDirectory::load(*store_, formats_, defaults_, clock_).error().code,
              ErrorCode::InvalidConfig);
}

TEST_F(KeyDirectoryTest, AKeyGetsItsLimitAndNoMore) {
    Key key = a_key();
    key.rate_limit_rpm = 2;
    const MintedKey minted = *directory_->create(key, "", false);
    const Caller caller = *ask(minted);
    const Caller other = *ask(create());
    EXPECT_EQ(requests_left(caller).remaining, 2);
    EXPECT_FALSE(take(caller).denial);
    EXPECT_FALSE(take(caller).denial);
    const auto refused = take(caller).denial;
    ASSERT_TRUE(refused);
    EXPECT_FALSE(take(other).denial) << "its own minute";
    clock_.advance(refused->retry_after);
    EXPECT_FALSE(take(caller).denial);
}

TEST_F(KeyDirectoryTest, UsesReachTheStoreInBatches) {
    const MintedKey minted = create();
    EXPECT_TRUE(ask(minted));
    EXPECT_EQ(stored_secret(minted).last_used_at, std::nullopt) << "no write on the way of a call";
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_EQ(stored_secret(minted).last_used_at, clock_.now());
    const TimePoint first = clock_.now();
    clock_.advance(90s);
    EXPECT_TRUE(ask(minted));
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_EQ(stored_secret(minted).first_used_at, first);
    EXPECT_EQ(stored_secret(minted).last_used_at, clock_.now());
}

TEST_F(KeyDirectoryTest, ARefusedSecretIsNotUsed) {
    const MintedKey minted = create();
    set_status(minted, KeyStatus::Disabled);
    EXPECT_FALSE(ask(minted));
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_EQ(stored_secret(minted).last_used_at, std::nullopt);
}

TEST_F(KeyDirectoryTest, KnownKeysWorkWhileTheStoreIsAwayAndUnknownOnesAreNotCalledWrong) {
    const MintedKey minted = create();
    const KeyFormats::Minted unknown = formats_.mint(formats_.all()[0], false);
    ASSERT_TRUE(ask(minted));
    store_->away = true;
    EXPECT_EQ(directory_->write_uses().error().code, ErrorCode::StoreUnavailable);

    EXPECT_TRUE(ask(minted));
    const auto refused = directory_->authenticate(unknown.secret.reveal(), clock_.now());
    EXPECT_EQ(refused.error().code, ErrorCode::AuthUnavailable);
    EXPECT_EQ(refused.error().retry_after, 30s);
    EXPECT_EQ(directory_->authenticate("hello", clock_.now()).error().code,
              ErrorCode::InvalidApiKey)
        << "no store could make this a key";

    store_->away = false;
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_EQ(stored_secret(minted).last_used_at, clock_.now()) << "the use was not lost";
    EXPECT_EQ(directory_->authenticate(unknown.secret.reveal(), clock_.now()).error().code,
              ErrorCode::InvalidApiKey);
}

TEST_F(KeyDirectoryTest, AnIdleDirectoryStillNoticesThatTheStoreIsAway) {
    ASSERT_TRUE(directory_->write_uses());
    store_->away = true;
    EXPECT_EQ(directory_->write_uses().error().code, ErrorCode::StoreUnavailable);
}

TEST_F(KeyDirectoryTest, AChangeThatTheStoreRefusedIsNotInForce) {
    const MintedKey minted = create();
    store_->away = true;
    const auto failed = directory_->change("team_a", minted.key.id, {}, [](Key& key) {
        key.status = KeyStatus::Revoked;
        return Result<void>();
    });
    EXPECT_EQ(failed.error().code, ErrorCode::StoreUnavailable);
    EXPECT_TRUE(ask(minted));
}

TEST_F(KeyDirectoryTest, ManyKeysAreEachFoundAfterALoadAndAfterTheIndexGrew) {
    std::vector<MintedKey> minted;
    for (int i = 0; i < 1500; ++i) minted.push_back(create());
    for (const MintedKey& key : minted) ASSERT_EQ(ask(key)->key_id(), key.key.id);
    reload();
    for (const MintedKey& key : minted) ASSERT_EQ(ask(key)->key_id(), key.key.id);
}

}  // namespace
}  // namespace keywarden
