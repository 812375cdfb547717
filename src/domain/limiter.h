// Limits of several scopes, checked and taken in one step: a denial takes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "domain/cell_window.h"
#include "domain/effective_policy.h"
#include "domain/limit_kind.h"
#include "domain/spin_lock.h"

namespace keywarden {

/// What one key, app, team, model, or the instance has used. Everything is counted, limited or not,
/// so that a limit set later meets what is used already. Threads: any, through the functions below.
/// It must outlive its tickets.
class LimitCounter {
public:
    /// Appends what it must remember over a restart. Running requests are not part of it.
    /// Returns: false, with nothing appended, when there is nothing to remember.
    bool snapshot(MonoTime now, std::string& out) const;

    /// Counts what a snapshot says. `downtime`: how long ago it was made, at least.
    /// Returns: false when `bytes` are no snapshot; then nothing is counted.
    bool restore(std::string_view bytes, Nanos downtime, MonoTime now);

    /// Whether anything was counted since the last time that this was asked.
    bool used_since_asked();

private:
    friend class LimitGate;
    friend class LimitTicket;

    mutable SpinLock lock_;
    MinuteCells requests_;
    MinuteCells tokens_in_;
    MinuteCells tokens_out_;
    MinuteCells tokens_;
    DayCells day_;
    bool used_ = false;
    int64_t running_ = 0;
    MonoTime smooth_at_{};  // when the burst is whole again
};

/// One scope of a call: whose counter, and what holds there.
struct LimitScope {
    Scope scope = Scope::Key;
    const SourcedLimits* limits = nullptr;  // not null
    LimitCounter* counter = nullptr;        // not null
};

inline constexpr int64_t kLimitAmountMax = 4'200'000'000;  // a cell of 32 bits holds it

/// Instance, model, team (with its plan's limits), app, and key have counters.
inline constexpr size_t kLimitScopesMax = 5;

/// None is negative. Beyond kLimitAmountMax all amounts count alike: as more than any limit.
struct LimitRequest {
    int64_t body_bytes = 0;
    int64_t tokens_in = 0;       // an estimate
    int64_t tokens_out_max = 0;  // the most that it asks for
};

struct LimitDenial {
    LimitKind kind = LimitKind::RequestsPerMinute;
    Scope source = Scope::Key;
    int64_t limit = 0;
    int64_t used = 0;
    Nanos retry_after{};  // zero when waiting does not help: the request itself is too large
};

/// What a caller's headers say: the scope with the least left. `limit` is 0 where none applies.
struct LimitView {
    LimitKind kind = LimitKind::RequestsPerMinute;
    Scope source = Scope::Key;
    int64_t limit = 0;
    int64_t remaining = 0;
    Nanos reset_after{};
};

/// The right to run one request. Its end, whichever way it comes, frees the places that it holds.
class LimitTicket {
public:
    LimitTicket() = default;
    LimitTicket(LimitTicket&& other) noexcept
        : counters_(other.counters_),
          count_(std::exchange(other.count_, 0)),
          tokens_in_(other.tokens_in_),
          tokens_out_(other.tokens_out_),
          taken_at_(other.taken_at_) {}
    LimitTicket& operator=(LimitTicket&& other) noexcept;
    LimitTicket(const LimitTicket&) = delete;
    LimitTicket& operator=(const LimitTicket&) = delete;
    ~LimitTicket() { end(); }

    /// Corrects the tokens taken by estimate: what was not used is given back, what was used beyond
    /// is counted from `now` on. May be called again as more becomes known.
    void correct(int64_t tokens_in, int64_t tokens_out, MonoTime now);

    /// Corrects, and frees the places, in one step.
    void settle(int64_t tokens_in, int64_t tokens_out, MonoTime now) noexcept;

    /// Gives back the tokens that were taken of one counter, and its place: what the call does from
    /// now on is not done there. That a request came stays.
    void leave(const LimitCounter& counter, MonoTime now) noexcept;

    /// Frees the places now. A second call does nothing.
    void end() noexcept;

    bool holds_places() const { return count_ > 0; }

private:
    friend class LimitGate;

    void correct(LimitCounter& counter, int64_t tokens_in, int64_t tokens_out, MonoTime now) const;

    std::array<LimitCounter*, kLimitScopesMax> counters_{};
    size_t count_ = 0;
    int64_t tokens_in_ = 0;
    int64_t tokens_out_ = 0;
    MonoTime taken_at_{};
};

struct LimitResult {
    std::optional<LimitDenial> denial{};
    LimitView requests{};
    LimitView tokens{};
    LimitTicket ticket{};  // holds nothing when there is a denial
};

/// Checks all scopes and takes from all of them, or from none. Of several denials it names the one
/// that takes longest to pass, so that whoever waits as told gets in.
/// Requires: at most kLimitScopesMax scopes, in ascending order of Scope, each once: their locks
/// are taken in this order. Threads: any. Allocates nothing.
LimitResult take_limits(std::span<const LimitScope> scopes,
                        const LimitRequest& request,
                        MonoTime now);

/// What take_limits would say, without taking: for `explain` and GET /v1/key.
LimitResult peek_limits(std::span<const LimitScope> scopes,
                        const LimitRequest& request,
                        MonoTime now);

/// Takes what a request to another service costs: so much of each limit that `costs` names, from
/// all scopes or from none. Holds no places: the request runs elsewhere. Requires: `costs` names
/// rates only (is_rate), none of them negative; and as take_limits does.
LimitResult take_costs(std::span<const LimitScope> scopes, const Limits& costs, MonoTime now);

/// One limit of one scope, and what a request would take of it.
struct LimitUse {
    Scope counted_in = Scope::Key;
    LimitKind kind = LimitKind::RequestsPerMinute;
    SourcedLimit limit{};
    int64_t used = 0;
    int64_t wanted = 0;
    bool allowed = true;
    Nanos reset_after{};  // until nothing of it is used
};

/// Every limit that such a request meets, without taking: for `explain`.
std::vector<LimitUse> list_limits(std::span<const LimitScope> scopes,
                                  const LimitRequest& request,
                                  MonoTime now);

/// A denial as its caller reads it. A request that can never fit is `request_too_large`.
Error limit_error(const LimitDenial& denial);

}  // namespace keywarden
