#include "domain/money_facts.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/money.h"

namespace keywarden {
namespace {

std::string text(std::string_view value) { return std::string(value); }

/// What is not set is left out.
void add_text(AuditFacts& facts, const char* field, std::string_view value) {
    if (!value.empty()) facts.emplace_back(field, text(value));
}

}  // namespace

AuditFacts audit_facts(const BillingTerms& terms) {
    return {{"mode", text(name(terms.mode))},
            {"credit_limit_usd", format_usd(terms.credit_limit)},
            {"unpriced", text(name(terms.unpriced))},
            {"markup_basis_points", int64_t{terms.markup_basis_points}},
            {"clamps_output", terms.clamps_output},
            {"time_zone", terms.time_zone}};
}

AuditFacts audit_facts(const LedgerEntry& entry) {
    AuditFacts facts = {{"kind", text(name(entry.kind))}, {"amount_usd", format_usd(entry.amount)}};
    add_text(facts, "reason", entry.reason);
    return facts;
}

AuditFacts audit_facts(const Budget& budget) {
    std::vector<std::string> thresholds;
    for (const uint8_t each : budget.thresholds) {
        if (each != 0) thresholds.push_back(std::to_string(each));
    }
    AuditFacts facts = {{"name", budget.name}, {"scope", text(name(budget.scope))}};
    add_text(facts, "target", budget.target);
    facts.emplace_back("amount_usd", format_usd(budget.amount));
    facts.emplace_back("period", text(name(budget.period)));
    facts.emplace_back("blocks", budget.blocks);
    facts.emplace_back("thresholds", std::move(thresholds));
    if (budget.raise) {
        facts.emplace_back("raise.amount_usd", format_usd(budget.raise->amount));
        facts.emplace_back("raise.until", format_iso8601(budget.raise->until));
    }
    return facts;
}

/// The address without its query, which may hold what lets in.
AuditFacts audit_facts(const Webhook& hook) {
    AuditFacts facts = {{"url", hook.url.substr(0, hook.url.find('?'))}};
    if (!hook.events.empty()) facts.emplace_back("events", hook.events);
    if (hook.is_paused) facts.emplace_back("paused", true);
    facts.emplace_back("generation", hook.generation);
    return facts;
}

}  // namespace keywarden
