// Prices in bodies and answers: amounts are dollars as text, so that no reader rounds them.
#pragma once

#include "admin/json_body.h"
#include "base/result.h"
#include "domain/audit_facts.h"
#include "domain/price.h"
#include "domain/price_table.h"

namespace keywarden {

/// A price as an operator sets it: `{"input":"2.50","output":"10.00",…}`.
/// Errors: UnknownField; InvalidRequest, naming the field: one that is missing, no amount, below
/// zero or too large, or a long_ price without the others of its tier.
Result<Price> read_price(const Json& object);

/// Adds what a price says to `record`; what it does not say is not there.
void add_price(const Price& price, Json& record);

/// `{"object":"price","model":…,"origin":"book",…}`.
Json price_record(const PricedModel& priced);

/// "book", "operator".
std::string_view name(PriceOrigin origin);

AuditFacts audit_facts(const Price& price);

}  // namespace keywarden
