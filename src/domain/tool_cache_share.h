// In how many conversations of an account the list of all tools is in the provider's cache before
// they begin. Kept in memory, by this node: counts, and hashes of lists.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/units.h"

namespace keywarden {

/// Accounts at models that are counted; of two that want one place, the one that comes once the
/// other has been still for an hour.
inline constexpr size_t kSharesMax = 1'024;
inline constexpr size_t kShareListsMax = 4;  // of each, those that came last
/// No provider keeps a prompt for longer, unless it is told to.
inline constexpr Nanos kListCached = std::chrono::hours(1);
/// Conversations, until which nothing is known.
inline constexpr int64_t kShareBeginningsMin = 20;
/// So long a share holds still: a conversation that changes its mind pays for its prompt anew.
inline constexpr Nanos kShareHolds = std::chrono::hours(1);

/// Two shares are counted, since the one cannot be seen any more once lists do not go on whole. How
/// many conversations begin while another one had their list within the hour: that needs no answer.
/// And, of those whose list goes on whole as it did the last time, in how many the provider read it
/// from its cache. Both at their upper bounds, so that what is hardly known counts as cached.
/// Threads: any.
class CacheShare {
public:
    /// CacheTerms::shared. `scope`: an account and a model.
    double shared(uint64_t scope, TimePoint now);

    struct Beginning {
        uint64_t scope = 0;
        uint64_t list = 0;      // a hash of it
        bool is_first = false;  // request of a conversation
        bool is_whole = false;  // the list goes on
    };
    /// Returns whether the list should be in the cache, and is asked for: note_read is to follow.
    bool note_list(const Beginning& beginning, TimePoint now);
    void note_read(uint64_t scope, bool was_cached, TimePoint now);

private:
    struct List {
        uint64_t hash = 0;
        TimePoint asked_at{};
        bool was_whole = false;
    };
    /// Of the latest ones: both halve when they become many.
    struct Count {
        int64_t hits = 0;
        int64_t all = 0;
        void add(bool is_hit);
    };
    struct Share {
        uint64_t scope = 0;
        Count repeated{};  // beginnings whose list another one had
        Count cached{};    // of those that could be in the cache
        std::array<List, kShareListsMax> lists{};
        TimePoint last{};
        TimePoint read_at{};
        double held = 1;
        TimePoint held_until{};
    };

    Share* share_of(uint64_t scope, TimePoint now);
    static List& list_of(Share& share, uint64_t hash);

    std::mutex mutex_;
    std::vector<Share> shares_;  // none until one is asked for
};

}  // namespace keywarden
