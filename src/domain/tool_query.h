// What a conversation asks of tools at one of its requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/glyphs.h"
#include "domain/term_map.h"
#include "domain/tool_grams.h"
#include "domain/tool_text.h"
#include "domain/tool_turn.h"

namespace keywarden {

struct QueryTerm {
    TermId term;
    float weight;
};

/// Made again and again: what it holds is reused.
class ToolQuery {
public:
    /// Of the request that ends with these turns.
    void read(std::span<const ToolTurn> turns);

    /// The open request: what the user said last, and since the last call of an earlier turn.
    std::span<const QueryTerm> request() const { return request_; }
    bool requests(TermId term) const { return in_request_.contains(term); }
    /// What the user said before; the assistant last asked the user, and says while it works.
    std::span<const QueryTerm> earlier() const { return earlier_; }
    std::span<const TermId> asked() const { return asked_; }
    std::span<const TermId> narrated() const { return narrated_; }
    /// Of the names of the tools that were called last, what they are about.
    std::span<const TermId> history() const { return history_; }
    /// Names of the tools that were called, in lower case.
    std::span<const std::string_view> called() const { return called_; }
    std::span<const GramCount> grams() const { return grams_.counts(); }
    /// The parts of a message that asks for several things; the terms of one end where it says.
    std::span<const TermId> clause_terms() const { return clause_terms_; }
    std::span<const uint32_t> clause_ends() const { return clause_ends_; }
    uint16_t values() const { return values_; }
    uint16_t actions() const { return actions_; }
    uint16_t first_action() const { return first_action_; }
    bool is_affirmed() const { return is_affirmed_; }
    /// What the user said last, in lower case.
    std::string_view lower_text() const { return lower_; }
    /// Of what the user said last and since: how many letters, and how many are not Latin.
    size_t letters() const { return letters_; }
    size_t foreign_letters() const { return foreign_letters_; }

private:
    struct Said;

    void clear();
    void lower_called();
    Said look_back(std::span<const ToolTurn> turns);
    void read_request(const Said& said);
    void read_open_text();
    void read_earlier(const Said& said);
    void read_history();
    void read_clauses();
    void add_clause(std::string_view text);
    void read_terms_once(std::string_view text, std::vector<TermId>& terms);

    Words words_;
    Glyphs glyphs_;
    TermMap in_request_{256};
    TermMap seen_{256};
    GramCounter grams_;
    std::string open_text_;                     // what the user said last, and since the last call
    std::vector<std::string_view> user_texts_;  // before the last
    std::vector<QueryTerm> request_;
    std::vector<QueryTerm> earlier_;
    std::vector<TermId> asked_;
    std::vector<TermId> narrated_;
    std::vector<TermId> history_;
    std::string called_letters_;
    std::vector<std::string_view> called_;
    std::vector<TermId> clause_terms_;
    std::vector<uint32_t> clause_ends_;
    std::string lower_;
    uint16_t values_ = 0;
    uint16_t actions_ = 0;
    uint16_t first_action_ = 0;
    bool is_affirmed_ = false;
    size_t letters_ = 0;
    size_t foreign_letters_ = 0;
};

}  // namespace keywarden
