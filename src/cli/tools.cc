// keywarden tools: which tools are called, what is wrong with them, and why a request would keep
// which.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace keywarden {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::string_view kHealth = "/v1/account/tools/health";
constexpr size_t kRequestBytesMax = size_t{1} << 20U;

Result<Json> read_health(Session& session, const Arguments& arguments) {
    TRY(const std::string body, session.call(arguments, Method::Get, std::string(kHealth)));
    return parse_object(body);
}

std::string percent(const Json& answer, const char* name) {
    const auto found = answer.find(name);
    if (found == answer.end() || !found->is_number_integer()) return "-";
    const auto points = found->get<int64_t>();
    return fmt::format("{}.{} %", points / 100, points % 100 / 10);
}

void print_head(const Json& answer, std::ostream& out) {
    out << printable(fmt::format(
        "{} calls offered tools since {}; {} of them called one; {} called one that was left out, "
        "or would have been (recall {}).\n",
        shown(answer, "calls"),
        shown(answer, "since"),
        shown(answer, "calls_with_tool_calls"),
        shown(answer, "missed_calls"),
        percent(answer, "recall_basis_points")));
}

void print_colliding(const Json& answer, bool color, std::ostream& out) {
    Rows rows = {{"SIMILAR", "TOOL", "AND"}};
    for (const Json& pair : list_of(answer, "colliding")) {
        const Json tools = list_of(pair, "tools");
        if (tools.size() != 2 || !tools[0].is_string() || !tools[1].is_string()) continue;
        rows.push_back({shown(pair, "similarity_percent") + " %",
                        tools[0].get<std::string>(),
                        tools[1].get<std::string>()});
    }
    if (rows.size() > 1) out << '\n' << table(rows, color);
}

void print_trials(const Json& answer, bool color, std::ostream& out) {
    Rows rows = {{"KEY", "ANSWERS WITH CALLS", "MISSED", "AT LEAST KEPT"}};
    for (const Json& trial : list_of(answer, "trials")) {
        rows.push_back({shown(trial, "key"),
                        shown(trial, "calls"),
                        shown(trial, "missed"),
                        percent(trial, "recall_low_basis_points")});
    }
    if (rows.size() > 1) out << '\n' << table(rows, color);
}

void print_explanation(const Json& answer, bool color, std::ostream& out) {
    out << printable(fmt::format("{}: {} of {} tools would go on. {}\n\n",
                                 shown(answer, "outcome"),
                                 shown(answer, "kept"),
                                 shown(answer, "offered"),
                                 shown(answer, "says")));
    const auto cache = answer.find("cache");
    if (cache != answer.end() && cache->is_object()) {
        out << printable(fmt::format(
            "Its provider reads its cache at {} % of the price of input, and the list is there "
            "before {} % of conversations begin: {}.\n\n",
            shown(*cache, "read_percent"),
            shown(*cache, "shared_percent"),
            shown(*cache, "pays") == "true" ? "fewer tools cost less" : "all tools cost less"));
    }
    Rows rows = {{"TOOL", "KEPT", "PLACE", "SCORE", "WHY"}};
    for (const Json& tool : list_of(answer, "data")) {
        rows.push_back({shown(tool, "name"),
                        shown(tool, "kept") == "true" ? "yes" : "no",
                        shown(tool, "place"),
                        shown(tool, "score"),
                        shown(tool, "says")});
    }
    out << table(rows, color);
}

}  // namespace

Result<int> run_tools_top(Session& session, const Arguments& arguments) {
    TRY(const Json answer, read_health(session, arguments));
    std::ostream& out = session.terminal.out;
    if (arguments.has("json")) {
        out << dump(answer);
        return kExitOk;
    }
    print_head(answer, out);
    Rows rows = {{"TOOL", "CALLED", "OFFERED", "SENT ON", "LEFT OUT", "MISSED"}};
    for (const Json& tool : list_of(answer, "data")) {
        rows.push_back({shown(tool, "name"),
                        shown(tool, "called"),
                        shown(tool, "offered"),
                        shown(tool, "forwarded"),
                        shown(tool, "left_out"),
                        shown(tool, "missed")});
    }
    out << '\n' << table(rows, session.color());
    return kExitOk;
}

Result<int> run_tools_health(Session& session, const Arguments& arguments) {
    TRY(const Json answer, read_health(session, arguments));
    std::ostream& out = session.terminal.out;
    if (arguments.has("json")) {
        out << dump(answer);
        return kExitOk;
    }
    print_head(answer, out);
    Rows rows = {{"TOOL", "WHAT IS WRONG"}};
    for (const Json& tool : list_of(answer, "data")) {
        const std::string description = shown(tool, "description");
        if (description == "missing") {
            rows.push_back({shown(tool, "name"), "it has no description"});
        }
        if (description == "short") {
            rows.push_back({shown(tool, "name"), "its description has few words"});
        }
        if (shown(tool, "missed") != "0") {
            rows.push_back({shown(tool, "name"),
                            "called " + shown(tool, "missed") + " times though it was left out"});
        }
    }
    if (rows.size() > 1) out << '\n' << table(rows, session.color());
    print_colliding(answer, session.color(), out);
    print_trials(answer, session.color(), out);
    return kExitOk;
}

Result<int> run_tools_explain(Session& session, const Arguments& arguments) {
    const std::string& path = arguments.values.front();
    std::string body;
    if (path == "-") {
        body.assign(std::istreambuf_iterator<char>(session.terminal.in), {});
    } else {
        TRY(body, session.host.read_file(path, kRequestBytesMax));
    }
    std::string target = "/v1/account/tools/explain";
    for (const auto& [option, value] : arguments.options) {
        if (option != "endpoint" && option != "key") continue;
        target += target.contains('?') ? "&" : "?";
        target += option + "=" + escape(value);
    }
    TRY(const std::string answered,
        session.call(arguments, Method::Post, std::move(target), std::move(body)));
    TRY(const Json answer, parse_object(answered));
    if (arguments.has("json")) {
        session.terminal.out << dump(answer);
        return kExitOk;
    }
    print_explanation(answer, session.color(), session.terminal.out);
    return kExitOk;
}

}  // namespace keywarden
