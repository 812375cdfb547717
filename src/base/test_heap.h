// Counts what the heap is asked for: include it in one source file of a test program. It replaces
// the program's operator new, the only way to see every one of them.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

// The sanitizers bring operators of their own: under them nothing is counted.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;
#endif

/// How often the calling thread has asked for memory.
inline thread_local size_t news_of_this_thread = 0;

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
inline void* counted(size_t size) {
    ++news_of_this_thread;
    void* const memory = std::malloc(size);
    if (memory == nullptr) std::abort();
    return memory;
}

// NOLINTBEGIN(clang-analyzer-cplusplus.NewDelete): these are what new and delete are made of
// NOLINTBEGIN(misc-definitions-in-headers): see above, one source file includes it
void* operator new(size_t size) { return counted(size); }
void* operator new[](size_t size) { return counted(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
// NOLINTEND(misc-definitions-in-headers)
// NOLINTEND(clang-analyzer-cplusplus.NewDelete)
#endif
