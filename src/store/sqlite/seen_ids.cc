#include "store/sqlite/seen_ids.h"

#include "store/sqlite/call_blocks.h"

namespace keywarden {

Result<bool> SeenIds::add(Database& database, const CallId& id) {
    const Place place = slice_of(id);
    const auto [at, is_unknown] = slices_.try_emplace(place[2]);
    Slice& slice = at->second;
    slice.is_used = true;
    if (is_unknown) {
        StoredCall call;
        const auto remember = [&]() -> Result<void> {
            if (slice_of(call.record.id) == place) slice.ids.insert(call.record.id);
            return {};
        };
        TRY_VOID(for_each_call(
            Query(database, KEYWARDEN_BLOCKS_, place[0], place[1], place[2]), call, remember));
    }
    return slice.ids.insert(id).second;
}

void SeenIds::trim() {
    size_t count = 0;
    for (const auto& [place, slice] : slices_) count += slice.ids.size();
    if (count > kIdsMax) std::erase_if(slices_, [](const auto& at) { return !at.second.is_used; });
    for (auto& [place, slice] : slices_) slice.is_used = false;
}

}  // namespace keywarden
