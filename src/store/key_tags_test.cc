// What the directory of keys tells the directory of spending: tags, and plans.
#include "store/key_tags.h"

#include <string>
#include <vector>

#include "store/directory_fixture.h"

namespace keywarden {
namespace {

using Tags = std::vector<std::string>;

class KeyTagsTest : public DirectoryFixture {
protected:
    Tags counted(const std::string& key_id) {
        const SpendGate gate(
            spend_, {.team_id = "team_a", .key_id = key_id, .key_slot = slot_++}, clock_.now());
        Tags tags;
        for (const std::string_view tag : gate.tags()) {
            if (!tag.empty()) tags.emplace_back(tag);
        }
        return tags;
    }
    MintedKey create(const Tags& tags) {
        Key key = a_key();
        key.tags = tags;
        return *directory_->create(key, "", false);
    }
    void retag(const MintedKey& minted, const Tags& tags) {
        ASSERT_TRUE(directory_->change("team_a", minted.key.id, {}, [&](Key& key) {
            key.tags = tags;
            return Result<void>();
        }));
    }

    SpendDirectory spend_{clock_};
    uint32_t slot_ = 0;
};

TEST_F(KeyTagsTest, KeysThatAreThereAndKeysThatComeAreTold) {
    const MintedKey before = create({"blue"});
    directory_->tell(&spend_);
    const MintedKey after = create({"green", "red"});
    EXPECT_EQ(counted(before.key.id), Tags{"blue"});
    EXPECT_EQ(counted(after.key.id), (Tags{"green", "red"}));
    EXPECT_EQ(counted(create(Tags{}).key.id), Tags{});
}

TEST_F(KeyTagsTest, AChangeIsInForceWhenItIsAnswered) {
    directory_->tell(&spend_);
    const MintedKey key = create({"blue"});
    retag(key, {"green"});
    EXPECT_EQ(counted(key.key.id), Tags{"green"});
    retag(key, {});
    EXPECT_EQ(counted(key.key.id), Tags{});
}

TEST_F(KeyTagsTest, AStartKnowsThemFromTheStore) {
    const MintedKey key = create({"blue", "green"});
    reload();
    directory_->tell(&spend_);
    EXPECT_EQ(counted(key.key.id), (Tags{"blue", "green"}));
}

TEST_F(KeyTagsTest, NobodyIsToldAnyMore) {
    directory_->tell(&spend_);
    const MintedKey key = create({"blue"});
    directory_->tell(nullptr);
    retag(key, {"green"});
    EXPECT_EQ(counted(key.key.id), Tags{"blue"});
    directory_->tell(&spend_);
    EXPECT_EQ(counted(key.key.id), Tags{"green"});
}

TEST_F(KeyTagsTest, AnOlderVersionIsIgnored) {
    KeyTags tags;
    tags.tell(&spend_);
    tags.put("team_a", "key_1", Tags{"new"}, 3);
    tags.put("team_a", "key_1", Tags{"old"}, 2);
    EXPECT_EQ(counted("key_1"), Tags{"new"});
    tags.put("team_a", "key_1", Tags{}, 4);
    tags.put("team_a", "key_1", Tags{"old"}, 3);
    EXPECT_EQ(counted("key_1"), Tags{});
}

TEST_F(KeyTagsTest, BudgetsOfAPlanHoldForTheTeamsThatAreOnIt) {
    spend_.put_budget({.id = "bud_plan",
                       .name = "small",
                       .scope = SpendScope::Plan,
                       .target = "plan_a",
                       .amount = {1'000}});
    const auto room = [&](std::string_view team) {
        return SpendGate(spend_, {.team_id = team}, clock_.now()).room();
    };
    PolicyDirectory& policies = directory_->policies();
    policies.put(TeamRules{.id = "team_a", .plan_id = "plan_a", .version = 2});
    directory_->tell(&spend_);
    EXPECT_EQ(room("team_a"), NanoUsd{1'000});
    policies.put(TeamRules{.id = "team_b", .plan_id = "plan_a", .version = 1});
    EXPECT_EQ(room("team_b"), NanoUsd{1'000});
    policies.put(TeamRules{.id = "team_a", .version = 3});
    EXPECT_EQ(room("team_a"), std::nullopt);
    policies.put(TeamRules{.id = "team_a", .plan_id = "plan_a", .version = 2});
    EXPECT_EQ(room("team_a"), std::nullopt) << "an older version";
    directory_->tell(nullptr);
    policies.put(TeamRules{.id = "team_b", .version = 2});
    EXPECT_EQ(room("team_b"), NanoUsd{1'000});
}

}  // namespace
}  // namespace keywarden
