// The audit log: who changed what, newest first; and all of it, for keeping elsewhere.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/account_record.h"
#include "admin/handlers.h"
#include "admin/list_query.h"
#include "base/crypto.h"
#include "domain/audit_facts.h"

namespace keywarden {
namespace {

/// So many rows at most in one export, of which each has some hundred bytes.
constexpr size_t kExportRowsMax = 10'000;

Result<int64_t> read_seq(std::string_view text, std::string_view field) {
    int64_t seq = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, seq);
    if (problem == std::errc() && stop == end && seq >= 0) return seq;
    return fail_field(field, "must be the number of a row");
}

/// The row with the link of the chain that it ends in.
Json record_of(const AuditRow& row) {
    Json record = {{"object", "audit_row"}};
    record.update(Json::parse(row.canonical, nullptr, false));
    record["chain"] = to_hex(row.chain);
    return record;
}

Result<HttpResponse> list_rows(AdminContext& context, const ApiCall& call, std::string tenant) {
    TRY(const ListQuery wanted, read_list_query(call.request.query));
    if (wanted.status) return fail_field("status", "is no field of a row");
    AuditQuery query{.tenant = std::move(tenant),
                     .from_seq = INT64_MAX,
                     .newest_first = true,
                     .limit = wanted.limit + 1};
    if (!wanted.after.empty()) {
        TRY(query.from_seq, read_seq(wanted.after, "after"));
    }
    TRY(std::vector<AuditRow> rows, context.keys.store().accounts().read_audit(query));
    const bool has_more = rows.size() > wanted.limit;
    if (has_more) rows.resize(wanted.limit);
    Json data = Json::array();
    for (const AuditRow& row : rows) data.push_back(record_of(row));
    return list_response(std::move(data), has_more ? std::to_string(rows.back().seq) : "");
}

/// A line a row, oldest first: the very bytes that are hashed, and the chain's link.
Result<HttpResponse> export_rows(AdminContext& context, const ApiCall& call, std::string tenant) {
    AuditQuery query{.tenant = std::move(tenant), .limit = kExportRowsMax + 1};
    if (const std::string from = query_parameter(call.request.query, "from"); !from.empty()) {
        TRY(query.from_seq, read_seq(from, "from"));
    }
    TRY(std::vector<AuditRow> rows, context.keys.store().accounts().read_audit(query));
    const bool has_more = rows.size() > kExportRowsMax;
    if (has_more) rows.resize(kExportRowsMax);
    HttpResponse response = {
        .status = 200,
        .headers = {{"Content-Type", "application/x-ndjson"}, {"Cache-Control", "no-store"}}};
    for (const AuditRow& row : rows) {
        response.body += dump({{"canonical", row.canonical}, {"chain", to_hex(row.chain)}}) + "\n";
    }
    if (has_more) {
        set_header(response, "x-keywarden-next", std::to_string(rows.back().seq + 1));
    }
    return response;
}

}  // namespace

Result<HttpResponse> list_audit(AdminContext& context, const ApiCall& call) {
    return list_rows(context, call, std::string(call.caller->team_id));
}

Result<HttpResponse> list_instance_audit(AdminContext& context, const ApiCall& call) {
    return list_rows(context, call, kInstanceTenant);
}

Result<HttpResponse> export_audit(AdminContext& context, const ApiCall& call) {
    return export_rows(context, call, std::string(call.caller->team_id));
}

Result<HttpResponse> export_instance_audit(AdminContext& context, const ApiCall& call) {
    return export_rows(context, call, kInstanceTenant);
}

}  // namespace keywarden
