// The counters of limits: made at the first call of whom they count, and kept over a restart.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/units.h"
#include "domain/limiter.h"
#include "domain/scope.h"
#include "store/hot_chunks.h"

namespace keywarden {

/// Where whoever is counted keeps their counter, once they have one.
using CounterSlot = std::atomic<LimitCounter*>;

/// Threads: any. No counter is ever freed: a ticket may still hold it.
class LimitCounters {
public:
    /// The counter of a slot; makes it, or takes the restored one, where there is none yet.
    /// `id` lives as long as this, and is the same for a slot each time.
    LimitCounter& of(CounterSlot& slot, Scope scope, std::string_view id) {
        LimitCounter* const counter = slot.load(std::memory_order_acquire);
        return counter != nullptr ? *counter : make(slot, scope, id);
    }

    /// Whether anything was counted since the last time that this was asked.
    bool used_since_asked();

    /// Everything that is counted, as one file's bytes. Holds up nobody for longer than a counter.
    std::string snapshot(TimePoint wall, MonoTime now) const;

    /// Takes in such bytes, before any counter is made. `wall` and `now` are one moment.
    /// Errors: InvalidRequest when the bytes are damaged; then nothing was taken in, or not all.
    Result<void> restore(std::string_view bytes, TimePoint wall, MonoTime now);

private:
    struct Entry {
        LimitCounter counter;
        Scope scope = Scope::Key;
        std::string_view id;
    };

    LimitCounter& make(CounterSlot& slot, Scope scope, std::string_view id);
    LimitCounter& add(Scope scope, std::string_view id);

    mutable std::mutex making_;
    HotChunks<Entry> entries_;
    std::atomic<uint32_t> size_{0};  // of the entries that anybody may read
    // Of before the restart, whoever has not called since:
    std::map<std::pair<Scope, std::string_view>, LimitCounter*> restored_;
    std::deque<std::string> restored_ids_;
};

}  // namespace keywarden
