// A database that Part 1's binary made opens, and all in it means what it meant.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "domain/rotation.h"
#include "store/key_directory.h"
#include "store/sqlite/database.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/sqlite_store.h"

namespace keywarden {
namespace {

namespace fs = std::filesystem;

class OldDatabase : public testing::Test {
protected:
    OldDatabase() {
        std::string made = (fs::temp_directory_path() / "kw_old_XXXXXX").string();
        folder_ = mkdtemp(made.data());
        auto file = *Database::open(touched(), Database::Mode::ReadWrite);
        EXPECT_TRUE(migrate(*file, path(), migrations().first(1)));
        EXPECT_TRUE(file->run(
            "INSERT INTO settings VALUES ('operator_id', 'user_op');"
            "INSERT INTO teams(n, id, created_at, name) VALUES (1, 'team_1', 1000, 'default');"
            "INSERT INTO keys(n, id, team, kind, status, version, created_at, updated_at, name, "
            "doc, rate_limit_rpm) VALUES "
            "(1, 'key_1', 1, 0, 0, 3, 1000, 1000, 'first key', '{\"created_by\":\"user_op\"}', "
            "NULL),"
            "(2, 'key_2', 1, 1, 0, 1, 2000, 2000, 'ci', '{\"created_by\":\"key_1\","
            "\"tools_allowed\":[],\"tools_denied\":[\"drop_table\",\"a*\",\"ünsafe\"],\"k_target_"
            "override\":8}', 7)"));
        EXPECT_TRUE(Query(*file,
                          "INSERT INTO secrets(key, seq, digest, created_at, id, format, display) "
                          "VALUES (1, 1, ?1, 1000, 'f', 'keywarden', 'kw_live_…')",
                          sha256("the first key's"))
                        .run());
        const Digest digest = formats_->digest(kSecret, formats_->parse(kSecret));
        EXPECT_TRUE(Query(*file,
                          "INSERT INTO secrets(key, seq, digest, created_at, id, format, display) "
                          "VALUES (2, 1, ?1, 2000, 's', 'orqen', 'sk-orq-…')",
                          digest)
                        .run());
    }
    ~OldDatabase() override { fs::remove_all(folder_); }

    std::string path() const { return (folder_ / "kw.db").string(); }
    std::string touched() const {
        std::fclose(std::fopen(path().c_str(), "w"));
        return path();
    }

    static constexpr std::string_view kSecret =
        "sk-orq-00000000000000000000000000000000000000000000000000000000000000ab";

    fs::path folder_;
    ManualClock clock_;
    std::unique_ptr<KeyFormats> formats_ =
        std::make_unique<KeyFormats>(*KeyFormats::open({"keywarden", "orqen"}, Secret("pepper")));
};

TEST_F(OldDatabase, OpensWithAllThatItHeld) {
    const auto store = open_sqlite_store(path());
    ASSERT_TRUE(store) << store.error().detail;
    EXPECT_TRUE(fs::exists(path() + ".before-v" + std::to_string(migrations().size())));
    const Team team = *(*store)->accounts().get_team("team_1");
    EXPECT_EQ(team.name, "default");
    EXPECT_EQ(team.plan_id, kDefaultPlanId);
    EXPECT_EQ(team.state, TeamState::Active);
    EXPECT_TRUE(team.policy == Policy());
    const Key key = *(*store)->get_key("team_1", "key_2");
    EXPECT_EQ(key.kind, KeyKind::Inference);
    EXPECT_EQ(key.rate_limit_rpm, 7);
    ASSERT_TRUE(key.policy.tools.allow);
    EXPECT_TRUE(key.policy.tools.allow->empty());
    ASSERT_EQ(key.policy.tools.deny.size(), 2U) << "a name with a star was no name of a tool";
    EXPECT_EQ(key.policy.tools.deny[0].text(), "drop_table");
    EXPECT_EQ(key.policy.tools.deny[1].text(), "ünsafe");
    EXPECT_EQ(key.policy.tool_selection.keep_max, 8);
    EXPECT_TRUE((*store)->get_key("team_1", "key_1")->policy == Policy());
    EXPECT_EQ(key.maker_key_id, "key_1") << "a key made it";
    EXPECT_EQ((*store)->get_key("team_1", "key_1")->maker_key_id, "") << "a person made it";
    EXPECT_EQ((*store)->get_key("team_1", "key_1")->version, 3);
}

TEST_F(OldDatabase, ItsCapsAreTheInstances) {
    const auto store = *open_sqlite_store(path());
    const Key key{.id = "key_3", .team_id = "team_1", .name = "k"};
    const KeyTerms full{{.active_keys_max = 2, .creations_per_hour_max = 5}, from_millis(9000)};
    EXPECT_EQ(store->create_key(key, full).error().code, ErrorCode::ApiKeyLimitReached);
    const KeyTerms rate{{.active_keys_max = 9, .creations_per_hour_max = 2}, from_millis(9000)};
    EXPECT_EQ(store->create_key(key, rate).error().code, ErrorCode::KeyCreationRateExceeded);
}

TEST_F(OldDatabase, ItsSecretsWorkAndItsKeysChange) {
    const auto store = *open_sqlite_store(path());
    const auto directory = *KeyDirectory::load(*store, *formats_, {}, clock_);
    const auto caller = directory->authenticate(kSecret, clock_.now());
    ASSERT_TRUE(caller) << caller.error().message;
    EXPECT_EQ(caller->key_id(), "key_2");
    EXPECT_EQ(caller->rate_limit_rpm, 7);
    ASSERT_TRUE(directory->change("team_1", "key_2", 1, [](Key& key) -> Result<void> {
        key.status = KeyStatus::Revoked;
        return {};
    }));
    EXPECT_EQ(directory->authenticate(kSecret, clock_.now()).error().code,
              ErrorCode::RevokedApiKey);
    const auto rows = store->accounts().read_audit({.tenant = "team_1"});
    ASSERT_EQ(rows->size(), 1U) << "its chain begins with the first change";
    EXPECT_NE(rows->at(0).canonical.find("key.revoke"), std::string::npos);
}

TEST_F(OldDatabase, AGraceThatNobodyBeganEndsSomeDayAndNotByTheUpgrade) {
    {
        const auto file = *Database::open(path(), Database::Mode::ReadWrite);
        ASSERT_TRUE(Query(*file,
                          "INSERT INTO secrets(key, seq, digest, created_at, id, format, display) "
                          "VALUES (2, 2, ?1, 3000, 'n', 'orqen', 'sk-orq-…')",
                          sha256("a newer one's"))
                        .run());
        ASSERT_TRUE(file->run("UPDATE secrets SET grace = 60000 WHERE key = 2 AND seq = 1"));
    }
    const TimePoint before = system_clock().now() - std::chrono::seconds(1);
    const auto store = *open_sqlite_store(path());
    const Key key = *store->get_key("team_1", "key_2");
    ASSERT_EQ(key.secrets.size(), 2U);
    EXPECT_FALSE(key.secrets[0].ends_at);
    ASSERT_TRUE(key.secrets[1].ends_at);
    EXPECT_GE(*key.secrets[1].ends_at, before + kUnusedSecretMax + std::chrono::minutes(1));
    EXPECT_FALSE(key.secrets[1].ended);
}

TEST_F(OldDatabase, IsUpgradedOnce) {
    {
        ASSERT_TRUE(open_sqlite_store(path()));
    }
    const auto again = open_sqlite_store(path());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ((*again)->accounts().list_plans()->size(), 1U);
}

}  // namespace
}  // namespace keywarden
