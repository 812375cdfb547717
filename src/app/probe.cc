#include "app/probe.h"

#include <cerrno>
#include <fmt/format.h>
#include <sys/socket.h>

#include "app/providers.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "net/blocking_client.h"
#include "net/socket.h"
#include "providers/bedrock.h"

namespace keywarden {
namespace {

const sockaddr* raw(const SocketAddress& address) {
    return reinterpret_cast<const sockaddr*>(&address.storage);
}

/// Nothing that Bedrock's runtime has may be read for nothing, so it is asked to answer a
/// conversation that is empty: it refuses a wrong credential first, and then that.
Result<int> ask_bedrock(BlockingClient& client,
                        const Provider& provider,
                        const BoundSecret& credential) {
    constexpr std::string_view kSmallModel = "amazon.nova-micro-v1:0";
    constexpr std::string_view kNothing = R"({"messages":[]})";
    const std::string_view model =
        provider.models.empty() ? kSmallModel : std::string_view(provider.models[0].upstream_id);
    BlockingRequest request{.method = "POST",
                            .target = bedrock_path(provider, "/model/{id}/converse", model),
                            .headers = {{"Content-Type", "application/json"}},
                            .body = std::string(kNothing)};
    if (!credential.empty()) {
        TRY(const std::string_view key, credential.reveal_to(provider.origin()));
        TRY(const Secret fields,
            bedrock_credential_fields(
                provider,
                key,
                {.path = request.target, .body = sha256(kNothing), .at = system_clock().now()}));
        std::string_view rest = fields.reveal();
        while (!rest.empty()) {
            const std::string_view line = rest.substr(0, rest.find("\r\n"));
            const size_t colon = line.find(": ");
            request.headers.push_back(
                {std::string(line.substr(0, colon)), std::string(line.substr(colon + 2))});
            rest.remove_prefix(line.size() + 2);
        }
    }
    TRY(const HttpResponse answer,
        client.stream(request, nullptr, [](std::string_view) { return false; }));
    const bool is_taken = answer.status == 400 || answer.status == 404;
    return is_taken ? 200 : answer.status;
}

}  // namespace

Result<void> check_port_is_free(const ListenAddress& address) {
    if (address.port == 0) return {};
    TRY(const SocketAddress wanted, parse_address(address.host, address.port));
    const OwnedFd probe(::socket(wanted.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!probe) return {};  // listening will say why
    const int on = 1;
    (void)::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(probe.get(), raw(wanted), wanted.size) == 0 || errno != EADDRINUSE) return {};
    return fail(ErrorCode::StartupFailed,
                fmt::format("{}:{} is in use: stop what listens there, or choose another address "
                            "with --listen",
                            address.host,
                            address.port));
}

bool somebody_listens(const std::string& unix_socket) {
    const auto address = unix_address(unix_socket);
    if (!address) return false;
    const OwnedFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return probe && ::connect(probe.get(), raw(*address), address->size) == 0;
}

Result<int> ask_provider(const Provider& provider,
                         const BoundSecret& credential,
                         const std::string& ca_file) {
    constexpr CallTimeouts kBriefly{.connect = std::chrono::seconds(5),
                                    .first_byte = std::chrono::seconds(5),
                                    .idle = std::chrono::seconds(5),
                                    .write_stall = std::chrono::seconds(5),
                                    .total = std::chrono::seconds(10)};
    TRY(const auto client,
        BlockingClient::make(
            provider.origin(),
            {.ca_file = ca_file, .timeouts = kBriefly, .resolver = reaching({&provider, 1})}));
    if (provider.dialect == Dialect::Bedrock) return ask_bedrock(*client, provider, credential);
    const std::string_view models = "/v1/models";
    BlockingRequest request{.target = provider.api_version.empty()
                                          ? upstream_path(provider, models)
                                          : deployment_path(provider, models, {})};
    if (!credential.empty()) {
        TRY(const std::string_view key, credential.reveal_to(provider.origin()));
        const CredentialField& field = provider.credential;
        request.headers.push_back(
            {std::string(field.name), std::string(field.before) + std::string(key)});
    }
    if (provider.dialect == Dialect::Anthropic) {
        request.headers.push_back({"anthropic-version", std::string(kAnthropicVersion)});
    }
    TRY(const HttpResponse answer,
        client->stream(request, nullptr, [](std::string_view) { return false; }));
    return answer.status;
}

}  // namespace keywarden
