#include "domain/key_format_overlap.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace keywarden {
namespace {

/// One step of a shape: a character of `set`, or nothing where it is optional.
struct Step {
    ByteSet set;
    bool optional = false;
};
using Line = std::vector<Step>;

void add_text(Line& line, std::string_view text) {
    for (const char c : text) {
        ByteSet only;
        only.set(static_cast<unsigned char>(c));
        line.push_back({only});
    }
}

/// The lines of a shape: one for each environment.
std::vector<Line> lines_of(const KeyShape& shape) {
    std::vector<Line> lines(1);
    for (const KeyShape::Part& part : shape.parts) {
        if (part.kind == Segment::Kind::Environment) {
            std::vector<Line> both;
            for (const Line& line : lines) {
                for (const std::string_view environment : kKeyEnvironments) {
                    both.push_back(line);
                    add_text(both.back(), environment);
                }
            }
            lines = std::move(both);
            continue;
        }
        for (Line& line : lines) {
            add_text(line, part.text);
            for (size_t i = 0; i < part.length_max; ++i) {
                line.push_back({part.set, i >= part.length_min});
            }
        }
    }
    return lines;
}

char first_of(const ByteSet& set) {
    size_t byte = 0;
    while (!set.test(byte)) ++byte;
    return static_cast<char>(byte);
}

/// ends[i][j]: whether the end can be reached with i steps of `a` and j steps of `b` behind.
using Reach = std::vector<std::vector<bool>>;

Reach reach_of(const Line& a, const Line& b) {
    Reach ends(a.size() + 1, std::vector<bool>(b.size() + 1));
    for (size_t i = a.size() + 1; i-- > 0;) {
        for (size_t j = b.size() + 1; j-- > 0;) {
            const bool here = i == a.size() && j == b.size();
            const bool skip_a = i < a.size() && a[i].optional && ends[i + 1][j];
            const bool skip_b = j < b.size() && b[j].optional && ends[i][j + 1];
            const bool both =
                i < a.size() && j < b.size() && ends[i + 1][j + 1] && (a[i].set & b[j].set).any();
            ends[i][j] = here || skip_a || skip_b || both;
        }
    }
    return ends;
}

std::optional<std::string> common_string(const Line& a, const Line& b) {
    const Reach ends = reach_of(a, b);
    if (!ends[0][0]) return std::nullopt;
    std::string found;
    for (size_t i = 0, j = 0; i < a.size() || j < b.size();) {
        if (i < a.size() && a[i].optional && ends[i + 1][j]) {
            ++i;
        } else if (j < b.size() && b[j].optional && ends[i][j + 1]) {
            ++j;
        } else {
            found.push_back(first_of(a[i].set & b[j].set));
            ++i;
            ++j;
        }
    }
    return found;
}

}  // namespace

std::optional<std::string> common_string(const KeyShape& a, const KeyShape& b) {
    for (const Line& line_a : lines_of(a)) {
        for (const Line& line_b : lines_of(b)) {
            if (auto found = common_string(line_a, line_b)) return found;
        }
    }
    return std::nullopt;
}

}  // namespace keywarden
