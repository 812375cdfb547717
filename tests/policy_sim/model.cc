#include "tests/policy_sim/model.h"

#include <algorithm>

namespace keywarden::sim {
namespace {

using enum LimitKind;
constexpr Nanos kMinute = std::chrono::minutes(1);
constexpr Nanos kDay = std::chrono::hours(24);
constexpr int64_t kSlackOfADay =
    2'880;  // its cells are 720 times as long, and it has more restarts

bool fits(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '*') {
        return fits(pattern.substr(1), text) || (!text.empty() && fits(pattern, text.substr(1)));
    }
    return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
           fits(pattern.substr(1), text.substr(1));
}

template <class T, class Fits>
bool lets_through(const AllowDeny<T>& list, Fits fits_entry) {
    if (std::ranges::any_of(list.deny, fits_entry)) return false;
    return !list.allow || std::ranges::any_of(*list.allow, fits_entry);
}

void tighten(Limits& limits, const Limits& by) {
    for (const LimitKindInfo& row : all_limit_kinds()) {
        if (by[row.kind])
            limits[row.kind] = std::min(limits[row.kind].value_or(INT64_MAX), *by[row.kind]);
    }
}

void fill(Limits& limits, const Limits& by) {
    for (const LimitKindInfo& row : all_limit_kinds()) {
        if (!limits[row.kind]) limits[row.kind] = by[row.kind];
    }
}

}  // namespace

std::string Model::log_name(Scope scope, size_t number) {
    return std::string(name(scope)) + std::to_string(number);
}

std::vector<const Policy*> Model::policies(size_t key) const {
    const KeyFacts& facts = facts_.keys[key];
    const Team& team = facts_.teams[facts.team];
    std::vector<const Policy*> all = {&facts_.instance,
                                      &facts_.plans[team.plan].policy,
                                      &team.policy,
                                      &facts_.apps[facts.app].policy,
                                      &facts.policy};
    for (const size_t maker : makers_of(facts_, key)) all.push_back(&facts_.keys[maker].policy);
    return all;
}

std::optional<ErrorCode> Model::refuses(const Call& call, TimePoint now) const {
    const KeyFacts& facts = facts_.keys[call.key];
    const KeySecret* secret = nullptr;
    for (const KeySecret& some : facts.key.secrets) {
        if (some.id == call.secret_id) secret = &some;
    }
    if (secret == nullptr) return ErrorCode::InvalidApiKey;
    if (facts.key.status == KeyStatus::Revoked) return ErrorCode::RevokedApiKey;
    if (facts.key.status == KeyStatus::Quarantined) return ErrorCode::KeyQuarantined;
    if (facts.key.status == KeyStatus::Disabled) return ErrorCode::DisabledApiKey;
    if (facts.key.expires_at && now >= *facts.key.expires_at) return ErrorCode::ExpiredApiKey;
    if (secret->ends_at && now >= *secret->ends_at) return ErrorCode::ExpiredApiKey;
    const TeamState state = facts_.teams[facts.team].state;
    if (state == TeamState::Suspended || state == TeamState::Closed) {
        return ErrorCode::AccountInactive;
    }
    if (state == TeamState::Overdue) return ErrorCode::InvoiceOverdue;
    if (call.manages && facts.key.kind == KeyKind::Inference) return ErrorCode::InsufficientScope;
    if (!call.manages && facts.key.kind == KeyKind::Management) {
        return ErrorCode::EndpointNotAllowed;
    }
    const std::optional<Role> role = facts_.users[facts.user].role;
    if (!role || *role == Role::Viewer) return ErrorCode::TeamAccessDenied;

    const IpAddress address = parse_ip(call.address).value();
    for (const Policy* policy : policies(call.key)) {
        if (!lets_through(policy->kinds, [&](KeyKind kind) { return kind == facts.key.kind; })) {
            return ErrorCode::InsufficientScope;
        }
    }
    for (const Policy* policy : policies(call.key)) {
        const auto holds_it = [&](const IpRange& range) { return range.contains(address); };
        if (!lets_through(policy->addresses, holds_it)) return ErrorCode::IpNotAllowed;
    }
    if (call.manages) return std::nullopt;
    for (const Policy* policy : policies(call.key)) {
        const auto fits_it = [&](const Glob& glob) { return fits(glob.text(), call.model); };
        if (!lets_through(policy->models, fits_it)) return ErrorCode::ModelNotAllowed;
    }
    return std::nullopt;
}

std::vector<Model::Subject> Model::subjects(const Call& call) const {
    const KeyFacts& facts = facts_.keys[call.key];
    const Team& team = facts_.teams[facts.team];
    Limits of_team = team.policy.limits;
    tighten(of_team, facts_.plans[team.plan].policy.limits);
    Limits of_key = facts.policy.limits;
    fill(of_key, team.key_defaults);
    fill(of_key, facts_.plans[team.plan].key_defaults);
    fill(of_key, facts_.instance_defaults);
    for (const size_t maker : makers_of(facts_, call.key)) {
        tighten(of_key, facts_.keys[maker].policy.limits);
    }
    return {{log_name(Scope::Instance, 0), facts_.instance.limits},
            {log_name(Scope::Team, facts.team), of_team},
            {log_name(Scope::App, facts.app), facts_.apps[facts.app].policy.limits},
            {log_name(Scope::Key, call.key), of_key}};
}

std::optional<LimitKind> Model::breaks(const Call& call, TimePoint now, Nanos slack) const {
    for (const Subject& subject : subjects(call)) {
        static const Log kEmpty;
        const auto found = logs_.find(subject.log);
        const Log& log = found == logs_.end() ? kEmpty : found->second;
        int64_t in = call.size.tokens_in;
        int64_t out = call.size.tokens_out_max;
        int64_t minute = 1;
        for (size_t i = log.minute.size(); i-- > 0;) {
            const Admitted& admitted = *log.minute[i];
            if (now - admitted.at >= kMinute + slack) break;
            minute += admitted.requests;
            in += admitted.tokens_in;
            out += admitted.tokens_out;
        }
        const TimePoint yesterday = now - kDay - slack * kSlackOfADay;
        const int64_t day = log.day.end() - std::ranges::upper_bound(log.day, yesterday) + 1;
        const int64_t running = log.running + 1;
        const auto over = [&](LimitKind kind, int64_t sum) {
            return subject.limits[kind] && sum > *subject.limits[kind];
        };
        if (over(RequestsPerMinute, minute)) return RequestsPerMinute;
        if (over(RequestsPerDay, day)) return RequestsPerDay;
        if (over(TokensInPerMinute, in)) return TokensInPerMinute;
        if (over(TokensOutPerMinute, out)) return TokensOutPerMinute;
        if (over(TokensPerMinute, in + out)) return TokensPerMinute;
        if (over(ConcurrentRequests, running)) return ConcurrentRequests;
        const int64_t size = call.size.tokens_in + call.size.tokens_out_max;
        if (over(TokensPerRequest, size)) return TokensPerRequest;
    }
    return std::nullopt;
}

std::shared_ptr<Admitted> Model::admit(const Call& call, TimePoint now) {
    const auto admitted =
        std::make_shared<Admitted>(Admitted{now, call.size.tokens_in, call.size.tokens_out_max});
    add(call, admitted);
    for (const Subject& subject : subjects(call)) {
        Log& log = logs_[subject.log];
        ++log.running;
        log.day.push_back(now);
        while (now - log.day.front() > 2 * kDay) log.day.pop_front();
    }
    return admitted;
}

void Model::add(const Call& call, const std::shared_ptr<Admitted>& admitted) {
    for (const Subject& subject : subjects(call)) {
        Log& log = logs_[subject.log];
        log.minute.push_back(admitted);
        while (admitted->at - log.minute.front()->at > 2 * kMinute) log.minute.pop_front();
    }
}

void Model::correct(const Call& call,
                    const std::shared_ptr<Admitted>& admitted,
                    int64_t tokens_in,
                    int64_t tokens_out,
                    TimePoint now) {
    const int64_t more_in = std::max(tokens_in - admitted->tokens_in, int64_t{0});
    const int64_t more_out = std::max(tokens_out - admitted->tokens_out, int64_t{0});
    admitted->tokens_in = std::min(admitted->tokens_in, tokens_in);
    admitted->tokens_out = std::min(admitted->tokens_out, tokens_out);
    if (more_in + more_out == 0) return;
    add(call, std::make_shared<Admitted>(Admitted{now, more_in, more_out, 0}));
}

void Model::end(const Call& call) {
    for (const Subject& subject : subjects(call)) --logs_[subject.log].running;
}

}  // namespace keywarden::sim
