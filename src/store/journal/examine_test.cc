#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "store/journal/journal_fixture.h"

namespace keywarden {
namespace {

using test::call;
using test::ended;
using test::kCheap;

class ExamineJournal : public testing::Test {
protected:
    ~ExamineJournal() override { std::filesystem::remove_all(dir_); }

    std::string dir_ = testing::TempDir() + new_id("journal");
};

TEST_F(ExamineJournal, SaysWhatWaitsWhileTheJournalIsInUse) {
    EXPECT_EQ(examine_journal(dir_, {})->segments, 0U) << "there is none yet";
    const auto journal = *Journal::open(
        {.dir = dir_, .bytes_max = 1 << 20U}, {}, [](const CallRecord&) {}, test::kNoon);
    JournalWriter& writer = journal->writer(0);
    for (uint64_t i = 0; i < 5; ++i) writer.close(*writer.open(call(i), kCheap), ended(i));
    auto running = *writer.open(call(9), kCheap);
    const auto report = examine_journal(dir_, {});
    ASSERT_TRUE(report);
    EXPECT_EQ(report->segments, 1U);
    EXPECT_EQ(report->bytes, journal->state().bytes);
    EXPECT_EQ(report->rows_waiting, 5);
    journal->sync();
    ASSERT_EQ(journal->next_batch(2).rows.size(), 2U);
    EXPECT_EQ(examine_journal(dir_, journal->next_batch(2).positions)->rows_waiting, 3);
    writer.close(std::move(running), ended(9));
}

TEST_F(ExamineJournal, NamesWhatWasKeptForAPerson) {
    std::filesystem::create_directory(dir_);
    for (const char* name : {"00000002-000-00000001.journal.damaged",
                             "00000001-000-00000001.journal.damaged",
                             "00000003-000-00000001.journal"}) {
        std::ofstream(dir_ + "/" + name) << "no journal";
    }
    const auto report = examine_journal(dir_, {});
    ASSERT_TRUE(report);
    EXPECT_EQ(report->damaged_files.size(), 2U);
    EXPECT_EQ(report->damaged_files.at(0), "00000001-000-00000001.journal.damaged");
    EXPECT_EQ(report->segments, 1U);
    EXPECT_EQ(report->rows_waiting, 0);
}

}  // namespace
}  // namespace keywarden
