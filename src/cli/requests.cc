// keywarden requests: calls that were made, one by one; and as they come.
#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/money_text.h"
#include "cli/output.h"
#include "cli/pages.h"

namespace keywarden {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::string_view kRequests = "/v1/account/requests";
constexpr std::array<std::string_view, 7> kFilters = {
    "from", "until", "key", "app", "model", "session", "status"};
constexpr size_t kListed = 50;
constexpr size_t kTailed = 10;          // of those that are there when it begins; at most a page
constexpr size_t kTailedPagesMax = 10;  // of one look
constexpr size_t kSeenMax = 100'000;    // ids; then the oldest are forgotten
constexpr auto kTailEvery = std::chrono::seconds(2);

std::string tokens_of(const Json& request, std::string_view name) {
    const auto usage = request.find("usage");
    return usage == request.end() ? "-" : shown_count(*usage, name);
}

/// "200", "502 upstream_error", "left" for a client that did not wait.
std::string end_of(const Json& request) {
    std::string text = shown(request, "status");
    if (text == "-") return "left";
    if (const std::string error = shown(request, "error"); error != "-") text += " " + error;
    return text;
}

std::string key_of(const Json& request) {
    const auto key = request.find("key");
    if (key == request.end() || !key->is_object()) return "-";
    return shown(*key, key->contains("name") ? "name" : "id");
}

std::vector<std::string> row_of(const Json& request) {
    return {shown(request, "ended_at"),
            shown(request, "id"),
            key_of(request),
            shown(request, "provider") + "/" + shown(request, "model"),
            end_of(request),
            tokens_of(request, "input_tokens"),
            tokens_of(request, "output_tokens"),
            shown_usd(request, "cost_usd"),
            shown_count(request, "duration_ms") + " ms"};
}

/// What came since the last time, oldest first; the first time, what is on the first page. Reads on
/// until it meets what it has seen.
Result<std::vector<Json>> look(const Session& session,
                               const Arguments& arguments,
                               const std::string& target,
                               std::set<std::string>& seen) {
    const bool is_first = seen.empty();
    std::vector<Json> out;
    std::string after;
    for (size_t page = 0; page < kTailedPagesMax; ++page) {
        std::string path = fmt::format("{}{}limit=100", target, target.contains('?') ? "&" : "?");
        if (!after.empty()) path += "&after=" + escape(after);
        TRY(const std::string body, session.call(arguments, Method::Get, std::move(path)));
        TRY(const Json answer, parse_object(body));
        const Json data = list_of(answer, "data");
        const size_t before = out.size();
        for (const Json& request : data) {
            if (seen.insert(shown(request, "id")).second) out.push_back(request);
        }
        after = shown(answer, "next");
        if (is_first || after == "-" || out.size() - before < data.size()) break;
    }
    while (seen.size() > kSeenMax) seen.erase(seen.begin());  // ids sort by time
    std::ranges::reverse(out);
    return out;
}

void print_live(Session& session, const Arguments& arguments, const Json& request) {
    if (arguments.has("json")) {
        session.terminal.out << request.dump(-1, ' ', false, Json::error_handler_t::replace)
                             << '\n';
        return;
    }
    session.terminal.out << printable(fmt::format("{}\n", fmt::join(row_of(request), "  ")));
}

}  // namespace

Result<int> run_requests_list(Session& session, const Arguments& arguments) {
    const std::string target = std::string(kRequests) + query_of(arguments, kFilters);
    if (arguments.has("csv")) {
        TRY(const size_t limit, rows_asked(arguments, 10'000));
        TRY(const std::string body,
            session.call(
                arguments,
                Method::Get,
                fmt::format(
                    "{}{}format=csv&limit={}", target, target.contains('?') ? "&" : "?", limit)));
        session.terminal.out << body;
        return kExitOk;
    }
    TRY(const size_t limit, rows_asked(arguments, kListed));
    TRY(const Json all, read_pages(session, arguments, target, limit));
    if (arguments.has("json")) {
        session.terminal.out << dump({{"object", "list"}, {"data", all}});
        return kExitOk;
    }
    Rows rows = {{"ENDED", "ID", "KEY", "MODEL", "STATUS", "IN", "OUT", "COST", "TOOK"}};
    for (const Json& request : all) rows.push_back(row_of(request));
    session.terminal.out << (all.empty() ? "No requests there.\n" : table(rows, session.color()));
    return kExitOk;
}

Result<int> run_requests_show(Session& session, const Arguments& arguments) {
    TRY(const std::string body,
        session.call(arguments,
                     Method::Get,
                     fmt::format("{}/{}", kRequests, escape(arguments.values.front()))));
    TRY(const Json request, parse_object(body));
    if (arguments.has("json")) {
        session.terminal.out << dump(request);
        return kExitOk;
    }
    Rows rows;
    for (const auto& [name, value] : request.items()) {
        if (name == "object" || name == "usage" || value.is_null()) continue;
        const std::string text =
            name.ends_with("_usd") ? shown_usd(request, name) : shown(request, name);
        if (!text.empty()) rows.push_back({name, text});
    }
    if (const auto usage = request.find("usage"); usage != request.end() && usage->is_object()) {
        for (const auto& [name, value] : usage->items()) {
            if (!value.is_null()) rows.push_back({name, shown(*usage, name)});
        }
    }
    session.terminal.out << table(rows, false);
    return kExitOk;
}

Result<int> run_requests_tail(Session& session, const Arguments& arguments) {
    const std::string target = std::string(kRequests) + query_of(arguments, kFilters);
    TRY(const size_t shown_at_first, rows_asked(arguments, kTailed));
    std::set<std::string> seen;
    bool is_first = true;
    do {  // until Ctrl-C
        TRY(std::vector<Json> found, look(session, arguments, target, seen));
        if (is_first && found.size() > shown_at_first) {
            found.erase(found.begin(), found.end() - static_cast<ptrdiff_t>(shown_at_first));
        }
        is_first = false;
        for (const Json& request : found) print_live(session, arguments, request);
        session.terminal.out << std::flush;
    } while (session.host.pause(kTailEvery));
    return kExitInterrupted;
}

}  // namespace keywarden
