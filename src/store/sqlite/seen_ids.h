// Which calls are written already, by their ids.
#pragma once

#include <cstring>
#include <map>
#include <unordered_set>

#include "base/result.h"
#include "domain/call_record.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// Ids sort by time, so those that come lie close to one another: what was written of the same few
/// seconds is read once, and remembered. Requires: forget() is called when a transaction in which
/// it was asked is undone.
class SeenIds {
public:
    /// Whether the id is a new one; from then on it is not.
    Result<bool> add(Database& database, const CallId& id);
    /// After a batch: lets go of what no call was near to, where there is much.
    void trim();
    void forget() { slices_.clear(); }

private:
    static constexpr size_t kIdsMax = 100'000;
    struct Hash {
        size_t operator()(const CallId& id) const {
            size_t hash = 0;
            std::memcpy(&hash, id.data() + sizeof hash, sizeof hash);  // drawn by chance
            return hash;
        }
    };
    struct Slice {
        std::unordered_set<CallId, Hash> ids{};
        bool is_used = false;  // by the batch
    };
    std::map<int64_t, Slice> slices_;
};

}  // namespace keywarden
