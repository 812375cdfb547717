// keywarden webhooks: where events are sent to.
#include <fmt/format.h>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace keywarden {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// The team's, or the operator's.
std::string path_of(const Arguments& arguments, std::string_view rest = {}) {
    return fmt::format("/v1/{}/webhooks{}", arguments.has("operator") ? "admin" : "account", rest);
}

std::string path_of_one(const Arguments& arguments, std::string_view action = {}) {
    return path_of(arguments, fmt::format("/{}{}", escape(arguments.values.front()), action));
}

Result<Json> send(const Session& session,
                  const Arguments& arguments,
                  Method method,
                  std::string path,
                  const std::string& body = {}) {
    TRY(const std::string answer, session.call(arguments, method, std::move(path), body));
    return parse_object(answer);
}

std::string events_of(const Json& hook) {
    std::string text;
    for (const Json& each : list_of(hook, "events")) {
        if (each.is_string()) text += (text.empty() ? "" : ", ") + each.get<std::string>();
    }
    return text.empty() ? "all" : text;
}

/// The secret alone is on standard output, so that it can be taken over by a pipe.
int print_secret(Session& session, const Arguments& arguments, const Json& hook) {
    if (arguments.has("json")) {
        session.terminal.out << dump(hook);
        return kExitOk;
    }
    session.terminal.err << printable(
        fmt::format("{} sends {} events to {}. Its secret, which is "
                    "not shown again:\n",
                    shown(hook, "id"),
                    events_of(hook),
                    shown(hook, "url")));
    session.terminal.out << printable(shown(hook, "secret") + "\n");
    return kExitOk;
}

}  // namespace

Result<int> run_webhooks_list(Session& session, const Arguments& arguments) {
    TRY(const Json answer, send(session, arguments, Method::Get, path_of(arguments)));
    if (arguments.has("json")) {
        session.terminal.out << dump(answer);
        return kExitOk;
    }
    Rows rows = {{"ID", "URL", "EVENTS", "STATE", "DELIVERED", "GIVEN UP", "LAST ERROR"}};
    for (const Json& hook : list_of(answer, "data")) {
        const Json delivery = hook.contains("delivery") ? hook["delivery"] : Json::object();
        const bool is_paused = shown(hook, "state") == "paused";
        rows.push_back({shown(hook, "id"),
                        shown(hook, "url"),
                        events_of(hook),
                        is_paused ? "paused" : shown(delivery, "state"),
                        shown(delivery, "delivered"),
                        shown(delivery, "given_up"),
                        shown(delivery, "last_error")});
    }
    session.terminal.out << (rows.size() == 1 ? "No webhooks: keywarden webhooks add URL makes "
                                                "one.\n"
                                              : table(rows, session.color()));
    return kExitOk;
}

Result<int> run_webhooks_add(Session& session, const Arguments& arguments) {
    Json body = {{"url", arguments.values.front()}};
    for (const auto& [name, value] : arguments.options) {
        if (name == "event") body["events"].push_back(value);
    }
    TRY(const Json hook,
        send(session,
             arguments,
             Method::Post,
             path_of(arguments),
             body.dump(-1, ' ', false, Json::error_handler_t::replace)));
    return print_secret(session, arguments, hook);
}

Result<int> run_webhooks_update(Session& session, const Arguments& arguments) {
    Json body = Json::object();
    if (arguments.has("url")) body["url"] = arguments.get("url");
    if (arguments.has("all-events")) body["events"] = Json::array();
    for (const auto& [name, value] : arguments.options) {
        if (name == "event") body["events"].push_back(value);
    }
    if (arguments.has("pause")) body["state"] = "paused";
    if (arguments.has("resume")) body["state"] = "active";
    if (body.empty()) return fail(ErrorCode::InvalidRequest, "nothing to change was named");
    TRY(const Json hook,
        send(session,
             arguments,
             Method::Patch,
             path_of_one(arguments),
             body.dump(-1, ' ', false, Json::error_handler_t::replace)));
    session.terminal.out << (arguments.has("json")
                                 ? dump(hook)
                                 : printable(fmt::format("{} is {}: {} events to {}.\n",
                                                         shown(hook, "id"),
                                                         shown(hook, "state"),
                                                         events_of(hook),
                                                         shown(hook, "url"))));
    return kExitOk;
}

Result<int> run_webhooks_rotate(Session& session, const Arguments& arguments) {
    TRY(const Json hook, send(session, arguments, Method::Post, path_of_one(arguments, "/rotate")));
    return print_secret(session, arguments, hook);
}

Result<int> run_webhooks_test(Session& session, const Arguments& arguments) {
    TRY(const Json answer, send(session, arguments, Method::Post, path_of_one(arguments, "/test")));
    const bool is_delivered = shown(answer, "delivered") == "true";
    session.terminal.out << (arguments.has("json") ? dump(answer)
                             : is_delivered
                                 ? "Delivered.\n"
                                 : printable("Not delivered: " + shown(answer, "error") + ".\n"));
    return is_delivered ? kExitOk : kExitFailed;
}

Result<int> run_webhooks_remove(Session& session, const Arguments& arguments) {
    TRY_VOID(
        confirm(session,
                arguments,
                fmt::format("Remove the webhook {}? What it has not heard of yet, it will not.",
                            arguments.values.front())));
    TRY(const Json answer, send(session, arguments, Method::Delete, path_of_one(arguments)));
    session.terminal.out << (arguments.has("json")
                                 ? dump(answer)
                                 : printable(shown(answer, "id") + " is removed.\n"));
    return kExitOk;
}

}  // namespace keywarden
