// One run of the command line: its surroundings, and the way to the gateway.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/result.h"
#include "base/secret.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/host.h"

namespace keywarden {

/// In the data folder of a gateway: whoever may open it is the operator.
inline constexpr std::string_view kOperatorSocketName = "keywarden.sock";

/// Where a gateway listens, and what to show it.
struct GatewayAddress {
    std::string base_url{};     // "http://127.0.0.1:8080", without an end slash, or
    std::string unix_socket{};  // the operator's socket, which needs no key
    Secret key{};
};

/// Pieces of a body as they come; empty: the body is gathered into the answer instead.
using BodyPieces = std::function<void(std::string_view)>;

/// Sends one request and waits for the answer. `request.path` is the whole target.
/// With `pieces`, the body of a 2xx answer goes there; any other body is in the answer.
/// Errors: GatewayUnreachable.
using Send = std::function<Result<HttpResponse>(
    const GatewayAddress& gateway, const HttpRequest& request, const BodyPieces& pieces)>;

/// Whether a path is a socket of ours. Asked of the file system, so that tests can say.
using IsSocket = std::function<bool(const std::string& path)>;

class Session {
public:
    const Environment& environment;
    Terminal& terminal;
    Host& host;
    const Send& send;
    const IsSocket& is_socket;

    /// The gateway to talk to. --data-dir: the socket in it. Otherwise KEYWARDEN_API_KEY, at
    /// KEYWARDEN_BASE_URL or http://127.0.0.1:8080. Otherwise the socket in KEYWARDEN_DATA_DIR or
    /// ./data.
    /// Errors: MissingApiKey, which says what to set.
    Result<GatewayAddress> gateway(const Arguments& arguments) const;

    /// Asks the gateway and returns the body of a 2xx answer.
    /// Errors: GatewayUnreachable; or what the gateway answered, with the facts "code" (as it was
    /// sent) and "request_id".
    Result<std::string> call(const Arguments& arguments,
                             Method method,
                             std::string target,
                             std::string body = {},
                             const BodyPieces& pieces = {}) const;

    bool color() const { return terminal.out_is_terminal && environment.get("NO_COLOR").empty(); }
};

/// Runs what the words after "keywarden" say, and returns what the process ends with.
/// Whatever fails is one line on standard error, `CODE: message (request: id)`, and what to do.
int run_command_line(Session& session, std::span<const std::string> words);

/// What a failure looks like on standard error. `advice` empty: what the error's row says.
std::string describe_error(const Error& error, bool as_json, std::string_view advice = {});

/// What the process ends with.
int exit_code_of(ErrorCode code);

}  // namespace keywarden
