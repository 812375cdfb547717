// kill -9 at any moment: what the process had said by then is what the oracle knows.
#include <array>
#include <atomic>
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

#include "base/log.h"
#include "base/test_death.h"
#include "store/journal/journal_fixture.h"

namespace keywarden {
namespace {

using test::Books;
using test::call;
using test::Death;
using test::ended;
using test::Fate;
using test::kCheap;
using test::kNoon;

/// What a process tells of a call, after the journal has taken it.
struct Word {
    enum What : uint64_t { Opened, Sent, CameTo, Closed, Dying };
    uint64_t what = Opened;
    uint64_t number = 0;
    uint64_t tokens = 0;
};

struct Told {
    bool sent = false;
    uint64_t tokens = 0;  // that the call had come to, at least
    bool closed = false;
};

/// The machine's disk, where every few syncs of a file fail.
class ShakyDisk final : public JournalDisk {
public:
    explicit ShakyDisk(const std::string& folder) : disk_(make_machine_disk(folder)) {}
    void shake() { shakes_ = true; }

    Result<void> make_folder() override { return disk_->make_folder(); }
    Result<std::vector<Entry>> list() override { return disk_->list(); }
    Result<std::unique_ptr<JournalFile>> create(const std::string& name, size_t bytes) override {
        TRY(auto file, disk_->create(name, bytes));
        return std::make_unique<ShakyFile>(*this, std::move(file));
    }
    Result<void> read(const std::string& name, std::vector<std::byte>& out) override {
        return disk_->read(name, out);
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
        return disk_->rename(from, to);
    }
    Result<void> link(const std::string& name, const std::string& also) override {
        return disk_->link(name, also);
    }
    Result<void> remove(const std::string& name) override { return disk_->remove(name); }
    Result<void> sync_names() override { return disk_->sync_names(); }
    std::array<uint8_t, 16> machine() override { return disk_->machine(); }

private:
    class ShakyFile final : public JournalFile {
    public:
        ShakyFile(ShakyDisk& disk, std::unique_ptr<JournalFile> file)
            : disk_(disk), file_(std::move(file)) {}
        std::span<std::byte> bytes() override { return file_->bytes(); }
        Result<void> sync(size_t until) override {
            if (disk_.shakes_ && ++disk_.syncs_ % 4 == 0) {
                return fail(ErrorCode::LedgerUnavailable, "it shakes");
            }
            return file_->sync(until);
        }

    private:
        ShakyDisk& disk_;
        std::unique_ptr<JournalFile> file_;
    };

    std::unique_ptr<JournalDisk> disk_;
    std::atomic<bool> shakes_ = false;
    std::atomic<int> syncs_ = 0;
};

class JournalKill : public testing::Test {
protected:
    static constexpr int kKills = 200;
    static constexpr int kNamedRounds = 5;
    static constexpr uint64_t kWordsMax = 500;         // before a kill
    static constexpr uint64_t kNamedWordsMax = 2'000;  // and where it did not come by its moment
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
    /// With a death that has a name its disk is shaky.
    [[noreturn]] void live(int tell, uint64_t seed, uint64_t first, const Death& death) {
        const auto say = [tell](const Word& word) {
            if (::write(tell, &word, sizeof word) != sizeof word) ::_exit(2);
        };
        const bool is_named = death.failpoint != Death::kNever;
        Fate::meet(death, [&say] { say({.what = Word::Dying}); });
        ShakyDisk disk(options_.dir);
        if (is_named) {
            configure_log(LogLevel::Off, LogFormat::Json, false);
            options_.disk = &disk;
        }
        const auto journal = open();
        if (journal == nullptr) ::_exit(1);
        disk.shake();
        std::mt19937_64 random(seed);
        std::vector<std::pair<uint64_t, OpenHold>> running;
        for (uint64_t next = first;;) {
            if (is_named && random() % 50 == 0) journal->sync();
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
    void kill_one(uint64_t seed, uint64_t first, uint64_t words, const Death& death = {}) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe(ends.data()), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(ends[0]);
            live(ends[1], seed, first, death);
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
        if (word.what == Word::Dying) {
            ++met_;
            return;
        }
        Told& told = told_[word.number];
        if (word.what == Word::Sent) told = {.sent = true};
        if (word.what == Word::CameTo) told = {.sent = true, .tokens = word.tokens};
        if (word.what == Word::Closed) told.closed = true;
    }

    /// A start, mostly, and some of what it found comes into the store; else the next process
    /// recovers it.
    void look(std::mt19937_64& random) {
        if (random() % 3 == 0) return;
        Books found;
        const auto journal = open(&found);
        ASSERT_NE(journal, nullptr);
        closed_ += journal->recovery().holds_closed;
        EXPECT_EQ(journal->recovery().frames_damaged, 0);
        EXPECT_EQ(found.twice, 0);
        for (const auto& [number, row] : found.rows) EXPECT_FALSE(books_.rows.contains(number));
        books_.apply_some(*journal, 1 + random() % 2'000);
    }

    /// At the end: all of it comes into the store.
    void check() {
        books_.apply(*open());
        EXPECT_GT(closed_, 0);
        EXPECT_EQ(open()->recovery().holds_closed, 0) << "no hold is left open";
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
        EXPECT_LE(books_.rows.size(), told_.size() + kills_);
    }

    JournalOptions options_{.segment_bytes = size_t{64} << 10U, .bytes_max = size_t{16} << 20U};
    Books books_;
    std::map<uint64_t, Told> told_;
    uint64_t kills_ = 0;
    int met_ = 0;  // their fate, since somebody asked
    int64_t closed_ = 0;
};

TEST_F(JournalKill, TwoHundredTimesNothingIsLostAndNothingComesTwice) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    while (kills_ < kKills && !HasFatalFailure()) {
        kill_one(random(), ++kills_ * kCallsAProcess, random() % kWordsMax);
        look(random);
    }
    check();
}

TEST_F(JournalKill, AtEveryMomentThatHasAName) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (size_t number = 0; number < std::size(kFailpoints) && !HasFatalFailure(); ++number) {
        const std::string_view name = kFailpoints[number];
        const bool is_ours = name.starts_with("journal.") || name.starts_with("recovery.");
        if (!is_ours || name == "journal.deleted") continue;  // that needs a store: tests/kill
        met_ = 0;
        for (int round = 0; round < kNamedRounds && !HasFatalFailure(); ++round) {
            // Only who died with calls in hand leaves something to close.
            if (name.starts_with("recovery.")) kill_one(random(), ++kills_ * kCallsAProcess, 100);
            const Death death{.failpoint = number,
                              .passes = 1 + (name.starts_with("recovery.") ? 0 : round % 3)};
            kill_one(random(), ++kills_ * kCallsAProcess, kNamedWordsMax, death);
            look(random);
        }
        EXPECT_GT(met_, 0) << name;
    }
    check();
}

}  // namespace
}  // namespace keywarden
