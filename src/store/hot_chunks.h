// A list that only grows and never moves: readers need no lock.
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace keywarden {

/// Threads: one may add at a time; any may read what was published to them (by a release store of
/// the index, or by the creation of the thread).
template <class T>
class HotChunks {
public:
    static constexpr uint32_t kSizeMax = 1U << 24;

    HotChunks() = default;
    HotChunks(const HotChunks&) = delete;
    HotChunks& operator=(const HotChunks&) = delete;
    ~HotChunks() {
        for (std::atomic<T*>& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
    }

    T& operator[](uint32_t index) const {
        assert(index < kSizeMax);
        return chunks_[index / kChunk].load(std::memory_order_acquire)[index % kChunk];
    }

    uint32_t size() const { return size_; }

    /// Requires: size() < kSizeMax.
    uint32_t add() {
        std::atomic<T*>& chunk = chunks_[size_ / kChunk];
        if (size_ % kChunk == 0) chunk.store(new T[kChunk], std::memory_order_release);
        return size_++;
    }

private:
    static constexpr uint32_t kChunk = 2048;

    std::array<std::atomic<T*>, kSizeMax / kChunk> chunks_{};
    uint32_t size_ = 0;
};

}  // namespace keywarden
