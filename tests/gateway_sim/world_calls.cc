// Calls of models, restarts, and what must be so in between.
#include <algorithm>
#include <array>
#include <utility>

#include <gtest/gtest.h>

#include "domain/audit.h"
#include "tests/gateway_sim/world.h"

namespace keywarden::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kOpenMax = 30;

/// A denial may come up to a cell early, and each start on a machine booted anew may add one.
constexpr Nanos kSlack = seconds(21);

constexpr std::array<std::string_view, 5> kModels = {
    "gpt-4o", "gpt-4o-mini", "o1", "claude-3", "x"};
constexpr std::array<std::string_view, 4> kAddresses = {
    "10.0.0.1", "10.9.0.1", "192.0.2.1", "2001:db8::1"};

}  // namespace

void World::step() {
    clock_.pass(milliseconds(below(500)));
    const uint64_t dice = below(10'000);
    if (dice < 40) {
        change();
    } else if (dice < 42) {
        restart();
    } else {
        call();
    }
    while (open_.size() > below(kOpenMax)) end_one();
}

Call World::a_call() {
    Call call{.key = below(facts_.keys.size())};
    const std::vector<KeySecret>& secrets = facts_.keys[call.key].key.secrets;
    call.secret_id = once_in(100) ? "none" : secrets[once_in(5) ? below(secrets.size()) : 0].id;
    call.model = kModels[below(kModels.size())];
    call.address = kAddresses[below(kAddresses.size())];
    call.size = {.tokens_in = static_cast<int64_t>(1 + below(20)),
                 .tokens_out_max = static_cast<int64_t>(1 + below(60))};
    return call;
}

/// The first use of a secret begins the graces of those before it; a moment is kept to the second.
void World::note_use(const Call& call) {
    std::vector<KeySecret>& secrets = facts_.keys[call.key].key.secrets;
    const auto used = std::ranges::find(secrets, call.secret_id, &KeySecret::id);
    if (used == secrets.end() || used->first_used_at) return;
    const bool is_usable = state_at(facts_.keys[call.key].key, now()) == KeyState::Active &&
                           (!used->ends_at || now() < *used->ends_at);
    if (!is_usable) return;
    gateway_.upkeep();  // or the store learns only of a later one
    used->first_used_at = std::chrono::floor<seconds>(now());
    const TimePoint begin = std::max(*used->first_used_at, used->created_at);
    for (auto older = used + 1; older != secrets.end(); ++older) {
        if (older->grace) older->ends_at = std::min(*older->ends_at, begin + *older->grace);
    }
}

void World::call() {
    const Call call = a_call();
    const std::optional<ErrorCode> refused = model_.refuses(call, now());
    Outcome outcome = gateway_.call(call.secret_id, call);
    note_use(call);
    ++outcomes[outcome.refused ? std::string(info(*outcome.refused).slug) : "admitted"];
    if (refused || (outcome.refused && !outcome.denial)) {
        ASSERT_EQ(outcome.refused, refused);
        ASSERT_FALSE(outcome.denial);
        return;
    }
    const std::optional<LimitKind> broken = model_.breaks(call, now(), Nanos(0));
    if (!outcome.denial) {
        ASSERT_FALSE(broken) << "let through beyond " << info(*broken).field;
        open_.push_back({call, std::move(outcome.ticket), model_.admit(call, now())});
        return;
    }
    if (outcome.denial->kind == Burst || broken) return;
    ASSERT_TRUE(model_.breaks(call, now(), kSlack))
        << "denied for no reason: " << info(outcome.denial->kind).field << " of "
        << outcome.denial->limit << " by the " << name(outcome.denial->source);
}

void World::end_one() {
    const size_t i = below(open_.size());
    Open& open = open_[i];
    if (!once_in(4)) {
        const auto in = static_cast<int64_t>(below(25));
        const auto out = static_cast<int64_t>(below(70));
        open.ticket.correct(in, out, clock_.mono());
        model_.correct(open.call, open.admitted, in, out, now());
    }
    model_.end(open.call);
    std::swap(open, open_.back());
    open_.pop_back();
}

void World::restart() {
    for (const Open& open : open_) model_.end(open.call);
    open_.clear();
    gateway_.stop();
    clock_.pass(milliseconds(below(90'000)));
    if (once_in(30)) clock_.boot(seconds(below(100)));
    gateway_.start();
    ++outcomes["restarts"];
}

size_t World::verify_logs() {
    constexpr size_t kAtOnce = 100;
    AccountStore& accounts = gateway_.store().accounts();
    size_t count = 0;
    for (const std::string& tenant : accounts.audit_tenants().value()) {
        AuditVerifier verifier(tenant);
        size_t read = kAtOnce;
        while (read == kAtOnce) {
            const auto rows = accounts.read_audit(
                {.tenant = tenant, .from_seq = verifier.head().next_seq, .limit = kAtOnce});
            read = rows->size();
            count += read;
            for (const AuditRow& row : *rows) EXPECT_TRUE(verifier.add(row)) << tenant;
        }
    }
    return count;
}

}  // namespace keywarden::sim
