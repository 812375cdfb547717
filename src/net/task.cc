#include "net/task.h"

#include <new>

namespace keywarden {
namespace {

#if defined(__has_feature)
constexpr bool kKeepsFreed = !__has_feature(address_sanitizer);
#else
constexpr bool kKeepsFreed = true;
#endif

}  // namespace

FramePool::~FramePool() {
    for (auto& frames : free_) {
        for (void* frame : frames) ::operator delete(frame);
    }
}

void* FramePool::take(size_t size) {
    const size_t size_class = (size - 1) / kStep;
    if (size_class >= kClasses) return ::operator new(size);
    auto& frames = free_[size_class];
    if (frames.empty()) return ::operator new((size_class + 1) * kStep);
    void* frame = frames.back();
    frames.pop_back();
    return frame;
}

void FramePool::give_back(void* frame, size_t size) {
    const size_t size_class = (size - 1) / kStep;
    if (!kKeepsFreed || size_class >= kClasses || free_[size_class].size() >= kKeptAClassMax) {
        ::operator delete(frame);
        return;
    }
    free_[size_class].push_back(frame);
}

FramePool& frame_pool() {
    thread_local FramePool pool;
    return pool;
}

}  // namespace keywarden
