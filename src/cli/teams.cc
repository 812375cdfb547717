// keywarden teams: who owns keys, what theirs start with, and their end.
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <string>
#include <vector>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/key_options.h"
#include "cli/output.h"
#include "cli/pages.h"

namespace keywarden {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::string_view kTeams = "/v1/admin/teams";
constexpr size_t kTeamsMax = 100'000;

Result<std::string> path_of(const Arguments& arguments, std::string_view action = {}) {
    const std::string& id = arguments.values.front();
    if (id.empty()) return fail(ErrorCode::InvalidRequest, "the ID is empty");
    return fmt::format("{}/{}{}", kTeams, escape(id), action);
}

Result<Json> call(Session& session,
                  const Arguments& arguments,
                  Method method,
                  std::string path,
                  const Json& body = {}) {
    TRY(const std::string answer,
        session.call(
            arguments, method, std::move(path), body.is_null() ? std::string() : dump(body)));
    return parse_object(answer);
}

/// "requests_per_minute 30, burst 5"; "-" where there is none.
std::string limits_text(const Json& limits) {
    std::string text;
    if (!limits.is_object()) return "-";
    for (const auto& [name, value] : limits.items()) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, shown(limits, name));
    }
    return text.empty() ? "-" : text;
}

int print_team(Session& session, const Arguments& arguments, const Json& team) {
    if (arguments.has("json")) {
        session.terminal.out << dump(team);
        return kExitOk;
    }
    Rows rows;
    for (const char* name : {"id",
                             "name",
                             "plan",
                             "state",
                             "created_at",
                             "active_keys_max",
                             "creations_per_hour_max"}) {
        rows.push_back({name, shown(team, name)});
    }
    rows.push_back({"key_defaults", limits_text(team.value("key_defaults", Json()))});
    rows.push_back({"policy", shown(team, "policy")});
    session.terminal.out << table(rows, false);
    return kExitOk;
}

/// What somebody should know before they close the team.
std::string warning_of(const Json& closing) {
    const Json stops = closing.value("stops", Json());
    return fmt::format(
        "{} \"{}\": {} active keys stop, {} members are shut out, {} invitations end. The audit "
        "log, "
        "the ledger (balance {} dollars) and the usage are kept.\n",
        shown(closing.value("team", Json()), "id"),
        shown(closing.value("team", Json()), "name"),
        shown(stops, "keys"),
        shown(stops, "members"),
        shown(stops, "invitations"),
        shown(closing, "balance_usd"));
}

}  // namespace

Result<int> run_teams_list(Session& session, const Arguments& arguments) {
    TRY(const Json teams, read_pages(session, arguments, std::string(kTeams), kTeamsMax));
    if (arguments.has("json")) {
        session.terminal.out << dump({{"object", "list"}, {"data", teams}});
        return kExitOk;
    }
    Rows rows = {{"ID", "NAME", "PLAN", "STATE", "CREATED"}};
    for (const Json& team : teams) {
        rows.push_back({shown(team, "id"),
                        shown(team, "name"),
                        shown(team, "plan"),
                        shown(team, "state"),
                        shown(team, "created_at")});
    }
    session.terminal.out << table(rows, session.color());
    return kExitOk;
}

Result<int> run_teams_show(Session& session, const Arguments& arguments) {
    std::string path = "/v1/account";
    if (!arguments.values.empty()) {
        TRY(path, path_of(arguments));
    }
    TRY(const Json team, call(session, arguments, Method::Get, std::move(path)));
    return print_team(session, arguments, team);
}

Result<int> run_teams_create(Session& session, const Arguments& arguments) {
    Json body = {{"name", arguments.values.front()}};
    if (arguments.has("plan")) body["plan"] = arguments.get("plan");
    TRY(const Json team, call(session, arguments, Method::Post, std::string(kTeams), body));
    return print_team(session, arguments, team);
}

Result<int> run_teams_rename(Session& session, const Arguments& arguments) {
    TRY(std::string path, path_of(arguments));
    TRY(const Json team,
        call(session,
             arguments,
             Method::Patch,
             std::move(path),
             {{"name", arguments.values.at(1)}}));
    return print_team(session, arguments, team);
}

Result<int> run_teams_defaults(Session& session, const Arguments& arguments) {
    Json limits = Json::object();
    for (const auto& [option, value] : arguments.options) {
        if (option == "clear") limits[value] = nullptr;
        if (option == "limit") TRY_VOID(add_limit(value, limits));
    }
    if (limits.empty()) {
        return fail(ErrorCode::InvalidRequest,
                    "nothing to change: see keywarden teams defaults --help");
    }
    const bool is_own = arguments.values.empty();
    std::string path = "/v1/account/key-defaults";
    if (!is_own) {
        TRY(path, path_of(arguments));
    }
    const Json body = is_own ? limits : Json{{"key_defaults", limits}};
    TRY(const Json team, call(session, arguments, Method::Patch, std::move(path), body));
    return print_team(session, arguments, team);
}

Result<int> run_teams_close(Session& session, const Arguments& arguments) {
    TRY(const std::string path, path_of(arguments, "/close"));
    TRY(const Json closing, call(session, arguments, Method::Get, path));
    for (const Json& obstacle : list_of(closing, "obstacles")) {
        return fail(ErrorCode::InvalidRequest, shown(obstacle, "message"));
    }
    session.terminal.err << printable(warning_of(closing));
    TRY_VOID(confirm(session, arguments, fmt::format("Close {}?", arguments.values.front())));
    const Json order = {{"name", closing.value("team", Json()).value("name", "")}};
    TRY(const Json team, call(session, arguments, Method::Post, path, order));
    return print_team(session, arguments, team);
}

Result<int> run_teams_reopen(Session& session, const Arguments& arguments) {
    TRY(std::string path, path_of(arguments));
    TRY(const Json team,
        call(session, arguments, Method::Patch, std::move(path), {{"state", "active"}}));
    return print_team(session, arguments, team);
}

}  // namespace keywarden
