#include "cli/send.h"

#include <algorithm>
#include <fmt/format.h>

#include "net/blocking_client.h"

namespace keywarden {
namespace {

constexpr size_t kErrorBodyMax = 1'000'000;

Result<BaseUrl> destination(const GatewayAddress& gateway) {
    if (!gateway.unix_socket.empty()) {
        return BaseUrl{
            .origin = {.unix_path = gateway.unix_socket}, .host_field = "localhost", .prefix = ""};
    }
    auto url = parse_base_url(gateway.base_url);
    if (url) return std::move(*url);
    return fail(ErrorCode::InvalidConfig,
                fmt::format("KEYWARDEN_BASE_URL: {}", url.error().message));
}

Error unreachable(const GatewayAddress& gateway, Error error) {
    const std::string& where = gateway.unix_socket.empty() ? gateway.base_url : gateway.unix_socket;
    std::string_view why = error.detail.empty() ? error.message : error.detail;
    if (why.starts_with(where)) why.remove_prefix(std::min(why.size(), where.size() + 2));  // ": "
    error.code = ErrorCode::GatewayUnreachable;
    error.message = fmt::format("no gateway answers at {}: {}", where, why);
    return error;
}

}  // namespace

Result<HttpResponse> send_over_http(const GatewayAddress& gateway,
                                    const HttpRequest& request,
                                    const BodyPieces& pieces) {
    TRY(BaseUrl url, destination(gateway));
    TRY(const auto client, BlockingClient::make(std::move(url.origin)));
    const BlockingRequest sent{.method = std::string(name(request.method)),
                               .target = url.prefix + request.path,
                               .headers = request.headers,
                               .body = request.body};
    if (!pieces) {
        auto answer = client->call(sent);
        if (!answer) return fail(unreachable(gateway, std::move(answer.error())));
        return answer;
    }
    bool is_good = false;
    std::string refused;
    auto answer = client->stream(
        sent,
        [&](const HttpResponse& head) { is_good = head.status / 100 == 2; },
        [&](std::string_view piece) {
            if (is_good) {
                pieces(piece);
            } else {
                refused += piece;
            }
            return refused.size() < kErrorBodyMax;
        });
    if (!answer) return fail(unreachable(gateway, std::move(answer.error())));
    answer->body = std::move(refused);
    return answer;
}

}  // namespace keywarden
