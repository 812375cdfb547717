#include "net/buffer.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <new>
#include <sys/mman.h>

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

char* map_memory(size_t size) {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();  // ends the process: nobody catches it
    return static_cast<char*>(memory);
}

}  // namespace

BufferPool::~BufferPool() {
    for (const Block& slab : slabs_) munmap(slab.data, slab.capacity);
}

BufferPool::Block BufferPool::take(size_t size) {
    const size_t capacity = std::bit_ceil(std::max(size, kSmallest));
    const size_t index = class_of(capacity, kSmallest);
    if (!kKeepsFreed || index >= kClasses) return {map_memory(capacity), capacity};
    SizeClass& found = free_[index];
    if (found.blocks.empty()) add_slab(&found, capacity);
    char* block = found.blocks.back();
    found.blocks.pop_back();
    found.spare = std::min(found.spare, found.blocks.size());
    found.cold = std::min(found.cold, found.blocks.size());
    return {block, capacity};
}

void BufferPool::add_slab(SizeClass* size_class, size_t capacity) {
    const Block slab{map_memory(std::max(capacity, kSlabBytes)), std::max(capacity, kSlabBytes)};
    slabs_.push_back(slab);
    for (size_t at = 0; at < slab.capacity; at += capacity) {
        size_class->blocks.push_back(slab.data + at);
    }
    size_class->cold = size_class->blocks.size();
}

void BufferPool::give_back(Block block) {
    if (block.data == nullptr) return;
    const size_t index = class_of(block.capacity, kSmallest);
    if (!kKeepsFreed || index >= kClasses) {
        munmap(block.data, block.capacity);
    } else {
        free_[index].blocks.push_back(block.data);
    }
}

void BufferPool::trim() {
    for (size_t index = 0; index < kClasses; ++index) {
        SizeClass& each = free_[index];
        // Those used last are at the end; the first `cold` ones have no memory already.
        for (size_t i = each.cold; i < each.spare; ++i) {
            madvise(each.blocks[i], kSmallest << index, MADV_DONTNEED);
        }
        each.cold = std::max(each.cold, each.spare);
        each.spare = each.blocks.size();
    }
}

size_t BufferPool::kept_bytes() const {
    size_t sum = 0;
    for (size_t index = 0; index < kClasses; ++index) {
        const SizeClass& each = free_[index];
        sum += (each.blocks.size() - each.cold) * (kSmallest << index);
    }
    return sum;
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
