#include "app/limit_file.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "store/policy_directory.h"

namespace keywarden {
namespace {

class LimitFileTest : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove(path_); }

    /// One request of a key that has two a minute.
    bool take(PolicyDirectory& house) {
        const ReadingKey key{.place = house.place({.team_id = "team_a"}),
                             .id = "key_1",
                             .requests_per_minute = 2,
                             .counter = &slot_};
        const PolicyReading reading(house, key);
        return !take_limits(reading.limits(), {}, clock_.mono()).denial;
    }

    ManualClock clock_;
    CounterSlot slot_{nullptr};
    std::string path_ = testing::TempDir() + "/limits." + std::to_string(::getpid());
};

TEST_F(LimitFileTest, NoFileIsNothing) {
    PolicyDirectory house;
    EXPECT_TRUE(LimitFile(path_, house.counters(), clock_).load());
    EXPECT_TRUE(LimitFile(path_, house.counters(), clock_).write());
    EXPECT_FALSE(std::filesystem::exists(path_)) << "nothing was counted";
}

TEST_F(LimitFileTest, ARestartGivesNoMinuteTwice) {
    PolicyDirectory before;
    LimitFile file(path_, before.counters(), clock_);
    EXPECT_TRUE(take(before));
    EXPECT_TRUE(take(before));
    ASSERT_TRUE(file.write(true));
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);

    clock_.advance(std::chrono::seconds(10));
    slot_ = nullptr;
    PolicyDirectory after;
    ASSERT_TRUE(LimitFile(path_, after.counters(), clock_).load());
    EXPECT_FALSE(take(after));
    clock_.advance(std::chrono::seconds(61));
    EXPECT_TRUE(take(after));
}

TEST_F(LimitFileTest, WhatWasNotUsedIsNotWrittenAgain) {
    PolicyDirectory house;
    LimitFile file(path_, house.counters(), clock_);
    EXPECT_TRUE(take(house));
    ASSERT_TRUE(file.write(true));
    std::filesystem::remove(path_);
    ASSERT_TRUE(file.write(true));
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_TRUE(take(house));
    ASSERT_TRUE(file.write(true));
    EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(LimitFileTest, ADamagedFileIsSaid) {
    std::ofstream(path_) << "kwlimit1 and then something else";
    PolicyDirectory house;
    const auto loaded = LimitFile(path_, house.counters(), clock_).load();
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("limits begin anew"), std::string::npos);
}

}  // namespace
}  // namespace keywarden
