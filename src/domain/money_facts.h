// What the audit log tells of money: as audit_facts.h for all else.
#pragma once

#include "domain/audit_facts.h"
#include "domain/billing.h"
#include "domain/budget.h"
#include "domain/webhook.h"

namespace keywarden {

AuditFacts audit_facts(const BillingTerms& terms);
AuditFacts audit_facts(const LedgerEntry& entry);
AuditFacts audit_facts(const Budget& budget);
AuditFacts audit_facts(const Webhook& hook);

}  // namespace keywarden
