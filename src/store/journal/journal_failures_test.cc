// The n-th thing that the disk is asked fails, for every n: nothing that was acknowledged is lost.
#include <map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/journal/journal_fixture.h"

namespace keywarden {
namespace {

using test::Books;
using test::call;
using test::ended;
using test::FakeDisk;
using test::kCheap;
using test::kNoon;

class JournalFailures : public test::JournalTest {
protected:
    static constexpr uint64_t kCalls = 600;

    /// A start, calls over several segments, a long one, and an applier. Returns what was
    /// acknowledged; `left` is the disk as a kill at its end leaves it.
    std::map<uint64_t, bool> live(FakeDisk& disk, Books& books, std::unique_ptr<FakeDisk>& left) {
        std::map<uint64_t, bool> acknowledged;  // and whether it ended
        options_.disk = &disk;
        auto opened = Journal::open(options_, books.positions, [](const CallRecord&) {}, kNoon);
        if (!opened) {
            EXPECT_EQ(opened.error().code, ErrorCode::StartupFailed);
            EXPECT_FALSE(opened.error().message.empty());
            left = disk.after_kill();
            return acknowledged;
        }
        const auto journal = *std::move(opened);
        JournalWriter& writer = journal->writer(0);
        std::vector<std::pair<uint64_t, OpenHold>> running;
        for (uint64_t i = 0; i < kCalls; ++i) {
            if (auto hold = writer.open(call(i), kCheap)) {
                acknowledged[i] = false;
                running.emplace_back(i, *std::move(hold));
            }
            if (running.size() > 5) {
                acknowledged[running[1].first] = true;
                writer.close(std::move(running[1].second), ended(running[1].first));
                running.erase(running.begin() + 1);
            }
            if (i % 40 == 0) journal->sync();
            if (i % 130 == 0) books.apply_some(*journal, 100);
        }
        left = disk.after_kill();
        for (auto& [number, hold] : running) writer.close(std::move(hold), ended(number));
        return acknowledged;
    }

    void try_with(int64_t after, int64_t failures) {
        FakeDisk disk;
        disk.fail_after(after, failures);
        Books books;
        std::unique_ptr<FakeDisk> left;
        const auto acknowledged = live(disk, books, left);
        const auto journal = open(*left, books);
        ASSERT_NE(journal, nullptr);
        for (const auto& [number, row] : found_.rows) EXPECT_FALSE(books.rows.contains(number));
        books.apply(*journal);
        EXPECT_EQ(books.twice, 0);
        EXPECT_EQ(books.rows.size(), acknowledged.size());
        for (const auto& [number, has_ended] : acknowledged) {
            ASSERT_TRUE(books.rows.contains(number)) << number;
            if (has_ended) EXPECT_EQ(books.rows.at(number), test::kept(ended(number)));
        }
    }
};

TEST_F(JournalFailures, OneOperationFails) {
    FakeDisk sound;
    Books books;
    std::unique_ptr<FakeDisk> left;
    EXPECT_EQ(live(sound, books, left).size(), kCalls);
    const int64_t operations = sound.operations();
    EXPECT_GT(operations, 30);
    for (int64_t n = 0; n < operations; ++n) {
        SCOPED_TRACE("operation " + std::to_string(n));
        try_with(n, 1);
    }
}

TEST_F(JournalFailures, SeveralOperationsFailOneAfterAnother) {
    for (int64_t n = 0; n < 60; ++n) {
        SCOPED_TRACE("operation " + std::to_string(n));
        try_with(n, 4);
    }
}

TEST_F(JournalFailures, TheDiskFailsForEver) {
    for (int64_t n = 0; n < 60; ++n) {
        SCOPED_TRACE("operation " + std::to_string(n));
        try_with(n, int64_t{1} << 40U);
    }
}

}  // namespace
}  // namespace keywarden
