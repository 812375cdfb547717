#include "tests/gateway_sim/gateway.h"

#include <stdexcept>
#include <utility>

#include "admin/context.h"
#include "base/error_body.h"
#include "domain/compiled_policy.h"
#include "domain/role.h"
#include "domain/team.h"
#include "store/open.h"

namespace keywarden::sim {
namespace {

constexpr std::string_view kChat = "/v1/chat/completions";

/// What must go well in a simulation of anything else.
template <class T>
T sure(Result<T> got) {
    if (!got) throw std::runtime_error(got.error().message + " " + got.error().detail);
    if constexpr (!std::is_void_v<T>) return *std::move(got);
}

Outcome refused(const Error& error) { return {.refused = error.code}; }

}  // namespace

Gateway::Gateway(const SimClock& clock, std::string url)
    : clock_(clock),
      url_(std::move(url)),
      models_(sure(Catalogue::open({{.name = "openai", .models = {{"o1", "o1"}}}}, {}))),
      router_(std::make_unique<Router>(sure(Router::open(admin_route_facts())))),
      facts_(admin_route_facts()),
      formats_(std::make_unique<KeyFormats>(
          sure(KeyFormats::open({"keywarden"}, Secret("a pepper for tests"))))) {
    start();
}

Gateway::~Gateway() { stop(); }

void Gateway::start() {
    store_ = sure(open_store(url_));
    prices_ = std::make_unique<PriceDirectory>(
        store_->usage(), built_in_price_book(), std::span<const PricedProvider>(), Price());
    spend_ = std::make_unique<SpendDirectory>(clock_);
    sure(spend_->load(store_->usage()));
    const KeyDefaults defaults{
        .rate_limit_rpm = kDefaultRpm,
        .caps = {.active_keys_max = kActiveKeysMax, .creations_per_hour_max = 1'000'000}};
    keys_ = sure(KeyDirectory::load(*store_, *formats_, defaults, clock_));
    keys_->tell(spend_.get());
    if (!limits_.empty()) {
        sure(keys_->policies().counters().restore(limits_, clock_.now(), clock_.mono()));
    }
    context_ = std::make_unique<AdminContext>(AdminContext{.keys = *keys_,
                                                           .clock = clock_,
                                                           .operator_id = "user_operator",
                                                           .models = &models_,
                                                           .prices = prices_.get(),
                                                           .spend = spend_.get()});
    routes_ = admin_routes(*context_);
}

void Gateway::upkeep() { sure(keys_->write_uses()); }

void Gateway::stop() {
    if (!store_) return;
    upkeep();
    limits_ = keys_->policies().counters().snapshot(clock_.now(), clock_.mono());
    routes_.clear();
    context_.reset();
    keys_->tell(nullptr);
    keys_.reset();
    spend_.reset();
    prices_.reset();
    store_.reset();
}

Answer Gateway::send(const Caller& caller, Method method, std::string path, const Json& body) {
    HttpRequest request = {.method = method, .path = std::move(path), .request_id = "r"};
    if (!body.is_null()) {
        request.body = dump(body);
        request.headers.push_back({"Content-Type", "application/json"});
    }
    RouteMatch match = router_->match(request.method, request.path);
    if (match.kind != RouteMatch::Kind::Found) throw std::runtime_error("no route " + request.path);
    const auto response = routes_[match.route].handler(
        {.request = request, .caller = &caller, .values = std::move(match.values)});
    if (!response) {
        const ErrorInfo& row = info(response.error().code);
        return {.status = row.http_status,
                .code = std::string(row.slug),
                .body = {{"message", response.error().message}, {"param", response.error().param}}};
    }
    return {.status = response->status, .body = Json::parse(response->body)};
}

Answer Gateway::operate(Method method, std::string path, const Json& body, std::string_view team) {
    return send({.team_id = team, .is_operator = true}, method, std::move(path), body);
}

/// As may_come of proxy/policy.h.
Result<Caller> Gateway::may_come(const std::string& secret,
                                 Permission needed,
                                 std::string_view endpoint,
                                 std::string_view address) {
    TRY(const Caller caller, keys_->authenticate(secret, clock_.now()));
    const PolicyReading reading = keys_->read_policy(caller);
    TRY_VOID(check_team(reading.team_state()));
    TRY_VOID(check_reach(caller.kind, reading.maker(), needed));
    const PolicyRequest request{
        .kind = caller.kind, .address = parse_ip(address), .endpoint = endpoint};
    const Decision decision = decide(reading.chain(), request);
    if (!decision.allowed) return fail(info(decision.rule).code, "It is not let through.");
    return caller;
}

Answer Gateway::ask(const std::string& secret,
                    std::string_view address,
                    Method method,
                    std::string path,
                    const Json& body) {
    const RouteMatch match = router_->match(method, path);
    const RouteFacts& route = facts_.at(match.route);
    const auto caller = may_come(secret, route.needs.permission, route.path, address);
    if (caller) return send(*caller, method, std::move(path), body);
    const ErrorInfo& row = info(caller.error().code);
    return {.status = row.http_status, .code = std::string(row.slug)};
}

Outcome Gateway::call(const std::string& secret, const Call& call) {
    const auto caller = may_come(secret, Permission::Inference, kChat, call.address);
    if (!caller) return refused(caller.error());
    const PolicyReading reading = keys_->read_policy(*caller, {"openai", call.model});
    const Decision decision = decide(reading.chain(), {.model = call.model});
    if (!decision.allowed) return {.refused = info(decision.rule).code};
    LimitResult taken = take_limits(reading.limits(), call.size, clock_.mono());
    Outcome outcome{.denial = taken.denial, .ticket = std::move(taken.ticket)};
    if (taken.denial) outcome.refused = limit_error(*taken.denial).code;
    return outcome;
}

}  // namespace keywarden::sim
