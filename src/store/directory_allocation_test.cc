// Checking a key asks the heap for nothing. Counted, not measured.
#include <gtest/gtest.h>

#include "base/test_heap.h"
#include "store/directory_fixture.h"

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

}  // namespace
}  // namespace keywarden
