#include "store/limit_counters.h"

#include <algorithm>

#include "domain/limit_snapshot.h"

namespace keywarden {

LimitCounter& LimitCounters::make(CounterSlot& slot, Scope scope, std::string_view id) {
    const std::lock_guard lock(making_);
    if (LimitCounter* const made = slot.load(std::memory_order_acquire)) return *made;
    LimitCounter* counter = nullptr;
    if (const auto known = restored_.find({scope, id}); known != restored_.end()) {
        counter = known->second;
        restored_.erase(known);
    } else {
        counter = &add(scope, id);
    }
    slot.store(counter, std::memory_order_release);
    return *counter;
}

LimitCounter& LimitCounters::add(Scope scope, std::string_view id) {
    // There are never more keys than this; teams beyond it are counted together: too strict, but
    // never too loose.
    if (entries_.size() == HotChunks<Entry>::kSizeMax) return entries_[entries_.size() - 1].counter;
    const uint32_t number = entries_.add();
    Entry& entry = entries_[number];
    entry.scope = scope;
    entry.id = id;
    size_.store(entries_.size(), std::memory_order_release);
    return entry.counter;
}

bool LimitCounters::used_since_asked() {
    bool used = false;
    const uint32_t size = size_.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < size; ++i) used |= entries_[i].counter.used_since_asked();
    return used;
}

std::string LimitCounters::snapshot(TimePoint wall, MonoTime now) const {
    LimitSnapshotWriter writer(wall, now);
    const uint32_t size = size_.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < size; ++i) {
        const Entry& entry = entries_[i];
        if (entry.id.size() <= kSnapshotIdBytesMax) {
            writer.add(entry.scope, entry.id, entry.counter);
        }
    }
    return std::move(writer).finish();
}

Result<void> LimitCounters::restore(std::string_view bytes, TimePoint wall, MonoTime now) {
    const std::lock_guard lock(making_);
    return read_limit_snapshot(bytes, wall, now, [this](Scope scope, std::string_view id) {
        const std::string_view kept = restored_ids_.emplace_back(id);
        LimitCounter& counter = add(scope, kept);
        restored_.emplace(std::pair(scope, kept), &counter);
        return &counter;
    });
}

}  // namespace keywarden
