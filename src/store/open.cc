#include "store/open.h"

#include <array>
#include <string>

#include "store/memory/memory_store.h"
#include "store/sqlite/examine.h"
#include "store/sqlite/sqlite_store.h"

namespace keywarden {
namespace {

struct StoreKind {
    std::string_view scheme;
    Result<std::unique_ptr<Store>> (*open)(const std::string& rest);
};

constexpr std::array kStores = {
    StoreKind{
        "memory:",
        [](const std::string&) -> Result<std::unique_ptr<Store>> { return make_memory_store(); }},
    StoreKind{"sqlite:", open_sqlite_store},
};

}  // namespace

Result<StoreReport> examine_store(std::string_view url) {
    constexpr std::string_view kScheme = "sqlite:";
    if (url.starts_with(kScheme)) {
        return examine_sqlite_store(std::string(url.substr(kScheme.size())));
    }
    return fail(ErrorCode::InvalidConfig, "Only a store in a file can be examined.");
}

Result<StoreNotices> count_notices(std::string_view url, const KeyNotice& notice, TimePoint now) {
    constexpr std::string_view kScheme = "sqlite:";
    if (url.starts_with(kScheme)) {
        return count_sqlite_notices(std::string(url.substr(kScheme.size())), notice, now);
    }
    return fail(ErrorCode::InvalidConfig, "Only a store in a file can be examined.");
}

Result<std::unique_ptr<Store>> open_store(std::string_view url) {
    for (const StoreKind& kind : kStores) {
        if (url.starts_with(kind.scheme)) {
            return kind.open(std::string(url.substr(kind.scheme.size())));
        }
    }
    return fail(ErrorCode::InvalidConfig,
                "The store must be 'memory:' or 'sqlite:' and a path.",
                std::string(url));
}

}  // namespace keywarden
