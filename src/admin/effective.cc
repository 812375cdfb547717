#include "admin/effective.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "admin/key_check.h"
#include "admin/policy_field.h"

namespace keywarden {
namespace {

constexpr int kMinuteSeconds = 60;
constexpr int kDaySeconds = 86'400;

/// Over which time a kind counts; null for what does not count over time.
Json window_of(LimitKind kind) {
    if (kind == LimitKind::Burst || is_rate(kind)) {
        return kind == LimitKind::RequestsPerDay ? kDaySeconds : kMinuteSeconds;
    }
    return nullptr;
}

/// Of one request, whatever others used.
bool is_size(LimitKind kind) {
    return kind == LimitKind::TokensPerRequest || kind == LimitKind::BodyBytes;
}

Json record_of(const LimitUse& use) {
    Json record = limit_record(use);
    record["default"] = use.limit.is_default;
    record["window_seconds"] = window_of(use.kind);
    if (is_size(use.kind)) {
        for (const char* name : {"used", "remaining", "reset_seconds"}) record[name] = nullptr;
    }
    return record;
}

}  // namespace

Json limits_of(AdminContext& context, const Caller& key) {
    const PolicyReading reading = context.keys.read_policy(key);
    std::vector<LimitUse> uses = list_limits(reading.limits(), {}, context.clock.mono());
    std::ranges::sort(uses, {}, [](const LimitUse& use) {
        return std::tuple(use.kind, use.limit.value - use.used, use.counted_in);
    });
    Json limits = Json::array();
    for (const LimitUse& use : uses) limits.push_back(record_of(use));
    return limits;
}

Json lists_of(AdminContext& context, const Caller& key) {
    const PolicyReading reading = context.keys.read_policy(key);
    Json lists = Json::object();
    for (const PolicyLink& link : reading.chain()) {
        const Json policy = policy_record(link.policy->policy());
        for (const PolicyRuleInfo& row : all_policy_rules()) {
            const std::string field(row.field);
            const auto found = policy.find(field);
            if (found == policy.end()) continue;
            Json entry = {{"source", name(link.scope)}};
            entry.update(*found);
            lists[field].push_back(std::move(entry));
        }
    }
    return lists;
}

}  // namespace keywarden
