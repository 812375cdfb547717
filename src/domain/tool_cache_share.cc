#include "domain/tool_cache_share.h"

#include <algorithm>
#include <chrono>

#include "domain/tool_wilson_bounds.h"

namespace keywarden {
namespace {

constexpr int64_t kCountMax = 512;
/// What was read longer ago says nothing of today.
constexpr Nanos kReadCounts = std::chrono::hours(24);

bool is_within(TimePoint then, Nanos span, TimePoint now) {
    return then != TimePoint() && now < then + span;
}

}  // namespace

void CacheShare::Count::add(bool is_hit) {
    if (all >= kCountMax) {
        all /= 2;
        hits /= 2;
    }
    ++all;
    hits += is_hit ? 1 : 0;
}

CacheShare::Share* CacheShare::share_of(uint64_t scope, TimePoint now) {
    if (shares_.empty()) shares_.resize(kSharesMax);
    Share& share = shares_[scope % kSharesMax];
    if (share.scope == scope && share.last != TimePoint()) return &share;
    if (is_within(share.last, kShareHolds, now)) return nullptr;
    share = {.scope = scope, .last = now};
    return &share;
}

CacheShare::List& CacheShare::list_of(Share& share, uint64_t hash) {
    const auto found = std::ranges::find(share.lists, hash, &List::hash);
    if (found != share.lists.end()) return *found;
    List& oldest = *std::ranges::min_element(share.lists, {}, &List::asked_at);
    oldest = {.hash = hash};
    return oldest;
}

double CacheShare::shared(uint64_t scope, TimePoint now) {
    const std::lock_guard lock(mutex_);
    Share* const share = share_of(scope, now);
    if (share == nullptr || share->repeated.all < kShareBeginningsMin) return 1;
    if (now < share->held_until) return share->held;
    if (!is_within(share->read_at, kReadCounts, now)) share->cached = {};
    const double repeated = wilson_bounds(share->repeated.hits, share->repeated.all).high;
    const double cached = wilson_bounds(share->cached.hits, share->cached.all).high;
    share->held = repeated * cached;
    share->held_until = now + kShareHolds;
    return share->held;
}

bool CacheShare::note_list(const Beginning& beginning, TimePoint now) {
    const std::lock_guard lock(mutex_);
    Share* const share = share_of(beginning.scope, now);
    if (share == nullptr) return false;
    share->last = now;
    List& list = list_of(*share, beginning.list);
    if (beginning.is_first) share->repeated.add(is_within(list.asked_at, kListCached, now));
    const bool should_be_cached =
        beginning.is_whole && list.was_whole && is_within(list.asked_at, kListCached, now);
    list.asked_at = now;
    list.was_whole = beginning.is_whole;
    return beginning.is_first && should_be_cached;
}

void CacheShare::note_read(uint64_t scope, bool was_cached, TimePoint now) {
    const std::lock_guard lock(mutex_);
    Share* const share = share_of(scope, now);
    if (share == nullptr) return;
    share->cached.add(was_cached);
    share->read_at = now;
}

}  // namespace keywarden
