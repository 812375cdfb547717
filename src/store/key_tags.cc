#include "store/key_tags.h"

namespace keywarden {

void KeyTags::put(std::string_view team_id,
                  std::string_view key_id,
                  std::span<const std::string> tags,
                  int64_t version) {
    const std::lock_guard lock(mutex_);
    auto known = keys_.find(key_id);
    if (known == keys_.end()) {
        if (tags.empty()) return;
        known =
            keys_.try_emplace(std::string(key_id), Tagged{.team_id = std::string(team_id)}).first;
    }
    Tagged& tagged = known->second;
    if (version < tagged.version) return;
    tagged.version = version;
    tagged.tags.assign(tags.begin(), tags.end());
    if (spend_ != nullptr) spend_->put_tags(tagged.team_id, key_id, tagged.tags);
}

void KeyTags::tell(SpendDirectory* spend) {
    const std::lock_guard lock(mutex_);
    spend_ = spend;
    if (spend == nullptr) return;
    for (const auto& [id, tagged] : keys_) spend->put_tags(tagged.team_id, id, tagged.tags);
}

}  // namespace keywarden
