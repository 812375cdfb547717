// What became of a team's tools, and why the selection would keep those of one request.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "admin/effective.h"
#include "admin/handlers.h"
#include "admin/json_body.h"
#include "admin/key_check.h"
#include "admin/query.h"
#include "base/clock.h"
#include "base/json/scan.h"
#include "domain/selection_policy.h"
#include "domain/tool_lists.h"
#include "domain/tool_selection.h"
#include "providers/tool_offer.h"
#include "providers/tools.h"
#include "store/tool_health.h"

namespace keywarden {
namespace {

struct Route {
    std::string_view path;
    ToolDialect dialect;
};
constexpr std::array kRoutes = {Route{"/v1/chat/completions", ToolDialect::Chat},
                                Route{"/v1/responses", ToolDialect::Responses},
                                Route{"/v1/messages", ToolDialect::Messages},
                                Route{"/model/{id}/converse", ToolDialect::Converse}};

Json basis_points(int64_t part, int64_t whole) {
    constexpr int64_t kWhole = 10'000;
    return whole == 0 ? Json(nullptr) : Json(part * kWhole / whole);
}

/// "missing", "short", or null; null also where nobody has looked.
Json weakness_of(const ToolUse& use) {
    if (!use.text || use.text->description_words >= kWeakWords) return nullptr;
    return use.text->description_words == 0 ? "missing" : "short";
}

Json record_of(const ToolUse& use) {
    return {{"name", use.name},
            {"offered", use.offered},
            {"forwarded", use.forwarded},
            {"left_out", use.left_out},
            {"called", use.called},
            {"missed", use.missed},
            {"description", weakness_of(use)}};
}

/// What is asked about one request.
struct Question {
    ToolDialect dialect = ToolDialect::Chat;
    std::string key{};
};

Result<void> read_endpoint(std::string_view text, Question& question) {
    const auto route = std::ranges::find(kRoutes, text, &Route::path);
    if (route == kRoutes.end()) {
        return fail_field("endpoint",
                          "must be /v1/chat/completions, /v1/responses, /v1/messages, or "
                          "/model/{id}/converse");
    }
    question.dialect = route->dialect;
    return {};
}

Result<void> read_key_of(std::string_view text, Question& question) {
    question.key = text;
    return {};
}

constexpr std::array kParameters = {Parameter<Question>{"endpoint", read_endpoint},
                                    Parameter<Question>{"key", read_key_of}};

/// What the scopes of the key say: copied, as a reading is short.
struct Terms {
    EffectiveSelection selection{};
    std::vector<std::string> pinned{};
    ToolLists lists{{}};
};

Terms terms_of(AdminContext& context, const Caller& key) {
    const PolicyReading reading = context.keys.read_policy(key);
    Terms terms{.selection = effective_selection(reading.chain()),
                .lists = ToolLists(reading.chain())};
    for (const std::string_view name : pinned_tools(reading.chain())) {
        terms.pinned.emplace_back(name);
    }
    return terms;
}

Json tools_told(const ToolOffer& offer, const Selection& chosen) {
    Json tools = Json::array();
    for (size_t i = 0; i < offer.tools().size(); ++i) {
        const auto read = read_tool_definition(offer.dialect(), offer.tools()[i]);
        const ToolReason reason = i < chosen.reasons.size() ? chosen.reasons[i] : ToolReason::Whole;
        const auto place = std::ranges::find(chosen.kept, static_cast<uint32_t>(i));
        tools.push_back(
            {{"name", read ? Json(read->name) : Json(nullptr)},
             {"kept", place != chosen.kept.end()},
             {"place",
              place == chosen.kept.end() ? Json(nullptr) : Json(place - chosen.kept.begin() + 1)},
             {"reason", name(reason)},
             {"says", describe(reason)},
             {"score", i < chosen.scores.size() ? Json(chosen.scores[i]) : nullptr}});
    }
    return tools;
}

/// The request without what lists take out: the selection sees no other tools.
Result<PrunedRequest> permitted(const Question& question,
                                const HttpRequest& request,
                                const Terms& terms) {
    if (terms.lists.empty()) return PrunedRequest{};
    return prune_tools(question.dialect, request.body, terms.lists);
}

/// What is known of the model that the request names.
struct AskedModel {
    std::string_view vendor{};          // of the price book; empty: it names none of one
    std::optional<CacheTerms> cache{};  // nothing: it names none, or nothing is paid for it
};

AskedModel model_of(AdminContext& context, const Caller& caller, std::string_view body) {
    constexpr std::array<std::string_view, 1> kModel = {"model"};
    std::array<JsonMember, 1> found;
    std::string scratch;
    if (!find_json_members(body, kModel, found) || !found[0].present) return {};
    const auto model = json_text(found[0].text_of(body), scratch);
    if (!model || context.models == nullptr || context.prices == nullptr) return {};
    const auto target = context.models->resolve(*model);
    if (!target) return {};
    const std::string_view provider = context.models->providers()[target->provider].name;
    const auto table = context.prices->table();
    const PricedModel* const priced = table->find(provider, target->id, target->upstream_id);
    AskedModel asked{.vendor = table->book().vendor_of(provider)};
    if (priced != nullptr) {
        asked.cache = cache_terms_of(context.tool_health,
                                     caller.team_id,
                                     {provider, target->id, &priced->price},
                                     context.clock.now());
    }
    return asked;
}

/// What the provider's cache makes of prices, in percent of a plain token's.
Json cache_told(const CacheTerms& terms, const Selection& chosen) {
    const auto percent = [](auto part) { return std::lround(part * 100); };
    return {{"read_percent", percent(terms.read)},
            {"write_percent", percent(terms.write)},
            {"shared_percent", percent(terms.shared)},
            {"pays", chosen.pays}};
}

Selection choose(AdminContext& context,
                 const Caller& caller,
                 const Terms& terms,
                 const ToolOffer& offer,
                 const std::optional<CacheTerms>& cache) {
    std::vector<std::string> popular;
    if (context.tool_health != nullptr) {
        popular =
            context.tool_health->popular(caller.team_id, kPopularToolsMax, context.clock.now());
    }
    return select_of(*context.tool_selector,
                     offer,
                     {.pinned = terms.pinned,
                      .popular = popular,
                      .keep_max = terms.selection.keep_max,
                      .cache = cache,
                      .wants_scores = true});
}

Json trial_record(const ToolTrial& trial) {
    return {{"calls", trial.calls},
            {"missed", trial.missed()},
            {"recall_low_basis_points", trial.recall_low_basis_points()}};
}

/// What mode `auto` has come to for the key; null where the mode is another.
Json trial_of_key(AdminContext& context, const Caller& key, const EffectiveSelection& selection) {
    if (selection.mode != SelectionMode::Auto || context.tool_health == nullptr) return nullptr;
    const ToolTrial trial = context.tool_health->trials().look(key.team_id, key.key_id());
    Json told = trial_record(trial);
    told["selects"] = trial.proves(selection.target_percent);
    return told;
}

Json selection_record(const EffectiveSelection& selection, const Json& pinned) {
    return {{"mode", name(selection.mode)},
            {"source", selection.source ? Json(name(*selection.source)) : Json(nullptr)},
            {"held_by", selection.held_by ? Json(name(*selection.held_by)) : Json(nullptr)},
            {"cache_policy", name(selection.cache_policy)},
            {"keep_max", selection.keep_max ? Json(*selection.keep_max) : Json(nullptr)},
            {"target_percent", selection.target_percent},
            {"pinned", pinned},
            {"private_models", selection.private_models}};
}

}  // namespace

Json selection_of(AdminContext& context, const Caller& key) {
    const PolicyReading reading = context.keys.read_policy(key);
    const EffectiveSelection selection = effective_selection(reading.chain());
    Json record = selection_record(selection, pinned_tools(reading.chain()));
    record["trial"] = trial_of_key(context, key, selection);
    return record;
}

Result<HttpResponse> read_tools_health(AdminContext& context, const ApiCall& call) {
    TeamTools team;
    Json trials = Json::array();
    if (context.tool_health != nullptr) {
        team = context.tool_health->report(call.caller->team_id);
        for (const KeyTrial& of : context.tool_health->trials().of_team(call.caller->team_id)) {
            trials.push_back(trial_record(of.trial));
            trials.back()["key"] = of.key_id;
        }
    }
    Json tools = Json::array();
    for (const ToolUse& use : team.tools) tools.push_back(record_of(use));
    Json colliding = Json::array();
    for (const CollidingTools& pair : team.colliding) {
        colliding.push_back(
            {{"tools", {pair.first, pair.second}}, {"similarity_percent", pair.similarity}});
    }
    return json_response(
        200,
        {{"object", "tools_health"},
         {"since", team.since ? Json(format_iso8601(*team.since)) : Json(nullptr)},
         {"calls", team.calls},
         {"calls_with_tool_calls", team.calls_with_a_call},
         {"missed_calls", team.missed_calls},
         {"recall_basis_points",
          basis_points(team.calls_with_a_call - team.missed_calls, team.calls_with_a_call)},
         {"data", std::move(tools)},
         {"colliding", std::move(colliding)},
         {"trials", std::move(trials)}});
}

Result<HttpResponse> explain_tools(AdminContext& context, const ApiCall& call) {
    Question question;
    TRY_VOID(read_parameters<Question>(call.request.query, kParameters, question));
    TRY(const Key key, key_asked_about(context, *call.caller, question.key));
    TRY(const PresentedKey found, context.keys.look_at(key, context.clock.now()));
    const Terms terms = terms_of(context, found.caller);
    std::array<JsonMember, 1> ignored;
    constexpr std::array<std::string_view, 1> kModel = {"model"};
    TRY_VOID(find_json_members(call.request.body, kModel, ignored));
    TRY(const PrunedRequest pruned, permitted(question, call.request, terms));
    const std::string_view body = pruned.body ? std::string_view(*pruned.body) : call.request.body;
    const auto offer = ToolOffer::read(question.dialect, body);
    Json answer = {{"object", "tools_explanation"}, {"key", key.id}};
    answer["tool_selection"] = selection_record(terms.selection, terms.pinned);
    answer["tool_selection"]["trial"] = trial_of_key(context, found.caller, terms.selection);
    if (offer == nullptr || context.tool_selector == nullptr) {
        answer["outcome"] = "not_looked_at";
        answer["says"] =
            "No tools are offered, or more of the conversation is known elsewhere than here.";
        answer["data"] = Json::array();
        return json_response(200, answer);
    }
    const auto [vendor, cache] = model_of(context, *call.caller, body);
    const Selection chosen = choose(context, *call.caller, terms, *offer, cache);
    // What would be kept is told all the same.
    const CachePolicy policy = terms.selection.cache_policy;
    const auto outcome = way_of(*offer, chosen, policy, takes_masks(policy, vendor)).outcome;
    answer["outcome"] = name(outcome);
    answer["says"] = describe(outcome);
    answer["offered"] = terms.lists.empty() ? offer->tools().size() : pruned.offered;
    answer["permitted"] = offer->tools().size();
    answer["kept"] = chosen.kept.size();
    answer["tool_tokens"] = chosen.tool_tokens;
    answer["kept_tokens"] = chosen.kept_tokens;
    answer["cache"] = cache ? cache_told(*cache, chosen) : Json(nullptr);
    answer["data"] = tools_told(*offer, chosen);
    return json_response(200, answer);
}

}  // namespace keywarden
