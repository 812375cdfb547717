#include "store/hot_table.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/directory_fixture.h"

namespace keywarden {
namespace {

constexpr TimePoint kNow{std::chrono::hours(24 * 365 * 50)};

/// A key with its secrets, as the store hands it over.
struct Made {
    std::string id;
    std::vector<HotSecret> secrets;
    KeyStatus status = KeyStatus::Active;
    int64_t version = 1;

    HotKey hot() const {
        return {.id = id,
                .team_id = "team_a",
                .status = status,
                .version = version,
                .secrets = secrets};
    }
};

Made make(const std::string& id) {
    return {.id = id, .secrets = {{.digest = sha256(id), .created_at = kNow}}};
}

class FullTable : public testing::Test {
protected:
    static constexpr size_t kMost = 8;

    /// Fills the table, its reserve and all.
    void SetUp() override {
        for (size_t i = 0; i < kMost + HotTable::kReserve; ++i) {
            EXPECT_EQ(table_.has_room(), i < kMost);
            keys_.push_back(make("key_" + std::to_string(i)));
            ASSERT_TRUE(table_.apply(keys_.back().hot())) << i;
        }
    }

    KeyStatus status_of(const Made& key) {
        return table_.policy(table_.find(key.secrets.back().digest)).status;
    }

    PolicyDirectory policies_;
    HotTable table_{policies_, kMost};
    std::vector<Made> keys_;
};

TEST_F(FullTable, TakesNoMore) {
    const Made one_more = make("key_more");
    EXPECT_EQ(table_.apply(one_more.hot()).error().code, ErrorCode::ApiKeyLimitReached);
    EXPECT_EQ(table_.find(one_more.secrets[0].digest), HotTable::kNone);
    Made& rotated = keys_[0];
    rotated.secrets.insert(rotated.secrets.begin(), {.digest = sha256("new"), .created_at = kNow});
    rotated.version = 2;
    EXPECT_FALSE(table_.apply(rotated.hot()));
}

TEST_F(FullTable, StillRevokes) {
    for (Made& key : keys_) {
        key.status = KeyStatus::Revoked;
        key.version = 2;
        ASSERT_TRUE(table_.apply(key.hot())) << key.id;
        EXPECT_EQ(status_of(key), KeyStatus::Revoked);
    }
}

TEST(HotTable, AKeyHasAnIdOfItsBoundAndASecret) {
    PolicyDirectory policies;
    HotTable table(policies);
    Made key = make(std::string(kKeyIdMax + 1, 'k'));
    EXPECT_EQ(table.apply(key.hot()).error().code, ErrorCode::InvalidRequest);
    key.id = "";
    EXPECT_EQ(table.apply(key.hot()).error().code, ErrorCode::InvalidRequest);
    key.id = "key_1";
    EXPECT_TRUE(table.apply(key.hot()));
    key.secrets.clear();
    EXPECT_EQ(table.apply(key.hot()).error().code, ErrorCode::InvalidRequest);
}

class FullDirectory : public DirectoryFixture {};

TEST_F(FullDirectory, RefusesBeforeItStoresAndStillRevokes) {
    defaults_.secrets_max = 2;
    reload();
    const MintedKey first = create();
    create();
    const auto refused = directory_->create(a_key(), "", false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::ApiKeyLimitReached);
    EXPECT_EQ(store_->list_keys({.team_id = "team_a"})->keys.size(), 2U);
    EXPECT_EQ(directory_->rotate("team_a", first.key.id, {}, {}).error().code,
              ErrorCode::ApiKeyLimitReached);
    EXPECT_EQ(store_->get_key("team_a", first.key.id)->version, 1);
    set_status(first, KeyStatus::Revoked);
    EXPECT_EQ(ask(first).error().code, ErrorCode::RevokedApiKey);
}

}  // namespace
}  // namespace keywarden
