// What the ranker of tools was taught: what it looks at, how much that counts, and what words are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "domain/tool_text.h"

namespace keywarden {

/// What is looked at. Each is a number a tool; a score is their sum by weight. What they mean:
/// docs/reference/tools.md.
enum class ToolFeature : uint8_t {
    Words,
    RelatedWords,
    EarlierWords,
    AskedWords,
    AskedAndAffirmed,
    HistoryWords,
    NarratedWords,
    NameMissed,
    NameInContext,
    Grams,
    Clause,
    Values,
    RequiredCovered,
    Mentioned,
    ActionMatches,
    ActionClashes,
    GroupCalled,
    NeighbourCalled,
    NeighbourScore,
    GroupScore,
    LikeTheBest,
    Generic,
    Parameters,
    WordsCovered,
    kCount,
};
inline constexpr size_t kToolFeatures = static_cast<size_t>(ToolFeature::kCount);

/// As the reference calls it: "bm", "name_miss".
std::string_view name(ToolFeature feature);

namespace tool_model {

/// The tables as they were made. Words stand between spaces, groups between semicolons.
extern const std::string_view kStopWords;
extern const std::string_view kStopStems;
extern const std::string_view kActions;     // a group an action: what is asked for by these words
extern const std::string_view kValueWords;  // a group a shape of values: parameters called so
extern const std::string_view kLexicon;     // the words of a group are related
extern const std::string_view kFolding;     // code point in hexadecimal, its letters in ASCII
extern const std::string_view kBackground;  // a word, how rare it is among tools
extern const std::array<float, kToolFeatures> kWeights;

}  // namespace tool_model

/// Of a word that tools are not known to use.
inline constexpr float kBackgroundUnknown = 6.5F;

/// What is known of a word.
struct TermFacts {
    TermId term = 0;
    float background = kBackgroundUnknown;
    uint16_t actions = 0;  // a bit a group of kActions
    uint16_t values = 0;   // a bit a group of kValueWords
    uint32_t related_begin = 0;
    uint16_t related_count = 0;
    bool is_stop = false;  // a stem that says nothing
};

/// Never fails: a word that nobody knows has plain facts. Threads: any. Allocates nothing after the
/// first call.
const TermFacts& facts_of(TermId term);
std::span<const TermId> related_to(const TermFacts& facts);
/// Whether a word, before it was stemmed, says nothing.
bool is_stop_word(std::string_view word);

/// In ASCII, what stands for a code point below kFoldedEnd: empty where nothing does.
inline constexpr uint32_t kFoldedEnd = 0x2190;
std::string_view folded(uint32_t code_point);

}  // namespace keywarden
