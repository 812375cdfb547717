// A list that only grows and never moves: readers need no lock.
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <type_traits>

namespace keywarden {

inline constexpr size_t kHugePage = size_t{2} << 20;

/// Memory that nobody has touched yet. `huge`: in huge pages where the kernel has some, which
/// halves what a random access costs; it comes 2 MiB at a time.
inline void* allocate_far(size_t bytes, bool huge) {
    const size_t alignment = bytes >= kHugePage ? kHugePage : 64;
    bytes = (bytes + alignment - 1) / alignment * alignment;  // the standard wants whole ones
    void* at = std::aligned_alloc(alignment, bytes);
    if (at == nullptr) throw std::bad_alloc();
    if (huge) ::madvise(at, bytes, MADV_HUGEPAGE);
    return at;
}

/// Threads: one may add at a time; any may read what was published to them (by a release store of
/// its number, or by the creation of the thread).
template <class T>
class HotChunks {
public:
    static constexpr uint32_t kSizeMax = 1U << 23;

    HotChunks() = default;
    HotChunks(const HotChunks&) = delete;
    HotChunks& operator=(const HotChunks&) = delete;
    ~HotChunks() {
        for (const std::atomic<T*>& chunk : chunks_) {
            if (T* at = chunk.load(std::memory_order_relaxed); at != nullptr) std::free(at);
        }
    }

    T& operator[](uint32_t number) const {
        assert(number < kSizeMax);
        return chunks_[number / kChunk].load(std::memory_order_acquire)[number % kChunk];
    }

    uint32_t size() const { return size_; }

    /// Makes room for one more, and says its number.
    /// Requires: size() < kSizeMax.
    uint32_t add() {
        static_assert(std::is_trivially_destructible_v<T>);
        std::atomic<T*>& chunk = chunks_[size_ / kChunk];
        if (size_ % kChunk == 0) {
            // The first chunk comes page by page: most instances never fill it.
            void* memory = allocate_far(kChunk * sizeof(T), size_ > 0);
            chunk.store(static_cast<T*>(memory), std::memory_order_release);
        }
        new (&(*this)[size_]) T();
        return size_++;
    }

private:
    static constexpr uint32_t kChunk = 1U << 15;

    std::array<std::atomic<T*>, kSizeMax / kChunk> chunks_{};
    uint32_t size_ = 0;
};

}  // namespace keywarden
