#include "store/journal/writer.h"

#include <future>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/journal/journal_fixture.h"

namespace keywarden {
namespace {

using test::Books;
using test::call;
using test::ended;
using test::kCheap;

class JournalWriterTest : public test::JournalTest {
protected:
    /// Calls that begin and end, until the journal says no.
    static uint64_t fill(JournalWriter& writer, uint64_t from) {
        for (;; ++from) {
            auto hold = writer.open(call(from), kCheap);
            if (!hold) return from;
            writer.close(*std::move(hold), ended(from));
        }
    }
};

TEST_F(JournalWriterTest, ALongCallPinsNoSegment) {
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    Books books;
    auto hold = *writer.open(call(1), kCheap);
    hold.note_progress(7);
    for (uint64_t i = 2; i < 2000; ++i) {
        writer.close(*writer.open(call(i), kCheap), ended(i));
        if (i % 100 == 0) books.apply(*journal);
    }
    EXPECT_LE(journal->state().segments, 2U);
    const auto killed = disk_.after_kill();
    writer.close(std::move(hold), ended(1));
    books.apply(*journal);
    EXPECT_EQ(books.rows.size(), 1999U);

    const auto next = open(*killed);
    ASSERT_EQ(next->recovery().holds_closed, 1);
    EXPECT_EQ(found_.rows.at(1).outcome, CallOutcome::Expired);
    EXPECT_EQ(found_.rows.at(1).basis, UsageBasis::Counted) << "its progress came along";
}

TEST_F(JournalWriterTest, AFullJournalRefusesCallsAndStillTakesTheirEnds) {
    options_.bytes_max = 4 * kSegment;
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    std::vector<OpenHold> holds;
    for (uint64_t i = 0; i < 20; ++i) holds.push_back(*writer.open(call(i), kCheap));
    const uint64_t end = fill(writer, 20);
    const auto refused = writer.open(call(end), kCheap);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::LedgerUnavailable);
    EXPECT_NE(refused.error().message.find("full"), std::string::npos);
    EXPECT_GT(refused.error().retry_after, Nanos{});
    EXPECT_LE(journal->state().bytes, journal->state().bytes_max);
    EXPECT_FALSE(journal->state().failing) << "the disk is well";

    for (uint64_t i = 0; i < 20; ++i) writer.close(std::move(holds[i]), ended(i));
    Books books;
    books.apply(*journal);
    EXPECT_EQ(books.rows.size(), end);
    auto again = writer.open(call(end), kCheap);
    while (!again) again = writer.open(call(end), kCheap);
    writer.close(*std::move(again), ended(end));
    books.apply(*journal);
    EXPECT_EQ(books.rows.size(), end + 1) << "there is room again";
}

TEST_F(JournalWriterTest, MoreRunningCallsThanThereIsRoomForAreRefused) {
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    std::vector<OpenHold> holds;
    for (uint64_t i = 0;; ++i) {
        auto hold = writer.open(call(i), kCheap);
        if (!hold) {
            EXPECT_EQ(hold.error().code, ErrorCode::LedgerUnavailable);
            break;
        }
        holds.push_back(*std::move(hold));
    }
    EXPECT_GT(holds.size(), 20U);
    EXPECT_LT(journal->state().segments, 4U);
    for (uint64_t i = 0; i < holds.size(); ++i) writer.close(std::move(holds[i]), ended(i));
    Books books;
    books.apply(*journal);
    EXPECT_EQ(books.rows.size(), holds.size());
}

TEST_F(JournalWriterTest, AnEndThatIsLongerThanItsBeginningStillFits) {
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    const std::string text(test::JournalTest::kSegment, 'x');
    CallRecord begun{.id = test::id_of(1), .team_id = "t", .key_id = "k"};
    CallRecord end = begun;
    for (std::string_view* each : {&end.provider, &end.model, &end.route, &end.session_id}) {
        *each = text;
    }
    end.tags.fill(text);
    end.makers.fill(text);
    end.cost = {7};
    std::vector<OpenHold> holds;
    for (uint64_t i = 0; i < 40; ++i) {
        begun.id = test::id_of(i);
        holds.push_back(*writer.open(begun, kCheap));
    }
    for (uint64_t i = 0; i < holds.size(); ++i) {
        end.id = test::id_of(i);
        writer.close(std::move(holds[i]), end);
    }
    journal->sync();
    const auto& rows = journal->next_batch(100).rows;
    ASSERT_EQ(rows.size(), 40U);
    EXPECT_EQ(rows[39].cost, NanoUsd{7});
    EXPECT_EQ(rows[39].team_id, "t");
    EXPECT_EQ(rows[39].session_id, "");
    EXPECT_NE(rows[39].model, "");
}

TEST_F(JournalWriterTest, ARecordOfTheGreatestLengthIsTakenWhole) {
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    const std::string text(200, 'y');
    CallRecord record = call(1);
    record.session_id = text;
    record.tags.fill(text);
    writer.close(*writer.open(record, kCheap), record);
    journal->sync();
    const auto& rows = journal->next_batch(100).rows;
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].session_id, text);
    EXPECT_EQ(rows[0].tags.back(), text);
}

TEST_F(JournalWriterTest, NoMoreRoomIsTakenThanIsNeeded) {
    options_.writers = 8;
    for (int start = 0; start < 50; ++start) {
        test::FakeDisk disk;
        const auto journal = open(disk);
        EXPECT_EQ(disk.names().size(), options_.writers);
        EXPECT_EQ(journal->state().bytes, options_.writers * kSegment);
        JournalWriter& writer = journal->writer(3);
        writer.close(*writer.open(call(1), kCheap), ended(1));
        EXPECT_EQ(disk.names().size(), options_.writers);
    }
    EXPECT_TRUE(disk_.names().empty());
}

TEST_F(JournalWriterTest, WithDurabilityProcessNobodyWaits) {
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    EXPECT_TRUE(writer.is_durable());
    auto hold = *writer.open(call(1), kCheap);
    EXPECT_TRUE(writer.is_durable());
    writer.close(std::move(hold), ended(1));
}

TEST_F(JournalWriterTest, WithDurabilityPowerACallIsToldWhenItIsOnTheDisk) {
    options_.durability = Durability::Power;
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    auto hold = *writer.open(call(1), kCheap);
    EXPECT_FALSE(writer.is_durable());
    std::promise<bool> told;
    writer.when_durable([&](bool is_so) { told.set_value(is_so); });
    EXPECT_TRUE(told.get_future().get());
    EXPECT_TRUE(writer.is_durable());
    writer.close(std::move(hold), ended(1));
    EXPECT_TRUE(writer.is_durable()) << "ends are not waited for";
}

TEST_F(JournalWriterTest, ADiskThatRefusesASyncIsSaidAndNotBelievedAgain) {
    options_.durability = Durability::Power;
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    auto hold = *writer.open(call(1), kCheap);
    disk_.fail_only("sync");
    disk_.fail_for_ever();
    const auto wait = [&] {
        std::promise<bool> told;
        writer.when_durable([&](bool is_so) { told.set_value(is_so); });
        return told.get_future().get();
    };
    EXPECT_FALSE(wait());
    EXPECT_TRUE(journal->state().failing);
    disk_.work_again();
    EXPECT_FALSE(wait()) << "the kernel would say yes now, and may have dropped what was written";

    auto second = writer.open(call(2), kCheap);  // moves on, with the first
    while (!second) second = writer.open(call(2), kCheap);
    EXPECT_TRUE(wait());
    EXPECT_TRUE(writer.is_durable());
    journal->sync();
    EXPECT_FALSE(journal->state().failing) << "the old file was written anew";
    writer.close(std::move(hold), ended(1));
    writer.close(*std::move(second), ended(2));
    Books books;
    books.apply(*journal);
    EXPECT_EQ(books.rows.size(), 2U);
    EXPECT_EQ(books.twice, 0);
}

// What the store has must be on the disk in the journal too, or a cut of the power would bring a
// call back that has a row.
TEST_F(JournalWriterTest, TheApplierGetsOnlyWhatIsOnTheDisk) {
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    disk_.fail_only("sync");
    disk_.fail_for_ever();
    writer.close(*writer.open(call(1), kCheap), ended(1));
    journal->sync();
    EXPECT_TRUE(journal->next_batch(10).rows.empty());
    EXPECT_EQ(journal->state().rows_waiting, 1);
    disk_.work_again();
    auto next = writer.open(call(2), kCheap);
    while (!next) next = writer.open(call(2), kCheap);
    writer.close(*std::move(next), ended(2));
    journal->sync();
    EXPECT_EQ(journal->next_batch(10).rows.size(), 2U);
}

TEST_F(JournalWriterTest, TooLittleRoomForItsThreadsIsSaidAtTheStart) {
    options_.disk = &disk_;
    options_.writers = 100;
    const auto opened = Journal::open(options_, {}, [](const CallRecord&) {}, test::kNoon);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::StartupFailed);
    EXPECT_NE(opened.error().message.find("journal_bytes_max"), std::string::npos);
}

}  // namespace
}  // namespace keywarden
