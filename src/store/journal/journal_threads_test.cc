// Every thread writes its own, one applies, others look on: nothing is lost between them.
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "store/journal/journal_fixture.h"

namespace keywarden {
namespace {

using test::Books;
using test::call;
using test::ended;
using test::kCheap;

class JournalThreads : public test::JournalTest {
protected:
    static constexpr uint64_t kWriters = 4;
    static constexpr uint64_t kCalls = 700;  // of each

    /// Calls that overlap, on the writer's own thread. What is refused is tried again.
    static void work(JournalWriter& writer, uint64_t number, std::atomic<uint64_t>& refused) {
        std::vector<std::pair<uint64_t, OpenHold>> running;
        for (uint64_t i = 0; i < kCalls; ++i) {
            const uint64_t id = number * kCalls + i;
            auto hold = writer.open(call(id), kCheap);
            for (; !hold; hold = writer.open(call(id), kCheap)) {
                ++refused;
                std::this_thread::yield();
            }
            if (!writer.is_durable()) {
                std::atomic<int> told = 0;
                writer.when_durable([&told](bool is_so) {
                    told = is_so ? 1 : 2;
                    told.notify_one();
                });
                told.wait(0);
                EXPECT_EQ(told, 1);
            }
            hold->note_sent();
            running.emplace_back(id, *std::move(hold));
            for (auto& [_, each] : running) each.note_progress(static_cast<uint32_t>(i));
            if (running.size() < 8) continue;
            writer.close(std::move(running.front().second), ended(running.front().first));
            running.erase(running.begin());
        }
        for (auto& [id, hold] : running) writer.close(std::move(hold), ended(id));
    }

    void race() {
        options_.writers = kWriters;
        const auto journal = open(disk_);
        std::atomic<uint64_t> running = kWriters;
        std::atomic<uint64_t> refused = 0;
        std::vector<std::jthread> threads;
        for (uint64_t number = 0; number < kWriters; ++number) {
            threads.emplace_back([&, number] {
                work(journal->writer(number), number, refused);
                --running;
            });
        }
        threads.emplace_back([&] {
            while (running > 0) {
                const JournalState state = journal->state();
                EXPECT_LE(state.bytes, state.bytes_max);
                std::this_thread::yield();
            }
        });
        Books books;
        while (running > 0) {
            journal->wait(std::chrono::milliseconds(1));
            books.apply(*journal, 100);
        }
        threads.clear();
        books.apply(*journal);
        EXPECT_EQ(books.rows.size(), kWriters * kCalls);
        EXPECT_EQ(books.twice, 0);
        EXPECT_EQ(journal->state().rows_waiting, 0);
    }
};

TEST_F(JournalThreads, EveryRowComesOutOnce) { race(); }

TEST_F(JournalThreads, EveryRowComesOutOnceWhereCallsWaitForTheDisk) {
    options_.durability = Durability::Power;
    race();
}

TEST_F(JournalThreads, EveryRowComesOutOnceWhereRoomIsShort) {
    options_.bytes_max = 4 * kWriters * kSegment;
    race();
}

}  // namespace
}  // namespace keywarden
