// Bytes on their way through: contiguous, pooled by the thread, padded for simdjson.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace keywarden {

/// Blocks of 4 KiB to 1 MiB (powers of two), cut from larger mappings and used again, last in first
/// out: the next user finds its block in the cache. At each `trim` the system gets the memory of
/// those blocks that nobody has needed since the one before: a burst leaves nothing behind, and no
/// holes in the heap. Larger blocks are mapped and unmapped. Under AddressSanitizer all are, so
/// that bytes used too late are seen.
class BufferPool {
public:
    struct Block {
        char* data = nullptr;
        size_t capacity = 0;
    };

    BufferPool() = default;
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    /// A block of at least `size` bytes.
    Block take(size_t size);
    void give_back(Block block);
    /// To be called now and then (the loop does, at each sweep).
    void trim();
    /// Memory of free blocks.
    size_t kept_bytes() const;

private:
    static constexpr size_t kSmallest = 4'096;
    static constexpr size_t kClasses = 9;          // up to 1 MiB
    static constexpr size_t kSlabBytes = 262'144;  // mapped at once

    struct SizeClass {
        std::vector<char*> blocks{};  // free ones
        size_t cold = 0;              // of these, the first so many have no memory
        size_t spare = 0;             // the fewest there were since the last trim
    };

    void add_slab(SizeClass* size_class, size_t capacity);

    std::array<SizeClass, kClasses> free_;
    std::vector<Block> slabs_;
};

BufferPool& buffer_pool();

/// A growing run of bytes. Holds no memory until something is reserved; `release` gives it back.
/// After the last byte there are always kPadding readable ones (their values mean nothing).
/// Threads: one; it must die on the thread that filled it.
class Buffer {
public:
    static constexpr size_t kPadding = 64;
    static constexpr size_t kSmall = 4'096 - kPadding;    // what one block of 4 KiB holds
    static constexpr size_t kMedium = 16'384 - kPadding;  // and one of 16 KiB

    Buffer() = default;
    Buffer(Buffer&& other) noexcept
        : block_(std::exchange(other.block_, {})), size_(std::exchange(other.size_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(block_, other.block_);
        std::swap(size_, other.size_);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { release(); }

    char* data() { return block_.data; }
    const char* data() const { return block_.data; }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::string_view view() const { return {block_.data, size_}; }

    /// Makes room for `size` bytes in all. The bytes may move: views into them die.
    void reserve(size_t size);
    /// How many bytes fit behind the last one without moving, and where they go.
    size_t room() const { return block_.data == nullptr ? 0 : block_.capacity - kPadding - size_; }
    char* tail() { return block_.data + size_; }
    /// Says that `count` bytes were written at the tail. Requires: count <= room().
    void grow(size_t count) { size_ += count; }

    void append(std::string_view bytes) {
        make_room(bytes.size());
        put(bytes);
    }
    void append_number(uint64_t value);
    /// A field of an HTTP head: "name: value", and the end of its line.
    void append_field(std::string_view name, std::string_view value) {
        make_room(name.size() + value.size() + 4);
        put(name);
        put(": ");
        put(value);
        put("\r\n");
    }
    /// Drops what follows the first `size` bytes. Requires: size <= size().
    void truncate(size_t size) { size_ = size; }
    /// Drops the first `count` bytes and moves the rest to the front. Requires: count <= size().
    void drop_front(size_t count);
    void clear() { size_ = 0; }
    /// Empties it and gives the memory back to the pool.
    void release();

private:
    void make_room(size_t count) {
        if (room() < count) reserve(size_ + count);
    }
    void put(std::string_view bytes) {
        if (!bytes.empty()) std::memcpy(tail(), bytes.data(), bytes.size());
        size_ += bytes.size();
    }

    BufferPool::Block block_{};
    size_t size_ = 0;
};

}  // namespace keywarden
