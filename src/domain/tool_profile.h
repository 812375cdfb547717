// What the ranker knows of one tool, whatever else is offered: made once, kept by the tool's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "domain/tool_definition.h"
#include "domain/tool_grams.h"
#include "domain/tool_text.h"

namespace keywarden {

struct TermWeight {
    TermId term;
    float weight;
};

struct TermCount {
    TermId term;
    uint32_t count;
};

/// How much each of a tool's words and grams says of it, and what it does (bits of kActions).
struct ToolWeights {
    std::vector<TermWeight> terms{};
    std::vector<GramCount> grams{};
    uint16_t actions = 0;
};

struct ToolSentence {
    uint64_t hash = 0;  // of its text, whatever the case of its letters
    uint32_t terms_begin = 0;
    uint32_t terms_end = 0;
};

/// A part of a tool's text: its terms, and how often each is there.
struct ToolField {
    std::vector<TermCount> counts{};
    uint32_t words = 0;
};

struct ToolProfile {
    std::string name{};        // in lower case
    std::string short_name{};  // as written, without its server: "mcp__github__get_me" is "get_me"
    std::string prefix{};      // the server, in lower case: "mcp__github__"
    std::string description{};
    std::vector<TermId> name_terms{};  // each once
    std::vector<TermId> prefix_terms{};
    std::vector<ToolSentence> sentences{};
    std::vector<TermId> sentence_terms{};
    ToolField parameter_names{};
    ToolField parameter_descriptions{};
    std::vector<TermId> required_terms{};
    std::vector<uint32_t> required_ends{};  // a required parameter's terms end there
    uint16_t values = 0;                    // shapes of values that its parameters take
    size_t parameter_count = 0;
    bool is_generic = false;  // of use to any request: a login, a calculator
    ToolWeights whole{};      // where no sentence is another tool's too

    size_t bytes() const;
};

/// Requires: the bounds of ToolDefinition.
ToolProfile make_tool_profile(const ToolDefinition& tool);

/// The weights of a tool of which some sentences are boilerplate: many tools have them.
/// Requires: is_shared.size() == tool.sentences.size().
ToolWeights weigh_tool(const ToolProfile& tool, std::span<const bool> is_shared);

/// What the words of a short name are called by everyone: "think", "web_search",
/// "get_current_user".
bool is_generic_name(std::string_view short_name);

}  // namespace keywarden
