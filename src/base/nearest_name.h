// "Did you mean": the known name that a mistyped one was most likely meant to be.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace keywarden {

/// How many edits (insert, delete, replace, swap two neighbours) turn one into the other. Upper
/// and lower case, and '-' and '_', count as equal.
/// Source: the optimal string alignment distance.
size_t edit_distance(std::string_view a, std::string_view b);

/// The name nearest to `wanted`, the first of equals: within a third of its length (at least one
/// edit), or else one that begins with it. Empty when there is none, or when `wanted` is longer
/// than kNearestNameMax.
std::string_view nearest_name(std::string_view wanted, std::span<const std::string_view> names);

inline constexpr size_t kNearestNameMax = 64;
inline constexpr size_t kNearestBeginningMin = 3;  // "ra" says too little

}  // namespace keywarden
