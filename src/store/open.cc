#include "store/open.h"

#include <array>
#include <string>

#include "store/memory/memory_store.h"
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
