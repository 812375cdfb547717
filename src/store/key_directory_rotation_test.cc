#include <gtest/gtest.h>

#include "store/directory_fixture.h"
#include "store/key_directory.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

class KeyRotation : public DirectoryFixture {
protected:
    MintedKey rotate(const MintedKey& of, Rotation rotation = {}) {
        auto rotated = directory_->rotate("team_a", of.key.id, {}, rotation);
        EXPECT_TRUE(rotated) << rotated.error().message;
        return *std::move(rotated);
    }
    ErrorCode refusal(const MintedKey& minted) {
        const auto caller = ask(minted);
        return caller ? ErrorCode::kCount : caller.error().code;
    }
};

TEST_F(KeyRotation, KeepsTheKeyAndAddsASecret) {
    const MintedKey old = create();
    clock_.advance(1h);
    const MintedKey fresh = rotate(old);
    EXPECT_EQ(fresh.key.id, old.key.id);
    EXPECT_EQ(fresh.key.version, 2);
    ASSERT_EQ(fresh.key.secrets.size(), 2U);
    EXPECT_EQ(fresh.key.secrets[1].digest, old.key.secrets[0].digest);
    EXPECT_EQ(ask(fresh)->key_id(), old.key.id);
    EXPECT_EQ(ask(old)->slot, ask(fresh)->slot) << "one minute for both";
}

TEST_F(KeyRotation, TheGraceStartsAtTheFirstUseOfTheNewSecret) {
    const MintedKey old = create();
    const MintedKey fresh = rotate(old, {.grace = 1h});
    const TimePoint latest = clock_.now() + kUnusedSecretMax + 1h;
    clock_.advance(24h * 30);
    ASSERT_TRUE(ask(old)) << "nobody has the new one yet";
    EXPECT_EQ(ask(old)->sunset_at, latest);

    ASSERT_TRUE(ask(fresh));
    const TimePoint end = clock_.now() + 1h;
    EXPECT_EQ(ask(old)->sunset_at, end);
    clock_.advance(1h - 1ns);
    EXPECT_TRUE(ask(old));
    clock_.advance(1ns);
    EXPECT_EQ(refusal(old), ErrorCode::ExpiredApiKey);
    EXPECT_TRUE(ask(fresh));
    EXPECT_EQ(ask(fresh)->sunset_at, std::nullopt);
}

TEST_F(KeyRotation, TheGraceOutlivesARestart) {
    const MintedKey old = create();
    const MintedKey fresh = rotate(old, {.grace = 1h});
    reload();
    ASSERT_TRUE(ask(old));
    ASSERT_TRUE(ask(fresh));
    const TimePoint end = clock_.now() + 1h;
    ASSERT_TRUE(directory_->write_uses());
    reload();
    EXPECT_EQ(ask(old)->sunset_at, end);
    clock_.advance(30min);
    ASSERT_TRUE(ask(fresh));
    EXPECT_EQ(ask(old)->sunset_at, end) << "a later use starts nothing";
    clock_.advance(30min);
    EXPECT_EQ(refusal(old), ErrorCode::ExpiredApiKey);
}

TEST_F(KeyRotation, TheOldSecretSaysSinceWhenItIsDeprecated) {
    const MintedKey old = create();
    clock_.advance(5s);
    const TimePoint rotated_at = clock_.now();
    const MintedKey fresh = rotate(old);
    clock_.advance(5s);
    EXPECT_EQ(ask(old)->deprecated_at, rotated_at);
    EXPECT_EQ(ask(fresh)->deprecated_at, std::nullopt);
    reload();
    EXPECT_EQ(ask(old)->deprecated_at, rotated_at);
}

TEST_F(KeyRotation, AnEmergencyEndsTheOldOnesAtOnce) {
    const MintedKey first = create();
    const MintedKey second = rotate(first);
    const MintedKey third = rotate(second, {.emergency = true});
    EXPECT_EQ(refusal(first), ErrorCode::ExpiredApiKey);
    EXPECT_EQ(refusal(second), ErrorCode::ExpiredApiKey);
    EXPECT_TRUE(ask(third));
    reload();
    EXPECT_EQ(refusal(first), ErrorCode::ExpiredApiKey);
    EXPECT_EQ(refusal(second), ErrorCode::ExpiredApiKey);
}

TEST_F(KeyRotation, ANewSecretThatNobodyUsesKeepsNoOldOneForEver) {
    const MintedKey old = create();
    const MintedKey fresh = rotate(old, {.grace = 1h});
    clock_.advance(kUnusedSecretMax + 1h - 1s);
    EXPECT_TRUE(ask(old));
    clock_.advance(1s);
    EXPECT_EQ(refusal(old), ErrorCode::ExpiredApiKey);
    EXPECT_TRUE(ask(fresh));
}

TEST_F(KeyRotation, AClockThatIsSetBackRevivesNoSecret) {
    const MintedKey leaked = create();
    const MintedKey second = rotate(leaked, {.emergency = true});
    clock_.set_back(24h);
    EXPECT_EQ(refusal(leaked), ErrorCode::ExpiredApiKey);
    reload();
    EXPECT_EQ(refusal(leaked), ErrorCode::ExpiredApiKey);

    const MintedKey third = rotate(second, {.grace = 1h});
    ASSERT_TRUE(ask(third));
    clock_.advance(48h);
    EXPECT_EQ(refusal(second), ErrorCode::ExpiredApiKey);
    clock_.set_back(48h);
    EXPECT_EQ(refusal(second), ErrorCode::ExpiredApiKey) << "it was refused once";
    ASSERT_TRUE(directory_->write_uses());
    reload();
    EXPECT_EQ(refusal(second), ErrorCode::ExpiredApiKey) << "and the store knows";
}

TEST_F(KeyRotation, AnEndIsSeenEvenIfNobodyAsked) {
    const MintedKey old = create();
    const MintedKey fresh = rotate(old, {.grace = 1h});
    ASSERT_TRUE(ask(fresh));
    clock_.advance(1h);
    store_->away = true;
    EXPECT_FALSE(directory_->write_uses());
    store_->away = false;
    ASSERT_TRUE(directory_->write_uses());
    reload();
    clock_.set_back(24h);
    EXPECT_EQ(refusal(old), ErrorCode::ExpiredApiKey);
}

TEST_F(KeyRotation, NoGraceEndsTheOldOneWithTheFirstUse) {
    const MintedKey old = create();
    const MintedKey fresh = rotate(old, {.grace = 0s});
    EXPECT_TRUE(ask(old));
    EXPECT_TRUE(ask(fresh));
    EXPECT_EQ(refusal(old), ErrorCode::ExpiredApiKey);
}

TEST_F(KeyRotation, ANewerSecretStartsTheGraceOfAllOlderOnes) {
    const MintedKey first = create();
    const MintedKey second = rotate(first, {.grace = 2h});
    const MintedKey third = rotate(second, {.grace = 1h});
    ASSERT_TRUE(ask(third));
    const TimePoint end = clock_.now() + 1h;
    EXPECT_EQ(ask(first)->sunset_at, end) << "the shorter grace holds";
    EXPECT_EQ(ask(second)->sunset_at, end);
    clock_.advance(1h);
    EXPECT_EQ(refusal(first), ErrorCode::ExpiredApiKey);
    EXPECT_EQ(refusal(second), ErrorCode::ExpiredApiKey);
}

TEST_F(KeyRotation, AtMostThreeSecretsLiveAtOnce) {
    const MintedKey first = create();
    const MintedKey second = rotate(first);
    const MintedKey third = rotate(second);
    const auto fourth = directory_->rotate("team_a", first.key.id, {}, {});
    EXPECT_EQ(fourth.error().code, ErrorCode::InvalidRequest);
    for (const MintedKey* minted : {&first, &second, &third}) EXPECT_TRUE(ask(*minted));
    clock_.advance(24h);
    EXPECT_TRUE(directory_->rotate("team_a", first.key.id, {}, {})) << "two have ended";
}

TEST_F(KeyRotation, AnEmergencyIsAlwaysPossibleAndOldSecretsAreForgotten) {
    MintedKey current = create();
    for (size_t i = 0; i < 3 * kSecretsKeptMax; ++i) {
        clock_.advance(1s);
        current = rotate(current, {.emergency = true});
        ASSERT_LE(current.key.secrets.size(), kSecretsKeptMax);
        ASSERT_TRUE(ask(current));
    }
}

TEST_F(KeyRotation, KeepsTheFormatAndTheEnvironment) {
    const MintedKey test = *directory_->create(a_key(), "", true);
    EXPECT_TRUE(rotate(test).secret.reveal().starts_with("kw_test_"));
    const MintedKey orqen = *directory_->create(a_key(), "orqen", false);
    EXPECT_TRUE(rotate(orqen).secret.reveal().starts_with("sk-orq-"));
}

TEST_F(KeyRotation, RefusesAGraceOutOfBounds) {
    const MintedKey old = create();
    for (const Nanos grace : {Nanos(-1), Nanos(kGraceMax + 1ns)}) {
        const auto refused = directory_->rotate("team_a", old.key.id, {}, {.grace = grace});
        EXPECT_EQ(refused.error().code, ErrorCode::InvalidRequest);
        EXPECT_EQ(refused.error().param, "grace");
    }
    EXPECT_EQ(directory_->rotate("team_a", old.key.id, 7, {}).error().code,
              ErrorCode::VersionMismatch);
    EXPECT_EQ(directory_->rotate("team_b", old.key.id, {}, {}).error().code, ErrorCode::NotFound);
}

TEST_F(KeyRotation, AChangeAfterARotationKeepsTheGrace) {
    const MintedKey old = create();
    const MintedKey fresh = rotate(old, {.grace = 1h});
    ASSERT_TRUE(ask(fresh));
    const TimePoint end = clock_.now() + 1h;
    set_status(fresh, KeyStatus::Disabled);  // the store does not know of the use yet
    set_status(fresh, KeyStatus::Active);
    EXPECT_EQ(ask(old)->sunset_at, end);
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_EQ(store_->get_key("team_a", old.key.id)->secrets[1].ends_at, end);
}

}  // namespace
}  // namespace keywarden
