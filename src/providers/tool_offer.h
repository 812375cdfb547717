// What a request offers its model: its tools, and the conversation that they are for. Read for the
// selection of tools, which leaves alone whatever this does not understand.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/tool_selection.h"
#include "domain/tool_turn.h"
#include "providers/tools.h"

namespace keywarden {

/// The name of a function, as it is written; empty for what is none, and where it is escaped.
std::string_view tool_name_of(std::string_view tool);

/// Views of the body, and of what lies here: it is not moved.
class ToolOffer {
public:
    /// Nothing where the request offers no tools, or more is known of its conversation elsewhere
    /// than here (a server's own history, a stored prompt), or it is not as its dialect says.
    /// Requires: `body` is a JSON object, checked, and outlives this.
    static std::unique_ptr<ToolOffer> read(ToolDialect dialect, std::string_view body);

    ToolOffer(const ToolOffer&) = delete;
    ToolOffer& operator=(const ToolOffer&) = delete;

    ToolDialect dialect() const { return dialect_; }
    /// The bytes of each tool, in the client's order. A cache mark that stands alone is none.
    std::span<const std::string_view> tools() const { return tools_; }
    std::span<const ToolTurn> turns() const { return turns_; }
    bool tools_are_off() const { return tools_are_off_; }
    /// Those that tool_choice names.
    std::span<const std::string_view> chosen() const { return chosen_; }

    /// The body with these of its tools, in that order; all their bytes as they came, but that a
    /// mark of the prompt's cache which stood behind them moves to the last one that stays.
    std::string with_only(std::span<const uint32_t> kept) const;

    /// The body with all of its tools, whose model may call no others than these: OpenAI's
    /// `allowed_tools`. Nothing where the dialect has none, or tool_choice says something else than
    /// "auto" or "required" already, or one of these is no function.
    std::optional<std::string> with_allowed(std::span<const uint32_t> kept) const;

private:
    ToolOffer() = default;

    bool read_body(ToolDialect dialect, std::string_view body);
    bool read_body_member(ToolDialect dialect, std::string_view key, std::string_view value);
    bool take_list(std::string_view list);
    void take_choice(std::string_view choice);
    bool take_tool_config(std::string_view config);
    bool read_messages(ToolDialect dialect, std::string_view messages);
    bool read_message(ToolDialect dialect, std::string_view message);
    void read_item_of_responses(std::string_view item);
    void read_content(std::string_view content, ToolRole role);
    void read_part(std::string_view part, std::string& text);
    void read_tool_result(std::string_view result);
    void add_call(std::string_view holder);
    void add_system(std::string_view value);
    std::string_view keep(std::string text);
    std::string_view text_of(std::string_view value);
    void add_turn(ToolRole role, std::string_view text, size_t calls_from, bool is_error = false);
    void bind_calls();

    struct CallRange {
        size_t from;
        size_t until;
    };

    ToolDialect dialect_ = ToolDialect::Chat;
    std::string_view body_;
    std::string_view list_;    // the array of tools
    std::string_view choice_;  // `tool_choice`, if it is there
    bool is_legacy_ = false;   // `functions`, `function_call`
    std::vector<std::string_view> tools_{};
    std::string_view alone_{};  // of Converse: the last mark that stands alone
    std::vector<ToolTurn> turns_{};
    std::vector<CallRange> ranges_{};        // of each turn, in `calls_`
    std::vector<std::string_view> calls_{};  // of all turns
    std::vector<std::string_view> chosen_{};
    std::deque<std::string> texts_{};  // that are not in the body as they are
    bool tools_are_off_ = false;
};

/// What an account, and its policy, add to what a request says of its tools.
struct OfferWishes {
    std::span<const std::string> pinned{};
    std::span<const std::string> popular{};
    std::optional<int64_t> keep_max{};
    std::optional<CacheTerms> cache{};
    bool wants_scores = false;
};

Selection select_of(ToolSelector& selector, const ToolOffer& offer, const OfferWishes& wishes);

/// Whether a provider that goes by the prices of `vendor` is taken to know `allowed_tools`: OpenAI
/// does, and whichever one the policy says to mask at.
bool takes_masks(CachePolicy policy, std::string_view vendor);

/// What becomes of a choice among the tools.
struct OfferWay {
    SelectionOutcome outcome = SelectionOutcome::Selected;
    std::string masked{};  // the body that goes on where it is Masked
};
OfferWay way_of(const ToolOffer& offer, const Selection& chosen, CachePolicy policy, bool can_mask);

}  // namespace keywarden
