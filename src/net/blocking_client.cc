#include "net/blocking_client.h"

#include <charconv>
#include <span>
#include <utility>

#include "net/loop.h"
#include "net/resolver.h"
#include "net/task.h"
#include "net/tls.h"

namespace keywarden {
namespace {

std::string head_of(const BlockingRequest& request, const std::string& host) {
    std::string head = request.method + " " + request.target + " HTTP/1.1\r\n";
    head += "Host: " + host + "\r\nUser-Agent: keywarden\r\n";
    for (const Header& header : request.headers) head += header.name + ": " + header.value + "\r\n";
    const bool says_length = request.method != "GET" && request.method != "HEAD";
    if (says_length || !request.body.empty()) {
        head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    return head + "\r\n";
}

HttpResponse copy_of(const ResponseHead& head) {
    HttpResponse response{.status = head.status()};
    for (size_t i = 0; i < head.field_count(); ++i) {
        const FieldView field = head.field(i);
        response.headers.push_back({std::string(field.name), std::string(field.value)});
    }
    return response;
}

std::unexpected<Error> bad_url(std::string_view url) {
    return fail(ErrorCode::InvalidRequest,
                "'" + std::string(url) +
                    "' is not a base URL: expected http://HOST[:PORT] or "
                    "https://HOST[:PORT], perhaps with a path.");
}

}  // namespace

Result<BaseUrl> parse_base_url(std::string_view url) {
    BaseUrl base;
    std::string_view rest = url;
    if (rest.starts_with("https://")) {
        base.origin.tls = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return bad_url(url);
    }
    const std::string_view authority = rest.substr(0, rest.find('/'));
    std::string_view prefix = rest.substr(authority.size());
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    base.prefix = prefix;
    base.host_field = authority;
    base.origin.port = base.origin.tls ? 443 : 80;
    std::string_view host = authority;
    const size_t colon = authority.rfind(':');
    if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
        host = authority.substr(0, colon);
        const std::string_view port = authority.substr(colon + 1);
        const char* end = port.data() + port.size();
        const auto [stop, problem] = std::from_chars(port.data(), end, base.origin.port);
        if (problem != std::errc() || stop != end || base.origin.port == 0) return bad_url(url);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty() || url.find_first_of(" \t\r\n?#@") != std::string_view::npos) {
        return bad_url(url);
    }
    base.origin.host = host;
    return base;
}

class BlockingClient::Impl {
public:
    Impl(Origin origin, BlockingClientOptions options, std::unique_ptr<ClientTls> tls)
        : options_(std::move(options)),
          tls_(std::move(tls)),
          resolver_(&loop_, options_.resolver),
          client_(&loop_, &resolver_, tls_.get()),
          pool_(client_.pool(origin)),
          host_(std::move(origin.host)),
          port_(origin.port),
          default_port_(origin.tls ? 443 : 80) {
        if (!origin.unix_path.empty()) {
            host_ = "localhost";
            port_ = default_port_;
        }
    }

    Result<HttpResponse> run(const BlockingRequest& request,
                             const OnHead* on_head,
                             const OnPiece* on_piece) {
        Result<HttpResponse> outcome;
        start(this, &request, on_head, on_piece, &outcome);
        loop_.run();
        return outcome;
    }

private:
    static Detached start(Impl* impl,
                          const BlockingRequest* request,
                          const OnHead* on_head,
                          const OnPiece* on_piece,
                          Result<HttpResponse>* outcome) {
        *outcome = co_await impl->talk(request, on_head, on_piece);
        impl->loop_.stop();
    }

    Task<Result<HttpResponse>> talk(const BlockingRequest* request,
                                    const OnHead* on_head,
                                    const OnPiece* on_piece) {
        const std::string head = head_of(*request, host_field());
        const std::array<std::string_view, 2> pieces = {head, request->body};
        UpstreamCall call(pool_, options_.timeouts);
        const Result<void> sent = co_await call.exchange(request->method, pieces);
        if (!sent) co_return explained(sent.error(), call.attempts() == 0);
        HttpResponse response = copy_of(call.head());
        if (on_piece == nullptr) {
            CO_TRY(const std::span<char> body, co_await call.read_rest(options_.body_max));
            response.body.assign(body.data(), body.size());
            co_return response;
        }
        if (on_head != nullptr && *on_head) (*on_head)(response);
        for (;;) {
            CO_TRY(const std::span<char> piece, co_await call.read_piece());
            if (piece.empty() || !(*on_piece)({piece.data(), piece.size()})) co_return response;
        }
    }

    std::string host_field() const {
        const bool v6 = host_.find(':') != std::string::npos;
        const std::string name = v6 ? "[" + host_ + "]" : host_;
        return port_ == default_port_ ? name : name + ":" + std::to_string(port_);
    }

    /// The user of the command line may know where we tried to go, and why it failed.
    std::unexpected<Error> explained(Error error, bool never_connected) const {
        if (never_connected) error.code = ErrorCode::GatewayUnreachable;
        error.message = "No answer from the gateway: " + error.detail + ".";
        return fail(std::move(error));
    }

    BlockingClientOptions options_;
    std::unique_ptr<ClientTls> tls_;
    Loop loop_;
    Resolver resolver_;
    HttpClient client_;
    OriginPool* pool_;
    std::string host_;
    uint16_t port_;
    uint16_t default_port_;
};

BlockingClient::BlockingClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

BlockingClient::~BlockingClient() = default;

Result<std::unique_ptr<BlockingClient>> BlockingClient::make(Origin origin,
                                                             BlockingClientOptions options) {
    std::unique_ptr<ClientTls> tls;
    if (origin.tls) {
        TRY(auto loaded, ClientTls::load(options.ca_file));
        tls = std::move(loaded);
    }
    return std::unique_ptr<BlockingClient>(new BlockingClient(
        std::make_unique<Impl>(std::move(origin), std::move(options), std::move(tls))));
}

Result<HttpResponse> BlockingClient::call(const BlockingRequest& request) {
    return impl_->run(request, nullptr, nullptr);
}

Result<HttpResponse> BlockingClient::stream(const BlockingRequest& request,
                                            const OnHead& on_head,
                                            const OnPiece& on_piece) {
    return impl_->run(request, &on_head, &on_piece);
}

}  // namespace keywarden
