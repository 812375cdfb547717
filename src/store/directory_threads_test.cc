#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "store/directory_fixture.h"
#include "store/key_directory.h"

namespace keywarden {
namespace {

constexpr size_t kAskers = 8;
constexpr size_t kKeys = 64;

class KeyDirectoryThreads : public DirectoryFixture {
protected:
    /// Runs `ask` on many threads, again and again, until `change` has returned.
    template <class Ask, class Change>
    void race(Ask ask, Change change) {
        std::atomic<bool> done = false;
        std::atomic<uint64_t> asked = 0;
        std::vector<std::jthread> askers;
        for (size_t asker = 0; asker < kAskers; ++asker) {
            askers.emplace_back([&, asker] {
                for (size_t i = asker; !done; ++i) {
                    ask(i);
                    ++asked;
                }
            });
        }
        while (asked < kAskers) std::this_thread::yield();
        change();
        done = true;
        askers.clear();
        EXPECT_GT(asked, kAskers);
    }
};

TEST_F(KeyDirectoryThreads, ARevokedKeyIsRefusedOnEveryThreadOnceItIsAnswered) {
    std::vector<MintedKey> keys;
    for (size_t i = 0; i < kKeys; ++i) keys.push_back(create());
    std::array<std::atomic<bool>, kKeys> revoked{};
    std::atomic<int> wrong = 0;
    race(
        [&](size_t i) {
            const size_t which = i % kKeys;
            const bool was_revoked = revoked[which];
            const auto caller = ask(keys[which]);
            if (was_revoked && caller) ++wrong;
            if (!caller && caller.error().code != ErrorCode::RevokedApiKey) ++wrong;
        },
        [&] {
            for (size_t i = 0; i < kKeys; ++i) {
                set_status(keys[i], KeyStatus::Revoked);
                revoked[i] = true;
            }
        });
    EXPECT_EQ(wrong, 0);
}

TEST_F(KeyDirectoryThreads, AKeyIsNeverLostWhileOthersAreMadeAndTheIndexGrows) {
    std::vector<MintedKey> keys;
    for (size_t i = 0; i < kKeys; ++i) keys.push_back(create());
    std::atomic<int> lost = 0;
    race(
        [&](size_t i) {
            const MintedKey& key = keys[i % kKeys];
            const auto caller = ask(key);
            if (!caller || caller->key_id() != key.key.id) ++lost;
        },
        [&] {
            std::vector<std::jthread> creators;
            for (int creator = 0; creator < 2; ++creator) {
                creators.emplace_back([&] {
                    for (int i = 0; i < 400; ++i) {
                        const MintedKey fresh = create();
                        if (!ask(fresh)) ++lost;
                    }
                });
            }
        });
    EXPECT_EQ(lost, 0);
}

TEST_F(KeyDirectoryThreads, BothSecretsWorkThroughARotation) {
    const MintedKey first = create();
    std::atomic<int> refused = 0;
    std::vector<MintedKey> rotated;
    race(
        [&](size_t) {
            if (!ask(first)) ++refused;
        },
        [&] {
            for (int i = 0; i < 2; ++i) {
                rotated.push_back(*directory_->rotate("team_a", first.key.id, {}, {}));
                if (!ask(rotated.back())) ++refused;
            }
        });
    EXPECT_EQ(refused, 0);
}

TEST_F(KeyDirectoryThreads, APolicyIsSeenWholeOrNotAtAll) {
    const MintedKey minted = create();
    std::atomic<int> torn = 0;
    const auto set = [&](int64_t rpm, KeyKind kind) {
        ASSERT_TRUE(directory_->change("team_a", minted.key.id, {}, [&](Key& key) {
            key.rate_limit_rpm = rpm;
            key.kind = kind;
            return Result<void>();
        }));
    };
    set(1, KeyKind::Inference);
    race(
        [&](size_t) {
            const auto caller = ask(minted);
            if (!caller || (caller->rate_limit_rpm == 1) != (caller->kind == KeyKind::Inference)) {
                ++torn;
            }
        },
        [&] {
            for (int i = 0; i < 300; ++i) {
                set(2, KeyKind::Management);
                set(1, KeyKind::Inference);
            }
        });
    EXPECT_EQ(torn, 0);
}

TEST_F(KeyDirectoryThreads, RacingChangesAllHappen) {
    const MintedKey minted = create();
    std::atomic<int> changed = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&] {
                for (int i = 0; i < 20; ++i) {
                    const auto done = directory_->change("team_a", minted.key.id, {}, [](Key& key) {
                        key.rate_limit_rpm = key.rate_limit_rpm.value_or(60) + 1;
                        return Result<void>();
                    });
                    if (done) ++changed;
                }
            });
        }
    }
    EXPECT_EQ(store_->get_key("team_a", minted.key.id)->rate_limit_rpm, 60 + changed);
    EXPECT_EQ(ask(minted)->rate_limit_rpm, 60 + changed) << "the newest version is in force";
    EXPECT_GT(changed, 0);
}

TEST_F(KeyDirectoryThreads, ALimitHoldsAcrossThreads) {
    Key key = a_key();
    key.rate_limit_rpm = 100;
    const MintedKey minted = *directory_->create(key, "", false);
    const Caller caller = *ask(minted);
    std::atomic<int> allowed = 0;
    {
        std::vector<std::jthread> threads;
        for (size_t thread = 0; thread < kAskers; ++thread) {
            threads.emplace_back([&] {
                for (int i = 0; i < 100; ++i) {
                    if (!take(caller).denial) ++allowed;
                }
            });
        }
    }
    EXPECT_EQ(allowed, 100);
}

TEST_F(KeyDirectoryThreads, NoUseIsLostBetweenAskersAndTheWriter) {
    std::vector<MintedKey> keys;
    for (size_t i = 0; i < kKeys; ++i) keys.push_back(create());
    race([&](size_t i) { ask(keys[i % kKeys]); },
         [&] {
             for (int i = 0; i < 50; ++i) ASSERT_TRUE(directory_->write_uses());
         });
    for (const MintedKey& key : keys) ASSERT_TRUE(ask(key));
    ASSERT_TRUE(directory_->write_uses());
    for (const MintedKey& key : keys) {
        EXPECT_EQ(stored_secret(key).last_used_at, clock_.now());
    }
}

}  // namespace
}  // namespace keywarden
