#include "proxy/selection.h"

#include <algorithm>
#include <span>
#include <utility>

#include "domain/call_bound.h"
#include "domain/price_table.h"
#include "domain/tool_definition.h"
#include "domain/tool_trial.h"
#include "providers/tool_offer.h"
#include "proxy/call.h"
#include "proxy/routing.h"
#include "proxy/tools.h"
#include "proxy/translation.h"
#include "store/price_directory.h"
#include "store/tool_health.h"

namespace keywarden {
namespace {

/// What a token of a body is, at the most and at the least, whatever a provider's figures say.
constexpr int64_t kTokensPerKibMax = 512;
constexpr int64_t kTokensPerKibMin = 100;
constexpr int64_t kKib = 1024;

/// Of all models that the call may go to.
bool is_private(const Call& call) {
    const auto providers = call.proxy->catalogue().providers();
    const auto is_so = [&](size_t provider) {
        return providers[provider].privacy != PrivacyClass::Standard;
    };
    if (call.routing == nullptr) return is_so(call.provider_index);
    return std::ranges::any_of(call.routing->route->targets,
                               [&](const ModelTarget& target) { return is_so(target.provider); });
}

uint16_t count(size_t tools) { return static_cast<uint16_t>(std::min<size_t>(tools, UINT16_MAX)); }

/// As it is written, or unescaped into `scratch`; empty for what is no function.
std::string_view name_of(ReadToolDefinition reader, std::string_view tool, std::string& scratch) {
    const std::string_view plain = tool_name_of(tool);
    if (!plain.empty()) return plain;
    const auto read = reader(tool);
    if (!read) return {};
    scratch = read->name;
    return scratch;
}

/// Of mode `auto`: which one holds for this conversation.
SelectionMode mode_of(const Call& call, const ToolOffer& offer) {
    const EffectiveSelection& terms = call.selection->terms;
    ToolHealth* const health = call.proxy->parts().tool_health;
    if (terms.mode != SelectionMode::Auto) return terms.mode;
    if (health == nullptr || !call.caller) return SelectionMode::Shadow;
    const std::string_view key = call.caller->key_id();
    const ToolTrial trial = health->trials().look(call.caller->team_id, key);
    if (!trial.proves(terms.target_percent)) return SelectionMode::Shadow;
    const auto said = std::ranges::find(offer.turns(), ToolRole::User, &ToolTurn::role);
    const bool is_whole = said == offer.turns().end() || is_kept_whole(key, said->text);
    return is_whole ? SelectionMode::Shadow : SelectionMode::On;
}

std::optional<ToolText> text_of(ReadToolDefinition reader, std::string_view tool) {
    const auto read = reader(tool);
    if (!read) return std::nullopt;
    return ToolText{
        .description_words = word_count(read->description),
        .sketch = sketch_of(read->name + " " + read->description + " " + read->parameter_names)};
}

/// Sends on what was chosen; what it replaces, and the offer may have been read from, is in
/// `before`. False: it cannot be, and all of it goes on.
bool forward(Call* call, std::string text, std::unique_ptr<PrunedBody>& before) {
    auto body = std::make_unique<PrunedBody>();
    body->text = std::move(text);
    const bool is_read = tool_dialect_of(call->facts->path) == ToolDialect::Converse
                             ? body->json.read_converse(body->text).has_value()
                             : body->json.read(body->text).has_value();
    if (!is_read) return false;
    before = std::exchange(call->request->pruned, std::move(body));
    if (call->translation == nullptr) return true;
    std::unique_ptr<Translation> translated = std::move(call->translation);
    if (choose_dialect(call) && call->translation != nullptr) return true;
    call->request->pruned = std::move(before);
    call->translation = std::move(translated);
    call->meter.expect(call->translation->provider);
    return false;
}

/// Whether a mask may go on: as the client's own dialect has it, and to one model, not by a route.
bool can_mask(const Call& call) {
    const PriceDirectory* const prices = call.proxy->parts().prices;
    if (call.translation != nullptr || call.routing != nullptr) return false;
    const std::string_view vendor = prices == nullptr
                                        ? std::string_view()
                                        : prices->table()->book().vendor_of(call.provider->name);
    return takes_masks(call.selection->terms.cache_policy, vendor);
}

/// What becomes of the tools that are left out. Where they are masked, that is done; where all are
/// to go on, `chosen` is whole from here on. Of a shadow it is only told.
SelectionOutcome settle_way(Call* call,
                            const ToolOffer& offer,
                            Selection& chosen,
                            std::unique_ptr<PrunedBody>& before) {
    if (chosen.outcome != SelectionOutcome::Selected) return chosen.outcome;
    const EffectiveSelection& terms = call->selection->terms;
    OfferWay way = way_of(offer, chosen, terms.cache_policy, can_mask(*call));
    if (terms.mode != SelectionMode::On || way.outcome == SelectionOutcome::Selected) {
        return way.outcome;
    }
    if (way.outcome == SelectionOutcome::Masked) {
        if (forward(call, std::move(way.masked), before)) return way.outcome;
        way.outcome = SelectionOutcome::LeftWhole;
    }
    chosen.make_whole(offer.tools().size(), way.outcome);
    return way.outcome;
}

/// Which of the tools stay, one by one.
std::vector<bool> kept_of(const Selection& chosen, size_t tools) {
    std::vector<bool> kept(tools, chosen.outcome != SelectionOutcome::Selected);
    for (const uint32_t i : chosen.kept) kept[i] = true;
    return kept;
}

/// The names of all tools, and what became of each, for the team's sums.
void note_offer(Call* call, const ToolOffer& offer, const std::vector<bool>& kept) {
    CallSelection& own = *call->selection;
    const auto tools = offer.tools();
    const ReadToolDefinition reader = tool_reader(offer.dialect());
    if (tools.size() > kSelectionToolsMax) return;
    const bool is_on = own.counts.forwarded < own.counts.permitted;
    const bool is_shadow = own.terms.mode == SelectionMode::Shadow;
    const bool spares = is_on || (is_shadow && own.outcome == SelectionOutcome::Selected);
    std::vector<std::string> escaped(tools.size());
    std::vector<ToolHealth::Offered> offered;
    offered.reserve(tools.size());
    for (size_t i = 0; i < tools.size(); ++i) {
        const std::string_view name = name_of(reader, tools[i], escaped[i]);
        offered.push_back({.name = name, .is_forwarded = kept[i] || !is_on, .is_kept = kept[i]});
        if (kept[i]) continue;
        if (own.left_out.empty()) own.left_out = "\n";
        own.left_out += name;
        own.left_out += '\n';
        if (spares) own.spared_bytes += tools[i].size() + 1;  // its comma
    }
    ToolHealth* const health = call->proxy->parts().tool_health;
    if (health == nullptr || !call->caller) return;
    const std::string_view team = call->caller->team_id;
    for (const size_t i : health->note_offer(team, offered, call->loop->now())) {
        const auto text = text_of(reader, tools[i]);
        if (text) health->note_text(team, offered[i].name, *text);
    }
}

Selection choose(Call& call, const ToolOffer& offer) {
    CallSelection& own = *call.selection;
    ToolHealth* const health = call.proxy->parts().tool_health;
    std::vector<std::string> popular;
    std::optional<CacheTerms> cache;
    if (call.caller) {
        const std::string_view team = call.caller->team_id;
        const TimePoint now = call.loop->now();
        if (health != nullptr) popular = health->popular(team, kPopularToolsMax, now);
        if (own.terms.cache_policy == CachePolicy::Auto && call.charge != nullptr) {
            cache = cache_terms_of(
                health, team, {call.provider->name, call.model, &call.charge->price}, now);
        }
    }
    if (cache) own.cache_scope = cache->scope;
    return select_of(
        *call.proxy->parts().tool_selector,
        offer,
        {.pinned = own.pinned, .popular = popular, .keep_max = own.terms.keep_max, .cache = cache});
}

/// Counts the list, and whether the provider should have it.
void note_list(Call* call, const ToolOffer& offer, uint64_t list) {
    CallSelection& own = *call->selection;
    if (own.cache_scope == 0 || list == 0) return;
    const bool is_first = std::ranges::none_of(
        offer.turns(), [](const ToolTurn& turn) { return turn.role == ToolRole::Assistant; });
    own.asks_cache = call->proxy->parts().tool_health->caches().note_list(
        {.scope = own.cache_scope,
         .list = list,
         .is_first = is_first,
         .is_whole = own.counts.forwarded == own.counts.permitted},
        call->loop->now());
}

const CalledTools* called_by(const Call& call) {
    if (call.tools != nullptr) return &call.tools->called;
    if (call.selection != nullptr && call.selection->watch != nullptr) {
        return &call.selection->watch->called();
    }
    return nullptr;
}

/// By what the provider says that what was sent to it came to; else a token for each few bytes.
int64_t tokens_of(const CallSelection& own, const TokenUsage& usage) {
    const auto spared = static_cast<int64_t>(own.spared_bytes);
    const int64_t input = std::clamp(usage.input.value_or(0), int64_t{0}, kTokensMax);
    if (own.sent_bytes == 0 || input == 0) return spared / kBytesAToken;
    const int64_t told = input * kKib / static_cast<int64_t>(own.sent_bytes);
    return spared * std::clamp(told, kTokensPerKibMin, kTokensPerKibMax) / kKib;
}

}  // namespace

bool CallSelection::is_left_out(std::string_view name) const {
    if (left_out.empty()) return false;
    std::string line = "\n";
    line += name;
    line += '\n';
    return left_out.contains(line);
}

void begin_selection(Call* call, const PolicyReading& reading) {
    if (!says_selection(reading.chain()) || call->selection != nullptr) return;
    if (call->endpoint->is_free || call->proxy->parts().tool_selector == nullptr) return;
    if (!tool_dialect_of(call->facts->path)) return;
    const EffectiveSelection terms = effective_selection(reading.chain());
    if (terms.mode == SelectionMode::Off || (!terms.private_models && is_private(*call))) return;
    auto selection = std::make_unique<CallSelection>();
    selection->terms = terms;
    for (const std::string_view name : pinned_tools(reading.chain())) {
        selection->pinned.emplace_back(name);
    }
    call->selection = std::move(selection);
}

void select_tools(Call* call) {
    const auto dialect = tool_dialect_of(call->facts->path).value_or(ToolDialect::Chat);
    const auto offer = ToolOffer::read(dialect, call->request->sent().text());
    if (offer == nullptr) {
        call->selection.reset();
        return;
    }
    CallSelection& own = *call->selection;
    const size_t all = offer->tools().size();
    for (const std::string_view tool : offer->tools()) own.tool_bytes += tool.size();
    own.terms.mode = mode_of(*call, *offer);
    const CallTools* const lists = call->tools.get();
    const size_t offered = lists != nullptr ? lists->offered : all;
    Selection chosen = choose(*call, *offer);
    std::unique_ptr<PrunedBody> before;
    own.outcome = settle_way(call, *offer, chosen, before);
    const std::vector<bool> kept = kept_of(chosen, all);
    own.is_chosen = true;
    own.counts = {.selection = own.terms.mode,
                  .offered = count(offered),
                  .permitted = count(all),
                  .forwarded = count(all),
                  .kept = count(static_cast<size_t>(std::ranges::count(kept, true)))};
    const bool leaves_out = own.counts.kept < own.counts.permitted;
    if (leaves_out && own.outcome == SelectionOutcome::Selected &&
        own.terms.mode == SelectionMode::On &&
        forward(call, offer->with_only(chosen.kept), before)) {
        own.counts.forwarded = own.counts.kept;
    }
    note_list(call, *offer, chosen.list);
    note_offer(call, *offer, kept);
    const GovernedBody& sent = call->request->sent();
    if (sent.shown() == 0) own.sent_bytes = sent.size();
}

void watch_answer(Call* call, std::string_view bytes, bool streams) {
    if (call->tools != nullptr) return;  // whoever judges the answer sees its calls
    std::unique_ptr<CallWatch>& watch = call->selection->watch;
    if (watch == nullptr) watch = std::make_unique<CallWatch>(answer_dialect_of(*call), streams);
    watch->feed(bytes);
}

std::optional<ToolCounts> tool_counts(const Call& call, const TokenUsage& usage) {
    const bool is_selected = call.selection != nullptr && call.selection->is_chosen;
    if (call.tools == nullptr && !is_selected) return std::nullopt;
    ToolCounts counts;
    if (is_selected) {
        counts = call.selection->counts;
        counts.tokens_spared = tokens_of(*call.selection, usage);
    } else {
        counts = {.offered = count(call.tools->offered),
                  .permitted = count(call.tools->kept),
                  .forwarded = count(call.tools->kept),
                  .kept = count(call.tools->kept)};
    }
    const CalledTools* const called = called_by(call);
    if (called == nullptr) return counts;
    counts.called = count(called->names().size());
    if (!is_selected) return counts;
    counts.missed = count(
        static_cast<size_t>(std::ranges::count_if(called->names(), [&](const std::string& name) {
            return call.selection->is_left_out(name);
        })));
    return counts;
}

void finish_selection(Call* call, const TokenUsage& usage) {
    if (call->selection == nullptr) return;
    CallSelection& own = *call->selection;
    if (std::exchange(own.is_finished, true)) return;
    if (own.watch != nullptr) own.watch->finish();
    ToolHealth* const health = call->proxy->parts().tool_health;
    if (own.asks_cache && usage.input && health != nullptr) {
        const int64_t list_tokens = static_cast<int64_t>(own.tool_bytes) / kBytesAToken;
        health->caches().note_read(
            own.cache_scope, usage.cached_input.value_or(0) * 2 >= list_tokens, call->loop->now());
    }
    const CalledTools* const called = called_by(*call);
    if (called == nullptr || health == nullptr || !call->caller) return;
    std::vector<ToolHealth::Called> seen;
    for (const std::string& name : called->names()) {
        seen.push_back({.name = name, .is_missed = own.is_left_out(name)});
    }
    health->note_calls(call->caller->team_id, seen);
}

}  // namespace keywarden
