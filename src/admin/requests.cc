// Calls that were made: what is written down of each, and never what was said in it.
#include <array>
#include <string>
#include <utility>

#include "admin/account_record.h"
#include "admin/csv.h"
#include "admin/handlers.h"
#include "admin/list_query.h"
#include "admin/report_query.h"
#include "admin/usage_record.h"
#include "domain/call_id.h"

namespace keywarden {
namespace {

constexpr std::array kColumns = {CsvColumn{"id"},
                                 CsvColumn{"created_at"},
                                 CsvColumn{"ended_at"},
                                 CsvColumn{"key.id", "key"},
                                 CsvColumn{"key.name", "key_name"},
                                 CsvColumn{"app.id", "app"},
                                 CsvColumn{"app.name", "app_name"},
                                 CsvColumn{"user"},
                                 CsvColumn{"session"},
                                 CsvColumn{"tags"},
                                 CsvColumn{"endpoint"},
                                 CsvColumn{"model"},
                                 CsvColumn{"provider"},
                                 CsvColumn{"status"},
                                 CsvColumn{"error"},
                                 CsvColumn{"outcome"},
                                 CsvColumn{"stream"},
                                 CsvColumn{"client_left"},
                                 CsvColumn{"attempts"},
                                 CsvColumn{"usage.basis", "basis"},
                                 CsvColumn{"usage.input_tokens", "input_tokens"},
                                 CsvColumn{"usage.cached_input_tokens", "cached_input_tokens"},
                                 CsvColumn{"usage.cache_write_tokens", "cache_write_tokens"},
                                 CsvColumn{"usage.cache_write_1h_tokens", "cache_write_1h_tokens"},
                                 CsvColumn{"usage.audio_input_tokens", "audio_input_tokens"},
                                 CsvColumn{"usage.output_tokens", "output_tokens"},
                                 CsvColumn{"usage.reasoning_tokens", "reasoning_tokens"},
                                 CsvColumn{"usage.audio_output_tokens", "audio_output_tokens"},
                                 CsvColumn{"usage.images", "images"},
                                 CsvColumn{"tools.selection", "tool_selection"},
                                 CsvColumn{"tools.offered", "tools_offered"},
                                 CsvColumn{"tools.permitted", "tools_permitted"},
                                 CsvColumn{"tools.forwarded", "tools_forwarded"},
                                 CsvColumn{"tools.kept", "tools_kept"},
                                 CsvColumn{"tools.called", "tools_called"},
                                 CsvColumn{"tools.missed", "tools_missed"},
                                 CsvColumn{"tools.tokens_saved", "tool_tokens_saved"},
                                 CsvColumn{"cost_usd"},
                                 CsvColumn{"held_usd"},
                                 CsvColumn{"priced"},
                                 CsvColumn{"price_version"},
                                 CsvColumn{"duration_ms"},
                                 CsvColumn{"first_byte_ms"},
                                 CsvColumn{"overhead_us"}};

}  // namespace

Result<HttpResponse> list_requests(AdminContext& context, const ApiCall& call) {
    TRY(const ReportQuery asked, read_report_query(call.request, ReportKind::Calls));
    CallQuery query{.team_id = std::string(call.caller->team_id),
                    .after = asked.after,
                    .key_id = asked.key,
                    .app_id = asked.app,
                    .model = asked.model,
                    .session_id = asked.session,
                    .failed = asked.failed};
    if (!asked.from.empty() || !asked.until.empty()) {
        TRY(const ReportSpan span, span_of(context, query.team_id, asked));
        if (!asked.from.empty()) query.from = span.from;
        if (!asked.until.empty()) query.until = span.until;
    }
    ReportNames names(context, query.team_id);
    Json data = Json::array();
    do {
        query.limit = std::min(kListLimitMax, asked.limit - data.size());
        TRY(Page<CallRow> page, context.keys.store().usage().list_calls(query));
        for (const CallRow& row : page.items) {
            TRY(Json record, call_record(row, names));
            data.push_back(std::move(record));
        }
        query.after = std::move(page.next);
    } while (asked.csv && !query.after.empty() && data.size() < asked.limit);
    if (asked.csv) return csv_response(csv(kColumns, data), "requests", query.after);
    return list_response(std::move(data), query.after);
}

Result<HttpResponse> read_request(AdminContext& context, const ApiCall& call) {
    const auto id = call_id_of(call.values.at(0));
    if (!id) return fail(ErrorCode::NotFound, "There is no request of that id.");
    TRY(const CallRow row, context.keys.store().usage().get_call(call.caller->team_id, *id));
    ReportNames names(context, call.caller->team_id);
    TRY(const Json record, call_record(row, names));
    return json_response(200, record);
}

}  // namespace keywarden
