#include "domain/tool_set.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "domain/glyphs.h"
#include "domain/tool_lists.h"

namespace keywarden {
namespace {

/// Actions that change something: bits of tool_model::kActions.
constexpr uint16_t kCreates = 1U << 0U;
constexpr uint16_t kDeletes = 1U << 1U;
constexpr uint16_t kUpdates = 1U << 2U;
constexpr uint16_t kSends = 1U << 4U;
constexpr uint16_t kRuns = 1U << 6U;  // buys and pays too
constexpr uint16_t kWrites = kCreates | kDeletes | kUpdates | kSends | kRuns;

/// Below, the words of a first request say nothing of any tool.
constexpr float kEvidenceMin = 2.5F;
/// Of the letters of a request, so many may not be Latin. In percent.
constexpr size_t kForeignPercentMax = 50;
bool is_called_by_score(ToolReason reason) {
    return reason == ToolReason::Score || reason == ToolReason::Earlier;
}

bool is_name_glyph(char c) {
    return is_letter_glyph(c) || is_digit_glyph(c) || c == '_' || c == '-' || c == '.' ||
           c == ':' || c == '/';
}

/// Whether a text that has this can mean nothing but a name: "get_user", "getUser", "`search`".
bool is_surely_name(std::string_view text, size_t begin, size_t end) {
    const std::string_view word = text.substr(begin, end - begin);
    if (word.find_first_of("_-.:/0123456789") != std::string_view::npos) return true;
    if (std::ranges::any_of(word.substr(1), is_upper_glyph)) return true;
    const char before = begin > 0 ? text[begin - 1] : '\0';
    const char after = end < text.size() ? text[end] : '\0';
    return before == after && (before == '`' || before == '"' || before == '\'');
}

}  // namespace

void find_set_steps(std::span<const ToolTurn> turns, std::vector<uint32_t>& steps) {
    size_t calls = 0;  // answers with calls since the user spoke
    for (size_t i = 0; i < turns.size(); ++i) {
        const ToolRole role = turns[i].role;
        if (role == ToolRole::User) calls = 0;
        if (role == ToolRole::Assistant && !turns[i].calls.empty()) ++calls;
        const bool is_last_result = role == ToolRole::Tool &&
                                    (i + 1 == turns.size() || turns[i + 1].role != role) &&
                                    std::has_single_bit(calls);
        if (role == ToolRole::User || is_last_result) {
            steps.push_back(static_cast<uint32_t>(i + 1));
        }
    }
}

void ToolSetMaker::begin(const ToolPool& pool, const SelectionRequest& request) {
    pool_ = &pool;
    request_ = &request;
    scores_ = {};
    best_.clear();
}

void ToolSetMaker::look_at(const ToolSet& set) {
    in_set_.assign(pool_->size(), 0);
    for (const KeptTool& kept : set.kept) in_set_[kept.tool] = 1;
}

void ToolSetMaker::add(ToolSet& set, size_t tool, ToolReason reason) {
    if (holds(tool)) {
        const auto it = std::ranges::find(set.kept, tool, &KeptTool::tool);
        if (is_called_by_score(it->reason)) it->reason = reason;
        return;
    }
    in_set_[tool] = 1;
    set.kept.push_back({static_cast<uint32_t>(tool), reason});
}

void ToolSetMaker::add_named(ToolSet& set, std::string_view name, ToolReason reason) {
    lower_.assign(name);
    for (char& c : lower_) c = lower_glyph(c);
    size_t tool = pool_->find_name(lower_);
    for (; tool != pool_->size(); tool = pool_->previous_of_name(tool)) add(set, tool, reason);
}

void ToolSetMaker::add_written(ToolSet& set, std::string_view text) {
    lower_.assign(text);
    for (char& c : lower_) c = lower_glyph(c);
    for (size_t at = 0; at < text.size();) {
        if (!is_name_glyph(text[at])) {
            ++at;
            continue;
        }
        const size_t begin = at;
        while (at < text.size() && is_name_glyph(text[at])) ++at;
        size_t end = at;
        while (end > begin && std::string_view(".:-/").contains(text[end - 1])) --end;
        if (begin == end || end - begin > kToolNameBytesMax) continue;
        if (!is_surely_name(text, begin, end)) continue;
        const std::string_view name = std::string_view(lower_).substr(begin, end - begin);
        const size_t tool = pool_->find_written(name);
        if (tool != pool_->size()) add(set, tool, ToolReason::Named);
    }
}

/// What was added at once stands in the client's order.
void ToolSetMaker::sort_added(ToolSet& set, size_t before) const {
    std::ranges::sort(std::span(set.kept).subspan(before), {}, &KeptTool::tool);
}

ToolSet ToolSetMaker::first_set() {
    ToolSet set;
    look_at(set);
    for (size_t i = 0; i < pool_->size(); ++i) {
        if (!pool_->tool(i).is_ranked) add(set, i, ToolReason::NotAFunction);
    }
    for (const std::string_view name : request_->pinned) add_named(set, name, ToolReason::Pinned);
    const size_t popular = std::min(kPopularToolsMax, request_->popular.size());
    for (const std::string_view name : request_->popular.first(popular)) {
        add_named(set, name, ToolReason::Popular);
    }
    return set;
}

void ToolSetMaker::take_in(ToolSet& set, size_t from, size_t to) {
    if (set.is_whole()) return;
    look_at(set);
    for (size_t i = from; i < to; ++i) {
        const ToolTurn& turn = request_->turns[i];
        const size_t before = set.kept.size();
        for (const std::string_view name : turn.calls) add_named(set, name, ToolReason::Called);
        set.has_missed = set.has_missed || (set.has_begun && set.kept.size() > before);
        if (turn.role == ToolRole::User || turn.role == ToolRole::System) {
            add_written(set, turn.text.substr(0, kTurnBytesMax));
        }
        // The next request may end here: what is added later comes behind.
        if (set.has_begun) sort_added(set, before);
    }
}

std::span<const float> ToolSetMaker::rank(size_t end) {
    query_.read(request_->turns.first(end));
    scores_ = ranker_.rank(*pool_, query_);
    return scores_;
}

SelectionOutcome ToolSetMaker::judge_query(const ToolSet& set) const {
    if (query_.foreign_letters() * 100 > query_.letters() * kForeignPercentMax) {
        return SelectionOutcome::ForeignScript;
    }
    if (!set.has_begun && ranker_.evidence() < kEvidenceMin) return SelectionOutcome::WeakEvidence;
    return SelectionOutcome::Selected;
}

bool ToolSetMaker::needs_care(const ToolSet& set, size_t end) const {
    if (set.has_missed || (query_.first_action() & kWrites) != 0) return true;
    for (size_t i = end; i > 0 && request_->turns[i - 1].role == ToolRole::Tool; --i) {
        if (request_->turns[i - 1].is_error) return true;
    }
    return false;
}

/// How many of ranked_ are that far above the middle one.
size_t ToolSetMaker::adaptive_k(float alpha) {
    sorted_.clear();
    for (const uint32_t tool : ranked_) sorted_.push_back(scores_[tool]);
    const auto middle = sorted_.begin() + static_cast<ptrdiff_t>(sorted_.size() / 2);
    std::ranges::nth_element(sorted_, middle, std::ranges::greater());
    const float floor = *middle;
    const float top = *std::ranges::max_element(sorted_.begin(), middle + 1);
    const auto k = static_cast<size_t>(std::ranges::count_if(
        sorted_, [&](float score) { return score - floor >= alpha * (top - floor); }));
    return std::clamp(k, kAdaptiveMin, kAdaptiveMax);
}

/// Puts the best tools that could be left out into best_, at least so many; returns K.
size_t ToolSetMaker::find_best(const ToolSet& set, size_t end, size_t count_min) {
    reasons_.assign(pool_->size(), ToolReason::LowScore);
    for (const KeptTool& kept : set.kept) reasons_[kept.tool] = kept.reason;
    ranked_.clear();
    for (size_t i = 0; i < pool_->size(); ++i) {
        if (reasons_[i] == ToolReason::LowScore || is_called_by_score(reasons_[i])) {
            ranked_.push_back(static_cast<uint32_t>(i));
        }
    }
    best_.clear();
    if (ranked_.empty()) return 0;
    const size_t k = adaptive_k(needs_care(set, end) ? kAlphaCareful : kAlpha);
    size_t count = std::max(k, count_min);
    count = std::min({count, request_->k_target_override.value_or(count), ranked_.size()});
    std::ranges::partial_sort(
        ranked_, ranked_.begin() + static_cast<ptrdiff_t>(count), [&](uint32_t a, uint32_t b) {
            return scores_[a] != scores_[b] ? scores_[a] > scores_[b] : a < b;
        });
    best_.assign(ranked_.begin(), ranked_.begin() + static_cast<ptrdiff_t>(count));
    return k;
}

void ToolSetMaker::grow(ToolSet& set, size_t end) {
    if (set.is_whole()) return;
    rank(end);
    look_at(set);
    const SelectionOutcome outcome = judge_query(set);
    if (outcome != SelectionOutcome::Selected) return make_whole(set, outcome);
    const size_t before = set.has_begun ? set.kept.size() : 0;
    set.k = find_best(set, end, set.has_begun ? kGrowthMin : kFirstSetMin);
    const std::span look = std::span(best_).first(std::min(kGrowthLook, best_.size()));
    const bool is_lacking = std::ranges::any_of(look, [&](uint32_t tool) { return !holds(tool); });
    if (!set.has_begun || is_lacking) {
        for (const uint32_t tool : best_) add(set, tool, ToolReason::Score);
    }
    sort_added(set, before);
    if (set.kept.size() * 100 >= pool_->size() * kMostPercent) {
        return make_whole(set, SelectionOutcome::MostWouldStay);
    }
    set.has_begun = true;
}

void ToolSetMaker::make_whole(ToolSet& set, SelectionOutcome outcome) {
    set.outcome = outcome;
    if (!set.has_begun) set.kept.clear();
    look_at(set);
    for (size_t i = 0; i < pool_->size(); ++i) {
        if (!holds(i)) set.kept.push_back({static_cast<uint32_t>(i), ToolReason::Whole});
    }
    set.has_begun = true;
}

}  // namespace keywarden
