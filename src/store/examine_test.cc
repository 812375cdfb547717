#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/id.h"
#include "store/open.h"

namespace keywarden {
namespace {

class ExamineStore : public testing::Test {
protected:
    ExamineStore() : path_(testing::TempDir() + new_id("examine") + ".db") {}
    ~ExamineStore() override {
        for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end);
    }
    std::string url() const { return "sqlite:" + path_; }

    std::string path_;
};

TEST_F(ExamineStore, SaysWhatAnIntactOneHolds) {
    {
        const auto store = open_store(url());
        ASSERT_TRUE(store);
        ASSERT_TRUE((*store)->put_setting("a", "b"));
        ASSERT_TRUE(
            (*store)->accounts().create_team({.id = "team_1", .name = "t"}, {.tenant = "test"}));
        ASSERT_TRUE((*store)->create_key({.id = "key_1", .team_id = "team_1", .name = "k"}, {}));
        const auto while_open = examine_store(url());
        ASSERT_TRUE(while_open) << while_open.error().detail;
        EXPECT_EQ(while_open->keys, 1);
    }
    const auto report = examine_store(url());
    ASSERT_TRUE(report);
    EXPECT_EQ(report->settings.at("a"), "b");
}

TEST_F(ExamineStore, FindsDamage) {
    ASSERT_TRUE(open_store(url()));
    {
        std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4'096);
        file << std::string(8'192, 'x');
    }
    const auto report = examine_store(url());
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::StoreUnavailable);
}

TEST_F(ExamineStore, TellsWhatIsNoDatabaseAndWhatIsNotThere) {
    EXPECT_FALSE(examine_store(url()));
    EXPECT_FALSE(std::filesystem::exists(path_));
    std::ofstream(path_) << std::string(5'000, 'x');
    const auto report = examine_store(url());
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().message, "The file is no SQLite database.");
}

}  // namespace
}  // namespace keywarden
