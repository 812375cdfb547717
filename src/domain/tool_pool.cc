#include "domain/tool_pool.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "domain/tool_model.h"

namespace keywarden {
namespace {

constexpr uint32_t kBoilerplateMin = 3;  // tools that have a sentence
constexpr uint32_t kServerMin = 2;       // tools that have a prefix
constexpr float kOwnRarity = 0.6F;  // how much these tools say of a word; the rest is background
constexpr float kBackgroundScale = 0.7F;
constexpr float kGramRarityMin = 0.05F;
constexpr float kParametersMany = 10;

uint32_t place_of(GramId gram) {
    return static_cast<uint32_t>((gram * uint64_t{0x9E37'79B9'7F4A'7C15}) >> 32U);
}

/// The weights of all tools, some made for this list, and the group of each.
class Boilerplate {
public:
    explicit Boilerplate(std::span<const std::shared_ptr<const ToolProfile>> profiles) {
        TermMap last_tool(profiles.size());
        for (size_t i = 0; i < profiles.size(); ++i) {
            if (profiles[i] == nullptr) continue;
            for (const ToolSentence& sentence : profiles[i]->sentences) {
                const auto tool = static_cast<uint32_t>(i);
                const auto [last, is_first] = last_tool.insert(sentence.hash, tool);
                if (!is_first && *last == tool) continue;
                *last = tool;
                ++*tools_.insert(sentence.hash, 0).first;
            }
        }
    }
    bool is_shared(const ToolSentence& sentence) const {
        return *tools_.find(sentence.hash) >= kBoilerplateMin;
    }

private:
    TermMap tools_{256};
};

}  // namespace

struct ToolPool::Builder {
    std::span<const std::shared_ptr<const ToolProfile>> profiles;
    std::vector<ToolWeights> made;            // for tools with boilerplate
    std::vector<const ToolWeights*> weights;  // null where there is no profile
    std::vector<uint32_t> groups;
    size_t group_count = 1;

    explicit Builder(std::span<const std::shared_ptr<const ToolProfile>> of) : profiles(of) {
        made.resize(of.size());
        weights.resize(of.size());
        groups.resize(of.size(), kNoGroup);
        const Boilerplate boilerplate(of);
        TermMap servers(of.size());
        for (const auto& profile : of) {
            if (profile != nullptr && !profile->prefix.empty()) {
                ++*servers.insert(term_of(profile->prefix), 0).first;
            }
        }
        TermMap group_of(of.size());
        for (size_t i = 0; i < of.size(); ++i) {
            if (of[i] != nullptr) add(i, *of[i], boilerplate, servers, group_of);
        }
    }

    void add(size_t i,
             const ToolProfile& tool,
             const Boilerplate& boilerplate,
             const TermMap& servers,
             TermMap& group_of) {
        const auto shared = std::make_unique<bool[]>(tool.sentences.size());
        const ToolSentence* first_shared = nullptr;
        for (size_t at = 0; at < tool.sentences.size(); ++at) {
            shared[at] = boilerplate.is_shared(tool.sentences[at]);
            if (shared[at] && first_shared == nullptr) first_shared = &tool.sentences[at];
        }
        weights[i] = &tool.whole;
        if (first_shared != nullptr) {
            made[i] = weigh_tool(tool, {shared.get(), tool.sentences.size()});
            weights[i] = &made[i];
        }
        const bool has_server =
            !tool.prefix.empty() && *servers.find(term_of(tool.prefix)) >= kServerMin;
        const bool has_key = first_shared != nullptr && tool.sentences.size() > 1;
        if (!has_server && !has_key) return;
        const TermId key = has_server ? term_of(tool.prefix) : first_shared->hash;
        const auto [group, is_new] = group_of.insert(key, static_cast<uint32_t>(group_count));
        if (is_new) ++group_count;
        groups[i] = *group;
    }
};

ToolPool::ToolPool(std::span<const std::shared_ptr<const ToolProfile>> profiles)
    : term_places_(profiles.size() * 32),
      name_places_(profiles.size()),
      short_name_places_(profiles.size()) {
    const Builder builder(profiles);
    groups_ = builder.group_count;
    tools_.resize(profiles.size());
    add_terms(builder);
    add_grams(builder);
    add_names(builder);
}

uint32_t ToolPool::find_term(TermId term) const {
    const uint32_t* place = term_places_.find(term);
    return place == nullptr ? kNoTerm : *place;
}

uint32_t ToolPool::term_place(TermId term) {
    const auto [place, is_new] =
        term_places_.insert(term, static_cast<uint32_t>(term_facts_.size()));
    if (is_new) term_facts_.push_back({.is_action = facts_of(term).actions != 0});
    return *place;
}

void ToolPool::add_terms(const Builder& builder) {
    std::vector<uint32_t> places;
    std::vector<TermId> ids;
    for (const ToolWeights* tool : builder.weights) {
        if (tool == nullptr) continue;
        for (const TermWeight& term : tool->terms) {
            const uint32_t place = term_place(term.term);
            if (place == ids.size()) ids.push_back(term.term);
            ++term_facts_[place].count;
            places.push_back(place);
        }
    }
    const auto count = static_cast<float>(tools_.size());
    uint32_t begin = 0;
    for (size_t i = 0; i < term_facts_.size(); ++i) {
        TermEntry& entry = term_facts_[i];
        entry.begin = begin;
        begin += entry.count;
        const auto having = static_cast<float>(entry.count);
        const float own = std::log(1 + (count - having + 0.5F) / (having + 0.5F));
        entry.rarity =
            kOwnRarity * own + (1 - kOwnRarity) * kBackgroundScale * facts_of(ids[i]).background;
        entry.count = 0;
    }
    postings_.resize(begin);
    auto place = places.begin();
    for (size_t i = 0; i < builder.weights.size(); ++i) {
        if (builder.weights[i] == nullptr) continue;
        for (const TermWeight& term : builder.weights[i]->terms) {
            TermEntry& entry = term_facts_[*place++];
            postings_[entry.begin + entry.count++] = {static_cast<uint32_t>(i), term.weight};
        }
    }
}

uint32_t ToolPool::find_gram(GramId gram) const {
    const auto mask = static_cast<uint32_t>(gram_slots_.size() - 1);
    for (uint32_t at = place_of(gram) & mask;; at = (at + 1) & mask) {
        if (gram_slot_places_[at] == kNoTerm || gram_slots_[at] == gram) {
            return gram_slot_places_[at];
        }
    }
}

/// Numbers grams in the order in which they come. Too large to be made anew for each list.
struct GramNumbers {
    std::vector<GramId> slots;
    std::vector<uint32_t> numbers;
    std::vector<uint32_t> counts;
    std::vector<uint32_t> places;

    void clear(size_t all) {
        slots.resize(std::bit_ceil(all + 2));
        numbers.assign(slots.size(), kNoTerm);
        counts.clear();
        places.clear();
    }
    size_t slot_of(GramId gram) const {
        size_t at = place_of(gram) & (slots.size() - 1);
        while (numbers[at] != kNoTerm && slots[at] != gram) at = (at + 1) & (slots.size() - 1);
        return at;
    }
    void add(GramId gram) {
        const size_t at = slot_of(gram);
        if (numbers[at] == kNoTerm) {
            slots[at] = gram;
            numbers[at] = static_cast<uint32_t>(counts.size());
            counts.push_back(0);
        }
        ++counts[numbers[at]];
        places.push_back(numbers[at]);
    }
};

void ToolPool::place_grams(const Builder& builder,
                           std::span<const uint32_t> numbers,
                           size_t count) {
    gram_slots_.resize(std::bit_ceil(count + count / 2 + 2));
    gram_slot_places_.resize(gram_slots_.size(), kNoTerm);
    const size_t mask = gram_slots_.size() - 1;
    uint32_t next = 0;
    auto number = numbers.begin();
    for (const ToolWeights* tool : builder.weights) {
        if (tool == nullptr) continue;
        for (const GramCount& counted : tool->grams) {
            if (*number++ != next) continue;
            size_t at = place_of(counted.gram) & mask;
            while (gram_slot_places_[at] != kNoTerm) at = (at + 1) & mask;
            gram_slots_[at] = counted.gram;
            gram_slot_places_[at] = next++;
        }
    }
}

void ToolPool::add_grams(const Builder& builder) {
    size_t all = 0;
    for (const ToolWeights* tool : builder.weights) all += tool == nullptr ? 0 : tool->grams.size();
    static thread_local GramNumbers numbers;
    numbers.clear(all);
    for (const ToolWeights* tool : builder.weights) {
        if (tool == nullptr) continue;
        for (const GramCount& counted : tool->grams) numbers.add(counted.gram);
    }
    const std::vector<uint32_t>& counts = numbers.counts;
    const std::vector<uint32_t>& places = numbers.places;
    place_grams(builder, places, counts.size());
    gram_begins_.resize(counts.size() + 1);
    gram_rarities_.resize(counts.size());
    const auto tools = static_cast<float>(tools_.size());
    for (size_t i = 0; i < counts.size(); ++i) {
        gram_begins_[i + 1] = gram_begins_[i] + counts[i];
        gram_rarities_[i] = std::log(tools / static_cast<float>(counts[i])) + kGramRarityMin;
    }
    gram_postings_.resize(all);
    std::vector<uint32_t> ends(gram_begins_.begin(), gram_begins_.end());
    auto place = places.begin();
    for (size_t i = 0; i < builder.weights.size(); ++i) {
        if (builder.weights[i] == nullptr) continue;
        const auto& grams = builder.weights[i]->grams;
        float squares = 0;
        for (size_t at = 0; at < grams.size(); ++at) {
            const float weight =
                gram_rarities_[place[static_cast<ptrdiff_t>(at)]] * gram_weight(grams[at].count);
            squares += weight * weight;
        }
        const float unit = squares > 0 ? 1 / std::sqrt(squares) : 1;
        for (const GramCount& counted : grams) {
            const uint32_t gram = *place++;
            gram_postings_[ends[gram]++] = {
                static_cast<uint32_t>(i), gram_rarities_[gram] * gram_weight(counted.count) * unit};
        }
    }
}

void ToolPool::add_names(const Builder& builder) {
    size_t bytes = 0;
    for (const auto& profile : builder.profiles) bytes += profile ? profile->name.size() : 0;
    names_.reserve(bytes);
    for (size_t i = 0; i < tools_.size(); ++i) {
        PooledTool& tool = tools_[i];
        const ToolProfile* profile = builder.profiles[i].get();
        tool.name_begin = tool.name_end = static_cast<uint32_t>(name_terms_.size());
        tool.required_begin = tool.required_end = static_cast<uint32_t>(required_ends_.size());
        if (profile == nullptr) continue;
        const size_t begin = names_.size();
        names_ += profile->name;
        tool.name = std::string_view(names_).substr(begin);
        tool.short_name = tool.name.substr(profile->name.size() - profile->short_name.size());
        tool.group = builder.groups[i];
        tool.actions = builder.weights[i]->actions;
        tool.values = profile->values;
        tool.parameters = std::min(static_cast<float>(profile->parameter_count), kParametersMany) /
                          kParametersMany;
        tool.is_generic = profile->is_generic;
        for (const TermId term : profile->name_terms) name_terms_.push_back(term_place(term));
        tool.name_end = static_cast<uint32_t>(name_terms_.size());
        uint32_t at = 0;
        for (const uint32_t end : profile->required_ends) {
            while (at < end) required_terms_.push_back(term_place(profile->required_terms[at++]));
            required_ends_.push_back(static_cast<uint32_t>(required_terms_.size()));
        }
        tool.required_end = static_cast<uint32_t>(required_ends_.size());
        tool.is_ranked = true;
        tool.previous_of_name = static_cast<uint32_t>(find_name(tool.name));
        *name_places_.insert(term_of(tool.name), 0).first = static_cast<uint32_t>(i);
        *short_name_places_.insert(term_of(tool.short_name), 0).first = static_cast<uint32_t>(i);
    }
}

size_t ToolPool::find_in(const TermMap& places, std::string_view name, bool is_whole) const {
    const uint32_t* place = places.find(term_of(name));
    if (place == nullptr) return size();
    const PooledTool& tool = tools_[*place];
    return (is_whole ? tool.name : tool.short_name) == name ? *place : size();
}

size_t ToolPool::find_written(std::string_view name) const {
    const size_t tool = find_name(name);
    return tool != size() ? tool : find_in(short_name_places_, name, false);
}

size_t ToolPool::bytes() const {
    const auto of = [](const auto& items) { return items.capacity() * sizeof(items[0]); };
    return sizeof(*this) + of(tools_) + term_places_.bytes() + of(term_facts_) + of(postings_) +
           of(gram_slots_) + of(gram_slot_places_) + of(gram_begins_) + of(gram_rarities_) +
           of(gram_postings_) + of(name_terms_) + of(required_terms_) + of(required_ends_) +
           name_places_.bytes() + short_name_places_.bytes() + names_.capacity();
}

}  // namespace keywarden
