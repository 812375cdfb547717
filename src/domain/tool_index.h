// What a node knows of tools: of each, and of lists of them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "domain/recent_cache.h"
#include "domain/tool_definition.h"
#include "domain/tool_pool.h"
#include "domain/tool_profile.h"

namespace keywarden {

inline constexpr size_t kToolProfilesBytesMax = size_t{16} << 20U;
inline constexpr size_t kToolPoolsBytesMax = size_t{48} << 20U;

/// Threads: any. Works out what it does not know while nothing is locked; two threads may do the
/// same work.
class ToolIndex {
public:
    /// Names a list by its bytes.
    static TextHash key_of(std::span<const std::string_view> tools, ReadToolDefinition read);

    /// Nothing once `is_late` says so: what was worked out until then is kept, so that the next
    /// request goes on from there.
    std::shared_ptr<const ToolPool> pool(const TextHash& key,
                                         std::span<const std::string_view> tools,
                                         ReadToolDefinition read,
                                         const std::function<bool()>& is_late);

    size_t bytes() const { return profiles_.bytes() + pools_.bytes(); }

private:
    RecentCache<ToolProfile> profiles_{kToolProfilesBytesMax};
    RecentCache<ToolPool> pools_{kToolPoolsBytesMax};
};

}  // namespace keywarden
