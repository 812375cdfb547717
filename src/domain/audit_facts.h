// What the audit log tells of a thing: its fields as plain values, so that two states can be told
// apart field by field. Nothing here is, or holds, a secret or a hash of one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "domain/account.h"
#include "domain/audit.h"
#include "domain/key.h"

namespace keywarden {

/// Names and values; what is not set is left out.
using AuditFacts = std::vector<std::pair<std::string, AuditValue>>;

/// Adding a field to one of these: a line in audit_facts.cc.
AuditFacts audit_facts(const Key& key);
AuditFacts audit_facts(const Team& team);
AuditFacts audit_facts(const Plan& plan);
AuditFacts audit_facts(const App& app);
AuditFacts audit_facts(const InstanceSettings& settings);
AuditFacts audit_facts(const ModelLimits& model);
AuditFacts audit_facts(const User& user);
AuditFacts audit_facts(const Member& member);

/// What differs, by name. Nothing `before`: all of `after`.
std::vector<AuditChange> audit_diff(const AuditFacts& before, const AuditFacts& after);

/// Who changes something, and from where: the part of an audit row that a caller brings.
struct ChangedBy {
    AuditParty actor{"system", "gateway"};
    std::string address{};
    std::string request_id{};
};

/// The row for a change of `target`, without its differences.
AuditEntry audit_entry(
    const ChangedBy& by, std::string tenant, std::string action, AuditParty target, TimePoint at);

/// The tenant of what concerns no team: plans, users, settings, models.
inline constexpr const char* kInstanceTenant = "instance";

}  // namespace keywarden
