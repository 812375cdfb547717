#include "domain/tool_model.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace keywarden {
namespace {

constexpr std::array<std::string_view, kToolFeatures> kFeatureNames = {
    "bm",       "exp",       "prev_g",    "asked_g",   "asked_yes", "hist_g",
    "narr_g",   "name_miss", "name_ctx",  "gram",      "clause",    "slot",
    "reqcov",   "mention",   "act_match", "act_clash", "aff_group", "aff_adj",
    "nb_score", "grp_score", "prf",       "generic",   "nparam",    "qcov",
};

/// Each part of `text` between `separator`s that is not empty.
template <class Use>
void for_each_part(std::string_view text, char separator, Use use) {
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(separator));
        if (!part.empty()) use(part);
        text.remove_prefix(std::min(text.size(), part.size() + 1));
    }
}

class TermTable {
public:
    TermTable() {
        add_background();
        for_each_part(tool_model::kStopStems, ' ', [&](std::string_view word) {
            facts(word).is_stop = true;
        });
        add_bits(tool_model::kActions, &TermFacts::actions);
        add_bits(tool_model::kValueWords, &TermFacts::values);
        add_lexicon();
        place();
    }

    const TermFacts& find(TermId term) const {
        for (size_t at = term & mask_;; at = (at + 1) & mask_) {
            if (slots_[at].term == term) return slots_[at];
            if (slots_[at].term == 0) return nothing_;
        }
    }

    std::span<const TermId> related(const TermFacts& facts) const {
        return std::span(related_).subspan(facts.related_begin, facts.related_count);
    }

private:
    TermFacts& facts(std::string_view word) {
        const TermId term = term_of(word);
        TermFacts& made = facts_[term];
        made.term = term;
        return made;
    }

    void add_background() {
        std::string_view word;
        for_each_part(tool_model::kBackground, ' ', [&](std::string_view part) {
            if (word.empty()) {
                word = part;
                return;
            }
            std::from_chars(part.data(), part.data() + part.size(), facts(word).background);
            word = {};
        });
    }

    void add_bits(std::string_view groups, uint16_t TermFacts::* member) {
        uint16_t bit = 1;
        for_each_part(groups, ';', [&](std::string_view group) {
            for_each_part(group, ' ', [&](std::string_view word) { facts(word).*member |= bit; });
            bit = static_cast<uint16_t>(bit << 1U);
        });
    }

    void add_lexicon() {
        std::vector<std::pair<TermId, std::vector<TermId>>> relations;
        std::unordered_map<TermId, size_t> place_of;
        for_each_part(tool_model::kLexicon, ';', [&](std::string_view group) {
            std::vector<TermId> terms;
            for_each_part(
                group, ' ', [&](std::string_view word) { terms.push_back(facts(word).term); });
            for (const TermId term : terms) {
                const auto [it, is_new] = place_of.try_emplace(term, relations.size());
                if (is_new) relations.push_back({term, {}});
                auto& others = relations[it->second].second;
                for (const TermId other : terms) {
                    const bool is_there = std::ranges::find(others, other) != others.end();
                    if (other != term && !is_there) others.push_back(other);
                }
            }
        });
        for (const auto& [term, others] : relations) {
            TermFacts& own = facts_[term];
            own.related_begin = static_cast<uint32_t>(related_.size());
            own.related_count = static_cast<uint16_t>(others.size());
            related_.insert(related_.end(), others.begin(), others.end());
        }
    }

    void place() {
        slots_.resize(std::bit_ceil(2 * facts_.size()));
        mask_ = slots_.size() - 1;
        for (const auto& [term, known] : facts_) {
            size_t at = term & mask_;
            while (slots_[at].term != 0) at = (at + 1) & mask_;
            slots_[at] = known;
        }
        facts_.clear();
    }

    std::unordered_map<TermId, TermFacts> facts_;  // while it is made
    std::vector<TermFacts> slots_;
    size_t mask_ = 0;
    std::vector<TermId> related_;
    TermFacts nothing_;
};

const TermTable& term_table() {
    static const TermTable kTable;
    return kTable;
}

using Foldings = std::array<std::string_view, kFoldedEnd>;

Foldings read_foldings() {
    Foldings foldings{};
    uint32_t code_point = 0;
    for_each_part(tool_model::kFolding, ' ', [&](std::string_view part) {
        if (code_point != 0) {
            foldings[std::exchange(code_point, 0)] = part;
        } else {
            std::from_chars(part.data(), part.data() + part.size(), code_point, 16);
        }
    });
    return foldings;
}

std::unordered_set<std::string_view> read_stop_words() {
    std::unordered_set<std::string_view> words;
    for_each_part(tool_model::kStopWords, ' ', [&](std::string_view word) { words.insert(word); });
    return words;
}

}  // namespace

std::string_view name(ToolFeature feature) { return kFeatureNames[static_cast<size_t>(feature)]; }

const TermFacts& facts_of(TermId term) { return term_table().find(term); }

std::span<const TermId> related_to(const TermFacts& facts) { return term_table().related(facts); }

bool is_stop_word(std::string_view word) {
    static const std::unordered_set<std::string_view> kWords = read_stop_words();
    return word.size() <= 10 && kWords.contains(word);
}

std::string_view folded(uint32_t code_point) {
    static const Foldings kFoldings = read_foldings();
    return kFoldings[code_point];
}

}  // namespace keywarden
