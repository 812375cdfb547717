// Checking a key, and holding what it may spend, ask the heap for nothing. Counted, not measured.
#include <gtest/gtest.h>

#include "base/test_heap.h"
#include "store/directory_fixture.h"
#include "store/journal/journal_fixture.h"
#include "store/spend_fixture.h"

namespace keywarden {
namespace {

class KeyDirectoryHeap : public DirectoryFixture {};

TEST_F(KeyDirectoryHeap, CheckingAndCountingAKeyAsksTheHeapForNothing) {
    if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer counts for itself";
    std::vector<MintedKey> keys;
    for (const char* format : {"keywarden", "orqen", "orbitkit", "orgn"}) {
        keys.push_back(*directory_->create(a_key(), format, false));
    }
    keys.push_back(*directory_->rotate("team_a", keys[0].key.id, {}, {}));
    for (const MintedKey& key : keys) {
        // The first use too: it starts the grace of the older secret.
        const size_t before = news_of_this_thread;
        const auto caller = directory_->authenticate(key.secret.reveal(), clock_.now());
        ASSERT_TRUE(caller);
        const Caller copy = *caller;
        EXPECT_FALSE(take(copy).denial);
        EXPECT_GT(requests_left(copy).limit, 0);
        EXPECT_EQ(news_of_this_thread - before, 0U);
    }
    const size_t before = news_of_this_thread;
    const auto another = std::make_unique<int>(1);
    EXPECT_EQ(news_of_this_thread - before, 1U) << "the counter counts";
}

class SpendHeap : public SpendFixture {};

TEST_F(SpendHeap, ACallThatHoldsAndSettlesAsksTheHeapForNothing) {
    if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer counts for itself";
    put_prepaid(usd(1'000));
    directory_.put_budget(a_budget(usd(50)));
    directory_.put_tags("team_a", "key_a", std::vector<std::string>{"blue", "green"});
    Spender spender = a_spender();
    spender.makers = {"key_m"};
    spend(spender, usd(1));  // the first time its accounts are met
    const size_t before = news_of_this_thread;
    for (int i = 0; i < 30; ++i) {
        spend(spender, usd(1));  // over two thresholds, too
        clock_.advance(std::chrono::hours(1));
    }
    EXPECT_TRUE(room(spender));
    EXPECT_EQ(news_of_this_thread - before, 0U);
}

class JournalHeap : public test::JournalTest {};

TEST_F(JournalHeap, ACallThatIsWrittenDownAsksTheHeapForNothing) {
    if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer counts for itself";
    options_.segment_bytes = size_t{4} << 20U;
    options_.bytes_max = 4 * options_.segment_bytes;
    const auto journal = open(disk_);
    JournalWriter& writer = journal->writer(0);
    const auto write = [&](uint64_t number) {
        auto hold = *writer.open(test::call(number), test::kCheap);
        hold.note_sent();
        hold.note_progress(5);
        writer.close(std::move(hold), test::ended(number));
    };
    write(0);
    const size_t before = news_of_this_thread;
    for (uint64_t i = 1; i < 1000; ++i) write(i);
    EXPECT_EQ(news_of_this_thread - before, 0U);
}

}  // namespace
}  // namespace keywarden
