// The tags of keys, and who is told of them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/spend_directory.h"

namespace keywarden {

/// Keys without tags take no room. Threads: any.
class KeyTags {
public:
    /// What a version of a key says; an older one than the one here is ignored.
    void put(std::string_view team_id,
             std::string_view key_id,
             std::span<const std::string> tags,
             int64_t version);

    /// From now on `spend` knows the tags of all keys. Null: nobody does any more.
    void tell(SpendDirectory* spend);

private:
    struct Tagged {
        std::string team_id{};
        std::vector<std::string> tags{};
        int64_t version = 0;
    };

    std::mutex mutex_;
    SpendDirectory* spend_ = nullptr;
    std::map<std::string, Tagged, std::less<>> keys_;  // that have tags, or had some
};

}  // namespace keywarden
