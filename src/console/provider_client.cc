#include "console/provider_client.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "domain/public_address.h"
#include "net/blocking_client.h"

namespace keywarden {
namespace {

bool is_this_machine(std::string_view host) {
    return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

/// Its own host may be in a network of one's own; what its discovery names beside that may not.
bool may_reach(const IdentityProviderTerms& terms,
               const Url& issuer,
               std::string_view host,
               IpAddress address) {
    if (is_public(address)) return true;
    for (const IpRange& network : terms.networks) {
        if (network.contains(address)) return true;
    }
    return host == issuer.host && is_private_host(issuer.host) && is_of_ones_own(address);
}

/// Path and query, as they were written.
std::string target_of(std::string_view url) {
    const size_t path = url.find_first_of("/?", url.find("://") + 3);
    if (path == std::string_view::npos) return "/";
    return url[path] == '?' ? "/" + std::string(url.substr(path)) : std::string(url.substr(path));
}

}  // namespace

std::unexpected<Error> provider_unavailable(std::string detail) {
    return fail(ErrorCode::SsoUnavailable,
                "The identity provider does not answer as it should.",
                std::move(detail));
}

Result<Url> check_endpoint(std::string_view endpoint, const Url& issuer) {
    const std::string_view query = endpoint.substr(std::min(endpoint.find('?'), endpoint.size()));
    auto url = parse_url(endpoint.substr(0, endpoint.size() - query.size()));
    const bool is_plain = endpoint.size() <= kUrlBytesMax && std::ranges::all_of(query, [](char c) {
                              return c > ' ' && c < '\x7f' && c != '#';
                          });
    if (!url || !is_plain) return provider_unavailable("endpoint: no address");
    const bool is_local = is_this_machine(url->host) && is_this_machine(issuer.host) && !issuer.tls;
    if (!url->tls && !is_local) return provider_unavailable("endpoint: not https");
    return *std::move(url);
}

Result<Json> ask_identity_provider(const IdentityProviderTerms& terms,
                                   const ProviderRequest& request,
                                   std::string_view what) {
    TRY(const Url issuer, parse_url(terms.issuer));
    TRY(const Url url, check_endpoint(request.url, issuer));
    bool was_refused = false;
    BlockingClientOptions options{.ca_file = url.tls ? terms.ca_file : std::string(),
                                  .timeouts = {.connect = kProviderAnswersWithin,
                                               .first_byte = kProviderAnswersWithin,
                                               .idle = kProviderAnswersWithin,
                                               .write_stall = kProviderAnswersWithin,
                                               .total = kProviderAnswersWithin},
                                  .body_max = kProviderAnswerMax};
    options.resolver.may_reach = [&](std::string_view host, const SocketAddress& address) {
        const auto ip = parse_ip(address.host());
        const bool may = ip && may_reach(terms, issuer, host, *ip);
        was_refused = was_refused || !may;
        return may;
    };
    auto client = BlockingClient::make({.tls = url.tls, .host = url.host, .port = url.port},
                                       std::move(options));
    if (!client) return provider_unavailable(fmt::format("{}: {}", what, client.error().message));
    BlockingRequest sent{.method = request.method,
                         .target = target_of(request.url),
                         .headers = request.headers,
                         .body = request.body};
    sent.headers.push_back({"Accept", "application/json"});
    auto answer = (*client)->call(sent);
    if (was_refused) return provider_unavailable(fmt::format("{}: address not allowed", what));
    if (!answer) return provider_unavailable(fmt::format("{}: {}", what, answer.error().detail));
    if (answer->status != 200) {
        return provider_unavailable(fmt::format("{}: answered {}", what, answer->status));
    }
    auto object = read_object({.body = std::move(answer->body)}, Body::Required);
    if (!object) return provider_unavailable(fmt::format("{}: no JSON object", what));
    return object;
}

std::string form_encoded(std::string_view text) {
    constexpr std::string_view kPlain = "-._~";
    std::string out;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || kPlain.contains(c)) {
            out.push_back(c);
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

}  // namespace keywarden
