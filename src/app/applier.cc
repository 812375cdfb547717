#include "app/applier.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/failpoint.h"
#include "base/log.h"

namespace keywarden {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// After a batch that was not full: the more rows come together, the fewer sums are written.
constexpr Nanos kPace = milliseconds(300);
constexpr Nanos kWaitMax = seconds(5);  // an upkeep may be due
constexpr Nanos kBackoffMin = milliseconds(200);
constexpr Nanos kBackoffMax = seconds(10);
constexpr Nanos kLastWordsMax = seconds(5);
constexpr Nanos kPruneEvery = std::chrono::hours(1);

}  // namespace

Applier::~Applier() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    parts_.journal->wake();
    if (thread_.joinable()) thread_.join();
    const MonoTime until = precise_mono() + kLastWordsMax;
    parts_.journal->sync();
    for (;;) {
        const auto rows = apply_batch();
        if (!rows || *rows == 0 || precise_mono() > until) return;
    }
}

void Applier::start() {
    thread_ = std::thread([this] { run(); });
}

Result<size_t> Applier::apply_batch() {
    const Journal::Batch& batch = parts_.journal->next_batch(kApplyRowsMax);
    const size_t rows = batch.rows.size();
    if (rows > 0) {
        failpoint("applier.read");
        TRY_VOID(parts_.store->apply(batch.rows, batch.positions));
        failpoint("applier.applied");
        if (parts_.on_applied) parts_.on_applied(batch.rows);
    }
    const std::vector<std::string> gone = parts_.journal->applied();
    if (!gone.empty()) {
        failpoint("applier.deleted");
        // If it fails, the store knows of a segment that is no more; the next start tells it again.
        TRY_VOID(parts_.store->forget_segments(gone));
    }
    return rows;
}

Result<bool> Applier::prune_some() {
    const TimePoint now = parts_.clock->now();
    if (now < prune_next_) return false;
    TRY(const int64_t gone, parts_.store->prune_calls(now - parts_.calls_kept, kPruneRowsMax));
    if (gone >= static_cast<int64_t>(kPruneRowsMax)) return true;
    prune_next_ = now + kPruneEvery;
    return false;
}

bool Applier::pause(Nanos time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

Result<Applier::Left> Applier::step() {
    TRY(const size_t rows, apply_batch());
    TRY(const bool is_pruning, prune_some());
    if (rows == kApplyRowsMax) return Left::Rows;
    return is_pruning ? Left::Pruning : Left::Nothing;
}

Nanos Applier::rest_after(const Result<Left>& done) {
    if (!done) {
        if (backoff_ == Nanos{}) {
            log(LogLevel::Error,
                "ledger.rows_wait",
                {{"message", std::string_view(done.error().message)},
                 {"detail", std::string_view(done.error().detail)}});
        }
        backoff_ = std::clamp(2 * backoff_, kBackoffMin, kBackoffMax);
        return backoff_;
    }
    if (std::exchange(backoff_, Nanos{}) != Nanos{}) log(LogLevel::Info, "ledger.rows_move");
    return *done == Left::Rows ? Nanos{} : kPace;
}

void Applier::run() {
    for (Result<Left> done = Left::Nothing;;) {
        if (done && *done == Left::Nothing) parts_.journal->wait(kWaitMax);
        done = step();
        if (!pause(rest_after(done))) return;
    }
}

}  // namespace keywarden
