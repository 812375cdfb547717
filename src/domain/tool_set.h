// The tools that a conversation keeps: worked out from its beginning, request by request, so that
// every node comes to the same set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/tool_pool.h"
#include "domain/tool_query.h"
#include "domain/tool_ranker.h"
#include "domain/tool_selection.h"

namespace keywarden {

/// The first set of a conversation has so many tools, if there are any.
inline constexpr size_t kFirstSetMin = 16;
/// It grows when one of so many best tools is not in it, by so many of the best.
inline constexpr size_t kGrowthLook = 3;
inline constexpr size_t kGrowthMin = 8;
/// What the adaptive rule may say.
inline constexpr size_t kAdaptiveMin = 5;
inline constexpr size_t kAdaptiveMax = 24;
/// How far from the middle tool to the best a score must be: the second where a mistake is dear.
inline constexpr float kAlpha = 0.25F;
inline constexpr float kAlphaCareful = 0.15F;
/// So much of what a turn says is looked at, at most.
inline constexpr size_t kTurnBytesMax = size_t{64} << 10U;
/// From this share of all tools on, all of them go on. In percent.
inline constexpr size_t kMostPercent = 60;

struct KeptTool {
    uint32_t tool;
    ToolReason reason;
};

/// Only ever grows.
struct ToolSet {
    std::vector<KeptTool> kept{};  // in the order to forward
    SelectionOutcome outcome = SelectionOutcome::Selected;
    bool has_begun = false;
    bool has_missed = false;  // a tool was called that was left out
    bool pays = true;         // as it began: see pays_to_select
    size_t k = 0;             // what the adaptive rule said last

    bool is_whole() const { return outcome != SelectionOutcome::Selected; }
    size_t bytes() const { return sizeof(*this) + kept.capacity() * sizeof(KeptTool); }
};

/// Where requests ended at which the set was looked at: when the user had spoken, and when so many
/// calls had been made since: 1, 2, 4, 8. Appends the counts of turns before each.
void find_set_steps(std::span<const ToolTurn> turns, std::vector<uint32_t>& steps);

/// Makes sets grow. Keeps its scratch from one use to the next. Threads: one at a time.
class ToolSetMaker {
public:
    /// Both must outlive what follows.
    void begin(const ToolPool& pool, const SelectionRequest& request);

    /// What is kept whatever is said.
    ToolSet first_set();
    /// Takes in what the turns from `from` to `to` say of tools by name.
    void take_in(ToolSet& set, size_t from, size_t to);
    /// Ranks at the request that ended before the turn `end`, and grows.
    void grow(ToolSet& set, size_t end);
    /// Scores of that request, of each tool.
    std::span<const float> rank(size_t end);
    /// Of the last request ranked, the best ones by score; a reason of a tool is Score while it is
    /// one of them.
    std::span<const uint32_t> best() const { return best_; }

private:
    bool holds(size_t tool) const { return in_set_[tool] != 0; }
    void look_at(const ToolSet& set);
    void add(ToolSet& set, size_t tool, ToolReason reason);
    void add_named(ToolSet& set, std::string_view name, ToolReason reason);
    void add_written(ToolSet& set, std::string_view text);
    void sort_added(ToolSet& set, size_t before) const;
    void make_whole(ToolSet& set, SelectionOutcome outcome);
    SelectionOutcome judge_query(const ToolSet& set) const;
    size_t find_best(const ToolSet& set, size_t end, size_t count_min);
    size_t adaptive_k(float alpha);
    bool needs_care(const ToolSet& set, size_t end) const;

    const ToolPool* pool_ = nullptr;
    const SelectionRequest* request_ = nullptr;
    ToolQuery query_;
    ToolRanker ranker_;
    std::span<const float> scores_;
    std::vector<uint8_t> in_set_;
    std::vector<ToolReason> reasons_;
    std::vector<uint32_t> ranked_;  // that may be left out
    std::vector<float> sorted_;
    std::vector<uint32_t> best_;
    std::string lower_;
};

}  // namespace keywarden
