// The selection of tools on the way of a call: which of them go on, and what came of it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/call_record.h"
#include "domain/selection_policy.h"
#include "domain/tool_selection.h"
#include "net/task.h"
#include "providers/tools.h"

namespace keywarden {

struct Call;
class PolicyReading;

/// Of a call whose tools are selected, or would be, from its admission to its end.
struct CallSelection : Pooled {
    EffectiveSelection terms{};
    std::vector<std::string> pinned{};
    SelectionOutcome outcome = SelectionOutcome::FewTools;
    ToolCounts counts{};
    std::string left_out{};    // names of tools, each between two line ends
    size_t spared_bytes = 0;   // of the tools that were left out
    size_t tool_bytes = 0;     // of all of them
    uint64_t cache_scope = 0;  // the team and the model, where the provider's cache is looked at
    bool asks_cache = false;   // the list should be in it
    size_t sent_bytes = 0;     // of the body that went on, where all of it is text
    std::unique_ptr<CallWatch> watch{};
    bool is_chosen = false;    // the tools were looked at
    bool is_finished = false;  // and the calls of the answer are counted

    bool is_left_out(std::string_view name) const;
};

/// Notes what the scopes of a call that is let through say of its tools. Where none says anything,
/// it does nothing: the call meets no selection.
void begin_selection(Call* call, const PolicyReading& reading);

/// Chooses among the tools of the request; those that are left out do not go on, where that is set.
/// Whatever goes wrong, all of them go on. Requires: call->selection, and it was admitted.
void select_tools(Call* call);

/// A piece of the provider's answer, as it came. Requires: call->selection.
void watch_answer(Call* call, std::string_view bytes, bool streams);

/// What is written down of the call's tools; nothing where nobody looked at them.
std::optional<ToolCounts> tool_counts(const Call& call, const TokenUsage& usage);

/// At the end of the call: what its answer called, and what of its tools was in the provider's
/// cache, is counted, once. `usage`: as the provider says; empty: it does not.
void finish_selection(Call* call, const TokenUsage& usage);

}  // namespace keywarden
