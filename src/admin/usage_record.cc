#include "admin/usage_record.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "admin/money_field.h"
#include "base/clock.h"
#include "domain/call_id.h"

namespace keywarden {
namespace {

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json count_or_null(const std::optional<int64_t>& count) {
    return count ? Json(*count) : Json(nullptr);
}

int64_t millis(Nanos duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

Json tokens_of(const CallRecord& call) {
    const TokenUsage& usage = call.usage;
    return {{"basis", name(call.basis)},
            {"input_tokens", count_or_null(usage.input)},
            {"cached_input_tokens", count_or_null(usage.cached_input)},
            {"cache_write_tokens", count_or_null(usage.cache_write)},
            {"cache_write_1h_tokens", count_or_null(usage.cache_write_1h)},
            {"audio_input_tokens", count_or_null(usage.audio_input)},
            {"output_tokens", count_or_null(usage.output)},
            {"reasoning_tokens", count_or_null(usage.reasoning)},
            {"audio_output_tokens", count_or_null(usage.audio_output)},
            {"images", count_or_null(usage.images)}};
}

Json tools_of(const CallRecord& call) {
    if (!call.tools) return nullptr;
    const ToolCounts& tools = *call.tools;
    const bool is_on = tools.selection == SelectionMode::On;
    return {{"selection", name(tools.selection)},
            {"offered", tools.offered},
            {"permitted", tools.permitted},
            {"forwarded", tools.forwarded},
            {"kept", tools.kept},
            {"called", tools.called},
            {"missed", tools.missed},
            {"tokens_saved", is_on ? tools.tokens_spared : 0},
            {"tokens_saveable", tools.tokens_spared}};
}

Json tags_of(const CallRecord& call) {
    Json tags = Json::array();
    for (const std::string_view tag : call.tags) {
        if (!tag.empty()) tags.push_back(tag);
    }
    return tags;
}

/// What `find` says of `id`, from the second time on out of `known`.
template <class Find>
Result<Json> looked_up(std::map<std::string, Json, std::less<>>& known,
                       std::string_view id,
                       const Find& find) {
    if (id.empty()) return Json(nullptr);
    if (const auto found = known.find(id); found != known.end()) return found->second;
    Json record = {{"id", id}};
    if (auto found = find()) {
        record.update(*found);
    } else if (found.error().code != ErrorCode::NotFound) {
        return fail(found.error());
    }
    return known.emplace(id, std::move(record)).first->second;
}

}  // namespace

Result<Json> ReportNames::key(std::string_view id) {
    return looked_up(keys_, id, [&]() -> Result<Json> {
        TRY(const Key key, context_.keys.store().get_key(team_id_, id));
        return Json{
            {"name", key.name},
            {"display", key.secrets.empty() ? Json(nullptr) : Json(key.secrets.front().display)}};
    });
}

Result<Json> ReportNames::app(std::string_view id) {
    return looked_up(apps_, id, [&]() -> Result<Json> {
        TRY(const App app, context_.keys.store().accounts().get_app(team_id_, id));
        return Json{{"name", app.name}};
    });
}

void add_sums(const UsageSums& sums, Json& record) {
    record["calls"] = sums.calls;
    record["failed_calls"] = sums.failed;
    record["unpriced_calls"] = sums.unpriced_calls;
    record["input_tokens"] = sums.input_tokens;
    record["cached_input_tokens"] = sums.cached_input_tokens;
    record["output_tokens"] = sums.output_tokens;
    record["reasoning_tokens"] = sums.reasoning_tokens;
    record["cost_usd"] = money(sums.cost);
    record["tool_tokens_saved"] = sums.tool_tokens_saved;
}

Result<Json> call_record(const CallRow& row, ReportNames& names) {
    const CallRecord& call = row.record;
    TRY(Json key, names.key(call.key_id));
    TRY(Json app, names.app(call.app_id));
    return Json{{"id", text_of(call.id).view()},
                {"object", "request"},
                {"created_at", format_iso8601(call.admitted_at)},
                {"ended_at", format_iso8601(call.ended_at)},
                {"key", std::move(key)},
                {"app", std::move(app)},
                {"user", text_or_null(call.user_id)},
                {"session", text_or_null(row.session_id)},
                {"tags", tags_of(call)},
                {"endpoint", text_or_null(call.route)},
                {"model", text_or_null(call.model)},
                {"provider", text_or_null(call.provider)},
                {"status", call.status == 0 ? Json(nullptr) : Json(call.status)},
                {"error", text_or_null(call.error)},
                {"outcome", name(call.outcome)},
                {"stream", call.streamed},
                {"client_left", call.client_left},
                {"attempts", call.attempts},
                {"usage", tokens_of(call)},
                {"tools", tools_of(call)},
                {"cost_usd", money(call.cost)},
                {"held_usd", money(call.held)},
                {"priced", call.priced},
                {"price_version", call.price_version},
                {"duration_ms", millis(call.duration)},
                {"first_byte_ms",
                 call.first_byte == Nanos() ? Json(nullptr) : Json(millis(call.first_byte))},
                {"overhead_us",
                 std::chrono::duration_cast<std::chrono::microseconds>(call.overhead).count()}};
}

Json ledger_record(const LedgerEntry& entry) {
    return {{"id", entry.id},
            {"object", "credit"},
            {"kind", name(entry.kind)},
            {"amount_usd", money(entry.amount)},
            {"reason", text_or_null(entry.reason)},
            {"actor", text_or_null(entry.actor)},
            {"created_at", format_iso8601(entry.at)}};
}

Json event_record(const UsageEvent& event) {
    const Json facts = Json::parse(event.body, nullptr, false);
    return {{"id", event.id},
            {"object", "event"},
            {"kind", event.kind},
            {"target", text_or_null(event.target)},
            {"created_at", format_iso8601(event.at)},
            {"facts", facts.is_object() ? facts : Json::object()}};
}

Json balance_record(const BalanceState& state) {
    NanoUsd left = state.balance - state.held;
    if (state.mode == CreditMode::Postpaid) left = left + state.credit_limit;
    const bool is_bounded = state.mode != CreditMode::Unlimited;
    return {{"mode", name(state.mode)},
            {"balance_usd", money(state.balance)},
            {"held_usd", money(state.held)},
            {"credit_limit_usd", money(state.credit_limit)},
            {"spendable_usd", is_bounded ? money(std::max(left, NanoUsd())) : Json(nullptr)}};
}

Json billing_record(const BillingTerms& terms) {
    return {{"object", "billing"},
            {"mode", name(terms.mode)},
            {"credit_limit_usd", money(terms.credit_limit)},
            {"unpriced", name(terms.unpriced)},
            {"markup_basis_points", terms.markup_basis_points},
            {"clamps_output", terms.clamps_output},
            {"time_zone", terms.time_zone},
            {"version", terms.version}};
}

}  // namespace keywarden
