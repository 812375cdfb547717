#include <array>
#include <fmt/format.h>
#include <ostream>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/key_options.h"
#include "cli/key_view.h"
#include "cli/output.h"

namespace keywarden {
namespace {

constexpr std::string_view kKeys = "/v1/keys";
constexpr size_t kPagesMax = 1'000;  // of 100 keys
constexpr std::string_view kGraceByDefault = "24h";

Result<std::string> path_of(const Arguments& arguments, std::string_view action = {}) {
    const std::string& id = arguments.values.front();
    if (id.empty()) return fail(ErrorCode::InvalidRequest, "the ID is empty");
    return fmt::format("{}/{}{}", kKeys, escape(id), action);
}

/// What narrows a list: the option, and its name in the API.
struct Filter {
    std::string_view option;
    std::string_view parameter;
};
constexpr std::array kFilters = {
    Filter{"status", "status"},
    Filter{"rotation", "rotation"},
    Filter{"unused", "unused"},
    Filter{"expires-soon", "expires_soon"},
    Filter{"search", "search"},
};

/// What somebody should look at: "rotation overdue, unused".
std::string notices_of(const Json& key) {
    std::string out;
    const auto add = [&](std::string_view what) {
        out += (out.empty() ? "" : ", ") + std::string(what);
    };
    const std::string rotation = shown(key, "rotation");
    if (rotation == "due" || rotation == "overdue") add("rotation " + rotation);
    if (shown(key, "expires_soon") == "true") add("expires soon");
    if (shown(key, "unused") == "true") add("unused");
    return out;
}

/// The secret alone on standard output, so that `KEY=$(keywarden keys create ci)` works.
void print_secret(Session& session, const Arguments& arguments, const Json& answer) {
    if (arguments.has("json")) {
        session.terminal.out << dump(answer);
        return;
    }
    session.terminal.err << printable(
        fmt::format("{} \"{}\". This is its secret, shown this once: keep it now.\n",
                    shown(answer, "id"),
                    shown(answer, "name")));
    session.terminal.out << printable(shown(answer, "key")) << '\n' << std::flush;
    session.terminal.err << "Use it as KEYWARDEN_API_KEY, or as the API key of any OpenAI SDK.\n";
}

Result<int> act(Session& session,
                const Arguments& arguments,
                Method method,
                std::string_view action,
                std::string_view done) {
    TRY(std::string path, path_of(arguments, action));
    TRY(const std::string body, session.call(arguments, method, std::move(path)));
    TRY(const Json key, parse_object(body));
    if (arguments.has("json")) {
        session.terminal.out << dump(key);
    } else {
        session.terminal.out << printable(
            fmt::format("{} \"{}\" is {}.\n", shown(key, "id"), shown(key, "name"), done));
    }
    return kExitOk;
}

}  // namespace

Result<int> run_keys_list(Session& session, const Arguments& arguments) {
    std::string filter;
    for (const Filter& each : kFilters) {
        if (!arguments.has(each.option)) continue;
        const std::string_view value = arguments.get(each.option);
        filter += fmt::format("&{}={}", each.parameter, value.empty() ? "true" : escape(value));
    }
    Json all = Json::array();
    std::string after;
    for (size_t page = 0; page < kPagesMax; ++page) {
        std::string target = fmt::format(
            "{}?limit=100{}{}{}", kKeys, filter, after.empty() ? "" : "&after=", escape(after));
        TRY(const std::string body, session.call(arguments, Method::Get, std::move(target)));
        TRY(const Json answer, parse_object(body));
        for (const Json& key : list_of(answer, "data")) all.push_back(key);
        after = shown(answer, "next");
        if (after == "-") break;
    }
    if (arguments.has("json")) {
        session.terminal.out << dump({{"object", "list"}, {"data", all}});
        return kExitOk;
    }
    std::vector<std::vector<std::string>> rows = {{"ID",
                                                   "NAME",
                                                   "KIND",
                                                   "STATUS",
                                                   "KEY",
                                                   "RPM",
                                                   "CREATED",
                                                   "LAST USED",
                                                   "EXPIRES",
                                                   "NOTICE"}};
    for (const Json& key : all) {
        rows.push_back({shown(key, "id"),
                        shown(key, "name"),
                        shown(key, "kind"),
                        shown(key, "status"),
                        shown(key, "display"),
                        shown(key, "rate_limit_rpm"),
                        shown(key, "created_at"),
                        shown(key, "last_used_at"),
                        shown(key, "expires_at"),
                        notices_of(key)});
    }
    session.terminal.out << (all.empty() ? "No keys yet: keywarden keys create NAME makes one.\n"
                                         : table(rows, session.color()));
    return kExitOk;
}

Result<int> run_keys_create(Session& session, const Arguments& arguments) {
    Json body = {{"name", arguments.values.front()}};
    TRY_VOID(add_key_options(arguments, body));
    TRY(const std::string answer,
        session.call(arguments, Method::Post, std::string(kKeys), dump(body)));
    TRY(const Json key, parse_object(answer));
    print_secret(session, arguments, key);
    print_warnings(session, key);
    return kExitOk;
}

Result<int> run_keys_update(Session& session, const Arguments& arguments) {
    TRY(std::string path, path_of(arguments));
    Json body = Json::object();
    TRY_VOID(add_key_options(arguments, body));
    if (body.empty()) {
        return fail(ErrorCode::InvalidRequest,
                    "nothing to change: see keywarden keys update --help");
    }
    TRY(const std::string answer,
        session.call(arguments, Method::Patch, std::move(path), dump(body)));
    TRY(const Json key, parse_object(answer));
    if (arguments.has("json")) {
        session.terminal.out << dump(key);
    } else {
        session.terminal.out << printable(
            fmt::format("{} \"{}\" is changed.\n", shown(key, "id"), shown(key, "name")));
    }
    print_warnings(session, key);
    return kExitOk;
}

Result<int> run_keys_show(Session& session, const Arguments& arguments) {
    TRY(std::string path, path_of(arguments));
    TRY(const std::string body, session.call(arguments, Method::Get, std::move(path)));
    TRY(const Json key, parse_object(body));
    print_key(session, arguments, key);
    return kExitOk;
}

Result<int> run_keys_rotate(Session& session, const Arguments& arguments) {
    TRY(std::string path, path_of(arguments, "/rotate"));
    if (arguments.has("grace") && arguments.has("emergency")) {
        return fail(ErrorCode::InvalidRequest,
                    "--grace: an emergency ends the old secret at once; say one of the two");
    }
    Json body = Json::object();
    if (arguments.has("grace")) body["grace"] = arguments.get("grace");
    if (arguments.has("emergency")) {
        body["emergency"] = true;
        TRY_VOID(confirm(session,
                         arguments,
                         fmt::format("End the old secret of {} at once?", arguments.values[0])));
    }
    TRY(const std::string answer,
        session.call(arguments, Method::Post, std::move(path), dump(body)));
    TRY(const Json key, parse_object(answer));
    print_secret(session, arguments, key);
    if (arguments.has("json")) return kExitOk;
    session.terminal.err << (arguments.has("emergency")
                                 ? "Its older secrets have ended.\n"
                                 : fmt::format("Its older secrets end {} after the first use of "
                                               "this one.\n",
                                               arguments.has("grace") ? arguments.get("grace")
                                                                      : kGraceByDefault));
    return kExitOk;
}

Result<int> run_keys_disable(Session& session, const Arguments& arguments) {
    return act(session, arguments, Method::Post, "/disable", "disabled");
}

Result<int> run_keys_enable(Session& session, const Arguments& arguments) {
    return act(session, arguments, Method::Post, "/enable", "enabled");
}

Result<int> run_keys_quarantine(Session& session, const Arguments& arguments) {
    return act(session, arguments, Method::Post, "/quarantine", "quarantined");
}

Result<int> run_keys_release(Session& session, const Arguments& arguments) {
    return act(session, arguments, Method::Post, "/release", "released");
}

Result<int> run_keys_revoke(Session& session, const Arguments& arguments) {
    TRY_VOID(path_of(arguments));
    TRY_VOID(confirm(
        session, arguments, fmt::format("Revoke {}? It cannot be undone.", arguments.values[0])));
    return act(session, arguments, Method::Delete, "", "revoked");
}

Result<int> run_whoami(Session& session, const Arguments& arguments) {
    TRY(const std::string body, session.call(arguments, Method::Get, "/v1/key"));
    TRY(const Json key, parse_object(body));
    print_key(session, arguments, key);
    return kExitOk;
}

}  // namespace keywarden
