// Usage, calls, and money as callers see them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "admin/context.h"
#include "admin/json_body.h"
#include "base/result.h"
#include "domain/billing.h"
#include "store/spend_directory.h"
#include "store/usage_store.h"

namespace keywarden {

/// What keys and apps are called, for whoever reads a report. Each is looked up once.
class ReportNames {
public:
    ReportNames(AdminContext& context, std::string_view team_id)
        : context_(context), team_id_(team_id) {}

    /// {"id", "name", "display"}, without the last two where there is no such key any more; null
    /// for an empty id: a call of the operator's.
    Result<Json> key(std::string_view id);
    /// {"id", "name"}, in the same way.
    Result<Json> app(std::string_view id);

private:
    AdminContext& context_;
    std::string team_id_;
    std::map<std::string, Json, std::less<>> keys_{};
    std::map<std::string, Json, std::less<>> apps_{};
};

/// Counts and cost, as members of whatever they are told of.
void add_sums(const UsageSums& sums, Json& record);

Result<Json> call_record(const CallRow& row, ReportNames& names);
Json ledger_record(const LedgerEntry& entry);
Json event_record(const UsageEvent& event);
Json billing_record(const BillingTerms& terms);
/// Its members alone: whose balance it is, the caller says.
Json balance_record(const BalanceState& state);

}  // namespace keywarden
