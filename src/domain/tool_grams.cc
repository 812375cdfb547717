#include "domain/tool_grams.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "domain/utf8.h"

namespace keywarden {
namespace {

constexpr size_t kWeightsKept = 64;
constexpr uint32_t kNotAscii = 0x8000'0000;
constexpr uint64_t kSpread = 0x9E37'79B9'7F4A'7C15;

std::array<float, kWeightsKept> first_weights() {
    std::array<float, kWeightsKept> weights{};
    for (size_t i = 1; i < kWeightsKept; ++i) {
        weights[i] = 1 + std::log(static_cast<float>(i));
    }
    return weights;
}

GramId gram_of(std::span<const uint32_t> characters) {
    uint64_t wide = 0;
    bool is_ascii = true;
    for (const uint32_t c : characters) {
        is_ascii = is_ascii && c < 0x80;
        wide = is_ascii ? (wide << 8U) | c : (wide ^ c) * kSpread;
    }
    return is_ascii ? static_cast<GramId>(wide) : static_cast<GramId>(wide >> 32U) | kNotAscii;
}

size_t place_of(GramId gram, size_t slots) {
    return static_cast<size_t>((gram * kSpread) >> 32U) & (slots - 1);
}

}  // namespace

float gram_weight(uint32_t count) {
    static const std::array<float, kWeightsKept> kWeights = first_weights();
    return count < kWeightsKept ? kWeights[count] : 1 + std::log(static_cast<float>(count));
}

void GramCounter::clear() {
    counts_.clear();
    if (++round_ != 0) return;
    round_ = 1;
    slots_.assign(slots_.size(), {});
}

void GramCounter::count(GramId gram) {
    size_t at = place_of(gram, slots_.size());
    for (; slots_[at].round == round_; at = (at + 1) & (slots_.size() - 1)) {
        if (slots_[at].gram != gram) continue;
        ++counts_[slots_[at].place].count;
        return;
    }
    if (counts_.size() == kGramsMax) return;
    slots_[at] = {gram, static_cast<uint16_t>(counts_.size()), round_};
    counts_.push_back({gram, 1});
    if (2 * counts_.size() > slots_.size()) grow();
}

void GramCounter::grow() {
    slots_.assign(2 * slots_.size(), {});
    for (size_t i = 0; i < counts_.size(); ++i) {
        size_t at = place_of(counts_[i].gram, slots_.size());
        while (slots_[at].round == round_) at = (at + 1) & (slots_.size() - 1);
        slots_[at] = {counts_[i].gram, static_cast<uint16_t>(i), round_};
    }
}

void GramCounter::add(std::string_view word) {
    characters_.clear();
    characters_.push_back('^');
    for (size_t at = 0; at < word.size();) characters_.push_back(next_character(word, at));
    characters_.push_back('$');
    const std::span<const uint32_t> all = characters_;
    for (const size_t length : {size_t{3}, size_t{4}}) {
        for (size_t i = 0; i + length <= all.size(); ++i) count(gram_of(all.subspan(i, length)));
    }
}

}  // namespace keywarden
