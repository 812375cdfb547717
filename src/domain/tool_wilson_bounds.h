// How far from what was counted the truth may lie.
#pragma once

#include <cmath>
#include <cstdint>

namespace keywarden {

/// Bounds of a share of which `hits` of `count` were seen: it lies below the lower, or above the
/// upper one, of 40 times once each. Of nothing seen: 0 and 1.
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
/// 1927, with z = 1.96.
struct WilsonBounds {
    double low = 0;
    double high = 1;
};

inline WilsonBounds wilson_bounds(int64_t hits, int64_t count) {
    constexpr double kZ = 1.96;
    if (count <= 0) return {};
    const auto n = static_cast<double>(count);
    const double share = static_cast<double>(hits) / n;
    const double middle = share + kZ * kZ / (2 * n);
    const double reach = kZ * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
    const double whole = 1 + kZ * kZ / n;
    return {.low = (middle - reach) / whole, .high = (middle + reach) / whole};
}

}  // namespace keywarden
