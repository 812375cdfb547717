#include "domain/tool_profile.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "domain/term_map.h"
#include "domain/tool_model.h"

namespace keywarden {
namespace {

/// How much a word counts by where it stands (weight), and how much the length of that place
/// matters.
struct FieldWeight {
    float weight;
    float length_matters;
    float usual_words;
};
constexpr FieldWeight kNameWeight = {2.5F, 0.2F, 3.0F};
constexpr FieldWeight kDescriptionWeight = {1.0F, 0.6F, 18.0F};
constexpr FieldWeight kParameterNameWeight = {0.6F, 0.5F, 5.0F};
constexpr FieldWeight kParameterDescriptionWeight = {0.35F, 0.6F, 40.0F};
constexpr float kPrefixWeight = 0.3F;
constexpr float kSharedWeight = 0.15F;
constexpr float kSaturation = 1.2F;

constexpr size_t kGramCharacters = 300;  // of a description
constexpr size_t kGramWordsMax = 40;
constexpr size_t kNameActionTerms = 4;  // what a tool does is said early
constexpr size_t kDescriptionActionTerms = 3;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = lower(c);
    return out;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// Where the tool's own name begins, behind the name of its server; 0 where there is none.
size_t begin_of_short_name(std::string_view name) {
    size_t end = 0;
    if (const size_t dot = name.rfind('.'); dot != std::string_view::npos) {
        end = dot + 1;
    } else if (const size_t bars = name.find("__"); bars != std::string_view::npos) {
        end = bars + 2;
    }
    return name.size() - std::min(end, name.size()) > 1 ? end : 0;
}

/// Sums how much each term says.
class Weigher {
public:
    void clear() {
        places_.clear();
        weights_.clear();
    }
    void add(TermId term, float weight) {
        const auto [place, is_new] = places_.insert(term, static_cast<uint32_t>(weights_.size()));
        if (is_new) {
            weights_.push_back({term, weight});
        } else {
            weights_[*place].weight += weight;
        }
    }
    /// A word that is there more often says less each time.
    std::vector<TermWeight> saturated() const {
        std::vector<TermWeight> terms = weights_;
        for (TermWeight& term : terms) {
            term.weight = term.weight * (kSaturation + 1) / (kSaturation + term.weight);
        }
        return terms;
    }

private:
    TermMap places_{256};
    std::vector<TermWeight> weights_;
};

float unit_of(const FieldWeight& field, size_t words) {
    const float length = 1 - field.length_matters +
                         field.length_matters * static_cast<float>(words) / field.usual_words;
    return field.weight / length;
}

/// What is needed again and again while profiles are made.
struct Scratch {
    Words words;
    TermMap places{256};
    Weigher weigher;
    GramCounter grams;
};

Scratch& scratch() {
    static thread_local Scratch kept;
    return kept;
}

/// The terms of a text, each once.
void read_terms_once(std::string_view text, Scratch& use, std::vector<TermId>& terms) {
    use.words.clear();
    read_words(text, use.words);
    use.places.clear();
    for (const Word& word : use.words.words) {
        if (use.places.insert(word.term, 0).second) terms.push_back(word.term);
    }
}

ToolField read_field(std::string_view text, Scratch& use) {
    use.words.clear();
    read_words(text, use.words);
    use.places.clear();
    ToolField field{.words = static_cast<uint32_t>(use.words.words.size())};
    field.counts.reserve(use.words.words.size());
    for (const Word& word : use.words.words) {
        const auto [place, is_new] =
            use.places.insert(word.term, static_cast<uint32_t>(field.counts.size()));
        if (is_new) {
            field.counts.push_back({word.term, 1});
        } else {
            ++field.counts[*place].count;
        }
    }
    return field;
}

/// Calls `use` with each sentence: they end at a mark with space behind it, or at a line's end.
template <class Use>
void for_each_sentence(std::string_view text, Use use) {
    text = trimmed(text);
    size_t begin = 0;
    const auto end_sentence = [&](size_t end, size_t next) {
        if (end > begin) use(text.substr(begin, end - begin));
        begin = next;
    };
    for (size_t at = 0; at < text.size();) {
        const bool is_marked =
            at > 0 && (text[at - 1] == '.' || text[at - 1] == '!' || text[at - 1] == '?');
        size_t next = at;
        if (is_marked) {
            while (next < text.size() && is_space(text[next])) ++next;
        } else {
            while (next < text.size() && text[next] == '\n') ++next;
        }
        if (next > at) end_sentence(at, next);
        at = std::max(next, at + 1);
    }
    end_sentence(text.size(), text.size());
}

void read_sentences(ToolProfile& tool, Scratch& use) {
    for_each_sentence(tool.description, [&](std::string_view text) {
        use.words.clear();
        read_words(text, use.words);
        ToolSentence sentence{.hash = hash_of(lower(text)).low,
                              .terms_begin = static_cast<uint32_t>(tool.sentence_terms.size())};
        for (const Word& word : use.words.words) tool.sentence_terms.push_back(word.term);
        sentence.terms_end = static_cast<uint32_t>(tool.sentence_terms.size());
        tool.sentences.push_back(sentence);
    });
}

void read_required(const ToolDefinition& tool, ToolProfile& profile, Scratch& use) {
    for (const std::string& parameter : tool.required) {
        read_terms_once(parameter, use, profile.required_terms);
        profile.required_ends.push_back(static_cast<uint32_t>(profile.required_terms.size()));
    }
}

std::span<const TermId> terms_of(const ToolProfile& tool, const ToolSentence& sentence) {
    return std::span(tool.sentence_terms)
        .subspan(sentence.terms_begin, sentence.terms_end - sentence.terms_begin);
}

uint16_t first_action(std::span<const TermId> terms, size_t count) {
    for (const TermId term : terms.first(std::min(count, terms.size()))) {
        if (const uint16_t actions = facts_of(term).actions; actions != 0) return actions;
    }
    return 0;
}

void add_field(const ToolField& field, const FieldWeight& weight, Weigher& weigher) {
    const float unit = unit_of(weight, field.words);
    for (const TermCount& counted : field.counts) {
        if (facts_of(counted.term).is_stop) continue;
        weigher.add(counted.term, unit * static_cast<float>(counted.count));
    }
}

/// How a description is split: sentences of its own, those that are boilerplate, and the first own.
struct Split {
    const ToolProfile& tool;
    std::span<const bool> is_shared;
    bool all_are_own = false;  // nothing else would be left
    bool has_shared = false;
    const ToolSentence* first_own = nullptr;

    Split(const ToolProfile& of, std::span<const bool> shared) : tool(of), is_shared(shared) {
        const bool is_any_own = std::ranges::find(shared, false) != shared.end();
        has_shared = std::ranges::find(shared, true) != shared.end();
        // A single sentence stays the tool's own, even where others have it too.
        all_are_own = shared.size() == 1 || !is_any_own;
        if (shared.size() > 1 && !is_any_own) has_shared = false;
        for (size_t i = 0; i < shared.size() && first_own == nullptr; ++i) {
            if (is_own(i)) first_own = &tool.sentences[i];
        }
    }
    bool is_own(size_t i) const { return all_are_own || !is_shared[i]; }
};

void add_description(const Split& split, Weigher& weigher, TermMap& places) {
    const ToolProfile& tool = split.tool;
    size_t words = 0;
    for (size_t i = 0; i < tool.sentences.size(); ++i) {
        if (split.is_own(i)) words += terms_of(tool, tool.sentences[i]).size();
    }
    const float unit = unit_of(kDescriptionWeight, words);
    for (size_t i = 0; i < tool.sentences.size(); ++i) {
        if (!split.is_own(i)) continue;
        for (const TermId term : terms_of(tool, tool.sentences[i])) {
            if (!facts_of(term).is_stop) weigher.add(term, unit);
        }
    }
    if (!split.has_shared) return;
    places.clear();
    for (size_t i = 0; i < tool.sentences.size(); ++i) {
        if (!split.is_shared[i]) continue;
        for (const TermId term : terms_of(tool, tool.sentences[i])) {
            if (!facts_of(term).is_stop && places.insert(term, 0).second) {
                weigher.add(term, kSharedWeight);
            }
        }
    }
}

std::vector<TermWeight> weigh_terms(const Split& split, Scratch& use) {
    const ToolProfile& tool = split.tool;
    Weigher& weigher = use.weigher;
    weigher.clear();
    const float unit = unit_of(kNameWeight, tool.name_terms.size());
    for (const TermId term : tool.name_terms) weigher.add(term, unit);
    add_field(tool.parameter_names, kParameterNameWeight, weigher);
    add_field(tool.parameter_descriptions, kParameterDescriptionWeight, weigher);
    for (const TermId term : tool.prefix_terms) weigher.add(term, kPrefixWeight);
    add_description(split, weigher, use.places);
    return weigher.saturated();
}

/// The description's words that make grams: its beginning; but of boilerplate, only stems.
void read_gram_words(const Split& split, Scratch& use) {
    use.words.clear();
    if (!split.has_shared) {
        read_words(first_characters(split.tool.description, kGramCharacters), use.words);
        return;
    }
    if (split.first_own == nullptr) return;
    size_t index = 0;
    const auto wanted = static_cast<size_t>(split.first_own - split.tool.sentences.data());
    for_each_sentence(split.tool.description, [&](std::string_view text) {
        if (index++ == wanted) read_words(text, use.words);
    });
    if (use.words.words.size() > kGramWordsMax) use.words.words.resize(kGramWordsMax);
    std::erase_if(use.words.words, [](const Word& word) { return facts_of(word.term).is_stop; });
    for (Word& word : use.words.words) {
        word.bytes = static_cast<uint32_t>(stem(use.words.letters.data() + word.begin, word.bytes));
    }
}

std::vector<GramCount> count_grams(const Split& split, Scratch& use) {
    use.grams.clear();
    size_t words = 0;
    const auto add_words = [&] {
        for (const Word& word : use.words.words) {
            const std::string_view text = use.words.text_of(word);
            if (words == kGramWordsMax) return;
            // A word that says nothing has a stem that says nothing.
            if (facts_of(word.term).is_stop && is_stop_word(text)) continue;
            use.grams.add(text);
            ++words;
        }
    };
    use.words.clear();
    read_words(split.tool.short_name, use.words);
    add_words();
    read_gram_words(split, use);
    add_words();
    const auto counts = use.grams.counts();
    return {counts.begin(), counts.end()};
}

}  // namespace

ToolWeights weigh_tool(const ToolProfile& tool, std::span<const bool> is_shared) {
    Scratch& use = scratch();
    const Split split(tool, is_shared);
    ToolWeights weights;
    weights.terms = weigh_terms(split, use);
    weights.grams = count_grams(split, use);
    weights.actions = first_action(tool.name_terms, kNameActionTerms);
    if (weights.actions == 0 && split.first_own != nullptr) {
        weights.actions = first_action(terms_of(tool, *split.first_own), kDescriptionActionTerms);
    }
    return weights;
}

ToolProfile make_tool_profile(const ToolDefinition& tool) {
    Scratch& use = scratch();
    const size_t short_begin = begin_of_short_name(tool.name);
    const std::string_view short_name = std::string_view(tool.name).substr(short_begin);
    ToolProfile profile{.name = lower(tool.name),
                        .short_name = std::string(short_name),
                        .prefix = lower(std::string_view(tool.name).substr(0, short_begin)),
                        .description = std::string(tool.description)};
    read_terms_once(short_name, use, profile.name_terms);
    read_terms_once(profile.prefix, use, profile.prefix_terms);
    read_sentences(profile, use);
    profile.parameter_names = read_field(tool.parameter_names, use);
    profile.parameter_descriptions = read_field(tool.parameter_descriptions, use);
    read_required(tool, profile, use);
    for (const TermCount& counted : profile.parameter_names.counts) {
        profile.values |= facts_of(counted.term).values;
    }
    profile.parameter_count = tool.parameter_count;
    profile.is_generic = is_generic_name(short_name);
    const auto none = std::make_unique<bool[]>(profile.sentences.size());
    profile.whole = weigh_tool(profile, {none.get(), profile.sentences.size()});
    return profile;
}

size_t ToolProfile::bytes() const {
    const auto of = [](const auto& items) { return items.capacity() * sizeof(items[0]); };
    return sizeof(*this) + of(name) + of(short_name) + of(prefix) + of(description) +
           of(name_terms) + of(prefix_terms) + of(sentences) + of(sentence_terms) +
           of(parameter_names.counts) + of(parameter_descriptions.counts) + of(required_terms) +
           of(required_ends) + of(whole.terms) + of(whole.grams);
}

bool is_generic_name(std::string_view short_name) {
    constexpr std::array kEnds = std::to_array<std::string_view>({"think",
                                                                  "finish",
                                                                  "final_answer",
                                                                  "websearch",
                                                                  "web_search",
                                                                  "searchweb",
                                                                  "search_web",
                                                                  "googlesearch",
                                                                  "google_search",
                                                                  "askuser",
                                                                  "ask_user",
                                                                  "askhuman",
                                                                  "ask_human",
                                                                  "getme",
                                                                  "get_me",
                                                                  "whoami",
                                                                  "calculate",
                                                                  "calculator",
                                                                  "login",
                                                                  "log_in",
                                                                  "authenticate",
                                                                  "gettoken",
                                                                  "get_token",
                                                                  "getusertoken",
                                                                  "get_usertoken",
                                                                  "getuser_token",
                                                                  "get_user_token",
                                                                  "get_time",
                                                                  "get_date",
                                                                  "get_current_time",
                                                                  "get_current_date",
                                                                  "gettoday",
                                                                  "get_today",
                                                                  "readfile",
                                                                  "read_file",
                                                                  "fetch",
                                                                  "bash",
                                                                  "shell",
                                                                  "execute_command"});
    constexpr std::array kBegins =
        std::to_array<std::string_view>({"transfer_to_human", "get_user", "get_current_user"});
    const std::string text = lower(short_name);
    const auto is_part = [&](size_t at) {
        return at == 0 || text[at - 1] == '_' || text[at - 1] == '-';
    };
    for (const std::string_view end : kEnds) {
        if (text.ends_with(end) && is_part(text.size() - end.size())) return true;
    }
    for (const std::string_view begin : kBegins) {
        for (size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
            // Nothing but letters, digits and bars may follow.
            const std::string_view rest = std::string_view(text).substr(at);
            const bool is_word = rest.find_first_of(".-:/ ") == std::string_view::npos;
            if (is_part(at) && is_word) return true;
        }
    }
    return false;
}

}  // namespace keywarden
