// Keys that are made and changed together: all of them hold at once, or none.
#include <string>
#include <vector>

#include "store/directory_fixture.h"

namespace keywarden {
namespace {

class DirectoryTogether : public DirectoryFixture {
protected:
    static Key made_by(const std::string& maker, Policy policy = {}) {
        Key key = a_key();
        key.maker_key_id = maker;
        key.policy = std::move(policy);
        return key;
    }

    static Policy only(const std::string& models) {
        Policy policy;
        policy.models.allow = {*Glob::parse(models)};
        return policy;
    }

    bool may_use(const Caller& caller, const std::string& model) {
        const PolicyReading reading = directory_->read_policy(caller);
        return decide(reading.chain(), {.model = model}).allowed;
    }

    static Result<void> disable(Key& key) {
        key.status = KeyStatus::Disabled;
        return {};
    }
};

TEST_F(DirectoryTogether, AllHoldOnceItIsDone) {
    const MintedKey old = create();
    std::vector<MintedKey> made;
    ASSERT_TRUE(directory_->together([&](KeyBatch& batch) -> Result<void> {
        for (int i = 0; i < 3; ++i) {
            TRY(MintedKey minted, batch.create(a_key(), "", false, {}));
            EXPECT_FALSE(ask(minted)) << "not before all of it is stored";
            made.push_back(std::move(minted));
        }
        TRY_VOID(batch.change("team_a", old.key.id, disable, {}));
        EXPECT_TRUE(ask(old));
        return {};
    }));
    for (const MintedKey& each : made) EXPECT_TRUE(ask(each));
    EXPECT_EQ(ask(old).error().code, ErrorCode::DisabledApiKey);
    reload();
    for (const MintedKey& each : made) EXPECT_TRUE(ask(each));
    EXPECT_EQ(ask(old).error().code, ErrorCode::DisabledApiKey);
}

TEST_F(DirectoryTogether, NoneHoldsWhenOneFails) {
    const MintedKey old = create();
    std::vector<MintedKey> made;
    const auto failed = directory_->together([&](KeyBatch& batch) -> Result<void> {
        TRY_VOID(batch.change("team_a", old.key.id, disable, {}));
        TRY(MintedKey minted, batch.create(a_key(), "", false, {}));
        made.push_back(std::move(minted));
        TRY_VOID(batch.change("team_a", "key_none", disable, {}));
        return {};
    });
    EXPECT_EQ(failed.error().code, ErrorCode::NotFound);
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(ask(made[0]).error().code, ErrorCode::InvalidApiKey);
    EXPECT_TRUE(ask(old));
    EXPECT_EQ(store_->list_keys({.team_id = "team_a"})->keys.size(), 1U);
}

TEST_F(DirectoryTogether, TheCapHoldsAndTheRateDoesNot) {
    defaults_.caps = {.active_keys_max = 3, .creations_per_hour_max = 1};
    reload();
    const auto make = [&](int count) {
        return directory_->together([&](KeyBatch& batch) -> Result<void> {
            for (int i = 0; i < count; ++i) TRY_VOID(batch.create(a_key(), "", false, {}));
            return {};
        });
    };
    EXPECT_EQ(make(4).error().code, ErrorCode::ApiKeyLimitReached);
    EXPECT_TRUE(make(3));
    EXPECT_EQ(make(1).error().code, ErrorCode::ApiKeyLimitReached);
}

TEST_F(DirectoryTogether, AMakerOfTheSameBatchNarrowsWhatItMade) {
    std::vector<MintedKey> made;
    const MintedKey outside = *directory_->create(made_by("", only("gpt-*")), "", false);
    ASSERT_TRUE(directory_->together([&](KeyBatch& batch) -> Result<void> {
        const Key maker = made_by("", only("claude-*"));
        const Key middle = made_by(outside.key.id);
        for (const Key& key : {maker, made_by(maker.id), middle, made_by(middle.id)}) {
            TRY(MintedKey minted, batch.create(key, "", false, {}));
            made.push_back(std::move(minted));
        }
        return {};
    }));
    for (const bool reloaded : {false, true}) {
        if (reloaded) reload();
        for (const size_t i : {0U, 1U}) {
            EXPECT_TRUE(may_use(*ask(made[i]), "claude-3")) << i << reloaded;
            EXPECT_FALSE(may_use(*ask(made[i]), "gpt-4o")) << i << reloaded;
        }
        for (const size_t i : {2U, 3U}) {
            EXPECT_TRUE(may_use(*ask(made[i]), "gpt-4o")) << i << reloaded;
            EXPECT_FALSE(may_use(*ask(made[i]), "claude-3")) << i << reloaded;
        }
    }
}

TEST_F(DirectoryTogether, HasABound) {
    const auto make = [&](size_t count) {
        return directory_->together([&](KeyBatch& batch) -> Result<void> {
            for (size_t i = 0; i < count; ++i) TRY_VOID(batch.create(a_key(), "", false, {}));
            return {};
        });
    };
    EXPECT_EQ(make(kKeysTogetherMax + 1).error().code, ErrorCode::InvalidRequest);
    EXPECT_TRUE(store_->list_keys({.team_id = "team_a"})->keys.empty());
    EXPECT_TRUE(make(kKeysTogetherMax));
    static_assert(kKeysTogetherMax <= HotTable::kReserve, "what is stored has room in memory");
}

TEST_F(DirectoryTogether, AStoreThatIsAwayIsSaidToBe) {
    store_->away = true;
    bool ran = false;
    const auto failed = directory_->together([&](KeyBatch&) -> Result<void> {
        ran = true;
        return {};
    });
    EXPECT_EQ(failed.error().code, ErrorCode::StoreUnavailable);
    EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace keywarden
