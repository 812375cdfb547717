// Lists as CSV, for spreadsheets.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "admin/json_body.h"
#include "base/http.h"
#include "base/result.h"

namespace keywarden {

/// A column: its head, and which member of a record it shows; "usage.input_tokens" is one inside
/// another.
struct CsvColumn {
    std::string_view member;
    std::string_view head{};  // empty: as the member
};

/// Whether the request asks for CSV: by `format`, or else because its Accept names text/csv and
/// not JSON.
/// Errors: InvalidRequest for a format that is neither "csv" nor "json".
Result<bool> wants_csv(const HttpRequest& request, std::string_view format);

/// A line with the heads, then a line a record, ended by CRLF (RFC 4180). What is null or absent
/// is empty; lists are joined by spaces.
///
/// A text that a spreadsheet would take for a formula gets a `'` before it; numbers do not.
/// Source: OWASP, "CSV Injection".
std::string csv(std::span<const CsvColumn> columns, const Json& records);

/// As a file of that name. `next`: where the rest begins; empty where there is none. It stands in
/// `x-keywarden-next`.
HttpResponse csv_response(std::string body, std::string_view file_name, std::string_view next);

}  // namespace keywarden
