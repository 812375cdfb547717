#include "proxy/charge.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/id.h"
#include "proxy/call.h"
#include "proxy/policy.h"
#include "store/price_directory.h"

namespace keywarden {
namespace {

constexpr int64_t kMillion = 1'000'000;
constexpr int64_t kFormBytesAToken = 64;  // of sound or a picture, at the least

/// Requires: the call came through `admit`, so it has one.
const Caller& caller_of(const Call& call) {
    return *call.caller;  // NOLINT(bugprone-unchecked-optional-access): see Requires
}

CallBound most_of(const Call& call, const Price& price, bool is_bounded) {
    const RelayRequest& request = *call.request;
    if (call.endpoint->is_free) return {};
    if (request.form) {
        const auto bytes = call.exchange->head().content_length().value_or(
            call.proxy->parts().limits.stream_body_max);
        return {.input_tokens = static_cast<int64_t>(bytes) / kFormBytesAToken,
                .output_tokens = kOutputTokensDefault};
    }
    const GovernedBody& body = request.json;
    return bound_of({.path = call.facts->path,
                     .body_bytes = static_cast<int64_t>(body.size()),
                     .shown = body.shown(),
                     .choices = body.choices(),
                     .output_tokens_max = body.output_tokens_max()},
                    price,
                    is_bounded);
}

/// Counts of what the endpoint makes that is no token.
int64_t images_asked_for(const Call& call) {
    if (!std::string_view(call.facts->path).starts_with("/v1/images/")) return 0;
    return call.request->form ? 1 : call.request->json.choices();
}

/// The price of the call's model, now. False: it has none.
Result<bool> find_price(const Call& call, const CallTerms& terms, Charge* charge) {
    const PriceDirectory& prices = *call.proxy->parts().prices;
    const std::shared_ptr<const PriceTable> table = prices.table();
    const std::string_view provider = call.provider->name;
    charge->record.price_version = table->version();
    charge->markup_basis_points = terms.markup_basis_points;
    if (call.endpoint->is_free) return true;
    const std::string_view upstream = call.request->upstream_model;
    if (const PricedModel* const priced = table->find(provider, call.model, upstream)) {
        charge->price = priced->price;
        return true;
    }
    if (terms.unpriced == UnpricedRule::Block) {
        return fail(Error{.code = ErrorCode::ModelNotAllowed,
                          .message = fmt::format("The model '{}' has no price, and the team's "
                                                 "terms refuse models without one.",
                                                 call.request->model),
                          .param = "model",
                          .facts = {{"denied_by", "team"}}});
    }
    if (terms.unpriced == UnpricedRule::Estimate) {
        charge->price = prices.estimate();
    }
    return false;
}

Result<std::string_view> session_of(const Call& call) {
    const std::string_view id = call.exchange->head().value("x-keywarden-session-id");
    const bool is_visible = std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f; });
    if (id.size() <= kSessionIdMax && is_visible) return id;
    return fail(Error{.code = ErrorCode::InvalidRequest,
                      .message = fmt::format("X-Keywarden-Session-Id must be at most {} visible "
                                             "characters.",
                                             kSessionIdMax),
                      .param = "X-Keywarden-Session-Id"});
}

NanoUsd most_cost(const Charge& charge, const CallBound& most, int64_t images) {
    return most_cost(
        charge.price, most.input_tokens, most.all_output(), charge.markup_basis_points, images);
}

/// What there is room for, where the team would rather have a shorter answer than none.
bool clamp(const Charge& charge, NanoUsd room, CallBound* most) {
    const int64_t all =
        output_affordable(charge.price, most->input_tokens, room, charge.markup_basis_points);
    const int64_t each = all / most->choices;
    if (each < kClampedOutputTokensMin) return false;
    most->output_tokens = std::min(most->output_tokens, each);
    return true;
}

/// With the gate open: money first, since waiting does not bring any; then the limits; then both
/// are taken.
Result<void> take(Call* call, const PolicyReading* reading, SpendGate* gate, Charge* charge) {
    const CallTerms terms = gate->terms();
    TRY(charge->record.priced, find_price(*call, terms, charge));
    CallBound most = most_of(*call, charge->price, terms.is_bounded);
    const int64_t images = charge->images = images_asked_for(*call);
    NanoUsd amount = most_cost(*charge, most, images);
    std::optional<SpendDenial> denial = gate->find_denial(amount);
    const std::optional<NanoUsd> room = gate->room();
    if (denial && terms.clamps_output && most.has_output && room && clamp(*charge, *room, &most)) {
        amount = most_cost(*charge, most, images);
        denial = gate->find_denial(amount);
    }
    if (denial) return fail(spend_error(*denial, call->loop->now()));
    if (reading != nullptr) TRY_VOID(take_limits_of(call, *reading));
    // A translated request says what was held: not every dialect has it that nothing is said.
    const bool says_bound = terms.is_bounded || call->translation != nullptr;
    if (says_bound && most.has_output) call->request->output_tokens_max = most.output_tokens;
    charge->input_tokens = std::max(most.input_tokens / kBytesAToken, int64_t{1});
    if (call->endpoint->is_free) charge->input_tokens = 0;
    charge->record.held = amount;
    charge->record.tags = gate->tags();
    charge->hold = gate->take(amount);
    return {};
}

/// What is known of the row now.
void fill(const Call& call, const PolicyReading* reading, Charge* charge) {
    CallRecord& record = charge->record;
    record.id = parse_uuid(call.request_id()).value_or(CallId{});
    record.admitted_at = call.loop->now();
    record.ended_at = record.admitted_at;
    record.team_id = caller_of(call).team_id;
    record.key_id = caller_of(call).key_id();
    if (reading != nullptr) {
        record.app_id = reading->app_id();
        record.user_id = reading->user_id();
        record.makers = reading->maker_ids();
    }
    record.provider = call.provider->name;
    record.model = call.model;
    record.route = call.facts->path;
    record.session_id = charge->session_id;
    record.usage.input = charge->input_tokens;
}

CostSoFar cost_if_it_dies(const Charge& charge) {
    const int32_t markup = charge.markup_basis_points;
    const auto of = [&](int64_t input, int64_t output) {
        return cost_of(charge.price, {.input = input, .output = output}, markup);
    };
    const NanoUsd before = of(charge.input_tokens, 0);
    return {.before_output = before,
            .million_output_tokens = of(charge.input_tokens, kMillion) - before};
}

}  // namespace

Result<void> take_charge(Call* call, const PolicyReading* reading) {
    const ProxyParts& parts = call->proxy->parts();
    if (call->journal == nullptr) {  // a gateway without money: of tests
        return reading != nullptr ? take_limits_of(call, *reading) : Result<void>();
    }
    auto charge = std::make_unique<Charge>();
    charge->journal = call->journal;
    TRY(charge->session_id, session_of(*call));
    fmt::basic_memory_buffer<char, 256> model;
    fmt::format_to(std::back_inserter(model), "{}/{}", call->provider->name, call->model);
    const Caller& caller = caller_of(*call);
    Spender spender{.team_id = caller.team_id,
                    .key_id = caller.key_id(),
                    .key_slot = caller.slot,
                    .model = {model.data(), model.size()}};
    if (reading != nullptr) {
        spender.app_id = reading->app_id();
        spender.makers = reading->maker_ids();
    }
    {
        SpendGate gate(*parts.spend, spender, call->loop->now());
        TRY_VOID(take(call, reading, &gate, charge.get()));
    }
    failpoint("call.held");
    fill(*call, reading, charge.get());
    TRY(charge->entry, call->journal->open(charge->record, cost_if_it_dies(*charge)));
    failpoint("call.opened");
    call->charge = std::move(charge);
    return {};
}

namespace {

struct Durable {
    JournalWriter* journal;
    Loop* loop;
    bool is_durable = true;

    bool await_ready() const { return journal->is_durable(); }
    void await_suspend(std::coroutine_handle<> waiting) {
        journal->when_durable([this, waiting](bool done) {
            is_durable = done;
            loop->resume_from_any_thread(waiting);
        });
    }
    bool await_resume() const { return is_durable; }
};

}  // namespace

bool is_durable(const Call& call) {
    return call.charge == nullptr || call.charge->journal->is_durable();
}

Task<Result<void>> await_durable(Call* call) {
    if (co_await Durable{call->charge->journal, call->loop}) co_return Result<void>();
    co_return fail(Error{.code = ErrorCode::LedgerUnavailable,
                         .message = "What this call may cost could not be written to the disk.",
                         .retry_after = std::chrono::seconds(5)});
}

void note_sent(Call* call) {
    if (call->charge == nullptr) return;
    call->charge->entry.note_sent();
    failpoint("call.sent");
}

void note_progress(Call* call) {
    if (call->charge == nullptr) return;
    constexpr int64_t kMax = UINT32_MAX;
    const int64_t tokens = std::min(call->text_count.tokens(), kMax);
    call->charge->entry.note_progress(static_cast<uint32_t>(tokens));
    failpoint("call.progress");
}

std::optional<Used> used_by(const Call& call) {
    const TokenUsage& told = call.meter.usage();
    const bool has_told_all = !told.empty() && (!call.streamed || call.meter.has_told_end());
    if (has_told_all) return Used{.usage = told};
    const int64_t written = call.text_count.tokens();
    const bool failed =
        call.status >= 400 || !call.error.empty() || (call.status == 0 && !call.client.gone());
    if (call.attempts == 0 || (failed && written == 0)) return std::nullopt;
    const int64_t input = call.charge != nullptr ? call.charge->input_tokens : 0;
    if (call.streamed) {
        Used used{.usage = told, .basis = UsageBasis::Counted};
        if (!used.usage.input) used.usage.input = input;
        used.usage.output = std::max(written, told.output.value_or(0));
        return used;
    }
    if (call.endpoint->is_free) return Used{};
    Used used{.usage = {.input = input}, .basis = UsageBasis::Estimated};
    if (writes_text(call.facts->path)) {
        used.usage.output = static_cast<int64_t>(call.body_bytes) / kBytesAToken;
    }
    return used;
}

void settle_charge(Call* call, const std::optional<Used>& used) {
    const std::unique_ptr<Charge> charge = std::move(call->charge);
    CallRecord& record = charge->record;
    record.ended_at = std::max(call->loop->now(), record.admitted_at);
    record.status = call->status;
    record.attempts = call->attempts;
    record.streamed = call->streamed;
    record.client_left = call->client.gone();
    record.error = call->error;
    record.duration = precise_mono() - call->started;
    record.first_byte = call->waited;
    record.overhead = record.duration - call->waited;
    record.outcome = used ? CallOutcome::Settled : CallOutcome::Voided;
    record.usage = {};
    if (used) {
        record.usage = used->usage;
        record.basis = used->basis;
        if (charge->images > 0) record.usage.images = charge->images;
        record.cost = cost_of(charge->price, record.usage, charge->markup_basis_points);
    }
    charge->journal->close(std::move(charge->entry), record);
    failpoint("call.closed");
    charge->hold.settle(record.cost, record.ended_at);
}

std::optional<NanoUsd> cost_so_far(const Call& call) {
    if (call.charge == nullptr || !call.charge->record.priced) return std::nullopt;
    if (call.meter.usage().empty()) return std::nullopt;
    return cost_of(call.charge->price, call.meter.usage(), call.charge->markup_basis_points);
}

}  // namespace keywarden
