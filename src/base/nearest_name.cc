#include "base/nearest_name.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace keywarden {
namespace {

char folded(char c) {
    if (c == '-') return '_';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
    // Three rows of the usual table: row[j] is the distance of a's first i and b's first j.
    std::vector<size_t> before_last(b.size() + 1);
    std::vector<size_t> last(b.size() + 1);
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        std::swap(before_last, last);
        std::swap(last, row);
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const char from = folded(a[i - 1]);
            const char to = folded(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (from == to ? 0 : 1)});
            const bool swapped =
                i > 1 && j > 1 && from == folded(b[j - 2]) && to == folded(a[i - 2]);
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::string_view nearest_name(std::string_view wanted, std::span<const std::string_view> names) {
    if (wanted.size() > kNearestNameMax) return {};
    size_t best = std::max<size_t>(1, wanted.size() / 3) + 1;
    std::string_view found;
    for (const std::string_view name : names) {
        const size_t distance = edit_distance(wanted, name);
        if (distance < best) {
            best = distance;
            found = name;
        }
    }
    if (!found.empty() || wanted.size() < kNearestBeginningMin) return found;
    for (const std::string_view name : names) {
        if (edit_distance(wanted, name.substr(0, wanted.size())) == 0) return name;
    }
    return {};
}

}  // namespace keywarden
