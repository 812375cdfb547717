#include "net/loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/buffer.h"

namespace keywarden {

Loop::Loop(LoopOptions options)
    : options_(options),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      mono_(options.clock->mono()),
      next_sweep_(mono_ + options.sweep_every) {
    // Room for a turn, so that whoever needs it first does not take it on the way of a call.
    later_.reserve(kEventsMax);
    later_running_.reserve(kEventsMax);
    nudged_.reserve(kEventsMax);
    nudged_running_.reserve(kEventsMax);
    // OpenSSL writes with write(2): a peer that has gone must be an error, not our end.
    signal(SIGPIPE, SIG_IGN);
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = this}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_fd_, &event);
}

Loop::~Loop() {
    close(wake_fd_);
    close(epoll_);
}

void Loop::run() {
    while (!stopping_.load(std::memory_order_acquire)) turn();
    stopping_.store(false, std::memory_order_release);
}

void Loop::stop() {
    stopping_.store(true, std::memory_order_release);
    wake();
}

void Loop::wake() {
    const uint64_t one = 1;
    // A full counter (EAGAIN) wakes as well; nothing else can go wrong.
    [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof one);
}

void Loop::post(std::function<void()> work) {
    bool first = false;
    {
        const std::lock_guard lock(posted_mutex_);
        first = posted_.empty();
        posted_.push_back(std::move(work));
    }
    if (first) wake();
}

void Loop::resume_from_any_thread(std::coroutine_handle<> waiting) {
    post([waiting] { waiting.resume(); });
}

TimePoint Loop::now() {
    if (!now_is_fresh_) {
        now_ = options_.clock->now();
        now_is_fresh_ = true;
    }
    return now_;
}

Result<void> Loop::watch(int fd, uint32_t events, FdHandler* handler) {
    epoll_event event{.events = events, .data = {.ptr = handler}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0) return {};
    return fail(ErrorCode::InternalError,
                "A descriptor cannot be watched.",
                std::string("epoll_ctl: ") + std::strerror(errno));
}

void Loop::change(int fd, uint32_t events, FdHandler* handler) {
    epoll_event event{.events = events, .data = {.ptr = handler}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Loop::unwatch(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

void Loop::forget(FdHandler* handler) {
    for (int i = 0; i < events_count_; ++i) {
        if (events_[i].data.ptr == handler) events_[i].data.ptr = nullptr;
    }
    std::ranges::replace(nudged_, handler, static_cast<FdHandler*>(nullptr));
    std::ranges::replace(nudged_running_, handler, static_cast<FdHandler*>(nullptr));
}

void Loop::add_swept(Swept* swept) {
    swept->sweep_next_ = swept_;
    swept->sweep_link_ = &swept_;
    if (swept_ != nullptr) swept_->sweep_link_ = &swept->sweep_next_;
    swept_ = swept;
}

void Loop::remove_swept(Swept* swept) {
    if (sweep_cursor_ == swept) sweep_cursor_ = swept->sweep_next_;
    *swept->sweep_link_ = swept->sweep_next_;
    if (swept->sweep_next_ != nullptr) swept->sweep_next_->sweep_link_ = swept->sweep_link_;
}

bool Loop::later_than(const Timer& a, const Timer& b) {
    return a.due != b.due ? a.due > b.due : a.order > b.order;
}

void Loop::add_timer(Nanos duration, std::coroutine_handle<> waiting) {
    timers_.push_back({mono_ + duration, timers_set_++, waiting});
    std::ranges::push_heap(timers_, later_than);
}

int Loop::wait_ms() const {
    if (!later_.empty() || !nudged_.empty()) return 0;
    MonoTime due = next_sweep_;
    if (!timers_.empty()) due = std::min(due, timers_.front().due);
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - mono_);
    return static_cast<int>(std::clamp<int64_t>(wait.count(), 0, 60'000));
}

void Loop::turn() {
    std::array<epoll_event, kEventsMax> events;
    events_count_ = std::max(0, epoll_wait(epoll_, events.data(), kEventsMax, wait_ms()));
    events_ = events.data();
    mono_ = options_.clock->mono();
    now_is_fresh_ = false;
    ++turn_number_;
    bool woken = false;
    for (int i = 0; i < events_count_; ++i) {
        void* const target = events_[i].data.ptr;
        if (target == this) {
            woken = true;
        } else if (target != nullptr) {  // null: forgotten by one that ran before
            static_cast<FdHandler*>(target)->on_ready(events_[i].events);
        }
    }
    events_count_ = 0;
    if (woken) run_posted();
    run_timers();
    run_later();
    if (mono_ >= next_sweep_) sweep();
}

void Loop::run_posted() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(wake_fd_, &count, sizeof count);
    std::vector<std::function<void()>> work;
    {
        const std::lock_guard lock(posted_mutex_);
        work.swap(posted_);
    }
    for (const auto& each : work) each();
}

void Loop::run_timers() {
    while (!timers_.empty() && timers_.front().due <= mono_) {
        std::ranges::pop_heap(timers_, later_than);
        const std::coroutine_handle<> waiting = timers_.back().waiting;
        timers_.pop_back();
        waiting.resume();
    }
}

void Loop::run_later() {
    later_running_.swap(later_);
    for (const std::coroutine_handle<> waiting : later_running_) waiting.resume();
    later_running_.clear();
    nudged_running_.swap(nudged_);
    // By index: a handler that is forgotten meanwhile is overwritten.
    for (size_t i = 0; i < nudged_running_.size(); ++i) {
        if (nudged_running_[i] != nullptr) nudged_running_[i]->on_ready(0);
    }
    nudged_running_.clear();
}

void Loop::sweep() {
    next_sweep_ = mono_ + options_.sweep_every;
    sweep_cursor_ = swept_;
    while (sweep_cursor_ != nullptr) {
        Swept* swept = sweep_cursor_;
        sweep_cursor_ = swept->sweep_next_;
        swept->on_sweep(mono_);
    }
    buffer_pool().trim();
}

}  // namespace keywarden
