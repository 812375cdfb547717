#include "store/journal/syncer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"

namespace keywarden {

Syncer::Syncer(JournalCore& core, std::function<void(uint32_t writer)> on_failure)
    : core_(core), on_failure_(std::move(on_failure)), thread_([this] { run(); }) {}

Syncer::~Syncer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    sync_round(true);
}

void Syncer::wait_for(std::shared_ptr<JournalSegment> segment,
                      size_t end,
                      std::function<void(bool)> then) {
    {
        const std::lock_guard lock(mutex_);
        waiters_.push_back({.segment = std::move(segment), .end = end, .then = std::move(then)});
    }
    wake_.notify_one();
}

void Syncer::sync_all() { sync_round(true); }

void Syncer::run() {
    auto next = std::chrono::steady_clock::now() + kSyncEvery;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        wake_.wait_until(lock, next, [this] { return stopping_ || !waiters_.empty(); });
        const bool all = std::chrono::steady_clock::now() >= next;
        if (stopping_ || (!all && waiters_.empty())) continue;
        lock.unlock();
        sync_round(all);
        lock.lock();
        if (all) next = std::chrono::steady_clock::now() + kSyncEvery;
    }
}

void Syncer::sync_round(bool all) {
    const std::lock_guard one(round_);
    std::vector<std::shared_ptr<JournalSegment>> segments;
    if (all) {
        segments = core_.list();
    } else {
        const std::lock_guard lock(mutex_);
        for (const Waiter& waiter : waiters_) {
            if (std::ranges::find(segments, waiter.segment) == segments.end()) {
                segments.push_back(waiter.segment);
            }
        }
    }
    for (const auto& segment : segments) {
        if (segment->file == nullptr) continue;
        if (!segment->failed) {
            sync(*segment);
        } else if (all && segment->finished) {
            repair(*segment);
        }
    }
    tell();
}

void Syncer::sync(JournalSegment& segment) {
    const bool touched = segment.touched.exchange(false);
    const size_t end = segment.end.load(std::memory_order_acquire);
    if (!touched && segment.synced >= end) return;
    const auto synced = segment.file->sync(end);
    failpoint("journal.synced");
    if (synced) {
        const std::lock_guard lock(core_.mutex);
        segment.synced = end;
        core_.more.notify_one();
        return;
    }
    // The kernel may have dropped what it could not write, and would call the next sync a success:
    // this file is not believed again. Its writer goes on in another one, with all open holds.
    segment.failed = true;
    log(LogLevel::Error,
        "journal.not_synced",
        {{"message", std::string_view(synced.error().message)}});
    on_failure_(segment.id.writer);
}

/// What is in memory is still right: it is written to another file, which takes the old one's name.
Result<void> Syncer::write_anew(JournalSegment& segment) {
    const std::string unfinished = segment.name + ".new";
    core_.disk->try_to_remove(unfinished);
    TRY(std::shared_ptr<JournalFile> file, core_.disk->create(unfinished, segment.bytes));
    std::ranges::copy(segment.file->bytes(), file->bytes().begin());
    auto written = file->sync(segment.bytes);
    failpoint("journal.repaired");
    if (written) written = core_.disk->rename(unfinished, segment.name);
    failpoint("journal.renamed");
    if (written) written = core_.disk->sync_names();
    if (!written) {
        core_.disk->try_to_remove(unfinished);
        return written;
    }
    const std::lock_guard lock(core_.mutex);
    segment.file = std::move(file);
    segment.synced = segment.end.load();
    segment.failed = false;
    core_.more.notify_one();
    return {};
}

void Syncer::repair(JournalSegment& segment) {
    if (write_anew(segment)) {
        log(LogLevel::Info, "journal.written_anew", {{"segment", std::string_view(segment.name)}});
    }
}

void Syncer::tell() {
    std::vector<Waiter> done;
    {
        const std::lock_guard lock(mutex_);
        for (Waiter& waiter : std::exchange(waiters_, {})) {
            const bool waits = waiter.segment->synced < waiter.end && !waiter.segment->failed;
            (waits ? waiters_ : done).push_back(std::move(waiter));
        }
    }
    for (const Waiter& waiter : done) waiter.then(waiter.segment->synced >= waiter.end);
}

}  // namespace keywarden
