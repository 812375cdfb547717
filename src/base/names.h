// Names of an enum's values, in their order.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace keywarden {

/// The value whose name that is; nothing where it is none.
template <class Enum, size_t kSize>
std::optional<Enum> find_name(const std::array<std::string_view, kSize>& names,
                              std::string_view text) {
    static_assert(kSize == static_cast<size_t>(Enum::kCount));
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

}  // namespace keywarden
