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
#include "proxy/routing.h"
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
    const GovernedBody& body = request.sent();
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

/// What a model costs just now.
struct FoundPrice {
    Price price{};
    int64_t version = 0;
    bool is_priced = true;
};

Result<FoundPrice> find_price(const Call& call, const ModelTarget& model, const CallTerms& terms) {
    const ProxyParts& parts = call.proxy->parts();
    const std::shared_ptr<const PriceTable> table = parts.prices->table();
    FoundPrice found{.version = table->version()};
    if (call.endpoint->is_free) return found;
    const std::string_view provider = parts.providers[model.provider].name;
    if (const PricedModel* const priced = table->find(provider, model.id, model.upstream_id)) {
        found.price = priced->price;
        return found;
    }
    if (terms.unpriced == UnpricedRule::Block) {
        return fail(Error{.code = ErrorCode::ModelNotAllowed,
                          .message = fmt::format("The model '{}' has no price, and the team's "
                                                 "terms refuse models without one.",
                                                 call.request->model),
                          .param = "model",
                          .facts = {{"denied_by", "team"}}});
    }
    found.is_priced = false;
    if (terms.unpriced == UnpricedRule::Estimate) found.price = parts.prices->estimate();
    return found;
}

ModelTarget model_of(const Call& call) {
    return {.provider = call.provider_index,
            .id = call.model,
            .upstream_id = call.request->upstream_model};
}

void set_price(const FoundPrice& found, Charge* charge) {
    charge->price = found.price;
    charge->record.price_version = found.version;
    charge->record.priced = found.is_priced;
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

/// The most that a call can come to.
struct MostCost {
    Price price{};
    CallBound bound{};
    int64_t images = 0;
    int32_t markup_basis_points = 0;

    NanoUsd amount() const {
        return most_cost(
            price, bound.input_tokens, bound.all_output(), markup_basis_points, images);
    }
};

MostCost most_cost_at(const Call& call, const Price& price, const Charge& charge, bool is_bounded) {
    return {.price = price,
            .bound = most_of(call, price, is_bounded),
            .images = charge.images,
            .markup_basis_points = charge.markup_basis_points};
}

/// Makes it cost no more than there is room for, where the team would rather have a shorter answer
/// than none.
bool clamp(const CallTerms& terms, NanoUsd room, MostCost* most) {
    CallBound& bound = most->bound;
    if (!terms.clamps_output || !bound.has_output) return false;
    const int64_t all =
        output_affordable(most->price, bound.input_tokens, room, most->markup_basis_points);
    const int64_t each = all / bound.choices;
    if (each < kClampedOutputTokensMin) return false;
    bound.output_tokens = std::min(bound.output_tokens, each);
    return true;
}

/// What is enough for the targets of the route that may come after this one, too: for the dearest
/// that there is money for.
NanoUsd enough_for_others(const Call& call,
                          const SpendGate& gate,
                          const Charge& charge,
                          NanoUsd amount) {
    const Routing& routing = *call.routing;
    for (size_t turn = routing.turn + 1; turn < routing.turns; ++turn) {
        const auto found = find_price(call, routing.target(turn), gate.terms());
        if (!found) continue;  // it is refused when its turn comes
        const NanoUsd other = most_cost_at(call, found->price, charge, true).amount();
        if (other > amount && !gate.find_denial(other)) amount = other;
    }
    return amount;
}

/// A translated request says what was held: not every dialect has it that nothing is said.
void tell_bound(Call* call, const CallTerms& terms, const CallBound& most) {
    const bool says_bound = terms.is_bounded || call->translation != nullptr;
    call->request->output_tokens_max = says_bound && most.has_output ? most.output_tokens : 0;
}

/// With the gate open: money first, since waiting does not bring any; then the limits; then both
/// are taken.
Result<void> take(Call* call, const PolicyReading* reading, SpendGate* gate, Charge* charge) {
    const CallTerms terms = gate->terms();
    TRY(const FoundPrice found, find_price(*call, model_of(*call), terms));
    set_price(found, charge);
    charge->markup_basis_points = terms.markup_basis_points;
    charge->images = images_asked_for(*call);
    MostCost most = most_cost_at(*call, found.price, *charge, terms.is_bounded);
    NanoUsd amount = most.amount();
    std::optional<SpendDenial> denial = gate->find_denial(amount);
    const std::optional<NanoUsd> room = gate->room();
    if (denial && room && clamp(terms, *room, &most)) {
        amount = most.amount();
        denial = gate->find_denial(amount);
    }
    if (denial) return fail(spend_error(*denial, call->loop->now()));
    if (call->routing != nullptr) amount = enough_for_others(*call, *gate, *charge, amount);
    if (reading != nullptr) TRY_VOID(take_limits_of(call, *reading));
    tell_bound(call, terms, most.bound);
    charge->input_tokens = std::max(most.bound.input_tokens / kBytesAToken, int64_t{1});
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
    record.route = call.asked_for;
    record.session_id = charge->session_id;
    record.usage.input = charge->input_tokens;
    record.repeat_key = call.replay.key();
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

/// "provider/model".
class SpentOn {
public:
    explicit SpentOn(const Call& call) {
        fmt::format_to(std::back_inserter(text_), "{}/{}", call.provider->name, call.model);
    }
    std::string_view view() const { return {text_.data(), text_.size()}; }

private:
    fmt::basic_memory_buffer<char, 256> text_;
};

Spender spender_of(const Call& call, const PolicyReading* reading, const SpentOn& model) {
    const Caller& caller = caller_of(call);
    Spender spender{.team_id = caller.team_id,
                    .key_id = caller.key_id(),
                    .key_slot = caller.slot,
                    .model = model.view()};
    if (reading != nullptr) {
        spender.app_id = reading->app_id();
        spender.makers = reading->maker_ids();
    }
    return spender;
}

}  // namespace

Result<void> move_charge(Call* call, const PolicyReading* reading) {
    if (call->charge == nullptr) return {};  // a gateway without money: of tests
    Charge& charge = *call->charge;
    const TimePoint now = call->loop->now();
    const SpentOn model(*call);
    SpendGate gate(*call->proxy->parts().spend, spender_of(*call, reading, model), now);
    const CallTerms terms = gate.terms();
    TRY(const FoundPrice found, find_price(*call, model_of(*call), terms));
    MostCost most = most_cost_at(*call, found.price, charge, terms.is_bounded);
    const NanoUsd held = charge.hold.amount();
    if (most.amount() > held && !clamp(terms, held, &most)) {
        return fail(ErrorCode::BudgetExceeded, "What is held is not enough for this model.");
    }
    if (const auto denial = gate.move(&charge.hold)) return fail(spend_error(*denial, now));
    tell_bound(call, terms, most.bound);
    set_price(found, &charge);
    charge.record.provider = call->provider->name;
    charge.record.model = call->model;
    return {};
}

Result<void> take_charge(Call* call, const PolicyReading* reading) {
    const ProxyParts& parts = call->proxy->parts();
    if (call->journal == nullptr) {  // a gateway without money: of tests
        return reading != nullptr ? take_limits_of(call, *reading) : Result<void>();
    }
    auto charge = std::make_unique<Charge>();
    charge->journal = call->journal;
    TRY(charge->session_id, session_of(*call));
    {
        const SpentOn model(*call);
        SpendGate gate(*parts.spend, spender_of(*call, reading, model), call->loop->now());
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
    record.tools = tool_counts(*call, used ? used->usage : TokenUsage());
    if (used) {
        record.usage = used->usage;
        record.basis = used->basis;
        if (charge->images > 0) record.usage.images = charge->images;
        record.cost = cost_of(charge->price, record.usage, charge->markup_basis_points);
    }
    call->cost = record.cost;
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
