// kill -9 at any moment: what the process had said by then is what the oracle knows.
#include <array>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "store/journal/journal_fixture.h"

namespace keywarden {
namespace {

using test::Books;
using test::call;
using test::ended;
using test::kCheap;
using test::kNoon;

/// What a process tells of a call, after the journal has taken it.
struct Word {
    enum What : uint64_t { Opened, Sent, CameTo, Closed };
    uint64_t what = Opened;
    uint64_t number = 0;
    uint64_t tokens = 0;
};

struct Told {
    bool sent = false;
    uint64_t tokens = 0;  // that the call had come to, at least
    bool closed = false;
};

class JournalKill : public testing::Test {
protected:
    static constexpr int kKills = 200;
    static constexpr uint64_t kWordsMax = 500;  // before a kill
    static constexpr uint64_t kCallsAProcess = 1'000'000;

    JournalKill() {
        const bool has_memory = ::access("/dev/shm", W_OK) == 0;
        options_.dir = (has_memory ? "/dev/shm/" : testing::TempDir()) + new_id("journal");
    }
    ~JournalKill() override { std::filesystem::remove_all(options_.dir); }

    std::unique_ptr<Journal> open(Books* found = nullptr) {
        auto opened = Journal::open(
            options_,
            books_.positions,
            [&](const CallRecord& row) {
                if (found != nullptr) found->add(row);
            },
            kNoon);
        if (!opened) std::fprintf(stderr, "%s\n", opened.error().message.c_str());
        return opened ? *std::move(opened) : nullptr;
    }

    /// The process that is killed: calls that overlap, for ever, each step told once it is done.
    [[noreturn]] void live(int tell, uint64_t seed, uint64_t first) {
        const auto journal = open();
        if (journal == nullptr) ::_exit(1);
        std::mt19937_64 random(seed);
        const auto say = [tell](const Word& word) {
            if (::write(tell, &word, sizeof word) != sizeof word) ::_exit(2);
        };
        std::vector<std::pair<uint64_t, OpenHold>> running;
        for (uint64_t next = first;;) {
            if (running.size() < 12) {
                auto hold = journal->writer(0).open(call(next), kCheap);
                if (!hold) continue;
                running.emplace_back(next, *std::move(hold));
                say({.what = Word::Opened, .number = next++});
            }
            const size_t which = random() % running.size();
            auto& [number, hold] = running[which];
            const uint64_t dice = random() % 4;
            if (dice == 0) {
                hold.note_sent();
                say({.what = Word::Sent, .number = number});
            } else if (dice == 1) {
                const uint64_t tokens = 1 + random() % 50;
                hold.note_progress(static_cast<uint32_t>(tokens));
                say({.what = Word::CameTo, .number = number, .tokens = tokens});
            } else if (dice == 2) {
                journal->writer(0).close(std::move(hold), ended(number));
                say({.what = Word::Closed, .number = number});
                std::swap(running[which], running.back());
                running.pop_back();
            }
        }
    }

    /// Kills it after so many words, and listens to what was still under way.
    void kill_one(uint64_t seed, uint64_t first, uint64_t words) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe(ends.data()), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(ends[0]);
            live(ends[1], seed, first);
        }
        ::close(ends[1]);
        Word word;
        for (uint64_t heard = 0; ::read(ends[0], &word, sizeof word) == sizeof word; ++heard) {
            hear(word);
            if (heard == words) ASSERT_EQ(::kill(child, SIGKILL), 0);
        }
        ::close(ends[0]);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
    }

    void hear(const Word& word) {
        Told& told = told_[word.number];
        if (word.what == Word::Sent) told = {.sent = true};
        if (word.what == Word::CameTo) told = {.sent = true, .tokens = word.tokens};
        if (word.what == Word::Closed) told.closed = true;
    }

    void check() {
        EXPECT_EQ(books_.twice, 0);
        for (const auto& [number, told] : told_) {
            ASSERT_TRUE(books_.rows.contains(number)) << number << " is lost";
            const test::KeptRow& row = books_.rows.at(number);
            if (told.closed) {
                EXPECT_EQ(row, test::kept(ended(number)));
            } else if (row.outcome == CallOutcome::Voided) {
                EXPECT_FALSE(told.sent) << number;
            }
        }
        // One step may have been done and not told: a process has one thread here.
        EXPECT_LE(books_.rows.size(), told_.size() + kKills);
    }

    JournalOptions options_{.segment_bytes = size_t{64} << 10U, .bytes_max = size_t{16} << 20U};
    Books books_;
    std::map<uint64_t, Told> told_;
};

TEST_F(JournalKill, TwoHundredTimesNothingIsLostAndNothingComesTwice) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    int64_t closed = 0;
    for (uint64_t i = 0; i < kKills; ++i) {
        kill_one(random(), i * kCallsAProcess, random() % kWordsMax);
        ASSERT_FALSE(HasFatalFailure()) << "kill " << i;
        if (random() % 3 == 0) continue;  // the next process recovers it
        Books found;
        const auto journal = open(&found);
        ASSERT_NE(journal, nullptr);
        closed += journal->recovery().holds_closed;
        EXPECT_EQ(journal->recovery().frames_damaged, 0);
        EXPECT_EQ(found.twice, 0);
        for (const auto& [number, row] : found.rows) EXPECT_FALSE(books_.rows.contains(number));
        books_.apply_some(*journal, 1 + random() % 400);
    }
    {
        const auto journal = open();
        books_.apply(*journal);
    }
    check();
    EXPECT_GT(closed, 0);
    EXPECT_EQ(open()->recovery().holds_closed, 0) << "no hold is left open";
}

}  // namespace
}  // namespace keywarden
