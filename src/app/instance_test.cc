#include "app/instance.h"

#include <filesystem>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/id.h"

namespace keywarden {
namespace {

class InstanceTest : public testing::Test {
protected:
    InstanceTest() { configuration_.settings.data_dir = testing::TempDir() + new_id("instance"); }
    ~InstanceTest() override { std::filesystem::remove_all(path()); }

    const std::string& path() const { return configuration_.settings.data_dir; }
    std::string in(std::string_view name) const { return path() + "/" + std::string(name); }

    std::unique_ptr<Instance> open() {
        auto instance = open_instance(configuration_, clock_);
        EXPECT_TRUE(instance) << instance.error().message << " " << instance.error().detail;
        return instance ? std::move(*instance) : nullptr;
    }
    std::string refusal() {
        const auto instance = open_instance(configuration_, clock_);
        EXPECT_FALSE(instance);
        return instance ? "" : instance.error().message;
    }
    /// The first key's secret, or nothing.
    std::string first_key(Instance& instance) {
        const auto made = make_first_key(instance);
        EXPECT_TRUE(made) << made.error().message;
        return made && *made ? std::string((*made)->secret.reveal()) : "";
    }
    bool works(Instance& instance, const std::string& secret) {
        return instance.directory->authenticate(secret, clock_.now()).has_value();
    }

    ManualClock clock_;
    Configuration configuration_;
};

TEST_F(InstanceTest, AFirstStartMakesEverythingForItsOwnerAlone) {
    const auto instance = open();
    ASSERT_NE(instance, nullptr);
    const std::string secret = first_key(*instance);
    EXPECT_TRUE(secret.starts_with("kw_live_"));
    EXPECT_TRUE(works(*instance, secret));
    EXPECT_TRUE(instance->operator_id.starts_with("user_"));
    EXPECT_EQ(instance->store->accounts().get_team(instance->team_id)->name, "default");
    const auto members = instance->store->accounts().list_members(instance->team_id);
    ASSERT_EQ(members->size(), 1U);
    EXPECT_EQ(members->at(0).user_id, instance->operator_id);
    EXPECT_EQ(members->at(0).role, Role::Owner);
    EXPECT_TRUE(instance->store->accounts().get_user(instance->operator_id)->is_operator);
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
        struct stat facts{};
        ASSERT_EQ(::stat(entry.path().c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0077U, 0U) << entry.path();
    }
}

TEST_F(InstanceTest, ANextMasterKeyStandsBesideTheOneThatHoldsUntilItIsKept) {
    std::string old;
    std::string next;
    {
        const auto instance = open();
        old = instance->master_keys.front().reveal();
        next = make_next_master_key(*instance)->reveal();
        EXPECT_NE(next, old);
        EXPECT_EQ(make_next_master_key(*instance)->reveal(), next) << "it is made once";
    }
    {
        const auto instance = open();
        ASSERT_EQ(instance->master_keys.size(), 2U);
        EXPECT_EQ(instance->master_keys.at(0).reveal(), next);
        EXPECT_EQ(instance->master_keys.at(1).reveal(), old);
        ASSERT_TRUE(keep_next_master_key(*instance));
    }
    EXPECT_FALSE(std::filesystem::exists(in(kNextMasterKeyName)));
    const auto instance = open();
    ASSERT_EQ(instance->master_keys.size(), 1U);
    EXPECT_EQ(instance->master_keys.front().reveal(), next);
}

TEST_F(InstanceTest, AKeyThatWasKeptAllButItsNameIsTheMasterKeyAtTheNextStart) {
    std::string next;
    {
        const auto instance = open();
        next = make_next_master_key(*instance)->reveal();
        // As when the process dies before the file has its name.
        ASSERT_TRUE(
            instance->store->put_setting(check_setting_of(kMasterKeyName),
                                         check_value(Secret(std::string(next)), kMasterKeyName)));
    }
    const auto instance = open();
    ASSERT_NE(instance, nullptr);
    ASSERT_EQ(instance->master_keys.size(), 1U);
    EXPECT_EQ(instance->master_keys.front().reveal(), next);
    EXPECT_FALSE(std::filesystem::exists(in(kNextMasterKeyName)));
}

TEST_F(InstanceTest, ASecondStartChangesNothingAndShowsNoKey) {
    std::string secret;
    std::string team;
    std::string owner;
    {
        const auto first = open();
        secret = first_key(*first);
        ASSERT_TRUE(note_first_key_shown(*first));
        team = first->team_id;
        owner = first->operator_id;
    }
    const auto second = open();
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(first_key(*second), "");
    EXPECT_EQ(second->team_id, team);
    EXPECT_EQ(second->operator_id, owner);
    EXPECT_TRUE(works(*second, secret));
    EXPECT_EQ(second->store->list_keys({.team_id = team})->keys.size(), 1U);
}

TEST_F(InstanceTest, AKeyThatNobodySawIsReplacedAndNoLongerWorks) {
    std::string unseen;
    {
        const auto first = open();
        unseen = first_key(*first);  // and the process dies before it is printed
    }
    const auto second = open();
    const std::string secret = first_key(*second);
    EXPECT_NE(secret, "");
    EXPECT_NE(secret, unseen);
    EXPECT_TRUE(works(*second, secret));
    EXPECT_FALSE(works(*second, unseen));
    EXPECT_EQ(second->store->list_keys({.team_id = second->team_id})->keys.size(), 1U);
}

TEST_F(InstanceTest, AStartThatWasCutShortIsGoneOnWith) {
    // A crash right after the master key was written, before the database knew of it.
    {
        const auto dir = DataDir::open(path());
        ASSERT_TRUE(dir);
        ASSERT_TRUE(write_secret_file(in(kMasterKeyName)));
    }
    const auto instance = open();
    ASSERT_NE(instance, nullptr);
    EXPECT_TRUE(works(*instance, first_key(*instance)));
}

TEST_F(InstanceTest, ASecretThatIsNotTheDatabasesIsRefused) {
    for (const std::string_view name : {kMasterKeyName, kPepperName}) {
        (void)open();
        const std::string kept = in(name) + ".kept";
        std::filesystem::rename(in(name), kept);
        ASSERT_TRUE(write_secret_file(in(name)));
        EXPECT_EQ(refusal(),
                  in(name) + " is not the one that " + in(kDatabaseName) +
                      " was made with: bring back the file that belongs to it");
        std::filesystem::remove(in(name));
        EXPECT_EQ(
            refusal(),
            in(name) + " is missing, and the database needs it: bring the file back from a backup");
        EXPECT_FALSE(file_exists(in(name))) << "it was made anew";
        std::filesystem::rename(kept, in(name));
        EXPECT_NE(open(), nullptr);
    }
}

TEST_F(InstanceTest, ADatabaseThatIsNoneIsNamed) {
    (void)open();
    std::filesystem::remove(in("keywarden.db-wal"));
    std::filesystem::resize_file(in(kDatabaseName), 0);
    std::filesystem::resize_file(in(kDatabaseName), 100'000);
    EXPECT_EQ(refusal(), in(kDatabaseName) + ": The file is no SQLite database.");
}

TEST_F(InstanceTest, TheCheckValueGivesNothingAway) {
    const Secret secret("0123");
    EXPECT_EQ(check_value(secret, "a"), check_value(secret, "a"));
    EXPECT_NE(check_value(secret, "a"), check_value(secret, "b"));
    EXPECT_EQ(check_value(secret, "a").find("0123"), std::string::npos);
}

TEST_F(InstanceTest, SettingsReachTheDirectory) {
    configuration_.settings.key_default_format = "orqen";
    configuration_.settings.key_rate_limit_rpm = 7;
    configuration_.settings.keys_active_max = 1;
    const auto instance = open();
    EXPECT_TRUE(first_key(*instance).starts_with("sk-orq-"));
    EXPECT_EQ(instance->directory->defaults().rate_limit_rpm, 7);
    const auto second = instance->directory->create(
        {.id = "key_2", .team_id = instance->team_id, .name = "two"}, {}, false);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::ApiKeyLimitReached);
}

TEST(FirstKeyWords, HoldOneCurlLineThatAsksTheSandbox) {
    const std::string words = first_key_words(Secret("kw_live_x"), "http://127.0.0.1:8080");
    EXPECT_NE(words.find("\ncurl http://127.0.0.1:8080/v1/chat/completions "
                         "-H \"Authorization: Bearer kw_live_x\" "
                         "-H \"Content-Type: application/json\" "
                         "-d '{\"model\":\"sandbox\",\"messages\":[{\"role\":\"user\","
                         "\"content\":\"Hello\"}]}'\n"),
              std::string::npos)
        << words;
}

}  // namespace
}  // namespace keywarden
