// Values by the hash of what they were made from; those that nobody asked for lately go.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "domain/tool_text.h"

namespace keywarden {

/// Holds at most `bytes_max`. Threads: any; values are made while nothing is locked.
template <class Value>
class RecentCache {
public:
    explicit RecentCache(size_t bytes_max) : bytes_max_(bytes_max) {}

    /// Nothing: null.
    std::shared_ptr<const Value> find(const TextHash& key) {
        const std::lock_guard lock(mutex_);
        if (const auto it = young_.find(key); it != young_.end()) return it->second.value;
        const auto it = old_.find(key);
        if (it == old_.end()) return nullptr;
        Entry entry = std::move(it->second);
        old_.erase(it);
        old_bytes_ -= entry.bytes;
        auto value = entry.value;
        add(key, std::move(entry));
        return value;
    }

    /// A value that takes half of the room is not kept.
    void put(const TextHash& key, std::shared_ptr<const Value> value, size_t bytes) {
        bytes += sizeof(Entry) + sizeof(TextHash) + kNodeBytes;
        if (bytes > bytes_max_ / 2) return;
        const std::lock_guard lock(mutex_);
        if (!young_.contains(key)) add(key, {std::move(value), bytes});
    }

    size_t bytes() const {
        const std::lock_guard lock(mutex_);
        return young_bytes_ + old_bytes_;
    }

private:
    static constexpr size_t kNodeBytes = 32;  // of a map, beside what it holds
    struct Entry {
        std::shared_ptr<const Value> value;
        size_t bytes = 0;
    };
    struct Hash {
        size_t operator()(const TextHash& key) const { return key.low; }
    };
    using Entries = std::unordered_map<TextHash, Entry, Hash>;

    void add(const TextHash& key, Entry entry) {
        if (young_bytes_ + entry.bytes > bytes_max_ / 2) {
            old_ = std::exchange(young_, {});
            old_bytes_ = std::exchange(young_bytes_, 0);
        }
        young_bytes_ += entry.bytes;
        young_.emplace(key, std::move(entry));
    }

    mutable std::mutex mutex_;
    size_t bytes_max_;
    Entries young_;
    Entries old_;  // found in none of these for long: they go next
    size_t young_bytes_ = 0;
    size_t old_bytes_ = 0;
};

}  // namespace keywarden
