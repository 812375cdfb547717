// Turns a store's URL into a store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/store.h"
#include "store/usage_store.h"

namespace keywarden {

/// `memory:` or `sqlite:PATH`. Brings the schema up to date, after a backup beside the file.
/// Errors: InvalidConfig when the scheme is unknown, StoreUnavailable (with a message that says
/// what is wrong: read-only, full, locked by another process, corrupt, or written by a newer
/// version).
Result<std::unique_ptr<Store>> open_store(std::string_view url);

struct StoreReport {
    int64_t keys = 0;
    std::map<std::string, std::string, std::less<>> settings{};
    std::vector<JournalPosition> journal{};  // how far the journal has come into it
};

/// How many keys of all teams somebody should look at (domain/key_notice.h).
struct StoreNotices {
    int64_t expire_soon = 0;
    int64_t unused = 0;
    int64_t rotation_overdue = 0;
};

/// As examine_store; all zero for a store of an older version.
Result<StoreNotices> count_notices(std::string_view url, const KeyNotice& notice, TimePoint now);

/// Reads through all of a store, also one that a gateway has open, and changes nothing.
/// Errors: InvalidConfig when the scheme is not `sqlite:`, StoreUnavailable, as above.
Result<StoreReport> examine_store(std::string_view url);

}  // namespace keywarden
