// Which of the tools of a request go on to the model: those that matter to it, in a set that a
// conversation keeps and that only grows. docs/reference/tools.md tells how.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/tool_costs.h"
#include "domain/tool_definition.h"
#include "domain/tool_turn.h"

namespace keywarden {

/// A request is left as it came when it offers no more.
inline constexpr size_t kSelectionToolsMin = 9;
inline constexpr size_t kSelectionToolTokensMin = 1'500;
/// Bytes of a tool to a token, until a provider's own figures say better.
inline constexpr size_t kToolBytesPerToken = 4;
/// More tools than this are not ranked, nor more bytes of them, nor longer conversations.
inline constexpr size_t kSelectionToolsMax = 512;
inline constexpr size_t kSelectionToolBytesMax = size_t{512} << 10U;
inline constexpr size_t kSelectionTurnsMax = 2'048;
/// Of the tools that an account calls often, so many are always kept.
inline constexpr size_t kPopularToolsMax = 4;
/// How long a choice may take before all tools go on.
inline constexpr Nanos kSelectionTimeMax = std::chrono::milliseconds(1);

/// Whether tools were chosen, or why all of them go on.
enum class SelectionOutcome : uint8_t {
    Selected,
    FewTools,        // at most 8
    SmallTools,      // under 1,500 tokens
    ToolsOff,        // tool_choice: none
    TooMany,         // beyond a bound of what is ranked
    TooSlow,         // the time was over
    WeakEvidence,    // the conversation says too little
    ForeignScript,   // it is written in letters that the tools are not
    MostWouldStay,   // 60 % or more
    CacheIsCheaper,  // all of them cost less: the provider has them in its cache
    Masked,          // so too, and the model may only call those that are kept
    LeftWhole,       // so says the policy, or it says to mask what cannot be
    kCount,
};

/// Why a tool stays or goes.
enum class ToolReason : uint8_t {
    Whole,         // all tools go on
    NotAFunction,  // or could not be read
    Chosen,        // tool_choice names it
    Called,        // earlier in the conversation
    Named,         // in the last message of the user, or by the system
    Pinned,        // to the key
    Popular,       // with the account
    Score,         // among the best for what is asked now
    Earlier,       // among the best for what was asked earlier
    LowScore,      // left out
    kCount,
};

/// In words: "only few tools are offered"; "its score is among the best".
std::string_view describe(SelectionOutcome outcome);
std::string_view describe(ToolReason reason);
/// As rows and headers have it: "selected", "few_tools"; "score", "low_score".
std::string_view name(SelectionOutcome outcome);
std::string_view name(ToolReason reason);

/// What is looked at. All views must last until select() returns.
struct SelectionRequest {
    /// The bytes of each permitted tool, in the client's order.
    std::span<const std::string_view> tools{};
    ReadToolDefinition read = nullptr;  // of the request's dialect
    std::span<const ToolTurn> turns{};
    bool tools_are_off = false;  // tool_choice: none
    /// Names of tools that tool_choice names; that are pinned to the key; that are called in at
    /// least 20 % of the account's requests, most often first. The last two should hold still while
    /// a conversation lasts: whoever is taken from them may leave its set.
    std::span<const std::string_view> chosen{};
    std::span<const std::string_view> pinned{};
    std::span<const std::string_view> popular{};
    /// At most so many by their score; what is always kept comes on top.
    std::optional<size_t> k_target_override{};
    /// Where given, each conversation is asked as it begins whether its set pays.
    std::optional<CacheTerms> cache{};
    bool wants_scores = false;  // for people to look at
};

struct Selection {
    SelectionOutcome outcome = SelectionOutcome::FewTools;
    /// Indexes of `tools`, in the order to forward: the client's, but what the conversation added
    /// later comes last.
    std::vector<uint32_t> kept{};
    std::vector<ToolReason> reasons{};  // of each tool
    std::vector<float> scores{};        // of each tool, where they are wanted and were ranked
    size_t k = 0;                       // by the adaptive rule
    size_t tool_tokens = 0;             // of all tools
    size_t kept_tokens = 0;
    bool has_called_left_out = false;  // the conversation called a tool that it was not offered
    bool pays = true;                  // where `cache` is given: less is paid than for all tools
    uint64_t list = 0;  // names the list of tools, on this node; 0: it was not looked at

    /// All of `tools` go on, in the client's order.
    void make_whole(size_t tools, SelectionOutcome why);
};

inline constexpr size_t kSelectorBytesMax = size_t{72} << 20U;

class ToolIndex;
class SelectionMemory;

/// What one node knows of tools and of conversations; bounded in bytes. The same request gives the
/// same set on every node, whatever each knows: what is known only saves time.
/// Threads: any.
class ToolSelector {
public:
    using ReadMono = MonoTime (*)();

    explicit ToolSelector(ReadMono now = precise_mono);
    ToolSelector(const ToolSelector&) = delete;
    ToolSelector& operator=(const ToolSelector&) = delete;
    ~ToolSelector();

    Selection select(const SelectionRequest& request);

    /// What it holds: at most kSelectorBytesMax.
    size_t bytes() const;

private:
    Selection choose(const SelectionRequest& request, size_t bytes);

    std::unique_ptr<ToolIndex> index_;
    std::unique_ptr<SelectionMemory> memory_;
    ReadMono now_;
};

}  // namespace keywarden
