// A list of tools, indexed: which of them have a word or a gram, and how much it says of them. Made
// once, kept by the bytes of the list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/term_map.h"
#include "domain/tool_grams.h"
#include "domain/tool_profile.h"

namespace keywarden {

inline constexpr uint32_t kNoTerm = 0xFFFF'FFFF;
inline constexpr uint32_t kNoGroup = 0;

/// Where the tools are that have a term or a gram, and with which weight.
struct ToolPosting {
    uint32_t tool;
    float weight;
};

/// What of a tool is looked at by itself.
struct PooledTool {
    std::string_view name{};
    std::string_view short_name{};
    uint32_t group = kNoGroup;  // tools of one server, or with one boilerplate
    uint16_t actions = 0;
    uint16_t values = 0;
    float parameters = 0;  // how many, at most 1
    bool is_generic = false;
    uint32_t name_begin = 0;  // in name_terms(), as are the next three
    uint32_t name_end = 0;
    uint32_t required_begin = 0;  // in required_ends()
    uint32_t required_end = 0;
    uint32_t previous_of_name = 0;
    bool is_ranked = false;
};

class ToolPool {
public:
    /// `profiles`: of each tool, null for one that is not ranked: nothing will ever speak for it.
    explicit ToolPool(std::span<const std::shared_ptr<const ToolProfile>> profiles);
    ToolPool(const ToolPool&) = delete;
    ToolPool& operator=(const ToolPool&) = delete;

    size_t size() const { return tools_.size(); }
    const PooledTool& tool(size_t i) const { return tools_[i]; }
    size_t groups() const { return groups_; }

    /// kNoTerm for one that no tool has.
    uint32_t find_term(TermId term) const;
    size_t terms() const { return term_facts_.size(); }
    std::span<const ToolPosting> postings(uint32_t term) const {
        return std::span(postings_).subspan(term_facts_[term].begin, term_facts_[term].count);
    }
    /// How rare it is: among these tools, and among tools in general.
    float rarity(uint32_t term) const { return term_facts_[term].rarity; }
    /// That is a word which says what a tool does, not to what.
    bool is_action(uint32_t term) const { return term_facts_[term].is_action; }

    uint32_t find_gram(GramId gram) const;
    std::span<const ToolPosting> gram_postings(uint32_t gram) const {
        return std::span(gram_postings_)
            .subspan(gram_begins_[gram], gram_begins_[gram + 1] - gram_begins_[gram]);
    }
    float gram_rarity(uint32_t gram) const { return gram_rarities_[gram]; }

    std::span<const uint32_t> name_terms(size_t tool) const {
        const PooledTool& of = tools_[tool];
        return std::span(name_terms_).subspan(of.name_begin, of.name_end - of.name_begin);
    }
    /// The terms of each parameter that a call must give.
    template <class Use>
    void for_each_required(size_t tool, Use use) const {
        const PooledTool& of = tools_[tool];
        for (uint32_t i = of.required_begin; i < of.required_end; ++i) {
            const uint32_t begin = i == 0 ? 0 : required_ends_[i - 1];
            use(std::span(required_terms_).subspan(begin, required_ends_[i] - begin));
        }
    }
    /// The last tool of that name, in lower case; size() where there is none.
    size_t find_name(std::string_view name) const { return find_in(name_places_, name, true); }
    /// The same, or with its short name.
    size_t find_written(std::string_view name) const;
    /// The tool before with the same name; size() where there is none.
    size_t previous_of_name(size_t tool) const { return tools_[tool].previous_of_name; }

    size_t bytes() const;

private:
    struct TermEntry {
        uint32_t begin = 0;
        uint32_t count = 0;
        float rarity = 0;
        bool is_action = false;
    };
    struct Builder;

    void add_terms(const Builder& builder);
    void add_grams(const Builder& builder);
    void place_grams(const Builder& builder, std::span<const uint32_t> numbers, size_t count);
    void add_names(const Builder& builder);
    uint32_t term_place(TermId term);
    size_t find_in(const TermMap& places, std::string_view name, bool is_whole) const;

    std::vector<PooledTool> tools_;
    size_t groups_ = 0;
    TermMap term_places_;
    std::vector<TermEntry> term_facts_;
    std::vector<ToolPosting> postings_;
    std::vector<GramId> gram_slots_;
    std::vector<uint32_t> gram_slot_places_;
    std::vector<uint32_t> gram_begins_;
    std::vector<float> gram_rarities_;
    std::vector<ToolPosting> gram_postings_;
    std::vector<uint32_t> name_terms_;
    std::vector<uint32_t> required_terms_;
    std::vector<uint32_t> required_ends_;
    TermMap name_places_;
    TermMap short_name_places_;
    std::string names_;
};

}  // namespace keywarden
