#include "net/buffer.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <new>

namespace keywarden {
namespace {

#if defined(__has_feature)
constexpr bool kKeepsFreed = !__has_feature(address_sanitizer);  // which sees bytes used too late
#else
constexpr bool kKeepsFreed = true;
#endif

size_t class_of(size_t capacity, size_t smallest) {
    return static_cast<size_t>(std::countr_zero(capacity) - std::countr_zero(smallest));
}

}  // namespace

BufferPool::~BufferPool() {
    for (auto& blocks : free_) {
        for (char* block : blocks) std::free(block);
    }
}

BufferPool::Block BufferPool::take(size_t size) {
    const size_t capacity = std::bit_ceil(std::max(size, kSmallest));
    const size_t size_class = class_of(capacity, kSmallest);
    if (size_class < kClasses && !free_[size_class].empty()) {
        char* block = free_[size_class].back();
        free_[size_class].pop_back();
        return {block, capacity};
    }
    auto* block = static_cast<char*>(std::malloc(capacity));
    if (block == nullptr) throw std::bad_alloc();  // ends the process: nobody catches it
    return {block, capacity};
}

void BufferPool::give_back(Block block) {
    if (block.data == nullptr) return;
    const size_t size_class = class_of(block.capacity, kSmallest);
    if (!kKeepsFreed || size_class >= kClasses ||
        free_[size_class].size() * block.capacity >= kKeptBytesMax) {
        std::free(block.data);
        return;
    }
    free_[size_class].push_back(block.data);
}

BufferPool& buffer_pool() {
    thread_local BufferPool pool;
    return pool;
}

void Buffer::reserve(size_t size) {
    if (size + kPadding <= block_.capacity) return;
    const BufferPool::Block larger = buffer_pool().take(size + kPadding);
    if (size_ > 0) std::memcpy(larger.data, block_.data, size_);
    buffer_pool().give_back(block_);
    block_ = larger;
}

void Buffer::append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (room() < bytes.size()) reserve(size_ + bytes.size());
    std::memcpy(tail(), bytes.data(), bytes.size());
    size_ += bytes.size();
}

void Buffer::append_number(uint64_t value) {
    constexpr size_t kDigitsMax = 20;
    if (room() < kDigitsMax) reserve(size_ + kDigitsMax);
    size_ = static_cast<size_t>(std::to_chars(tail(), tail() + kDigitsMax, value).ptr - data());
}

void Buffer::drop_front(size_t count) {
    size_ -= count;
    if (size_ > 0) std::memmove(block_.data, block_.data + count, size_);
}

void Buffer::release() {
    buffer_pool().give_back(block_);
    block_ = {};
    size_ = 0;
}

}  // namespace keywarden
