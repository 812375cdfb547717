#include "store/journal/segment_maker.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace keywarden {
namespace {

constexpr auto kTryAgainAfter = std::chrono::milliseconds(250);
constexpr auto kTakeWaitMax = std::chrono::milliseconds(50);
constexpr auto kRetryAfter = std::chrono::seconds(5);

Error full() {
    return {.code = ErrorCode::LedgerUnavailable,
            .message = "The ledger's journal is full: calls wait until the store takes its rows.",
            .retry_after = kRetryAfter};
}

Error disk_fails(const Error& error) {
    return {.code = ErrorCode::LedgerUnavailable,
            .message = "The disk of the ledger does not take what calls cost.",
            .detail = error.message,
            .retry_after = kRetryAfter};
}

}  // namespace

SegmentMaker::SegmentMaker(JournalCore& core, size_t writers)
    : core_(core), orders_(writers), thread_([this] { run(); }) {}

SegmentMaker::~SegmentMaker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    for (const Order& order : orders_) {
        if (order.ready != nullptr) core_.disk->try_to_remove(order.ready->name);
    }
}

void SegmentMaker::note(std::optional<Error> refusal) {
    if (refusal && !refusal_) {
        log(LogLevel::Error,
            "journal.refuses",
            {{"message", std::string_view(refusal->message)},
             {"detail", std::string_view(refusal->detail)}});
    }
    if (!refusal && refusal_) log(LogLevel::Info, "journal.accepts");
    refusal_ = std::move(refusal);
}

bool SegmentMaker::make_next(std::unique_lock<std::mutex>& lock, uint32_t writer) {
    Order& order = orders_[writer];
    const SegmentId id{.epoch = core_.epoch, .writer = writer, .sequence = order.sequence + 1};
    if (core_.bytes + core_.segment_bytes > core_.bytes_max) {
        failing_ = false;
        note(full());
        return false;
    }
    order.sequence = id.sequence;
    order.is_made = true;
    lock.unlock();
    auto made = core_.make_segment(id, core_.segment_bytes);
    lock.lock();
    order.is_made = false;
    failing_ = !made;
    note(made ? std::nullopt : std::optional(disk_fails(made.error())));
    if (!made) return false;
    order.ready = *std::move(made);
    order.wanted = false;
    return true;
}

Result<void> SegmentMaker::make_all() {
    std::unique_lock lock(mutex_);
    for (uint32_t writer = 0; writer < orders_.size(); ++writer) {
        orders_[writer].wanted = true;
        if (make_next(lock, writer)) continue;
        if (failing_ && refusal_) return fail(*refusal_);
    }
    return {};
}

bool SegmentMaker::want(Order& order) {
    if (order.ready != nullptr || order.wanted) return false;
    order.wanted = true;
    return true;
}

void SegmentMaker::want(uint32_t writer) {
    {
        const std::lock_guard lock(mutex_);
        if (!want(orders_[writer])) return;
    }
    wake_.notify_one();
}

Result<std::shared_ptr<JournalSegment>> SegmentMaker::take(uint32_t writer, bool may_wait) {
    std::unique_lock lock(mutex_);
    Order& order = orders_[writer];
    if (want(order)) wake_.notify_one();
    if (may_wait && !refusal_) {
        made_.wait_for(lock, kTakeWaitMax, [&] { return order.ready != nullptr || refusal_; });
    }
    if (order.ready != nullptr) return std::exchange(order.ready, nullptr);
    return fail(refusal_.value_or(Error{.code = ErrorCode::LedgerUnavailable,
                                        .message = "The ledger's disk is slow just now.",
                                        .retry_after = std::chrono::seconds(1)}));
}

void SegmentMaker::try_again() { wake_.notify_one(); }

bool SegmentMaker::failing() {
    const std::lock_guard lock(mutex_);
    return failing_;
}

std::optional<uint32_t> SegmentMaker::find_wanted() const {
    for (uint32_t writer = 0; writer < orders_.size(); ++writer) {
        if (orders_[writer].wanted && !orders_[writer].is_made) return writer;
    }
    return std::nullopt;
}

void SegmentMaker::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const auto writer = find_wanted();
        if (!writer) {
            wake_.wait(lock);
        } else if (make_next(lock, *writer)) {
            made_.notify_all();
        } else {
            made_.notify_all();
            wake_.wait_for(lock, kTryAgainAfter);
        }
    }
}

}  // namespace keywarden
