// What a team has, what became of it, and what it should know: balance, ledger, events.
#include <array>
#include <string>
#include <utility>

#include "admin/account_record.h"
#include "admin/csv.h"
#include "admin/handlers.h"
#include "admin/list_query.h"
#include "admin/report_query.h"
#include "admin/usage_record.h"

namespace keywarden {
namespace {

constexpr std::array kLedgerColumns = {CsvColumn{"id"},
                                       CsvColumn{"created_at"},
                                       CsvColumn{"kind"},
                                       CsvColumn{"amount_usd"},
                                       CsvColumn{"reason"},
                                       CsvColumn{"actor"}};
constexpr std::array kEventColumns = {CsvColumn{"id"},
                                      CsvColumn{"created_at"},
                                      CsvColumn{"kind"},
                                      CsvColumn{"target"},
                                      CsvColumn{"facts"}};

/// One page as JSON, or up to the limit as CSV, of what `read` reads and `show` shows.
template <class Read, class Show>
Result<HttpResponse> answer_rows(const ApiCall& call,
                                 std::string_view file_name,
                                 std::span<const CsvColumn> columns,
                                 const Read& read,
                                 const Show& show) {
    TRY(const ReportQuery asked, read_report_query(call.request, ReportKind::Rows));
    PageQuery query = {.after = asked.after};
    Json data = Json::array();
    do {
        query.limit = std::min(kListLimitMax, asked.limit - data.size());
        TRY(auto page, read(query));
        for (const auto& row : page.items) data.push_back(show(row));
        query.after = std::move(page.next);
    } while (asked.csv && !query.after.empty() && data.size() < asked.limit);
    if (asked.csv) return csv_response(csv(columns, data), file_name, query.after);
    return list_response(std::move(data), query.after);
}

}  // namespace

Result<HttpResponse> read_balance(AdminContext& context, const ApiCall& call) {
    Json record = {{"object", "balance"}};
    record.update(balance_record(context.spend->balance(call.caller->team_id)));
    return json_response(200, record);
}

Result<HttpResponse> list_ledger(AdminContext& context, const ApiCall& call) {
    UsageStore& usage = context.keys.store().usage();
    return answer_rows(
        call,
        "ledger",
        kLedgerColumns,
        [&](const PageQuery& query) { return usage.list_ledger(call.caller->team_id, query); },
        ledger_record);
}

Result<HttpResponse> list_events(AdminContext& context, const ApiCall& call) {
    UsageStore& usage = context.keys.store().usage();
    return answer_rows(
        call,
        "events",
        kEventColumns,
        [&](const PageQuery& query) { return usage.list_events(call.caller->team_id, query); },
        event_record);
}

}  // namespace keywarden
