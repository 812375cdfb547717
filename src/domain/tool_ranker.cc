#include "domain/tool_ranker.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace keywarden {
namespace {

constexpr float kScale = 0.1F;  // evidence comes in tens; features are about one
constexpr float kEvidenceScale = 10;
constexpr float kRelatedHalf = 0.5F;
constexpr float kUnknownRarity = 2;
constexpr float kInformedMax = 30;
constexpr float kClauseBestMin = 2;
constexpr uint32_t kGroupMin = 3;
constexpr size_t kNeighbours = 3;  // on either side
constexpr float kNeighbourScale = 6;
constexpr float kNeighbourFall = 4;
constexpr float kCoverSmooth = 3;
constexpr float kActionHalf = 0.5F;

constexpr size_t kPieceBytes = 4;
constexpr size_t kPieceBits = 8192;

size_t piece_bit(const char* at) {
    uint32_t piece = 0;
    std::memcpy(&piece, at, kPieceBytes);
    return (piece * 0x9E37'79B9U) >> (32U - std::countr_zero(kPieceBits));
}

}  // namespace

void ToolRanker::clear(size_t tools, size_t terms) {
    for (Scores& column : features_) column.assign(tools, 0);
    first_.assign(tools, 0);
    known_.assign(terms, Known::No);
    related_.resize(terms);
    related_terms_.clear();
}

std::span<const float> ToolRanker::rank(const ToolPool& pool, const ToolQuery& query) {
    clear(pool.size(), pool.terms());
    const float informed = add_request(pool, query);
    add_related(pool, query);
    const Scores& words = column(ToolFeature::Words);
    const Scores& related = column(ToolFeature::RelatedWords);
    evidence_ = 0;
    for (size_t i = 0; i < pool.size(); ++i) {
        first_[i] = words[i] + kRelatedHalf * related[i];
        evidence_ = std::max(evidence_, first_[i]);
    }
    add_context(pool, query);
    add_grams(pool, query, informed);
    add_clauses(pool, query);
    add_groups(pool);
    add_neighbours(pool);
    add_called(pool, query);
    find_best(pool);
    add_own(pool, query);
    add_mentions(pool, query);
    scale(ToolFeature::Words, kScale);
    scale(ToolFeature::RelatedWords, kScale);

    scores_.assign(pool.size(), 0);
    for (size_t feature = 0; feature < kToolFeatures; ++feature) {
        const float weight = tool_model::kWeights[feature];
        const Scores& values = features_[feature];
        for (size_t i = 0; i < scores_.size(); ++i) scores_[i] += weight * values[i];
    }
    return scores_;
}

void ToolRanker::scale(ToolFeature feature, float by) {
    for (float& value : column(feature)) value *= by;
}

void ToolRanker::mark(const ToolPool& pool, TermId term, Known known) {
    const uint32_t place = pool.find_term(term);
    if (place != kNoTerm) known_[place] = std::max(known_[place], known);
}

void ToolRanker::add_term(const ToolPool& pool, uint32_t term, float weight, Scores& scores) const {
    const float by = pool.rarity(term) * weight;
    for (const ToolPosting& posting : pool.postings(term)) {
        scores[posting.tool] += by * posting.weight;
    }
}

/// How much the request says at all.
float ToolRanker::add_request(const ToolPool& pool, const ToolQuery& query) {
    float informed = 0;
    Scores& covered = column(ToolFeature::WordsCovered);
    for (const QueryTerm& term : query.request()) {
        const uint32_t place = pool.find_term(term.term);
        if (place == kNoTerm) {
            informed += kUnknownRarity;
            continue;
        }
        known_[place] = Known::Requested;
        const auto postings = pool.postings(place);
        informed += postings.empty() ? kUnknownRarity : pool.rarity(place);
        add_term(pool, place, term.weight, column(ToolFeature::Words));
        for (const ToolPosting& posting : postings) covered[posting.tool] += term.weight;
    }
    scale(ToolFeature::WordsCovered,
          1 / (kCoverSmooth + static_cast<float>(query.request().size())));
    return std::min(informed, kInformedMax);
}

void ToolRanker::add_related(const ToolPool& pool, const ToolQuery& query) {
    for (const QueryTerm& term : query.request()) {
        const TermFacts& facts = facts_of(term.term);
        if (facts.related_count == 0) continue;
        const uint32_t own = pool.find_term(term.term);
        const bool is_there = own != kNoTerm && !pool.postings(own).empty();
        const float weight = is_there ? kRelatedHalf : 1;
        for (const TermId other : related_to(facts)) {
            const uint32_t place = pool.find_term(other);
            if (place == kNoTerm || known_[place] == Known::Requested ||
                pool.postings(place).empty()) {
                continue;
            }
            if (known_[place] != Known::Related) {
                known_[place] = Known::Related;
                related_[place] = weight;
                related_terms_.push_back(place);
            } else {
                related_[place] = std::max(related_[place], weight);
            }
        }
    }
    for (const uint32_t place : related_terms_) {
        add_term(pool, place, related_[place], column(ToolFeature::RelatedWords));
    }
}

void ToolRanker::add_terms(const ToolPool& pool,
                           const ToolQuery& query,
                           std::span<const TermId> terms,
                           Scores& scores) {
    for (const TermId term : terms) {
        const uint32_t place = pool.find_term(term);
        if (place != kNoTerm && !query.requests(term)) add_term(pool, place, 1, scores);
    }
}

/// What was said before counts only where the request itself says little.
void ToolRanker::add_context(const ToolPool& pool, const ToolQuery& query) {
    const float gate = std::exp(-evidence_ / kEvidenceScale);
    for (const QueryTerm& term : query.earlier()) {
        const uint32_t place = pool.find_term(term.term);
        if (place == kNoTerm || known_[place] == Known::Requested) continue;
        add_term(pool, place, term.weight, column(ToolFeature::EarlierWords));
        known_[place] = std::max(known_[place], Known::InContext);
    }
    Scores& asked = column(ToolFeature::AskedWords);
    add_terms(pool, query, query.asked(), asked);
    if (query.is_affirmed()) {
        column(ToolFeature::AskedAndAffirmed) = asked;
        scale(ToolFeature::AskedAndAffirmed, kScale);
    }
    add_terms(pool, query, query.narrated(), column(ToolFeature::NarratedWords));
    for (const TermId term : query.history()) {
        const uint32_t place = pool.find_term(term);
        if (place != kNoTerm) add_term(pool, place, 1, column(ToolFeature::HistoryWords));
    }
    for (const TermId term : query.asked()) mark(pool, term, Known::InContext);
    for (const TermId term : query.narrated()) mark(pool, term, Known::InContext);
    for (const ToolFeature feature : {ToolFeature::EarlierWords,
                                      ToolFeature::AskedWords,
                                      ToolFeature::NarratedWords,
                                      ToolFeature::HistoryWords}) {
        scale(feature, gate * kScale);
    }
}

void ToolRanker::add_grams(const ToolPool& pool, const ToolQuery& query, float informed) {
    Scores& scores = column(ToolFeature::Grams);
    float squares = 0;
    for (const GramCount& counted : query.grams()) {
        const uint32_t gram = pool.find_gram(counted.gram);
        if (gram == kNoTerm) continue;
        const float weight = pool.gram_rarity(gram) * gram_weight(counted.count);
        squares += weight * weight;
        for (const ToolPosting& posting : pool.gram_postings(gram)) {
            scores[posting.tool] += weight * posting.weight;
        }
    }
    if (squares > 0) scale(ToolFeature::Grams, informed * kScale / std::sqrt(squares));
}

void ToolRanker::add_clauses(const ToolPool& pool, const ToolQuery& query) {
    Scores& best = column(ToolFeature::Clause);
    if (query.clause_ends().size() <= 1) {
        best = column(ToolFeature::Words);
        scale(ToolFeature::Clause, kScale);
        return;
    }
    uint32_t begin = 0;
    for (const uint32_t end : query.clause_ends()) {
        clause_.assign(pool.size(), 0);
        for (const TermId term : query.clause_terms().subspan(begin, end - begin)) {
            const uint32_t place = pool.find_term(term);
            if (place != kNoTerm) add_term(pool, place, 1, clause_);
        }
        begin = end;
        const float most = std::ranges::max(clause_);
        if (most <= kClauseBestMin) continue;
        for (size_t i = 0; i < pool.size(); ++i) {
            best[i] = std::max(best[i], clause_[i] * (0.5F + 0.5F * clause_[i] / most));
        }
    }
    scale(ToolFeature::Clause, kScale);
}

void ToolRanker::add_groups(const ToolPool& pool) {
    group_best_.assign(pool.groups(), {});
    group_sizes_.assign(pool.groups(), 0);
    for (size_t i = 0; i < pool.size(); ++i) {
        const uint32_t group = pool.tool(i).group;
        if (group == kNoGroup) continue;
        ++group_sizes_[group];
        std::array<float, 3>& best = group_best_[group];
        if (first_[i] <= best[2]) continue;
        best[2] = first_[i];
        if (best[2] > best[1]) std::swap(best[1], best[2]);
        if (best[1] > best[0]) std::swap(best[0], best[1]);
    }
    Scores& scores = column(ToolFeature::GroupScore);
    for (size_t i = 0; i < pool.size(); ++i) {
        const uint32_t group = pool.tool(i).group;
        if (group == kNoGroup || group_sizes_[group] < kGroupMin) continue;
        const std::array<float, 3>& best = group_best_[group];
        scores[i] = (best[0] + best[1] + best[2]) / 3 * kScale;
    }
}

void ToolRanker::add_neighbours(const ToolPool& pool) {
    Scores& scores = column(ToolFeature::NeighbourScore);
    for (size_t i = 0; i < pool.size(); ++i) {
        const size_t begin = i < kNeighbours ? 0 : i - kNeighbours;
        const size_t end = std::min(pool.size(), i + kNeighbours + 1);
        float sum = 0;
        for (size_t j = begin; j < end; ++j) sum += j == i ? 0 : first_[j];
        scores[i] = sum / kNeighbourScale * kScale;
    }
}

/// Tools beside those that were called, in the list or by their server.
void ToolRanker::add_called(const ToolPool& pool, const ToolQuery& query) {
    if (query.called().empty()) return;
    is_called_.assign(pool.size(), 0);
    group_called_.assign(pool.groups(), 0);
    bool is_any = false;
    for (const std::string_view name : query.called()) {
        const size_t tool = pool.find_name(name);
        if (tool == pool.size()) continue;
        is_called_[tool] = 1;
        group_called_[pool.tool(tool).group] = 1;
        is_any = true;
    }
    if (!is_any) return;
    group_called_[kNoGroup] = 0;
    for (size_t i = falling_.size(); i < pool.size(); ++i) {
        falling_.push_back(std::exp(-static_cast<float>(i) / kNeighbourFall));
    }
    Scores& near = column(ToolFeature::NeighbourCalled);
    Scores& groups = column(ToolFeature::GroupCalled);
    size_t distance = pool.size();
    const auto look = [&](size_t i) {
        distance = is_called_[i] != 0 ? 0 : std::min(distance + 1, pool.size());
        if (distance < pool.size()) near[i] = std::max(near[i], falling_[distance]);
    };
    for (size_t i = 0; i < pool.size(); ++i) {
        look(i);
        groups[i] = group_called_[pool.tool(i).group] != 0 ? 1 : 0;
    }
    distance = pool.size();
    for (size_t i = pool.size(); i > 0; --i) look(i - 1);
}

/// The nouns in the names of the two best tools so far.
void ToolRanker::find_best(const ToolPool& pool) {
    size_t best = pool.size();
    size_t second = pool.size();
    for (size_t i = 0; i < pool.size(); ++i) {
        if (best == pool.size() || first_[i] > first_[best]) {
            second = std::exchange(best, i);
        } else if (second == pool.size() || first_[i] > first_[second]) {
            second = i;
        }
    }
    const Scores& words = column(ToolFeature::Words);
    const std::array<size_t, 2> tools = {best, second};
    for (size_t k = 0; k < tools.size(); ++k) {
        best_nouns_[k].clear();
        if (tools[k] == pool.size() || words[tools[k]] <= 0) continue;
        for (const uint32_t term : pool.name_terms(tools[k])) {
            if (!pool.is_action(term)) best_nouns_[k].push_back(term);
        }
    }
}

void ToolRanker::add_name(const ToolPool& pool, size_t tool) {
    float missed = 0;
    float in_context = 0;
    for (const uint32_t term : pool.name_terms(tool)) {
        const float rarity = pool.rarity(term);
        switch (known_[term]) {
            case Known::Requested:
                break;
            case Known::Related:
                missed += 0.5F * rarity;
                break;
            case Known::InContext:
                in_context += rarity;
                missed += 0.5F * rarity;
                break;
            case Known::No:
                missed += rarity;
                break;
        }
    }
    column(ToolFeature::NameMissed)[tool] = missed * kScale;
    column(ToolFeature::NameInContext)[tool] = in_context * kScale;
}

/// How far the nouns of its name are those of one of the best.
void ToolRanker::add_likeness(const ToolPool& pool, size_t tool) {
    size_t nouns = 0;
    std::array<size_t, 2> shared{};
    for (const uint32_t term : pool.name_terms(tool)) {
        if (pool.is_action(term)) continue;
        ++nouns;
        for (size_t k = 0; k < shared.size(); ++k) {
            if (std::ranges::find(best_nouns_[k], term) != best_nouns_[k].end()) ++shared[k];
        }
    }
    float& most = column(ToolFeature::LikeTheBest)[tool];
    for (size_t k = 0; k < shared.size(); ++k) {
        if (shared[k] == 0) continue;
        const size_t all = nouns + best_nouns_[k].size() - shared[k];
        most = std::max(most, static_cast<float>(shared[k]) / static_cast<float>(all));
    }
}

/// What a tool brings by itself.
void ToolRanker::add_own(const ToolPool& pool, const ToolQuery& query) {
    const int shapes = std::popcount(query.values());
    for (size_t i = 0; i < pool.size(); ++i) {
        const PooledTool& tool = pool.tool(i);
        add_name(pool, i);
        add_likeness(pool, i);
        if (shapes > 0) {
            const auto taken = std::popcount(static_cast<uint16_t>(query.values() & tool.values));
            column(ToolFeature::Values)[i] =
                static_cast<float>(taken) / static_cast<float>(1 + shapes);
        }
        size_t required = 0;
        size_t covered = 0;
        pool.for_each_required(i, [&](std::span<const uint32_t> terms) {
            ++required;
            covered += std::ranges::any_of(
                           terms, [&](uint32_t term) { return known_[term] == Known::Requested; })
                           ? 1
                           : 0;
        });
        column(ToolFeature::RequiredCovered)[i] =
            static_cast<float>(covered) / static_cast<float>(1 + required);
        if (tool.actions != 0) {
            if ((tool.actions & query.first_action()) != 0) {
                column(ToolFeature::ActionMatches)[i] = 1;
            } else if ((tool.actions & query.actions()) != 0) {
                column(ToolFeature::ActionMatches)[i] = kActionHalf;
            } else if (query.actions() != 0) {
                column(ToolFeature::ActionClashes)[i] = 1;
            }
        }
        column(ToolFeature::Generic)[i] = tool.is_generic ? 1 : 0;
        column(ToolFeature::Parameters)[i] = tool.parameters;
    }
}

/// Whether the user writes a tool's name. Few names are searched for: only where the request has
/// their first letters.
void ToolRanker::add_mentions(const ToolPool& pool, const ToolQuery& query) {
    const std::string_view text = query.lower_text();
    if (text.size() < kPieceBytes) return;
    pieces_.assign(kPieceBits / 64, 0);
    for (size_t i = 0; i + kPieceBytes <= text.size(); ++i) {
        const size_t bit = piece_bit(text.data() + i);
        pieces_[bit / 64] |= uint64_t{1} << (bit % 64);
    }
    for (size_t i = 0; i < pool.size(); ++i) {
        const std::string_view name = pool.tool(i).short_name;
        if (name.size() < kPieceBytes) continue;
        const size_t first = piece_bit(name.data());
        const size_t last = piece_bit(name.data() + name.size() - kPieceBytes);
        const bool may_be = ((pieces_[first / 64] >> (first % 64)) & 1U) != 0 &&
                            ((pieces_[last / 64] >> (last % 64)) & 1U) != 0;
        if (may_be && text.find(name) != std::string_view::npos) {
            column(ToolFeature::Mentioned)[i] = 1;
        }
    }
}

}  // namespace keywarden
