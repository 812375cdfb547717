#include "domain/glob_set.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace keywarden {
namespace {

constexpr std::string_view kWild = "*?";

uint64_t size_bit(std::string_view name) { return uint64_t{1} << (name.size() % 64); }

}  // namespace

TextEnds::TextEnds(std::string_view text) {
    static_assert(std::endian::native == std::endian::little, "shifts move bytes as they lie");
    const char* const end = text.data() + text.size();
    if (text.size() >= sizeof first) {
        std::memcpy(&first, text.data(), sizeof first);
        std::memcpy(&last, end - sizeof last, sizeof last);
        return;
    }
    if (text.empty()) return;
    const size_t bits = 8 * text.size();
    if (uint32_t front = 0, back = 0; text.size() >= sizeof front) {  // they may overlap
        std::memcpy(&front, text.data(), sizeof front);
        std::memcpy(&back, end - sizeof back, sizeof back);
        first = front | uint64_t{back} << (bits - 32);
    } else {
        for (const char c : text) first = first << 8U | static_cast<uint8_t>(c);
        first = std::byteswap(first) >> (64 - bits);
    }
    last = first << (64 - bits);
}

bool GlobSet::Literal::comes_before(std::string_view text, uint64_t its_first) const {
    const std::string& own = glob.text();
    if (own.size() != text.size()) return own.size() < text.size();
    return first != its_first ? first < its_first : own < text;
}

GlobSet::Pattern::Pattern(const Glob& from) : ends(""), glob(from) {
    const std::string_view text = glob.text();
    const std::string_view front = text.substr(0, text.find_first_of(kWild));
    const std::string_view back = text.substr(text.find_last_of(kWild) + 1);
    const std::string everything(sizeof(uint64_t), '\xff');
    ends.first = TextEnds(front).first;
    ends.last = TextEnds(back).last;
    first_mask = TextEnds(std::string_view(everything).substr(0, front.size())).first;
    last_mask = TextEnds(std::string_view(everything).substr(0, back.size())).last;
    size_min = front.size() + back.size();
    is_told_by_ends = text.size() == size_min + 1 && text[front.size()] == '*' &&
                      std::max(front.size(), back.size()) <= sizeof(uint64_t);
}

void GlobSet::note_ends(const Glob& entry) {
    const auto bit = [](char c) { return uint64_t{1} << static_cast<uint8_t>(c) % 64; };
    const std::string& text = entry.text();
    if (!kWild.contains(text.front())) {
        begins_ |= bit(text.front());
    } else if (!kWild.contains(text.back())) {
        ends_ |= bit(text.back());
    } else {
        begins_ = ~uint64_t{0};
    }
}

GlobSet::GlobSet(const std::vector<Glob>& globs) {
    for (const Glob& glob : globs) {
        note_ends(glob);
        if (glob.is_literal()) {
            literals_.emplace_back(glob);
            literal_sizes_ |= size_bit(glob.text());
        } else {
            patterns_.emplace_back(glob);
        }
    }
    std::ranges::sort(literals_, [](const Literal& a, const Literal& b) {
        return a.comes_before(b.glob.text(), b.first);
    });
}

const Glob* GlobSet::find(const GlobName& name) const {
    if ((literal_sizes_ & size_bit(name.text)) != 0) {
        const auto at = std::lower_bound(
            literals_.begin(), literals_.end(), name, [](const Literal& literal, const auto& it) {
                return literal.comes_before(it.text, it.ends.first);
            });
        if (at != literals_.end() && at->first == name.ends.first && at->glob.text() == name.text) {
            return &at->glob;
        }
    }
    for (const Pattern& pattern : patterns_) {
        if (pattern.matches(name)) return &pattern.glob;
    }
    return nullptr;
}

}  // namespace keywarden
