#include "store/journal/disk.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/id.h"

namespace keywarden {
namespace {

class MachineDisk : public testing::Test {
protected:
    MachineDisk()
        : folder_(testing::TempDir() + new_id("disk")), disk_(make_machine_disk(folder_)) {
        EXPECT_TRUE(disk_->make_folder());
    }
    ~MachineDisk() override { std::filesystem::remove_all(folder_); }

    std::string in(const std::string& name) const { return folder_ + "/" + name; }

    std::string folder_;
    std::unique_ptr<JournalDisk> disk_;
};

TEST_F(MachineDisk, AFileIsMadeOfZerosWithAllItsRoom) {
    constexpr size_t kBytes = size_t{256} << 10U;
    auto file = disk_->create("a", kBytes);
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_EQ((*file)->bytes().size(), kBytes);
    EXPECT_TRUE(
        std::ranges::all_of((*file)->bytes(), [](std::byte b) { return b == std::byte{}; }));
    struct stat facts{};
    ASSERT_EQ(::stat(in("a").c_str(), &facts), 0);
    EXPECT_GE(static_cast<size_t>(facts.st_blocks) * 512, kBytes) << "or a full disk is met later";
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(MachineDisk, WhatIsWrittenToMemoryIsInTheFile) {
    auto file = disk_->create("a", 8192);
    ASSERT_TRUE(file);
    (*file)->bytes()[5000] = std::byte{42};
    std::vector<std::byte> content;
    ASSERT_TRUE(disk_->read("a", content));
    ASSERT_EQ(content.size(), 8192U);
    EXPECT_EQ(content[5000], std::byte{42}) << "before any sync, and after a kill -9";
    EXPECT_TRUE((*file)->sync(5001));
    EXPECT_TRUE((*file)->sync(1 << 20U)) << "no more than there is";
}

TEST_F(MachineDisk, NamesAreListedRenamedAndRemoved) {
    ASSERT_TRUE(disk_->create("a", 4096));
    ASSERT_TRUE(disk_->link("a", "b"));
    ASSERT_TRUE(disk_->link("a", "b")) << "it is there already";
    ASSERT_TRUE(disk_->rename("a", "c"));
    std::filesystem::create_directory(in("folder"));
    auto entries = disk_->list();
    ASSERT_TRUE(entries);
    std::ranges::sort(*entries, {}, &JournalDisk::Entry::name);
    ASSERT_EQ(entries->size(), 2U) << "folders are none";
    EXPECT_EQ(entries->at(0).name, "b");
    EXPECT_EQ(entries->at(1).name, "c");
    EXPECT_EQ(entries->at(1).bytes, 4096U);
    ASSERT_TRUE(disk_->remove("b"));
    ASSERT_TRUE(disk_->remove("b")) << "it is gone already";
    EXPECT_TRUE(disk_->sync_names());
    EXPECT_EQ(disk_->list()->size(), 1U);
}

TEST_F(MachineDisk, AFileThatIsThereIsNotMadeAnew) {
    ASSERT_TRUE(disk_->create("a", 4096));
    const auto again = disk_->create("a", 4096);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::LedgerUnavailable);
    EXPECT_NE(again.error().message.find(in("a") + ": File exists"), std::string::npos);
}

TEST_F(MachineDisk, WithoutRoomThereIsNoFile) {
    const auto before = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
    rlimit small = limit;
    small.rlim_cur = 4096;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto made = disk_->create("a", 1 << 20U);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    (void)std::signal(SIGXFSZ, before);
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().message.find("File too large"), std::string::npos);
    EXPECT_TRUE(disk_->list()->empty());
}

TEST_F(MachineDisk, WhatCannotBeUsedIsSaid) {
    std::vector<std::byte> content;
    EXPECT_FALSE(disk_->read("nothing", content));
    EXPECT_FALSE(disk_->rename("nothing", "else"));
    EXPECT_FALSE(disk_->link("nothing", "else"));
    std::ofstream(in("file")) << "x";
    const auto under_a_file = make_machine_disk(in("file") + "/folder");
    EXPECT_FALSE(under_a_file->make_folder());
    EXPECT_FALSE(under_a_file->list());
    EXPECT_FALSE(under_a_file->create("a", 4096));
    EXPECT_FALSE(under_a_file->sync_names());
}

TEST_F(MachineDisk, TheMachineIsTheSameUntilItIsStartedAnew) {
    EXPECT_EQ(disk_->machine(), make_machine_disk(folder_)->machine());
}

}  // namespace
}  // namespace keywarden
