#include "domain/tool_index.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace keywarden {
namespace {

/// The same bytes are another tool to another reader.
uint64_t seed_of(ReadToolDefinition read) { return reinterpret_cast<uintptr_t>(read); }

}  // namespace

TextHash ToolIndex::key_of(std::span<const std::string_view> tools, ReadToolDefinition read) {
    TextHash all{seed_of(read), tools.size()};
    for (const std::string_view tool : tools) {
        const TextHash own = hash_of(tool, all.high);
        all = {own.high, own.low ^ (all.low * 0x9E37'79B9'7F4A'7C15)};
    }
    return all;
}

std::shared_ptr<const ToolPool> ToolIndex::pool(const TextHash& key,
                                                std::span<const std::string_view> tools,
                                                ReadToolDefinition read,
                                                const std::function<bool()>& is_late) {
    if (auto pool = pools_.find(key)) return pool;
    std::vector<std::shared_ptr<const ToolProfile>> profiles;
    profiles.reserve(tools.size());
    for (const std::string_view tool : tools) {
        const TextHash tool_key = hash_of(tool, seed_of(read));
        std::shared_ptr<const ToolProfile> profile = profiles_.find(tool_key);
        if (profile == nullptr) {
            if (is_late()) return nullptr;
            if (const auto definition = read(tool)) {
                profile = std::make_shared<const ToolProfile>(make_tool_profile(*definition));
                profiles_.put(tool_key, profile, profile->bytes());
            }
        }
        profiles.push_back(std::move(profile));
    }
    if (is_late()) return nullptr;
    auto pool = std::make_shared<const ToolPool>(profiles);
    pools_.put(key, pool, pool->bytes());
    return pool;
}

}  // namespace keywarden
