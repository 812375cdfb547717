#include "domain/limiter.h"

#include <algorithm>
#include <cassert>
#include <mutex>

#include "domain/gcra.h"

namespace keywarden {
namespace {

using enum LimitKind;

constexpr Nanos kMinute = std::chrono::minutes(1);
constexpr Nanos kConcurrencyRetry = std::chrono::seconds(1);  // nobody knows when a place is free

bool takes_longer(const LimitDenial& a, const LimitDenial& b) {
    if (a.retry_after == Nanos(0) || b.retry_after == Nanos(0)) {
        return a.retry_after == Nanos(0) && b.retry_after != Nanos(0);
    }
    return a.retry_after > b.retry_after;
}

LimitRequest bounded(const LimitRequest& request) {
    return {.body_bytes = request.body_bytes,
            .tokens_in = std::min(request.tokens_in, kLimitAmountMax),
            .tokens_out_max = std::min(request.tokens_out_max, kLimitAmountMax)};
}

void note(std::optional<LimitDenial>& worst, const LimitDenial& denial) {
    if (!worst || takes_longer(denial, *worst)) worst = denial;
}

}  // namespace

/// The scopes of one call while their locks are held.
class LimitGate {
public:
    LimitGate(std::span<const LimitScope> scopes, const LimitRequest& request, MonoTime now)
        : scopes_(scopes), request_(bounded(request)), now_(now) {
        assert(scopes.size() <= kLimitScopesMax);
        for (size_t i = 0; i < scopes_.size(); ++i) {
            assert(i == 0 || scopes_[i - 1].scope < scopes_[i].scope);
            scopes_[i].counter->lock_.lock();
        }
    }
    ~LimitGate() {
        for (size_t i = scopes_.size(); i-- > 0;) scopes_[i].counter->lock_.unlock();
    }
    LimitGate(const LimitGate&) = delete;
    LimitGate& operator=(const LimitGate&) = delete;

    std::optional<LimitDenial> find_denial() {
        std::optional<LimitDenial> worst;
        for (const LimitScope& scope : scopes_) {
            LimitCounter& counter = *scope.counter;
            const int64_t tokens = request_.tokens_in + request_.tokens_out_max;
            check_size(scope, TokensPerRequest, tokens, worst);
            check_size(scope, BodyBytes, request_.body_bytes, worst);
            check(scope, RequestsPerMinute, counter.requests_, 1, worst);
            check(scope, RequestsPerDay, counter.day_, 1, worst);
            check(scope, TokensInPerMinute, counter.tokens_in_, request_.tokens_in, worst);
            check(scope, TokensOutPerMinute, counter.tokens_out_, request_.tokens_out_max, worst);
            check(scope, TokensPerMinute, counter.tokens_, tokens, worst);
            check_concurrency(scope, worst);
            check_burst(scope, 1, worst);
        }
        return worst;
    }

    std::optional<LimitDenial> find_denial(const Limits& costs) {
        std::optional<LimitDenial> worst;
        for (const LimitScope& scope : scopes_) {
            for_each_cost(costs, *scope.counter, [&](LimitKind kind, auto& window, int64_t cost) {
                check(scope, kind, window, cost, worst);
                if (kind == RequestsPerMinute) check_burst(scope, cost, worst);
            });
        }
        return worst;
    }

    void take(const Limits& costs) {
        for (const LimitScope& scope : scopes_) {
            LimitCounter& counter = *scope.counter;
            counter.used_ = true;
            for_each_cost(costs, counter, [&](LimitKind kind, auto& window, int64_t cost) {
                window.add(std::min(cost, kLimitAmountMax), now_);
                if (kind != RequestsPerMinute || !smooths(scope)) return;
                counter.smooth_at_ = smoothed(scope, cost).full_at;
            });
        }
    }

    std::vector<LimitUse> list() {
        std::vector<LimitUse> uses;
        for (const LimitScope& scope : scopes_) {
            for (const LimitKindInfo& row : all_limit_kinds()) {
                const SourcedLimit& limit = (*scope.limits)[row.kind];
                if (limit.value != kNoLimit) uses.push_back(use_of(scope, row.kind));
            }
        }
        return uses;
    }

    LimitTicket take() {
        LimitTicket ticket;
        ticket.count_ = scopes_.size();
        ticket.tokens_in_ = request_.tokens_in;
        ticket.tokens_out_ = request_.tokens_out_max;
        ticket.taken_at_ = now_;
        for (size_t i = 0; i < scopes_.size(); ++i) {
            LimitCounter& counter = *scopes_[i].counter;
            ticket.counters_[i] = &counter;
            counter.requests_.add(1, now_);
            counter.day_.add(1, now_);
            counter.tokens_in_.add(request_.tokens_in, now_);
            counter.tokens_out_.add(request_.tokens_out_max, now_);
            counter.tokens_.add(request_.tokens_in + request_.tokens_out_max, now_);
            ++counter.running_;
            counter.used_ = true;
            if (smooths(scopes_[i])) counter.smooth_at_ = smoothed(scopes_[i], 1).full_at;
        }
        return ticket;
    }

    LimitView requests_left() {
        Least least;
        for (const LimitScope& scope : scopes_) {
            look(scope, RequestsPerMinute, scope.counter->requests_, least);
            look(scope, RequestsPerDay, scope.counter->day_, least);
        }
        return view_of(least);
    }

    LimitView tokens_left() {
        Least least;
        for (const LimitScope& scope : scopes_) {
            look(scope, TokensInPerMinute, scope.counter->tokens_in_, least);
            look(scope, TokensOutPerMinute, scope.counter->tokens_out_, least);
            look(scope, TokensPerMinute, scope.counter->tokens_, least);
        }
        return view_of(least);
    }

private:
    struct Least {
        const LimitScope* scope = nullptr;
        LimitKind kind = RequestsPerMinute;
        int64_t remaining = 0;
    };

    static bool smooths(const LimitScope& scope) {
        return (*scope.limits)[Burst].value != kNoLimit &&
               (*scope.limits)[RequestsPerMinute].value != kNoLimit;
    }

    GcraDecision smoothed(const LimitScope& scope, int64_t cost) const {
        const Gcra limit{.burst = (*scope.limits)[Burst].value,
                         .per_period = (*scope.limits)[RequestsPerMinute].value,
                         .period = kMinute};
        return keywarden::take(limit, scope.counter->smooth_at_, cost, now_);
    }

    template <class Window>
    void check(const LimitScope& scope,
               LimitKind kind,
               Window& window,
               int64_t cost,
               std::optional<LimitDenial>& worst) const {
        const SourcedLimit& limit = (*scope.limits)[kind];
        if (limit.value == kNoLimit) return;
        const int64_t used = window.used(now_);
        if (cost <= limit.value - used || cost == 0) return;
        LimitDenial denial{kind, limit.source, limit.value, used};
        const int64_t room_for_it = limit.value - cost;
        if (room_for_it >= 0) denial.retry_after = window.until_used_is(room_for_it, now_);
        note(worst, denial);
    }

    static void check_size(const LimitScope& scope,
                           LimitKind kind,
                           int64_t size,
                           std::optional<LimitDenial>& worst) {
        const SourcedLimit& limit = (*scope.limits)[kind];
        if (size > limit.value) note(worst, {kind, limit.source, limit.value, size});
    }

    static void check_concurrency(const LimitScope& scope, std::optional<LimitDenial>& worst) {
        const SourcedLimit& limit = (*scope.limits)[ConcurrentRequests];
        const int64_t running = scope.counter->running_;
        if (running < limit.value) return;
        note(worst, {ConcurrentRequests, limit.source, limit.value, running, kConcurrencyRetry});
    }

    void check_burst(const LimitScope& scope,
                     int64_t cost,
                     std::optional<LimitDenial>& worst) const {
        if (!smooths(scope)) return;
        const SourcedLimit& limit = (*scope.limits)[Burst];
        const GcraDecision decision = smoothed(scope, std::min(cost, limit.value + 1));
        if (decision.allowed) return;
        const Nanos retry_after = std::max(decision.retry_after, Nanos(0));  // zero for never
        note(worst, {Burst, limit.source, limit.value, limit.value, retry_after});
    }

    /// Calls `each` with the window of every limit that `costs` names.
    template <class Each>
    static void for_each_cost(const Limits& costs, LimitCounter& counter, Each each) {
        const auto see = [&](LimitKind kind, auto& window) {
            if (const auto cost = costs[kind]; cost.value_or(0) > 0) each(kind, window, *cost);
        };
        see(RequestsPerMinute, counter.requests_);
        see(RequestsPerDay, counter.day_);
        see(TokensInPerMinute, counter.tokens_in_);
        see(TokensOutPerMinute, counter.tokens_out_);
        see(TokensPerMinute, counter.tokens_);
    }

    LimitUse use_of(const LimitScope& scope, LimitKind kind) const {
        LimitCounter& counter = *scope.counter;
        LimitUse use{.counted_in = scope.scope, .kind = kind, .limit = (*scope.limits)[kind]};
        const int64_t tokens = request_.tokens_in + request_.tokens_out_max;
        const auto see = [&](auto& window, int64_t wanted) {
            use.used = window.used(now_);
            use.wanted = wanted;
            use.reset_after = window.until_used_is(0, now_);
        };
        switch (kind) {
            case RequestsPerMinute:
                see(counter.requests_, 1);
                break;
            case RequestsPerDay:
                see(counter.day_, 1);
                break;
            case TokensInPerMinute:
                see(counter.tokens_in_, request_.tokens_in);
                break;
            case TokensOutPerMinute:
                see(counter.tokens_out_, request_.tokens_out_max);
                break;
            case TokensPerMinute:
                see(counter.tokens_, tokens);
                break;
            case ConcurrentRequests:
                use.used = counter.running_;
                use.wanted = 1;
                break;
            case Burst:
                if (smooths(scope)) {
                    const GcraDecision left = smoothed(scope, 0);
                    use.used = use.limit.value - left.remaining;
                    use.reset_after = left.reset_after;
                    use.wanted = 1;
                }
                break;
            case TokensPerRequest:
                use.wanted = tokens;
                break;
            case BodyBytes:
                use.wanted = request_.body_bytes;
                break;
            case kCount:
                break;
        }
        use.allowed = use.wanted == 0 || use.wanted <= use.limit.value - use.used;
        return use;
    }

    template <class Window>
    void look(const LimitScope& scope, LimitKind kind, Window& window, Least& least) const {
        const SourcedLimit& limit = (*scope.limits)[kind];
        if (limit.value == kNoLimit) return;
        const int64_t remaining = std::max(limit.value - window.used(now_), int64_t{0});
        if (least.scope != nullptr && remaining >= least.remaining) return;
        least = {&scope, kind, remaining};
    }

    /// Only of the tightest is it asked when it resets: that walks through cells.
    LimitView view_of(const Least& least) const {
        if (least.scope == nullptr) return {};
        const SourcedLimit& limit = (*least.scope->limits)[least.kind];
        return {least.kind,
                limit.source,
                limit.value,
                least.remaining,
                use_of(*least.scope, least.kind).reset_after};
    }

    std::span<const LimitScope> scopes_;
    LimitRequest request_;
    MonoTime now_;
};

bool LimitCounter::used_since_asked() {
    const std::lock_guard lock(lock_);
    return std::exchange(used_, false);
}

LimitTicket& LimitTicket::operator=(LimitTicket&& other) noexcept {
    if (this == &other) return *this;
    end();
    counters_ = other.counters_;
    count_ = std::exchange(other.count_, 0);
    tokens_in_ = other.tokens_in_;
    tokens_out_ = other.tokens_out_;
    taken_at_ = other.taken_at_;
    return *this;
}

void LimitTicket::end() noexcept {
    for (LimitCounter* counter : std::span(counters_).first(std::exchange(count_, 0))) {
        const std::lock_guard lock(counter->lock_);
        --counter->running_;
    }
}

void LimitTicket::correct(LimitCounter& counter,
                          int64_t tokens_in,
                          int64_t tokens_out,
                          MonoTime now) const {
    const auto shift = [&](auto& window, int64_t taken, int64_t used) {
        if (used > taken) window.add(used - taken, now);
        if (used < taken) window.give_back(taken - used, taken_at_);
    };
    counter.used_ = true;
    shift(counter.tokens_in_, tokens_in_, tokens_in);
    shift(counter.tokens_out_, tokens_out_, tokens_out);
    shift(counter.tokens_, tokens_in_, tokens_in);
    shift(counter.tokens_, tokens_out_, tokens_out);
}

void LimitTicket::leave(const LimitCounter& counter, MonoTime now) noexcept {
    const auto held = std::span(counters_).first(count_);
    const auto left = std::ranges::find(held, &counter);
    if (left == held.end()) return;
    {
        const std::lock_guard lock((*left)->lock_);
        correct(**left, 0, 0, now);
        --(*left)->running_;
    }
    std::ranges::copy(left + 1, held.end(), left);
    --count_;
}

void LimitTicket::correct(int64_t tokens_in, int64_t tokens_out, MonoTime now) {
    for (LimitCounter* counter : std::span(counters_).first(count_)) {
        const std::lock_guard lock(counter->lock_);
        correct(*counter, tokens_in, tokens_out, now);
    }
    tokens_in_ = tokens_in;
    tokens_out_ = tokens_out;
}

void LimitTicket::settle(int64_t tokens_in, int64_t tokens_out, MonoTime now) noexcept {
    for (LimitCounter* counter : std::span(counters_).first(std::exchange(count_, 0))) {
        const std::lock_guard lock(counter->lock_);
        correct(*counter, tokens_in, tokens_out, now);
        --counter->running_;
    }
}

LimitResult take_limits(std::span<const LimitScope> scopes,
                        const LimitRequest& request,
                        MonoTime now) {
    LimitGate gate(scopes, request, now);
    LimitResult result{.denial = gate.find_denial()};
    if (!result.denial) result.ticket = gate.take();
    result.requests = gate.requests_left();
    result.tokens = gate.tokens_left();
    return result;
}

LimitResult peek_limits(std::span<const LimitScope> scopes,
                        const LimitRequest& request,
                        MonoTime now) {
    LimitGate gate(scopes, request, now);
    return {.denial = gate.find_denial(),
            .requests = gate.requests_left(),
            .tokens = gate.tokens_left()};
}

LimitResult take_costs(std::span<const LimitScope> scopes, const Limits& costs, MonoTime now) {
    LimitGate gate(scopes, {}, now);
    LimitResult result{.denial = gate.find_denial(costs)};
    if (!result.denial) gate.take(costs);
    result.requests = gate.requests_left();
    result.tokens = gate.tokens_left();
    return result;
}

std::vector<LimitUse> list_limits(std::span<const LimitScope> scopes,
                                  const LimitRequest& request,
                                  MonoTime now) {
    return LimitGate(scopes, request, now).list();
}

Error limit_error(const LimitDenial& denial) {
    const LimitKindInfo& row = info(denial.kind);
    const std::string scope(name(denial.source));
    const std::string field(row.field);
    const std::string limit = std::to_string(denial.limit);
    const std::string used = std::to_string(denial.used);
    Error error{.code = row.code,
                .retry_after = denial.retry_after,
                .facts = {{"denied_by", scope},
                          {"limit", denial.limit},
                          {"used", denial.used},
                          {"remaining", std::max(denial.limit - denial.used, int64_t{0})},
                          {"limit_name", field}}};
    if (denial.retry_after == Nanos(0)) {
        error.code = ErrorCode::RequestTooLarge;
        error.message =
            "This request alone is beyond the " + scope + "'s '" + field + "' of " + limit + ".";
        return error;
    }
    error.facts.push_back({"reset_after_ms", denial.retry_after / std::chrono::milliseconds(1)});
    error.message =
        "The " + scope + "'s '" + field + "' of " + limit + " is used up: " + used + " are taken.";
    return error;
}

}  // namespace keywarden
