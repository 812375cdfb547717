#include "domain/cell_window.h"

#include <algorithm>
#include <limits>

namespace keywarden {
namespace {

constexpr int64_t kCellFull = std::numeric_limits<uint32_t>::max();

}  // namespace

template <size_t kClosed, int64_t kCellMillis>
void CellWindow<kClosed, kCellMillis>::leave_cells(MonoTime now) {
    const int64_t cell = cell_of(now);
    if (cell - newest_ > static_cast<int64_t>(kClosed)) {
        cells_.fill(0);
        sum_ = 0;
        newest_ = cell;
        return;
    }
    while (newest_ < cell) {
        uint32_t& oldest = cells_[place(++newest_)];
        sum_ -= oldest;
        oldest = 0;
    }
}

template <size_t kClosed, int64_t kCellMillis>
void CellWindow<kClosed, kCellMillis>::add_to(int64_t cell, int64_t amount) {
    uint32_t& counted = cells_[place(cell)];
    const int64_t taken = std::min(amount, kCellFull - counted);
    counted += static_cast<uint32_t>(taken);
    sum_ += taken;
}

template <size_t kClosed, int64_t kCellMillis>
void CellWindow<kClosed, kCellMillis>::add(int64_t amount, MonoTime now) {
    advance(now);
    add_to(newest_, amount);
}

template <size_t kClosed, int64_t kCellMillis>
void CellWindow<kClosed, kCellMillis>::give_back(int64_t amount, MonoTime added_at) {
    const int64_t cell = cell_of(added_at);
    if (cell > newest_ || newest_ - cell > static_cast<int64_t>(kClosed)) return;
    uint32_t& counted = cells_[place(cell)];
    const int64_t returned = std::min(amount, int64_t{counted});
    counted -= static_cast<uint32_t>(returned);
    sum_ -= returned;
}

template <size_t kClosed, int64_t kCellMillis>
Nanos CellWindow<kClosed, kCellMillis>::until_used_is(int64_t wanted, MonoTime now) const {
    if (sum_ <= wanted) return Nanos(0);
    int64_t cell = newest_;
    for (int64_t newer = cells_[place(cell)]; newer <= wanted;) newer += cells_[place(--cell)];
    const MonoTime forgotten_at(kCell * (cell + static_cast<int64_t>(kCells)));
    return std::max(forgotten_at - now, Nanos(1));
}

template <size_t kClosed, int64_t kCellMillis>
void CellWindow<kClosed, kCellMillis>::restore(int64_t amount, MonoTime when, MonoTime now) {
    advance(now);
    const int64_t cell = cell_of(when);
    if (newest_ - cell <= static_cast<int64_t>(kClosed)) add_to(std::min(cell, newest_), amount);
}

template class CellWindow<12, 5'003>;
template class CellWindow<24, 3'600'050>;

}  // namespace keywarden
