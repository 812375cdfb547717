#include "proxy/routing.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "proxy/call.h"
#include "proxy/charge.h"
#include "proxy/demanded_class.h"
#include "proxy/policy.h"
#include "proxy/translation.h"

namespace keywarden {
namespace {

void aim_at_turn(Call* call) { aim(call, call->routing->target(call->routing->turn)); }

/// Not the operator, whom no policy binds.
bool has_key(const Call& call) { return call.caller && !call.caller->is_operator; }

/// Whether it says no to one model, and maybe not to the next: no limit but a model's own does.
bool is_about_the_model(const Error& error) {
    using enum ErrorCode;
    constexpr std::array kSuch = {ModelNotAllowed,
                                  UnsupportedByProvider,
                                  RequestTooLarge,
                                  InsufficientCredits,
                                  BudgetExceeded};
    const auto has = [&](std::string_view name) {
        return std::ranges::find(error.facts, name, &Fact::name) != error.facts.end();
    };
    if (has("limit_name")) return error.facts.front().value == Fact("", "model").value;
    return std::ranges::find(kSuch, error.code) != kSuch.end();
}

const LimitScope* model_scope(const PolicyReading& reading) {
    const auto scopes = reading.limits();
    const auto found = std::ranges::find(scopes, Scope::Model, &LimitScope::scope);
    return found == scopes.end() ? nullptr : &*found;
}

/// Whether the call may go on to what it is now aimed at; then it does, and takes the limits of
/// that model in place of those of the one before.
Result<void> admit_again(Call* call) {
    TRY_VOID(choose_dialect(call));
    if (!has_key(*call)) return move_charge(call, nullptr);
    const PolicyReading reading = read_policy_of(*call);
    const MonoTime now = call->loop->mono();
    LimitTicket ticket;
    if (const LimitScope* const scope = model_scope(reading)) {
        LimitResult taken = take_limits({scope, 1}, limit_amounts(*call), now);
        if (taken.denial) return fail(limit_error(*taken.denial));
        ticket = std::move(taken.ticket);
    }
    if (Result<void> moved = move_charge(call, &reading); !moved) {
        ticket.settle(0, 0, now);
        return moved;
    }
    Routing& routing = *call->routing;
    if (routing.counter != nullptr) {
        call->ticket.leave(*std::exchange(routing.counter, nullptr), now);
    }
    routing.ticket.settle(0, 0, now);
    routing.ticket = std::move(ticket);
    return {};
}

/// Where the limits of the model are counted that the call was admitted to.
void note_counter(const Call& call) {
    if (!has_key(call)) return;
    const PolicyReading reading = read_policy_of(call);
    const LimitScope* const scope = model_scope(reading);
    if (scope != nullptr) call.routing->counter = scope->counter;
}

/// Leaves out the targets of which `may` says no. Errors: its first, where it says so of all.
template <class May>
Result<void> keep_targets(Routing* routing, May may) {
    Result<void> refusal;
    size_t kept = 0;
    for (size_t turn = 0; turn < routing->turns; ++turn) {
        Result<void> said = may(routing->target(turn));
        if (said) routing->order.at(kept++) = routing->order.at(turn);
        if (!said && refusal) refusal = std::move(said);
    }
    routing->turns = kept;
    return kept > 0 ? Result<void>() : refusal;
}

/// Those that the request wants, and the caller may use.
Result<void> keep_allowed(const Call& call, Routing* routing) {
    TRY_VOID(keep_targets(
        routing, [&](const ModelTarget& target) { return check_demanded_class(call, target); }));
    if (!has_key(call)) return {};
    const PolicyReading reading = read_policy_of(call);
    return keep_targets(
        routing, [&](const ModelTarget& target) { return check_target(call, reading, target); });
}

/// Of any provider's, or where such a one is for.
Result<bool> brings_credential(const RelayRequest& request) {
    if (!request.own_key.empty()) return true;
    if (request.form) return false;
    using enum Governed;
    for (const Governed field : {AwsBearerTokenBedrock,
                                 AwsAccessKeyId,
                                 AwsSecretAccessKey,
                                 AwsSessionToken,
                                 AwsRegionName}) {
        TRY(const Secret word, request.json.word(field));
        if (!word.empty()) return true;
    }
    return false;
}

}  // namespace

void aim(Call* call, const ModelTarget& target) {
    call->provider_index = target.provider;
    call->provider = &call->proxy->parts().providers[target.provider];
    call->request->upstream_model = target.upstream_id;
    call->translation.reset();
    call->meter.expect(call->facts->dialect);
    call->model = target.id;
    if (target.is_listed) return;  // else a part of the request, which is let go before the answer
    call->model_storage = target.id;
    call->model = call->model_storage;
}

Result<void> begin_routing(Call* call, const CatalogueRoute& route) {
    TRY(const bool brings_own, brings_credential(*call->request));
    if (brings_own) {
        return fail(Error{.code = ErrorCode::InvalidRequest,
                          .message = "A credential in the body needs a model of one provider, and "
                                     "this is a route.",
                          .param = "model"});
    }
    auto routing = std::make_unique<Routing>();
    routing->route = &route;
    const size_t first = route.first_of(call->proxy->next_of_route(route));
    routing->order[routing->turns++] = static_cast<uint8_t>(first);
    for (size_t i = 0; i < route.targets.size(); ++i) {
        if (i != first) routing->order.at(routing->turns++) = static_cast<uint8_t>(i);
    }
    call->routing = std::move(routing);
    return {};
}

Result<void> admit_route(Call* call) {
    if (!call->caller) return fail(ErrorCode::MissingApiKey, "No API key was sent.");
    Routing& routing = *call->routing;
    TRY_VOID(keep_allowed(*call, &routing));
    Result<void> refusal;
    for (routing.turn = 0; routing.turn < routing.turns; ++routing.turn) {
        aim_at_turn(call);
        Result<void> admitted = admit(call);
        if (admitted) note_counter(*call);
        if (admitted || !is_about_the_model(admitted.error())) return admitted;
        if (refusal) refusal = std::move(admitted);
    }
    return refusal;
}

bool move_on(Call* call) {
    Routing& routing = *call->routing;
    const size_t before = routing.turn;
    std::unique_ptr<Translation> translation = std::move(call->translation);
    while (routing.has_more()) {
        ++routing.turn;
        aim_at_turn(call);
        if (admit_again(call)) return true;
    }
    routing.turns = before + 1;  // nor will they be asked again
    routing.turn = before;
    aim_at_turn(call);
    if (translation) call->meter.expect(translation->provider);
    call->translation = std::move(translation);
    return false;
}

}  // namespace keywarden
