#include "domain/tool_selection.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "domain/recent_cache.h"
#include "domain/tool_index.h"
#include "domain/tool_set.h"

namespace keywarden {
namespace {

struct Described {
    std::string_view name;
    std::string_view words;
};

constexpr std::array<Described, static_cast<size_t>(SelectionOutcome::kCount)> kOutcomes = {{
    {"selected", "the tools that matter to this conversation go on"},
    {"few_tools", "only few tools are offered"},
    {"small_tools", "the tools offered are short"},
    {"tools_off", "the request lets no tool be called"},
    {"too_many", "there is more than is looked through"},
    {"too_slow", "there was no time to choose"},
    {"weak_evidence", "the conversation does not say enough to choose by"},
    {"foreign_script", "the conversation is written in letters that the choice cannot read"},
    {"most_would_stay", "most of the tools would go on anyway"},
    {"cache_is_cheaper", "all tools cost less, as the provider has them in its cache"},
    {"masked", "all tools go on, and the model is told which it may call"},
    {"left_whole", "the policy says so"},
}};

constexpr std::array<Described, static_cast<size_t>(ToolReason::kCount)> kReasons = {{
    {"whole", "all tools go on"},
    {"not_a_function", "it is no function, or could not be read"},
    {"chosen", "the request's tool_choice names it"},
    {"called", "it was called earlier in the conversation"},
    {"named", "the user or the system writes its name"},
    {"pinned", "it is pinned"},
    {"popular", "the account calls it often"},
    {"score", "its score is among the best"},
    {"earlier", "its score was among the best earlier in the conversation"},
    {"low_score", "its score is too low"},
}};

constexpr size_t kSelectionEntriesBytesMax = size_t{8} << 20U;

/// A scratch that each thread keeps.
struct Scratch {
    ToolSetMaker maker;
    std::vector<uint32_t> steps;
    std::vector<TextHash> keys;
};

Scratch& scratch() {
    static thread_local Scratch kept;
    return kept;
}

/// Names what a choice looks at, piece by piece.
class Fingerprint {
public:
    explicit Fingerprint(const TextHash& key) : key_(key) {}

    void add(std::string_view text) {
        const TextHash own = hash_of(text, key_.high);
        key_ = {own.high, own.low ^ (key_.low * 0x9E37'79B9'7F4A'7C15)};
    }
    void add(uint64_t number) { key_.high ^= (number + 1) * 0xC2B2'AE3D'27D4'EB4F; }
    void add(std::span<const std::string_view> texts) {
        add(texts.size());
        for (const std::string_view text : texts) add(text);
    }
    void add(const ToolTurn& turn) {
        add(static_cast<uint64_t>(turn.role) * 2 + (turn.is_error ? 1 : 0));
        // What a tool answers is not looked at.
        if (turn.role != ToolRole::Tool) add(turn.text.substr(0, kTurnBytesMax));
        add(turn.calls);
    }
    const TextHash& key() const { return key_; }

private:
    TextHash key_;
};

Selection leave_whole(const SelectionRequest& request, SelectionOutcome outcome) {
    Selection selection;
    selection.make_whole(request.tools.size(), outcome);
    return selection;
}

/// How a conversation begins that has this set at the turn `end`.
ToolCosts costs_of(const SelectionRequest& request, const ToolSet& set, size_t end) {
    size_t tools = 0;
    size_t kept = 0;
    size_t system = 0;
    size_t said = 0;
    for (const std::string_view tool : request.tools) tools += tool.size();
    for (const KeptTool& each : set.kept) kept += request.tools[each.tool].size();
    for (const ToolTurn& turn : request.turns.first(end)) {
        said += turn.text.size();
        if (turn.role == ToolRole::System) system += turn.text.size();
    }
    const auto tokens = [](size_t bytes) {
        return static_cast<double>(bytes) / static_cast<double>(kToolBytesPerToken);
    };
    return {.tools = tokens(tools),
            .kept = tokens(kept),
            .system = tokens(system),
            .said = tokens(said)};
}

size_t bytes_of(const SelectionRequest& request) {
    size_t bytes = 0;
    for (const std::string_view tool : request.tools) bytes += tool.size();
    return bytes;
}

/// Selected where the tools must be looked at.
SelectionOutcome judge(const SelectionRequest& request, size_t bytes) {
    if (request.tools_are_off) return SelectionOutcome::ToolsOff;
    if (request.tools.size() < kSelectionToolsMin) return SelectionOutcome::FewTools;
    if (bytes / kToolBytesPerToken < kSelectionToolTokensMin) return SelectionOutcome::SmallTools;
    const bool is_too_much = request.tools.size() > kSelectionToolsMax ||
                             bytes > kSelectionToolBytesMax ||
                             request.turns.size() > kSelectionTurnsMax;
    return is_too_much ? SelectionOutcome::TooMany : SelectionOutcome::Selected;
}

}  // namespace

class SelectionMemory : public RecentCache<ToolSet> {
public:
    using RecentCache::RecentCache;
};

std::string_view describe(SelectionOutcome outcome) {
    return kOutcomes[static_cast<size_t>(outcome)].words;
}
std::string_view describe(ToolReason reason) { return kReasons[static_cast<size_t>(reason)].words; }
std::string_view name(SelectionOutcome outcome) {
    return kOutcomes[static_cast<size_t>(outcome)].name;
}
std::string_view name(ToolReason reason) { return kReasons[static_cast<size_t>(reason)].name; }

namespace {

/// Works out the set of a conversation, from the last request of it that is remembered.
class Fold {
public:
    Fold(const ToolPool& pool, const SelectionRequest& request, SelectionMemory& memory)
        : request_(request), memory_(memory), use_(scratch()) {
        use_.maker.begin(pool, request);
    }

    /// Nothing once it is late.
    template <class IsLate>
    std::optional<ToolSet> run(const TextHash& tools_key, const IsLate& is_late) {
        use_.steps.clear();
        find_set_steps(request_.turns, use_.steps);
        name_steps(tools_key);
        size_t step = use_.steps.size();
        ToolSet set;
        size_t at = 0;
        for (; step > 0; --step) {
            const auto known = memory_.find(use_.keys[step - 1]);
            if (known == nullptr) continue;
            set = *known;
            at = use_.steps[step - 1];
            break;
        }
        if (step == 0) set = use_.maker.first_set();
        for (; step < use_.steps.size(); ++step) {
            if (is_late()) return std::nullopt;
            const size_t end = use_.steps[step];
            for (KeptTool& kept : set.kept) {
                if (kept.reason == ToolReason::Score) kept.reason = ToolReason::Earlier;
            }
            use_.maker.take_in(set, at, end);
            use_.maker.grow(set, end);
            if (step == 0 && request_.cache && !set.is_whole()) {
                set.pays = pays_to_select(*request_.cache, costs_of(request_, set, end));
            }
            at = end;
            const auto made = std::make_shared<const ToolSet>(set);
            memory_.put(use_.keys[step], made, made->bytes());
        }
        if (use_.steps.empty()) set.outcome = SelectionOutcome::WeakEvidence;
        use_.maker.take_in(set, at, request_.turns.size());
        return set;
    }

private:
    void name_steps(const TextHash& tools_key) {
        use_.keys.clear();
        Fingerprint fingerprint(tools_key);
        fingerprint.add(request_.pinned);
        fingerprint.add(request_.popular);
        fingerprint.add(request_.k_target_override.value_or(0));
        // What a conversation found to pay is remembered with its set: for whom, and where.
        if (request_.cache) fingerprint.add(request_.cache->scope);
        size_t turn = 0;
        for (const uint32_t end : use_.steps) {
            while (turn < end) fingerprint.add(request_.turns[turn++]);
            use_.keys.push_back(fingerprint.key());
        }
    }

    const SelectionRequest& request_;
    SelectionMemory& memory_;
    Scratch& use_;
};

/// Adds what the request itself insists on, for as long as it does.
void add_chosen(const ToolPool& pool, const SelectionRequest& request, ToolSet& set) {
    if (set.is_whole()) return;
    std::string lower;
    for (const std::string_view name : request.chosen) {
        lower.assign(name);
        for (char& c : lower) c = lower_glyph(c);
        size_t tool = pool.find_name(lower);
        for (; tool != pool.size(); tool = pool.previous_of_name(tool)) {
            const auto it = std::ranges::find(set.kept, tool, &KeptTool::tool);
            if (it != set.kept.end()) {
                it->reason = ToolReason::Chosen;
            } else {
                set.kept.push_back({static_cast<uint32_t>(tool), ToolReason::Chosen});
            }
        }
    }
}

}  // namespace

void Selection::make_whole(size_t tools, SelectionOutcome why) {
    outcome = why;
    kept.clear();
    kept.reserve(tools);
    for (size_t i = 0; i < tools; ++i) kept.push_back(static_cast<uint32_t>(i));
    reasons.assign(tools, ToolReason::Whole);
}

ToolSelector::ToolSelector(ReadMono now)
    : index_(std::make_unique<ToolIndex>()),
      memory_(std::make_unique<SelectionMemory>(kSelectionEntriesBytesMax)),
      now_(now) {}

ToolSelector::~ToolSelector() = default;

size_t ToolSelector::bytes() const { return index_->bytes() + memory_->bytes(); }

Selection ToolSelector::select(const SelectionRequest& request) {
    const size_t bytes = bytes_of(request);
    Selection selection = choose(request, bytes);
    selection.tool_tokens = bytes / kToolBytesPerToken;
    size_t kept_bytes = 0;
    for (const uint32_t tool : selection.kept) kept_bytes += request.tools[tool].size();
    selection.kept_tokens = kept_bytes / kToolBytesPerToken;
    return selection;
}

Selection ToolSelector::choose(const SelectionRequest& request, size_t bytes) {
    const SelectionOutcome judged = judge(request, bytes);
    if (judged != SelectionOutcome::Selected) return leave_whole(request, judged);
    const MonoTime begun = now_();
    const auto is_late = [&] { return now_() - begun > kSelectionTimeMax; };
    const TextHash key = ToolIndex::key_of(request.tools, request.read);
    const auto pool = index_->pool(key, request.tools, request.read, is_late);
    if (pool == nullptr) return leave_whole(request, SelectionOutcome::TooSlow);
    auto set = Fold(*pool, request, *memory_).run(key, is_late);
    if (!set) return leave_whole(request, SelectionOutcome::TooSlow);
    if (!set->has_begun) return leave_whole(request, set->outcome);
    add_chosen(*pool, request, *set);

    Selection selection{.outcome = set->outcome,
                        .k = set->k,
                        .has_called_left_out = set->has_missed,
                        .pays = set->pays,
                        .list = key.high};
    const bool is_whole = set->is_whole();
    selection.reasons.assign(pool->size(), is_whole ? ToolReason::Whole : ToolReason::LowScore);
    selection.kept.reserve(set->kept.size());
    for (const KeptTool& kept : set->kept) {
        selection.kept.push_back(kept.tool);
        if (!is_whole) selection.reasons[kept.tool] = kept.reason;
    }
    if (request.wants_scores) {
        const auto scores = scratch().maker.rank(request.turns.size());
        selection.scores.assign(scores.begin(), scores.end());
    }
    return selection;
}

}  // namespace keywarden
