#include <algorithm>
#include <cstddef>
#include <fmt/core.h>

#include "domain/key_format.h"

namespace keywarden {
namespace {

/// "0-9A-Za-z": an alphabet as the inside of a character class.
std::string class_of(std::string alphabet) {
    std::ranges::sort(alphabet);
    std::string out;
    for (size_t i = 0; i < alphabet.size();) {
        size_t last = i;
        while (last + 1 < alphabet.size() && alphabet[last + 1] == alphabet[last] + 1) ++last;
        out += alphabet[i];
        if (last > i + 1) out += '-';
        if (last > i) out += alphabet[last];
        i = last + 1;
    }
    return out;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view(R"(\^$.|?*+()[]{}/)").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

/// A run of characters of one class, not yet written: neighbours of one class become one.
struct Run {
    std::string characters;
    size_t length_min = 0;
    size_t length_max = 0;

    std::string write() const {
        if (characters.empty()) return {};
        if (length_min == length_max) return fmt::format("[{}]{{{}}}", characters, length_min);
        return fmt::format("[{}]{{{},{}}}", characters, length_min, length_max);
    }
};

std::string regex_of(const std::vector<Segment>& shape) {
    std::string out;
    Run run;
    const auto add = [&](const std::string& characters, size_t length_min, size_t length_max) {
        if (characters != run.characters) {
            out += run.write();
            run = {.characters = characters};
        }
        run.length_min += length_min;
        run.length_max += length_max;
    };
    for (const Segment& segment : shape) {
        if (segment.kind == Segment::Kind::Check) {
            add(class_of(std::string(kBase62)), 6, 6);
        } else if (segment.kind == Segment::Kind::Literal) {
            add({}, 0, 0);
            out += escaped(segment.text);
        } else if (segment.kind == Segment::Kind::Environment) {
            add({}, 0, 0);
            out += fmt::format("({}|{})", kKeyEnvironments[0], kKeyEnvironments[1]);
        } else {
            add(class_of(segment.alphabet), segment.length_min, segment.length_max);
        }
    }
    return out + run.write();
}

}  // namespace

std::string KeyFormats::scanner_regex(const KeyFormat& format) {
    if (format.shapes.front().front().kind != Segment::Kind::Literal) return {};
    if (format.shapes.size() == 1) return fmt::format(R"(\b{}\b)", regex_of(format.shapes[0]));
    std::string any;
    for (const std::vector<Segment>& shape : format.shapes) {
        if (!any.empty()) any += '|';
        any += regex_of(shape);
    }
    return fmt::format(R"(\b(?:{})\b)", any);
}

}  // namespace keywarden
