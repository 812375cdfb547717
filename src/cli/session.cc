#include "cli/session.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <optional>
#include <ostream>

#include "cli/answer.h"

namespace keywarden {
namespace {

constexpr std::string_view kDefaultBaseUrl = "http://127.0.0.1:8080";
constexpr size_t kForeignBodyShownMax = 200;

/// What was put into `KEYWARDEN_BASE_URL` for an SDK ends in /v1: our own paths bring theirs.
std::string trim_base_url(std::string_view url) {
    while (url.ends_with('/')) url.remove_suffix(1);
    if (url.ends_with("/v1")) url.remove_suffix(3);
    return std::string(url);
}

std::string text_of(const Json& object, std::string_view name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ErrorCode code_of(std::string_view slug, int status) {
    for (const ErrorInfo& row : all_errors()) {
        if (row.slug == slug) return row.code;
    }
    for (const ErrorInfo& row : all_errors()) {
        if (row.http_status == status) return row.code;
    }
    return ErrorCode::InternalError;
}

const std::string* fact(const Error& error, std::string_view name) {
    const auto found = std::ranges::find(error.facts, name, &Fact::name);
    return found == error.facts.end() ? nullptr : std::get_if<std::string>(&found->value);
}

/// Reads any of our error shapes; a body that is none of them comes from something in between.
Error read_error(const HttpResponse& answer) {
    const Json body = Json::parse(answer.body, nullptr, false);
    const Json inner = body.is_object() && body.contains("error") && body["error"].is_object()
                           ? body["error"]
                           : (body.is_object() ? body : Json::object());
    std::string slug = text_of(inner, "code");
    std::ranges::transform(slug, slug.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string message = text_of(inner, "message");
    if (message.empty()) message = text_of(inner, "detail");
    if (message.empty()) {
        message = fmt::format("the answer was {} {}: {}",
                              answer.status,
                              reason_phrase(answer.status),
                              answer.body.substr(0, kForeignBodyShownMax));
    }
    Error out{.code = code_of(slug, answer.status), .message = std::move(message)};
    out.param = text_of(inner, "param");
    out.facts.push_back({"code", slug.empty() ? std::string(info(out.code).slug) : slug});
    for (const Header& header : answer.headers) {
        if (equal_ignoring_case(header.name, "x-request-id")) {
            out.facts.push_back({"request_id", header.value});
        }
    }
    return out;
}

/// What to do about an error in words of the command line; empty: the table's words will do.
std::string advice_on(const Error& error, const Command& command) {
    if (error.code == ErrorCode::ModelNotFound) {
        return "keywarden models lists what the key may use.";
    }
    if (fact(error, "request_id") != nullptr) return {};
    // The table speaks of requests: what never left is another matter.
    if (error.code == ErrorCode::InvalidRequest) {
        return fmt::format("Run keywarden {} --help.", command.name);
    }
    if (error.code == ErrorCode::MissingApiKey) {
        return "Set KEYWARDEN_API_KEY to a key of the gateway; on its own host, --data-dir DIR "
               "needs none.";
    }
    return {};
}

}  // namespace

Result<GatewayAddress> Session::gateway(const Arguments& arguments) const {
    const auto socket_in = [](std::string_view dir) {
        return fmt::format("{}/{}", dir, kOperatorSocketName);
    };
    if (const std::string_view dir = arguments.get("data-dir"); !dir.empty()) {
        return GatewayAddress{.unix_socket = socket_in(dir)};
    }
    const std::string_view key = environment.get("KEYWARDEN_API_KEY");
    const std::string_view url = environment.get("KEYWARDEN_BASE_URL");
    if (!key.empty()) {
        return GatewayAddress{.base_url = trim_base_url(url.empty() ? kDefaultBaseUrl : url),
                              .key = Secret(std::string(key))};
    }
    const std::string_view set = environment.get("KEYWARDEN_DATA_DIR");
    const std::string path = socket_in(set.empty() ? "data" : set);
    if (url.empty() && is_socket(path)) return GatewayAddress{.unix_socket = path};
    return fail(ErrorCode::MissingApiKey,
                url.empty() ? fmt::format("KEYWARDEN_API_KEY is not set, and no gateway of this "
                                          "host listens at {}",
                                          path)
                            : "KEYWARDEN_API_KEY is not set");
}

Result<std::string> Session::call(const Arguments& arguments,
                                  Method method,
                                  std::string target,
                                  std::string body,
                                  const BodyPieces& pieces) const {
    TRY(const GatewayAddress to, gateway(arguments));
    HttpRequest request{.method = method, .path = std::move(target), .body = std::move(body)};
    if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    if (!to.key.empty()) {
        request.headers.push_back({"Authorization", fmt::format("Bearer {}", to.key.reveal())});
    }
    TRY(HttpResponse answer, send(to, request, pieces));
    if (answer.status / 100 != 2) return fail(read_error(answer));
    return std::move(answer.body);
}

int exit_code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidRequest:
        case ErrorCode::UnknownField:
        case ErrorCode::InvalidConfig:
            return kExitBadInput;
        default:
            return info(code).http_status == 401 ? kExitAuthentication : kExitFailed;
    }
}

std::string describe_error(const Error& error, bool as_json, std::string_view advice) {
    const ErrorInfo& row = info(error.code);
    const std::string* sent = fact(error, "code");
    const std::string* request_id = fact(error, "request_id");
    std::string code(sent != nullptr ? *sent : row.slug);
    // The table's advice belongs to a code of ours; a provider's own code has none.
    if (advice.empty() && code == row.slug) advice = row.help;
    if (as_json) {
        Json out = {{"code", code}, {"message", error.message}};
        if (request_id != nullptr) out["request_id"] = *request_id;
        if (!advice.empty()) out["help"] = advice;
        return dump({{"error", out}});
    }
    std::ranges::transform(code, code.begin(), [](unsigned char c) { return std::toupper(c); });
    std::string out = fmt::format("{}: {}", code, error.message);
    if (request_id != nullptr) out += fmt::format(" (request: {})", *request_id);
    out += '\n';
    if (!advice.empty()) out += fmt::format("{}\n", advice);
    return out;
}

int run_command_line(Session& session, std::span<const std::string> words) {
    Terminal& terminal = session.terminal;
    if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        (words.empty() ? terminal.err : terminal.out) << usage();
        return words.empty() ? kExitBadInput : kExitOk;
    }
    const bool as_json = std::ranges::find(words, "--json") != words.end();
    const auto failed = [&](const Error& error, std::string_view advice) {
        terminal.out.flush();
        terminal.err << describe_error(error, as_json, advice);
        return exit_code_of(error.code);
    };
    if (words.size() == 2 && is_group(words[0]) && (words[1] == "--help" || words[1] == "-h")) {
        terminal.out << usage(words[0]);
        return kExitOk;
    }
    if (words[0] == "--version") {
        const std::string version[] = {"version"};
        return run_command_line(session, version);
    }
    const auto found = find_command(words);
    if (!found) return failed(found.error(), "Run keywarden --help.");
    const auto arguments = parse_arguments(*found->command, words.subspan(found->words));
    if (!arguments) {
        return failed(arguments.error(),
                      fmt::format("Run keywarden {} --help.", found->command->name));
    }
    if (arguments->has("help")) {
        terminal.out << usage_of(*found->command);
        return kExitOk;
    }
    const auto ended = found->command->run(session, *arguments);
    if (!ended) {
        return failed(ended.error(), advice_on(ended.error(), *found->command));
    }
    terminal.out.flush();
    return *ended;
}

}  // namespace keywarden
