#include "cli/pages.h"

#include <algorithm>
#include <fmt/format.h>

namespace keywarden {
namespace {

constexpr size_t kPageMax = 100;
constexpr int64_t kRowsMax = 1'000'000;

}  // namespace

std::string query_of(const Arguments& arguments, std::span<const std::string_view> options) {
    std::string query;
    for (const std::string_view option : options) {
        if (!arguments.has(option)) continue;
        query += fmt::format(
            "{}{}={}", query.empty() ? "?" : "&", option, escape(arguments.get(option)));
    }
    return query;
}

Result<Json> read_pages(const Session& session,
                        const Arguments& arguments,
                        const std::string& target,
                        size_t rows_max) {
    Json all = Json::array();
    std::string after;
    const char* const joint = target.contains('?') ? "&" : "?";
    while (all.size() < rows_max) {
        std::string page =
            fmt::format("{}{}limit={}", target, joint, std::min(kPageMax, rows_max - all.size()));
        if (!after.empty()) page += "&after=" + escape(after);
        TRY(const std::string body, session.call(arguments, Method::Get, std::move(page)));
        TRY(const Json answer, parse_object(body));
        for (const Json& each : list_of(answer, "data")) all.push_back(each);
        after = shown(answer, "next");
        if (after == "-") break;
    }
    return all;
}

Result<size_t> rows_asked(const Arguments& arguments, size_t otherwise) {
    if (!arguments.has("limit")) return otherwise;
    TRY(const int64_t rows, whole_number("limit", arguments.get("limit")));
    if (rows >= 1 && rows <= kRowsMax) return static_cast<size_t>(rows);
    return fail(ErrorCode::InvalidRequest,
                fmt::format("--limit: expected a number from 1 to {}", kRowsMax));
}

}  // namespace keywarden
