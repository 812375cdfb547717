// Moves rows of calls from the journal into the store, and takes old ones away.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "store/journal.h"
#include "store/usage_store.h"

namespace keywarden {

struct ApplierParts {
    Journal* journal = nullptr;
    CallSink* store = nullptr;
    const Clock* clock = &system_clock();
    Nanos calls_kept = std::chrono::days(90);
    /// Told of every batch once it is in the store. Null: nobody asks.
    std::function<void(std::span<const CallRecord> rows)> on_applied{};
};

/// All of the parts must outlive it. A store that is away is asked again, less and less often:
/// meanwhile rows wait in the journal, and calls go on until that is full.
class Applier {
public:
    explicit Applier(ApplierParts parts) : parts_(std::move(parts)) {}
    /// Ends the thread; then applies what is left, for a bounded time.
    ~Applier();
    Applier(const Applier&) = delete;
    Applier& operator=(const Applier&) = delete;

    /// From now on a thread of its own does what follows.
    void start();

    /// Moves one batch. Returns how many rows it had. Errors: the store's; the same rows come
    /// again.
    Result<size_t> apply_batch();
    /// Once an hour: takes away a few of the rows that are older than `calls_kept`. Returns whether
    /// there are more of them. Errors: the store's.
    Result<bool> prune_some();

private:
    enum class Left : uint8_t { Nothing, Pruning, Rows };

    void run();
    /// Does all of it once. Returns what there is more of.
    Result<Left> step();
    /// How long to rest until the next step. Says once that the store is away, or here again.
    Nanos rest_after(const Result<Left>& done);
    /// Waits, and returns whether it goes on.
    bool pause(Nanos time);

    ApplierParts parts_;
    TimePoint prune_next_{};
    Nanos backoff_{};  // zero while the store works
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

inline constexpr size_t kApplyRowsMax = 5000;  // a transaction
inline constexpr size_t kPruneRowsMax = 1000;

}  // namespace keywarden
