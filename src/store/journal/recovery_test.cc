#include "store/journal/recovery.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
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
using test::KeptRow;
using test::kNoon;

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

class JournalRecoveryTest : public test::JournalTest {
protected:
    /// A process that dies with calls 1 to `closed` closed, and `open` more running.
    std::unique_ptr<FakeDisk> killed(uint64_t closed, uint64_t open_calls) {
        const auto journal = open(disk_);
        JournalWriter& writer = journal->writer(0);
        std::vector<OpenHold> holds;
        for (uint64_t i = 1; i <= closed + open_calls; ++i) {
            holds.push_back(*writer.open(call(i), kCheap));
            holds.back().note_sent();
            holds.back().note_progress(static_cast<uint32_t>(i));
        }
        for (uint64_t i = 1; i <= closed; ++i) writer.close(std::move(holds[i - 1]), ended(i));
        auto out = disk_.after_kill();
        for (uint64_t i = closed; i < holds.size(); ++i)
            writer.close(std::move(holds[i]), ended(i));
        return out;
    }

    struct Found {
        Books books;
        JournalRecovery report;
        std::vector<JournalPosition> positions;
    };
    /// Recovery alone, without the threads of a journal.
    Result<Found> recover_on(FakeDisk& disk, std::span<const JournalPosition> applied = {}) {
        JournalCore core;
        core.disk = &disk;
        core.machine = disk.machine();
        Found found;
        TRY(const Recovered recovered,
            recover(core, applied, [&](const CallRecord& row) { found.books.add(row); }, kNoon));
        found.report = recovered.report;
        for (const auto& segment : core.segments) {
            found.positions.push_back(
                {.segment = segment->name, .offset = static_cast<int64_t>(segment->end)});
        }
        return found;
    }

    static std::string first_segment(const FakeDisk& disk) {
        for (const std::string& name : disk.names()) {
            if (segment_id_of(name)) return name;
        }
        return {};
    }
};

TEST_F(JournalRecoveryTest, ASecondDeathWhileRecoveringLosesNothing) {
    const auto disk = killed(3, 4);
    const auto once = recover_on(*disk);
    ASSERT_TRUE(once);
    EXPECT_EQ(once->report.holds_closed, 4);
    const auto again = disk->after_kill();
    const auto twice = recover_on(*again);
    ASSERT_TRUE(twice);
    EXPECT_EQ(twice->report.holds_closed, 0) << "the first one had closed them";
    EXPECT_EQ(twice->books.rows, once->books.rows);
    EXPECT_EQ(twice->books.twice, 0);
}

TEST_F(JournalRecoveryTest, SaysOnlyWhatTheStoreDoesNotHave) {
    const auto disk = killed(5, 0);
    const auto all = recover_on(*disk);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->report.rows, 5);
    EXPECT_EQ(recover_on(*disk, all->positions)->report.rows, 0);

    const auto journal = open(*disk);
    journal->sync();
    ASSERT_EQ(journal->next_batch(2).rows.size(), 2U);
    const auto some = journal->next_batch(2).positions;
    EXPECT_EQ(recover_on(*disk->after_kill(), some)->report.rows, 3);
}

TEST_F(JournalRecoveryTest, ABitThatFlipsInventsNothingAndCostsOneFrame) {
    constexpr uint64_t kClosed = 4;
    constexpr uint64_t kOpen = 3;
    const auto sound = killed(kClosed, kOpen);
    const auto expected = recover_on(*sound->after_kill());
    ASSERT_TRUE(expected);
    const std::string name = first_segment(*sound);
    const size_t end = static_cast<size_t>(expected->positions.front().offset);
    const size_t size = sound->content(name).size();
    int64_t noticed = 0;
    for (size_t at = 0; at < size; at = at + 1 == end + 64 ? size - 64 : at + 1) {
        const auto disk = sound->after_kill();
        disk->content(name)[at] ^= static_cast<std::byte>(1U << (at * 5 % 8));
        const auto found = recover_on(*disk);
        ASSERT_TRUE(found) << "byte " << at << ": " << found.error().message;
        ASSERT_EQ(found->books.twice, 0) << "byte " << at;
        noticed += found->report.frames_damaged > 0 ? 1 : 0;
        size_t differing = 0;
        for (const auto& [number, row] : expected->books.rows) {
            const auto got = found->books.rows.find(number);
            const bool is_same = got != found->books.rows.end() && got->second == row;
            differing += is_same ? 0 : 1;
            if (is_same || got == found->books.rows.end()) continue;
            EXPECT_EQ(got->second.outcome, CallOutcome::Expired) << "byte " << at;
            EXPECT_LE(got->second.cost, call(number).held) << "byte " << at;
        }
        ASSERT_LE(differing, 1U) << "byte " << at;
        ASSERT_LE(found->books.rows.size(), expected->books.rows.size()) << "byte " << at;
        for (const auto& [number, row] : found->books.rows) {
            ASSERT_TRUE(expected->books.rows.contains(number)) << "byte " << at;
        }
    }
    EXPECT_GT(noticed, static_cast<int64_t>(end) / 2);
}

TEST_F(JournalRecoveryTest, ASegmentThatIsCutAnywhereKeepsWhatIsBefore) {
    constexpr uint64_t kClosed = 5;
    const auto sound = killed(kClosed, 0);
    const std::string name = first_segment(*sound);
    const std::span<const std::byte> content = sound->content(name);
    const size_t end = static_cast<size_t>(recover_on(*sound->after_kill())->positions[0].offset);
    size_t before = 0;
    for (size_t at = 0; at <= end; ++at) {
        FakeDisk disk;
        disk.put_file(name, content.first(at));
        const auto found = recover_on(disk);
        ASSERT_TRUE(found) << at;
        ASSERT_GE(found->books.rows.size(), before) << at;
        before = found->books.rows.size();
        for (const auto& [number, row] : found->books.rows) {
            ASSERT_TRUE(row == test::kept(ended(number)) || row.outcome == CallOutcome::Expired);
        }
    }
    EXPECT_EQ(before, kClosed);
}

TEST_F(JournalRecoveryTest, WhatADyingProcessDidNotFinishIsNoDamage) {
    const auto sound = killed(2, 0);
    const std::string name = first_segment(*sound);
    const size_t end = static_cast<size_t>(recover_on(*sound->after_kill())->positions[0].offset);
    for (size_t written = 0; written < 200; ++written) {
        const auto disk = sound->after_kill();
        std::memset(&disk->content(name)[end + kFrameHeadBytes], 0xa5, written);
        const auto found = recover_on(*disk);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->report.frames_damaged, 0);
        EXPECT_EQ(found->books.rows.size(), 2U);
    }
}

TEST_F(JournalRecoveryTest, ADamagedFileIsKeptForAPerson) {
    const auto disk = killed(3, 0);
    const std::string name = first_segment(*disk);
    disk->content(name)[100] ^= std::byte{1};
    Books books;
    const auto journal = open(*disk);
    EXPECT_EQ(journal->recovery().frames_damaged, 1);
    EXPECT_EQ(journal->recovery().damaged_files, (std::vector{name + ".damaged"}));
    books.apply(*journal);
    const auto names = disk->names();
    EXPECT_FALSE(has(names, name)) << "its rows are in the store";
    EXPECT_TRUE(has(names, name + ".damaged"));
}

TEST_F(JournalRecoveryTest, ADamagedFileIsKeptWhereThereAreNoSecondNames) {
    const auto disk = killed(3, 0);
    const std::string name = first_segment(*disk);
    disk->content(name)[100] ^= std::byte{1};
    disk->fail_only("link");
    disk->fail_for_ever();
    Books books;
    const auto journal = open(*disk);
    EXPECT_TRUE(journal->recovery().damaged_files.empty());
    books.apply(*journal);
    EXPECT_TRUE(has(disk->names(), name + ".damaged"));
}

TEST_F(JournalRecoveryTest, FilesOfNoLengthAndLeftoversGo) {
    const auto disk = killed(1, 0);
    disk->put_file("00000009-000-00000001.journal", {});
    disk->put_file("00000009-000-00000002.journal.new", std::vector<std::byte>(64));
    disk->put_file("somebody.else", std::vector<std::byte>(64));
    Books books;
    const auto journal = open(*disk);
    EXPECT_EQ(journal->recovery().rows, 1);
    EXPECT_EQ(journal->recovery().frames_damaged, 0);
    books.apply(*journal);
    const auto names = disk->names();
    EXPECT_TRUE(has(names, "somebody.else"));
    EXPECT_EQ(names.size(), 2U) << "that, and this process's own";
}

TEST_F(JournalRecoveryTest, ASegmentOfANewerVersionStopsTheStartAndSaysWhatToDo) {
    const auto disk = killed(1, 0);
    write_header({.version = kJournalVersion + 1}, disk->content(first_segment(*disk)));
    options_.disk = disk.get();
    const auto opened = Journal::open(options_, {}, [](const CallRecord&) {}, kNoon);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::StartupFailed);
    EXPECT_NE(opened.error().message.find(first_segment(*disk)), std::string::npos);
    EXPECT_NE(opened.error().message.find("move the file away"), std::string::npos);
}

// Its file is gone, and yet the store may still have a position in a segment of that name.
TEST_F(JournalRecoveryTest, ANameIsNeverUsedTwice) {
    options_.disk = &disk_;
    const std::vector<JournalPosition> applied = {
        {.segment = "00000041-000-00000001.journal", .offset = 1 << 20}};
    auto opened = Journal::open(options_, applied, [](const CallRecord&) {}, kNoon);
    ASSERT_TRUE(opened);
    EXPECT_EQ(first_segment(disk_), "00000042-000-00000001.journal");
    EXPECT_EQ((*opened)->applied(), (std::vector<std::string>{applied[0].segment}))
        << "the store may forget it";
}

TEST_F(JournalRecoveryTest, AfterAnotherStartOfTheMachineNothingIsSureOfWhatWasSent) {
    const CallRecord opened = call(1);
    const auto outcome = [&](Progress progress, bool is_same_start) {
        return test::kept(expire(opened, kCheap, progress, is_same_start, kNoon));
    };
    EXPECT_EQ(outcome({}, true), (KeptRow{CallOutcome::Voided, UsageBasis::Exact, {0}}));
    EXPECT_EQ(outcome({}, false),
              (KeptRow{CallOutcome::Expired, UsageBasis::Estimated, opened.held}));
    EXPECT_EQ(outcome({.sent = true, .output_tokens = 2}, false),
              (KeptRow{CallOutcome::Expired, UsageBasis::Counted, {1005}}));
}

TEST_F(JournalRecoveryTest, WhatExpiresIsNeverMoreThanWasHeld) {
    CallRecord opened = call(1);
    const CostSoFar huge{.before_output = {std::numeric_limits<int64_t>::max()},
                         .million_output_tokens = {std::numeric_limits<int64_t>::max()}};
    const Progress far{.sent = true, .output_tokens = std::numeric_limits<uint32_t>::max()};
    EXPECT_EQ(expire(opened, huge, far, true, kNoon).cost, opened.held);
    opened.held = {};
    EXPECT_EQ(expire(opened, kCheap, far, true, kNoon).cost, NanoUsd{});
    const CallRecord row = expire(call(1), kCheap, {.sent = true, .output_tokens = 3}, true, kNoon);
    EXPECT_EQ(row.usage.output, 3);
    EXPECT_EQ(row.attempts, 1);
    EXPECT_EQ(row.ended_at, kNoon);
    EXPECT_EQ(row.usage.input, call(1).usage.input);
}

// An Open whose Close was deleted would expire a second time: what the rule of deletion is for.
TEST_F(JournalRecoveryTest, NoCallExpiresAgainBecauseItsEndWasDeleted) {
    const auto disk = killed(2, 3);
    Books books;
    for (int start = 0; start < 3; ++start) {
        const auto journal = open(*disk, books);
        books.apply(*journal);
        EXPECT_EQ(books.twice, 0);
        EXPECT_EQ(books.rows.size(), 5U);
    }
    EXPECT_TRUE(found_.rows.empty());
}

TEST_F(JournalRecoveryTest, WhateverIsRemovedAndWhateverNotNoCallExpiresAgain) {
    const auto first = killed(2, 3);
    for (int64_t removed = 0; removed < 4; ++removed) {
        const auto disk = first->after_kill();
        Books books;
        {
            disk->fail_only("remove");
            disk->fail_after(removed, 100);
            const auto journal = open(*disk, books);
            books.apply(*journal);
        }
        const auto again = disk->after_kill();
        const auto journal = open(*again, books);
        EXPECT_EQ(journal->recovery().holds_closed, 0) << removed;
        EXPECT_TRUE(found_.rows.empty()) << removed;
        books.apply(*journal);
        EXPECT_EQ(books.twice, 0) << removed;
    }
}

// The file with the Open cannot be brought to the disk, those after it can, and could go.
TEST_F(JournalRecoveryTest, NoCallExpiresAgainBecauseAnOlderSegmentHasToStay) {
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    Books books;
    std::vector<OpenHold> holds;
    for (uint64_t i = 0; i < 3; ++i) holds.push_back(*writer.open(call(i), kCheap));
    disk_.fail_only("sync");
    disk_.fail_after(0, 1);
    journal->sync();
    disk_.fail_only("rename");  // it cannot be written anew
    disk_.fail_for_ever();
    for (uint64_t i = 3; i < 1000; ++i) {
        auto hold = writer.open(call(i), kCheap);
        while (!hold) hold = writer.open(call(i), kCheap);
        writer.close(*std::move(hold), ended(i));
        if (i == 500) {
            for (uint64_t old = 0; old < 3; ++old) writer.close(std::move(holds[old]), ended(old));
        }
        if (i % 100 == 0) books.apply(*journal);
    }
    books.apply(*journal);
    EXPECT_EQ(books.rows.size(), 1000U);
    const auto killed = disk_.after_kill();
    const auto next = open(*killed, books);
    EXPECT_EQ(next->recovery().holds_closed, 0);
    EXPECT_TRUE(found_.rows.empty());
}

TEST_F(JournalRecoveryTest, AHundredThousandRowsTakeAMoment) {
    options_.segment_bytes = size_t{4} << 20U;
    options_.bytes_max = size_t{512} << 20U;
    constexpr uint64_t kRows = 100'000;
    constexpr int kOpensMax = 1'000;  // each waits for a while
    std::unique_ptr<FakeDisk> disk;
    {
        const auto journal = open(disk_);
        JournalWriter& writer = journal->writer(0);
        for (uint64_t i = 0; i < kRows; ++i) {
            auto hold = writer.open(call(i), kCheap);
            // Where the thread that makes segments is late, whoever asks again gets its hold.
            for (int again = 0; !hold && again < kOpensMax; ++again) {
                hold = writer.open(call(i), kCheap);
            }
            ASSERT_TRUE(hold) << hold.error().message;
            writer.close(*std::move(hold), ended(i));
        }
        disk = disk_.after_kill();
    }
    const auto found = recover_on(*disk);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->report.rows, static_cast<int64_t>(kRows));
    EXPECT_EQ(found->books.rows.size(), kRows);
    RecordProperty("milliseconds", static_cast<int>(found->report.duration.count() / 1'000'000));
}

}  // namespace
}  // namespace keywarden
