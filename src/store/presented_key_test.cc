// What the directory tells those who ask on behalf of another service.
#include <gtest/gtest.h>

#include "store/directory_fixture.h"

namespace keywarden {
namespace {

class PresentedKeyTest : public DirectoryFixture {
protected:
    Result<PresentedKey> look(const MintedKey& minted) {
        return directory_->look_at(minted.secret.reveal(), clock_.now());
    }
};

TEST_F(PresentedKeyTest, TellsWhoseKeyItIsWhateverStateItIsIn) {
    const MintedKey minted = create();
    ASSERT_TRUE(look(minted));
    EXPECT_TRUE(look(minted)->usable);
    EXPECT_EQ(look(minted)->caller.key_id(), minted.key.id);
    set_status(minted, KeyStatus::Revoked);
    ASSERT_TRUE(look(minted));
    EXPECT_EQ(look(minted)->caller.team_id, "team_a");
    EXPECT_EQ(look(minted)->usable.error().code, ErrorCode::RevokedApiKey);
}

TEST_F(PresentedKeyTest, SaysWhatTheDoorWouldSay) {
    const MintedKey minted = create();
    for (const KeyStatus status :
         {KeyStatus::Disabled, KeyStatus::Quarantined, KeyStatus::Active, KeyStatus::Revoked}) {
        set_status(minted, status);
        const auto asked = ask(minted);
        const auto usable = look(minted)->usable;
        ASSERT_EQ(asked.has_value(), usable.has_value()) << name(status);
        if (!asked) EXPECT_EQ(asked.error().message, usable.error().message);
    }
    EXPECT_EQ(directory_->look_at("nothing", clock_.now()).error().code, ErrorCode::InvalidApiKey);
}

TEST_F(PresentedKeyTest, LookingIsNoUse) {
    const MintedKey minted = create();
    const auto found = look(minted);
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_EQ(stored_secret(minted).last_used_at, std::nullopt);
    directory_->note_use(*found, clock_.now());
    ASSERT_TRUE(directory_->write_uses());
    EXPECT_NE(stored_secret(minted).last_used_at, std::nullopt);
}

TEST_F(PresentedKeyTest, AKeyOfTheStoreIsItsOwnCaller) {
    const MintedKey minted = create();
    const auto found = directory_->look_at(*store_->get_key("team_a", minted.key.id), clock_.now());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->caller.key_id(), minted.key.id);
    EXPECT_TRUE(found->usable);
    EXPECT_FALSE(directory_->look_at(a_key(), clock_.now())) << "it is in no memory";
}

TEST_F(PresentedKeyTest, AReadingSaysWhichAppAndPersonAKeyBelongsTo) {
    Key key = a_key();
    key.user_id = "user_1";
    key.app_id = "app_1";
    ASSERT_TRUE(store_->accounts().create_app(
        {.id = "app_1", .team_id = "team_a", .name = "App", .created_at = clock_.now()},
        {.tenant = "team_a"}));
    ASSERT_TRUE(store_->accounts().create_user({.id = "user_1"}, {.tenant = "instance"}));
    ASSERT_TRUE(store_->accounts().put_member(
        {.team_id = "team_a", .user_id = "user_1", .created_at = clock_.now()},
        {.tenant = "team_a"}));
    const auto minted = directory_->create(key, "", false);
    ASSERT_TRUE(minted) << minted.error().message;
    const Caller caller = *ask(*minted);
    const PolicyReading reading = directory_->read_policy(caller);
    EXPECT_EQ(reading.app_id(), "app_1");
    EXPECT_EQ(reading.user_id(), "user_1");
}

}  // namespace
}  // namespace keywarden
