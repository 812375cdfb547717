// A sliding window of cells: in no span of its length does it count less than what was added.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace keywarden {

/// One running cell and `kClosed` closed ones; the oldest is counted whole, so that the window may
/// be up to one cell too strict and never too loose. Not safe for threads: whoever owns it locks.
///
/// The two-cell weighted counter (shared vectors, sliding_window_counter.json) takes less memory
/// and breaks the promise: 100 of a limit of 100 at second 59, one more at second 61. See
/// tests/vectors/limits_test.cc for each such step.
template <size_t kClosed, int64_t kCellMillis>
class CellWindow {
public:
    static constexpr Nanos kCell = std::chrono::milliseconds(kCellMillis);
    static constexpr size_t kCells = kClosed + 1;
    static constexpr Nanos kRestartSlack = std::chrono::milliseconds(5);

    /// What is counted at `now`. A clock that steps back frees nothing.
    int64_t used(MonoTime now) {
        advance(now);
        return sum_;
    }

    /// Requires: 0 <= amount.
    void add(int64_t amount, MonoTime now);

    /// Takes back what was added at `added_at` and turned out not to be used. What has left the
    /// window already, or is not there, stays as it is.
    void give_back(int64_t amount, MonoTime added_at);

    /// How long until at most `wanted` is counted, if nothing is added. Zero when that is so now.
    Nanos until_used_is(int64_t wanted, MonoTime now) const;

    /// For snapshots: calls `each(amount, latest)` with what each cell holds, and the latest moment
    /// at which it can have been added: 5 ms less, so that two calendars that differ by a moment do
    /// not move it into the next cell at each restart.
    template <class Each>
    void for_each_cell(MonoTime now, Each each) const {
        for (int64_t cell = newest_ - static_cast<int64_t>(kClosed); cell <= newest_; ++cell) {
            const uint32_t amount = cells_[place(cell)];
            const bool forgotten = cell_of(now) - cell > static_cast<int64_t>(kClosed);
            if (amount == 0 || forgotten) continue;
            each(amount, std::min(now, MonoTime(kCell * (cell + 1)) - kRestartSlack));
        }
    }

    /// Adds what was added at `when`, before a restart.
    /// Requires: when <= now.
    void restore(int64_t amount, MonoTime when, MonoTime now);

private:
    static int64_t cell_of(MonoTime when) {
        const Nanos since = when.time_since_epoch();
        return since / kCell - (since % kCell < Nanos(0) ? 1 : 0);
    }
    static size_t place(int64_t cell) {
        constexpr auto kCount = static_cast<int64_t>(kCells);
        return static_cast<size_t>((cell % kCount + kCount) % kCount);
    }
    void advance(MonoTime now) {
        if (now.time_since_epoch() >= kCell * (newest_ + 1)) leave_cells(now);
    }
    void leave_cells(MonoTime now);
    void add_to(int64_t cell, int64_t amount);

    int64_t newest_ = 0;  // the number of the running cell
    int64_t sum_ = 0;
    std::array<uint32_t, kCells> cells_{};  // cell n stands at n % kCells; it is full, not more
};

/// Twelve closed cells of five seconds, and a little longer: the coarse clock may lag by up to
/// 10 ms, each restart takes up to 5 ms off, and twelve cells must outlast a true minute all the
/// same.
using MinuteCells = CellWindow<12, 5'003>;

/// Twenty-four closed cells of an hour: up to an hour too strict.
using DayCells = CellWindow<24, 3'600'050>;

extern template class CellWindow<12, 5'003>;
extern template class CellWindow<24, 3'600'050>;

}  // namespace keywarden
