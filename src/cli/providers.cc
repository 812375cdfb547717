// keywarden providers: with which credentials calls go to providers.
#include <fmt/format.h>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace keywarden {
namespace {

constexpr size_t kSecretBytesMax = 65'536;  // a token is longer than what it holds

/// The team's, or, as the operator, those that all teams share.
std::string_view family_of(const Arguments& arguments) {
    return arguments.has("shared") ? "/v1/admin/providers" : "/v1/account/providers";
}

std::string path_of(const Arguments& arguments, std::string_view action = {}) {
    return fmt::format("{}/{}{}", family_of(arguments), escape(arguments.values.front()), action);
}

/// A secret is never an argument: those are in the list of processes and in the shell's history.
Result<Secret> read_secret(const Session& session, const Arguments& arguments) {
    if (arguments.has("from-env")) {
        const std::string_view name = arguments.get("from-env");
        const std::string_view value = session.environment.get(name);
        if (!value.empty()) return Secret(std::string(value));
        return fail(ErrorCode::InvalidRequest, fmt::format("the variable {} is not set", name));
    }
    if (session.terminal.in_is_terminal) {
        session.terminal.err << "The provider's key, then Enter: " << std::flush;
    }
    std::string line;
    for (char c = 0; line.size() < kSecretBytesMax && session.terminal.in.get(c) && c != '\n';) {
        if (c != '\r') line += c;
    }
    if (!line.empty()) return Secret(std::move(line));
    return fail(ErrorCode::InvalidRequest,
                "no key was given: send it to standard input, or name a variable with --from-env");
}

Result<Json> body_of(const Session& session, const Arguments& arguments) {
    Json body = {{"provider", arguments.values.front()}};
    if (arguments.has("name")) body["name"] = arguments.get("name");
    if (arguments.has("disable")) body["enabled"] = false;
    if (arguments.has("enable")) body["enabled"] = true;
    for (const char* const option : {"weight", "cooldown"}) {
        if (!arguments.has(option)) continue;
        const std::string field = std::string_view(option) == "cooldown" ? "cooldown_s" : option;
        TRY(body[field], whole_number(option, arguments.get(option)));
    }
    if (arguments.has("reference")) {
        body["reference"] = arguments.get("reference");
    } else if (!arguments.has("keep")) {
        TRY(const Secret secret, read_secret(session, arguments));
        body[arguments.has("fernet") ? "fernet_token" : "api_key"] = secret.reveal();
    }
    return body;
}

std::string told(const Json& credential) {
    std::string text = fmt::format("{}: {} \"{}\", {}, {}",
                                   shown(credential, "id"),
                                   shown(credential, "provider"),
                                   shown(credential, "name"),
                                   shown(credential, "preview"),
                                   shown(credential, "state"));
    if (shown(credential, "problem") != "-") text += ": " + shown(credential, "problem");
    return text + "\n";
}

/// "ok", "401", "no answer"; "-" where it never was.
std::string test_of(const Json& credential) {
    const auto test = credential.find("last_test");
    if (test == credential.end() || !test->is_object()) return "-";
    if (shown(*test, "ok") == "true") return "ok";
    return shown(*test, "status") == "-" ? "no answer" : shown(*test, "status");
}

int print(Session& session, const Arguments& arguments, const Json& credential) {
    session.terminal.out << (arguments.has("json") ? dump(credential)
                                                   : printable(told(credential)));
    return kExitOk;
}

}  // namespace

Result<int> run_providers_add(Session& session, const Arguments& arguments) {
    TRY(const Json body, body_of(session, arguments));
    TRY(const std::string answer,
        session.call(arguments,
                     Method::Put,
                     std::string(family_of(arguments)),
                     body.dump(-1, ' ', false, Json::error_handler_t::replace)));
    TRY(const Json credential, parse_object(answer));
    return print(session, arguments, credential);
}

Result<int> run_providers_list(Session& session, const Arguments& arguments) {
    TRY(const std::string body,
        session.call(arguments, Method::Get, std::string(family_of(arguments))));
    TRY(const Json answer, parse_object(body));
    if (arguments.has("json")) {
        session.terminal.out << dump(answer);
        return kExitOk;
    }
    std::vector<std::vector<std::string>> rows = {
        {"ID", "PROVIDER", "NAME", "KEY", "OWNER", "WEIGHT", "STATE", "TEST"}};
    const Json all = list_of(answer, "data");
    for (const Json& each : all) {
        const std::string reference = shown(each, "reference");
        rows.push_back({shown(each, "id"),
                        shown(each, "provider"),
                        shown(each, "name"),
                        reference == "-" ? shown(each, "preview") : reference,
                        shown(each, "shared") == "true" ? "operator" : "team",
                        shown(each, "weight"),
                        shown(each, "state"),
                        test_of(each)});
    }
    session.terminal.out << (all.empty()
                                 ? "No credentials: keywarden providers add PROVIDER sets one.\n"
                                 : table(rows, session.color()));
    return kExitOk;
}

Result<int> run_providers_test(Session& session, const Arguments& arguments) {
    TRY(const std::string body, session.call(arguments, Method::Post, path_of(arguments, "/test")));
    TRY(const Json credential, parse_object(body));
    const bool is_ok = test_of(credential) == "ok";
    if (arguments.has("json")) {
        session.terminal.out << dump(credential);
    } else if (is_ok) {
        session.terminal.out << printable(shown(credential, "provider") + " takes it.\n");
    } else {
        const std::string status = test_of(credential);
        session.terminal.out << printable(
            status == "no answer"
                ? shown(credential, "provider") + " does not answer.\n"
                : fmt::format("{} answers {}.\n", shown(credential, "provider"), status));
    }
    return is_ok ? kExitOk : kExitFailed;
}

Result<int> run_providers_remove(Session& session, const Arguments& arguments) {
    TRY_VOID(confirm(session,
                     arguments,
                     fmt::format("Remove the credential {}? Calls do without it from now on.",
                                 arguments.values.front())));
    TRY(const std::string body, session.call(arguments, Method::Delete, path_of(arguments)));
    TRY(const Json answer, parse_object(body));
    session.terminal.out << (arguments.has("json")
                                 ? dump(answer)
                                 : printable(shown(answer, "id") + " is removed.\n"));
    return kExitOk;
}

}  // namespace keywarden
