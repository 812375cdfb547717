#include "store/journal.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "store/journal/journal_fixture.h"

namespace keywarden {
namespace {

using test::Books;
using test::call;
using test::ended;
using test::kCheap;

class Journals : public test::JournalTest {};

TEST_F(Journals, ARowComesOutAsItWentIn) {
    const auto journal = open(disk_);
    auto hold = journal->writer(0).open(call(1), kCheap);
    ASSERT_TRUE(hold);
    journal->writer(0).close(*std::move(hold), ended(1));
    journal->sync();
    const auto& batch = journal->next_batch(10);
    ASSERT_EQ(batch.rows.size(), 1U);
    EXPECT_EQ(batch.rows[0].model, "gpt-5");
    EXPECT_EQ(batch.rows[0].cost, NanoUsd{1});
    EXPECT_EQ(batch.rows[0].usage, ended(1).usage);
    ASSERT_EQ(batch.positions.size(), 1U);
    EXPECT_TRUE(journal->applied().empty());
    EXPECT_TRUE(journal->next_batch(10).rows.empty());
}

TEST_F(Journals, AnOpenCallIsNoRow) {
    const auto journal = open(disk_);
    auto hold = journal->writer(0).open(call(1), kCheap);
    journal->sync();
    EXPECT_TRUE(journal->next_batch(10).rows.empty());
    journal->writer(0).close(*std::move(hold), ended(1));
}

TEST_F(Journals, ABatchThatWasNotAppliedComesAgain) {
    const auto journal = open(disk_);
    for (uint64_t i = 0; i < 5; ++i) {
        journal->writer(0).close(*journal->writer(0).open(call(i), kCheap), ended(i));
    }
    journal->sync();
    EXPECT_EQ(journal->next_batch(3).rows.size(), 3U);
    EXPECT_EQ(journal->next_batch(3).rows.size(), 3U);
    journal->applied();
    const auto& rest = journal->next_batch(3).rows;
    ASSERT_EQ(rest.size(), 2U);
    EXPECT_EQ(rest[0].cost, NanoUsd{3});
}

TEST_F(Journals, ManySegmentsLoseNothingAndAreDeletedOnceApplied) {
    const auto journal = open(disk_);
    Books books;
    constexpr uint64_t kCalls = 5000;
    for (uint64_t i = 0; i < kCalls; ++i) {
        auto hold = journal->writer(0).open(call(i), kCheap);
        ASSERT_TRUE(hold) << hold.error().message;
        journal->writer(0).close(*std::move(hold), ended(i));
        if (i % 500 == 0) books.apply(*journal);
    }
    books.apply(*journal);
    EXPECT_EQ(books.rows.size(), kCalls);
    EXPECT_EQ(books.twice, 0);
    EXPECT_LE(journal->state().segments, 2U);
    EXPECT_LE(books.positions.size(), journal->state().segments);
    EXPECT_EQ(journal->state().rows_waiting, 0);
}

TEST_F(Journals, AKilledProcessLeavesItsCallsClosed) {
    Books books;
    auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    writer.close(*writer.open(call(1), kCheap), ended(1));
    auto unsent = *writer.open(call(2), kCheap);
    auto sent = *writer.open(call(3), kCheap);
    sent.note_sent();
    auto streaming = *writer.open(call(4), kCheap);
    streaming.note_sent();
    streaming.note_progress(3);
    auto costly =
        *writer.open(call(5), {.before_output = {}, .million_output_tokens = {1LL << 60U}});
    costly.note_progress(1000);

    const auto killed = disk_.after_kill();
    const auto next = open(*killed);
    EXPECT_EQ(next->recovery().rows, 5);
    EXPECT_EQ(next->recovery().holds_closed, 4);
    EXPECT_EQ(next->recovery().frames_damaged, 0);
    books.apply(*next);
    EXPECT_EQ(books.rows, found_.rows) << "memory counts what the store gets";
    EXPECT_EQ(books.rows.at(1), test::kept(ended(1)));
    const auto row = [&](uint64_t number) { return books.rows.at(number); };
    EXPECT_EQ(row(2), (test::KeptRow{CallOutcome::Voided, UsageBasis::Exact, {0}}));
    EXPECT_EQ(row(3), (test::KeptRow{CallOutcome::Expired, UsageBasis::Estimated, {1'000'000}}));
    EXPECT_EQ(row(4), (test::KeptRow{CallOutcome::Expired, UsageBasis::Counted, {1008}}))
        << "1000, and 7.5 rounded up";
    EXPECT_EQ(row(5), (test::KeptRow{CallOutcome::Expired, UsageBasis::Counted, {1'000'000}}))
        << "never more than was held";

    for (auto* hold : {&unsent, &sent, &streaming, &costly})
        writer.close(std::move(*hold), call(9));
}

}  // namespace
}  // namespace keywarden
