// How much each tool of a list matters to a request: numbers of what speaks for it and against, and
// their sum by weight.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "domain/tool_model.h"
#include "domain/tool_pool.h"
#include "domain/tool_query.h"

namespace keywarden {

/// Keeps what it needs from one request to the next. Threads: one at a time.
class ToolRanker {
public:
    /// The score of each tool. Holds, as does what is below, until the next call.
    std::span<const float> rank(const ToolPool& pool, const ToolQuery& query);

    float feature(ToolFeature feature, size_t tool) const {
        return features_[static_cast<size_t>(feature)][tool];
    }
    /// How much the words of the request alone say for the tool for which they say most.
    float evidence() const { return evidence_; }

private:
    enum class Known : uint8_t { No, InContext, Related, Requested };
    using Scores = std::vector<float>;

    void clear(size_t tools, size_t terms);
    Scores& column(ToolFeature feature) { return features_[static_cast<size_t>(feature)]; }
    void mark(const ToolPool& pool, TermId term, Known known);
    void add_term(const ToolPool& pool, uint32_t term, float weight, Scores& scores) const;
    float add_request(const ToolPool& pool, const ToolQuery& query);
    void add_related(const ToolPool& pool, const ToolQuery& query);
    void add_context(const ToolPool& pool, const ToolQuery& query);
    void add_terms(const ToolPool& pool,
                   const ToolQuery& query,
                   std::span<const TermId> terms,
                   Scores& scores);
    void add_grams(const ToolPool& pool, const ToolQuery& query, float informed);
    void add_clauses(const ToolPool& pool, const ToolQuery& query);
    void add_groups(const ToolPool& pool);
    void add_neighbours(const ToolPool& pool);
    void add_called(const ToolPool& pool, const ToolQuery& query);
    void add_own(const ToolPool& pool, const ToolQuery& query);
    void add_name(const ToolPool& pool, size_t tool);
    void add_likeness(const ToolPool& pool, size_t tool);
    void add_mentions(const ToolPool& pool, const ToolQuery& query);
    void find_best(const ToolPool& pool);
    void scale(ToolFeature feature, float by);

    std::array<Scores, kToolFeatures> features_;
    Scores scores_;
    Scores first_;  // the words of the request, and half of what is related to them
    Scores clause_;
    Scores falling_;              // exp(-distance / 4)
    std::vector<Known> known_;    // of each term of the pool
    std::vector<float> related_;  // how much a term counts that is related to the request
    std::vector<uint32_t> related_terms_;
    std::vector<std::array<float, 3>> group_best_;
    std::vector<uint32_t> group_sizes_;
    std::vector<uint8_t> group_called_;
    std::vector<uint8_t> is_called_;
    std::array<std::vector<uint32_t>, 2> best_nouns_;
    std::vector<uint64_t> pieces_;  // of four letters that the request has, by hash
    float evidence_ = 0;
};

}  // namespace keywarden
