// Counts what the heap is asked for, so it replaces the global operator new of this test program.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "store/directory_fixture.h"

// The sanitizers bring operators of their own.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KEYWARDEN_COUNTS_ALLOCATIONS_ false
#else
#define KEYWARDEN_COUNTS_ALLOCATIONS_ true
#endif

namespace {
thread_local int64_t allocations = 0;
}  // namespace

#if KEYWARDEN_COUNTS_ALLOCATIONS_
void* operator new(size_t size) {
    ++allocations;
    if (void* at = std::malloc(size); at != nullptr) return at;
    throw std::bad_alloc();
}
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, size_t) noexcept { std::free(at); }
#endif

namespace keywarden {
namespace {

class KeyDirectoryHeap : public DirectoryFixture {};

TEST_F(KeyDirectoryHeap, CheckingAndCountingAKeyAsksTheHeapForNothing) {
    if (!KEYWARDEN_COUNTS_ALLOCATIONS_) GTEST_SKIP() << "a sanitizer counts for itself";
    std::vector<MintedKey> keys;
    for (const char* format : {"keywarden", "orqen", "orbitkit", "orgn"}) {
        keys.push_back(*directory_->create(a_key(), format, false));
    }
    keys.push_back(*directory_->rotate("team_a", keys[0].key.id, {}, {}));
    for (const MintedKey& key : keys) {
        // The first use too: it starts the grace of the older secret.
        const int64_t before = allocations;
        const auto caller = directory_->authenticate(key.secret.reveal(), clock_.now());
        ASSERT_TRUE(caller);
        const Caller copy = *caller;
        EXPECT_FALSE(take(copy).denial);
        EXPECT_GT(requests_left(copy).limit, 0);
        EXPECT_EQ(allocations - before, 0);
    }
    const int64_t before = allocations;
    const auto another = std::make_unique<int>(1);
    EXPECT_EQ(allocations - before, 1) << "the counter counts";
}

}  // namespace
}  // namespace keywarden
