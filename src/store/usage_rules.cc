#include "store/usage_rules.h"

#include <algorithm>
#include <utility>

#include "domain/call_accounts.h"
#include "domain/call_id.h"
#include "store/key_rules.h"

namespace keywarden {
namespace {

int64_t tokens(const std::optional<int64_t>& count) {
    return std::clamp(count.value_or(0), int64_t{0}, kTokensMax);
}

/// Every text of a record, one after the other.
template <class Record, class Each>
void for_each_text(Record& record, const Each& each) {
    for (auto* text : {&record.team_id,
                       &record.app_id,
                       &record.key_id,
                       &record.user_id,
                       &record.provider,
                       &record.model,
                       &record.route,
                       &record.session_id,
                       &record.error}) {
        each(*text);
    }
    for (auto& text : record.makers) each(text);
    for (auto& text : record.tags) each(text);
}

}  // namespace

bool has_failed(const CallRecord& record) { return record.status == 0 || record.status >= 400; }

std::optional<int64_t> tokens_saved(const CallRecord& record) {
    if (!record.tools || record.tools->selection != SelectionMode::On) return std::nullopt;
    return record.tools->tokens_spared;
}

UsageSums sums_of(const CallRecord& record) {
    return {.calls = 1,
            .failed = has_failed(record) ? 1 : 0,
            .input_tokens = tokens(record.usage.input),
            .cached_input_tokens = tokens(record.usage.cached_input),
            .output_tokens = tokens(record.usage.output),
            .reasoning_tokens = tokens(record.usage.reasoning),
            .unpriced_calls = record.priced ? 0 : 1,
            .cost = record.cost,
            .tool_tokens_saved = tokens(tokens_saved(record))};
}

Result<void> add_to(int64_t& sum, int64_t more) {
    if (!__builtin_add_overflow(sum, more, &sum)) return {};
    return fail(ErrorCode::StoreUnavailable,
                "A sum of calls or money has grown beyond what can be counted.",
                "overflow at adding " + std::to_string(more));
}

Result<void> add_to(NanoUsd& sum, NanoUsd more) { return add_to(sum.value, more.value); }

Result<void> add_to(UsageSums& sums, const UsageSums& more) {
    TRY_VOID(add_to(sums.calls, more.calls));
    TRY_VOID(add_to(sums.failed, more.failed));
    TRY_VOID(add_to(sums.input_tokens, more.input_tokens));
    TRY_VOID(add_to(sums.cached_input_tokens, more.cached_input_tokens));
    TRY_VOID(add_to(sums.output_tokens, more.output_tokens));
    TRY_VOID(add_to(sums.reasoning_tokens, more.reasoning_tokens));
    TRY_VOID(add_to(sums.unpriced_calls, more.unpriced_calls));
    TRY_VOID(add_to(sums.tool_tokens_saved, more.tool_tokens_saved));
    return add_to(sums.cost, more.cost);
}

Result<void> count_spend(PeriodSpend& spend, const PeriodSpend& more) {
    for (size_t i = 0; i < kPeriods; ++i) {
        if (more.starts[i] < spend.starts[i]) continue;
        if (more.starts[i] > spend.starts[i]) spend.spent[i] = {};
        spend.starts[i] = more.starts[i];
        TRY_VOID(add_to(spend.spent[i], more.spent[i]));
    }
    return {};
}

bool joins(KeySession& session, const CallRecord& record) {
    if (record.admitted_at >= session.last + kSessionGap) return false;
    if (record.ended_at <= session.first - kSessionGap) return false;
    session.first = std::min(session.first, record.admitted_at);
    session.last = std::max(session.last, record.ended_at);
    return true;
}

KeySession session_from(const CallRecord& record) {
    return {.id = "ses_" + std::string(text_of(record.id).view()),
            .first = record.admitted_at,
            .last = record.ended_at};
}

CallRecord as_kept(CallRecord record) {
    record.admitted_at = in_millis(record.admitted_at);
    record.ended_at = in_millis(record.ended_at);
    for (Nanos* duration : {&record.duration, &record.first_byte, &record.overhead}) {
        *duration = std::chrono::floor<std::chrono::microseconds>(*duration);
    }
    return record;
}

Budget as_kept(Budget budget) {
    budget.created_at = in_millis(budget.created_at);
    if (budget.raise) budget.raise->until = in_millis(budget.raise->until);
    return budget;
}

CallRow own(const CallRecord& record, std::string session_id) {
    size_t size = 0;
    for_each_text(record, [&](std::string_view text) { size += text.size(); });
    auto text = std::make_shared<std::string>();
    text->reserve(size);
    CallRow row{.record = record, .session_id = std::move(session_id)};
    for_each_text(row.record, [&](std::string_view& view) {
        const size_t at = text->size();
        text->append(view);
        view = std::string_view(text->data() + at, view.size());
    });
    row.text = std::move(text);
    return row;
}

bool is_model(std::string_view wanted, std::string_view provider, std::string_view model) {
    return wanted == model || wanted == model_name(provider, model);
}

Result<TimeZone> find_time_zone(const std::string& name) {
    const auto zone = TimeZone::find(name);
    if (zone) return *zone;
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = "There is no such time zone.",
                 .param = "time_zone"});
}

TimePoint nearest_utc_day(TimePoint day) {
    return std::chrono::floor<std::chrono::days>(day + std::chrono::hours(12));
}

}  // namespace keywarden
