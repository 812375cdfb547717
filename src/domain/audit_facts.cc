#include "domain/audit_facts.h"

#include <algorithm>
#include <string_view>

#include "base/clock.h"

namespace keywarden {
namespace {

/// Gathers facts, leaving out what is not set.
class Facts {
public:
    void text(std::string_view field, std::string_view value) {
        if (!value.empty()) facts_.emplace_back(field, std::string(value));
    }
    void number(std::string_view field, const std::optional<int64_t>& value) {
        if (value) facts_.emplace_back(field, *value);
    }
    void moment(std::string_view field, const std::optional<TimePoint>& value) {
        if (value) facts_.emplace_back(field, format_iso8601(*value));
    }
    void list(std::string_view field, const std::optional<std::vector<std::string>>& values) {
        if (values) facts_.emplace_back(field, *values);
    }

    template <class T>
    void rule(PolicyRule rule, const AllowDeny<T>& lists) {
        const std::string field = "policy." + std::string(info(rule).field);
        if (lists.allow) list(field + ".allow", texts(*lists.allow));
        if (!lists.deny.empty()) list(field + ".deny", texts(lists.deny));
    }

    void limits(std::string_view under, const Limits& limits) {
        for (const LimitKindInfo& row : all_limit_kinds()) {
            number(std::string(under) + "." + std::string(row.field), limits[row.kind]);
        }
    }

    void policy(const Policy& policy) {
        rule(PolicyRule::Kinds, policy.kinds);
        rule(PolicyRule::Addresses, policy.addresses);
        rule(PolicyRule::Endpoints, policy.endpoints);
        rule(PolicyRule::Models, policy.models);
        rule(PolicyRule::Providers, policy.providers);
        rule(PolicyRule::Classes, policy.classes);
        rule(PolicyRule::Tools, policy.tools);
        limits("policy.limits", policy.limits);
        selection(policy.tool_selection);
    }

    void selection(const SelectionPolicy& selection) {
        if (selection.mode) text("policy.tool_selection.mode", name(*selection.mode));
        if (selection.at_most) text("policy.tool_selection.at_most", name(*selection.at_most));
        if (selection.cache_policy) {
            text("policy.tool_selection.cache_policy", name(*selection.cache_policy));
        }
        number("policy.tool_selection.keep_max", selection.keep_max);
        number("policy.tool_selection.target_percent", selection.target_percent);
        if (!selection.pinned.empty()) list("policy.tool_selection.pinned", selection.pinned);
        if (selection.private_models) {
            text("policy.tool_selection.private_models",
                 *selection.private_models ? "true" : "false");
        }
    }

    AuditFacts take() { return std::move(facts_); }

private:
    static std::string text_of(const Glob& glob) { return glob.text(); }
    static std::string text_of(const IpRange& range) { return range.text(); }
    static std::string text_of(KeyKind kind) { return std::string(name(kind)); }
    static std::string text_of(PrivacyClass privacy) { return std::string(name(privacy)); }

    template <class T>
    static std::vector<std::string> texts(const std::vector<T>& entries) {
        std::vector<std::string> out;
        for (const T& entry : entries) out.push_back(text_of(entry));
        return out;
    }

    AuditFacts facts_;
};

const AuditValue* find(const AuditFacts& facts, std::string_view field) {
    const auto found = std::ranges::find(facts, field, &AuditFacts::value_type::first);
    return found == facts.end() ? nullptr : &found->second;
}

std::optional<std::vector<std::string>> pairs_of(const Key& key) {
    if (key.metadata.empty()) return std::nullopt;
    std::vector<std::string> out;
    for (const auto& [name, value] : key.metadata) {
        std::string& pair = out.emplace_back(name);
        pair += '=';
        pair += value;
    }
    return out;
}

/// Secrets by how they are displayed, with when they end: so that a rotation can be seen.
std::vector<std::string> secrets_of(const Key& key) {
    std::vector<std::string> out;
    for (const KeySecret& secret : key.secrets) {
        std::string line = secret.display;
        if (secret.ends_at) line += " until " + format_iso8601(*secret.ends_at);
        out.push_back(std::move(line));
    }
    return out;
}

}  // namespace

AuditFacts audit_facts(const Key& key) {
    Facts facts;
    facts.text("name", key.name);
    facts.text("description", key.description);
    facts.text("kind", name(key.kind));
    facts.text("status", name(key.status));
    facts.moment("not_before", key.not_before);
    facts.moment("expires_at", key.expires_at);
    if (key.rotate_every) {
        facts.number("rotate_every_seconds", *key.rotate_every / std::chrono::seconds(1));
    }
    facts.number("rate_limit_rpm", key.rate_limit_rpm);
    facts.text("app", key.app_id);
    facts.text("user", key.user_id);
    facts.text("maker_key", key.maker_key_id);
    facts.list("metadata", pairs_of(key));
    if (!key.tags.empty()) facts.list("tags", key.tags);
    facts.list("secrets", secrets_of(key));
    facts.policy(key.policy);
    return facts.take();
}

AuditFacts audit_facts(const Team& team) {
    Facts facts;
    facts.text("name", team.name);
    facts.text("plan", team.plan_id);
    facts.text("state", name(team.state));
    facts.limits("key_defaults", team.key_defaults);
    facts.policy(team.policy);
    return facts.take();
}

AuditFacts audit_facts(const Plan& plan) {
    Facts facts;
    facts.text("name", plan.name);
    facts.number("active_keys_max", plan.active_keys_max);
    facts.number("creations_per_hour_max", plan.creations_per_hour_max);
    facts.limits("key_defaults", plan.key_defaults);
    facts.policy(plan.policy);
    for (const SpikeNumber& row : spike_numbers()) {
        facts.number("spikes." + std::string(row.field), plan.spikes.*row.member);
    }
    if (plan.spikes.action) facts.text("spikes.action", name(*plan.spikes.action));
    return facts.take();
}

AuditFacts audit_facts(const App& app) {
    Facts facts;
    facts.text("name", app.name);
    facts.policy(app.policy);
    return facts.take();
}

AuditFacts audit_facts(const InstanceSettings& settings) {
    Facts facts;
    facts.limits("key_defaults", settings.key_defaults);
    facts.policy(settings.policy);
    return facts.take();
}

AuditFacts audit_facts(const ModelLimits& model) {
    Facts facts;
    facts.limits("limits", model.limits);
    return facts.take();
}

AuditFacts audit_facts(const User& user) {
    Facts facts;
    facts.text("email", user.email);
    facts.text("name", user.name);
    if (user.is_operator) facts.text("is_operator", "true");
    if (user.is_disabled) facts.text("is_disabled", "true");
    return facts.take();
}

AuditFacts audit_facts(const Member& member) {
    Facts facts;
    facts.text("role", name(member.role));
    return facts.take();
}

std::vector<AuditChange> audit_diff(const AuditFacts& before, const AuditFacts& after) {
    std::vector<AuditChange> changes;
    for (const auto& [field, value] : after) {
        const AuditValue* const old = find(before, field);
        if (old != nullptr && *old == value) continue;
        changes.push_back({field, old == nullptr ? AuditValue() : *old, value});
    }
    for (const auto& [field, value] : before) {
        if (find(after, field) == nullptr) changes.push_back({field, value, {}});
    }
    return changes;
}

AuditEntry audit_entry(
    const ChangedBy& by, std::string tenant, std::string action, AuditParty target, TimePoint at) {
    return {.at = at,
            .tenant = std::move(tenant),
            .actor = by.actor,
            .action = std::move(action),
            .target = std::move(target),
            .address = by.address,
            .request_id = by.request_id};
}

}  // namespace keywarden
