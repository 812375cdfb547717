#include "net/smtp_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <sys/uio.h>
#include <utility>
#include <vector>

#include "base/crypto.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/socket.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tls.h"

namespace keywarden {
namespace {

constexpr size_t kLineBytesMax = 2'048;  // RFC 5321 has 512; real ones are longer
constexpr size_t kLinesMax = 64;         // of one reply
constexpr size_t kShownBytesMax = 200;   // of what a server says, in an error
constexpr uint16_t kSubmissionPort = 587;
constexpr uint16_t kSubmissionsPort = 465;

struct Reply {
    int code = 0;
    std::vector<std::string> lines{};  // without their codes
};

/// What a server said, for people: one line of plain letters.
std::string shown(const Reply& reply) {
    std::string text = std::to_string(reply.code);
    for (const std::string& line : reply.lines) text += ' ' + line;
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text.substr(0, kShownBytesMax);
}

std::unexpected<Error> refused(std::string_view step, const Reply& reply) {
    return fail(ErrorCode::UpstreamError,
                fmt::format("The mail server refused {}: {}", step, shown(reply)));
}

std::unexpected<Error> lost(std::string_view step, IoStatus status) {
    if (status == IoStatus::TimedOut) {
        return fail(ErrorCode::UpstreamTimeout,
                    fmt::format("The mail server did not answer in time: {}.", step));
    }
    return fail(ErrorCode::UpstreamError,
                fmt::format("The connection to the mail server broke: {}.", step));
}

std::string lower(std::string text) {
    std::ranges::transform(
        text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return text;
}

/// Lines that begin with a dot have another put before it. Source: RFC 5321, section 4.5.2.
std::string stuffed(std::string_view message) {
    std::string out;
    out.reserve(message.size() + 8);
    bool at_start = true;
    for (const char c : message) {
        if (at_start && c == '.') out += '.';
        out += c;
        at_start = c == '\n';
    }
    return out + ".\r\n";
}

/// One conversation. Its steps are in the order of the protocol.
class Talk {
public:
    Talk(Loop* loop, const MailServer& server)
        : loop_(loop), server_(server), resolver_(loop), deadline_(loop->mono() + server.within) {}

    Task<Result<void>> deliver(std::string_view from,
                               std::string_view to,
                               std::string_view message) {
        CO_TRY_VOID(co_await connect());
        CO_TRY_VOID(co_await greet());
        CO_TRY_VOID(co_await sign_in());
        CO_TRY_VOID(co_await ask(fmt::format("MAIL FROM:<{}>", from), "the sender", 2));
        CO_TRY_VOID(co_await ask(fmt::format("RCPT TO:<{}>", to), "the recipient", 2));
        CO_TRY_VOID(co_await ask("DATA", "the mail", 3));
        CO_TRY_VOID(co_await write(stuffed(message), "the mail"));
        CO_TRY_VOID(co_await expect("the mail", 2));
        // It is theirs now, whatever becomes of this.
        const Result<void> parted = co_await write("QUIT\r\n", "the end");
        static_cast<void>(parted.has_value());
        co_return Result<void>();
    }

private:
    Task<Result<void>> connect() {
        CO_TRY(const std::vector<SocketAddress> addresses,
               co_await resolver_.resolve(server_.host, server_.port));
        IoStatus status = IoStatus::Failed;
        for (size_t i = 0; i < addresses.size() && status != IoStatus::Ok; ++i) {
            auto fd = start_connecting(addresses[i]);
            if (!fd) continue;
            stream_ = std::make_unique<Stream>(loop_, fd->release(), true);
            const Nanos left = std::max(deadline_ - loop_->mono(), Nanos(0));
            stream_->set_write_timeout(left / static_cast<int64_t>(addresses.size() - i));
            status = co_await stream_->connected();
        }
        if (status != IoStatus::Ok) co_return lost("connecting", status);
        stream_->set_deadline(deadline_);
        stream_->set_write_timeout(server_.within);
        co_return Result<void>();
    }

    Task<Result<void>> greet() {
        if (server_.tls_at_once) CO_TRY_VOID(co_await secure());
        CO_TRY_VOID(co_await expect("the connection", 2));
        CO_TRY_VOID(co_await say_hello());
        if (stream_->is_tls()) co_return Result<void>();
        if (!offers("starttls")) {
            if (server_.is_local) co_return Result<void>();
            co_return fail(ErrorCode::UpstreamError,
                           "The mail server offers no TLS (STARTTLS), and is not on this machine.");
        }
        CO_TRY_VOID(co_await ask("STARTTLS", "STARTTLS", 2));
        // Nobody may slip in words that would count as said under TLS.
        if (!in_.empty()) {
            co_return fail(ErrorCode::UpstreamError, "The mail server spoke too soon.");
        }
        CO_TRY_VOID(co_await secure());
        co_return co_await say_hello();
    }

    Task<Result<void>> secure() {
        CO_TRY(tls_, ClientTls::load(server_.ca_file));
        ssl_st* const session = tls_->new_session(server_.host, nullptr, &kept_);
        if (session == nullptr) {
            co_return fail(ErrorCode::UpstreamError, "TLS cannot be set up for this mail server.");
        }
        const IoStatus status = co_await stream_->handshake(session);
        if (status == IoStatus::Ok) co_return Result<void>();
        if (status == IoStatus::TimedOut) co_return lost("TLS", status);
        co_return fail(ErrorCode::UpstreamError,
                       "TLS with the mail server failed: " + handshake_failure(session) + ".");
    }

    Task<Result<void>> say_hello() {
        CO_TRY_VOID(co_await ask("EHLO keywarden.localdomain", "EHLO", 2));
        extensions_.clear();
        for (const std::string& line : reply_.lines) extensions_.push_back(lower(line));
        co_return Result<void>();
    }

    bool offers(std::string_view extension) const {
        return std::ranges::any_of(extensions_, [&](const std::string& line) {
            return line == extension || line.starts_with(std::string(extension) + ' ');
        });
    }

    bool offers_plain() const {
        return std::ranges::any_of(extensions_, [](const std::string& line) {
            return line.starts_with("auth") && (line + ' ').contains(" plain ");
        });
    }

    Task<Result<void>> sign_in() {
        if (server_.username.empty()) co_return Result<void>();
        if (!offers_plain()) {
            co_return fail(ErrorCode::UpstreamError,
                           "The mail server does not let anybody sign in with AUTH PLAIN.");
        }
        std::string words = '\0' + server_.username + '\0';
        words += server_.password.reveal();
        const Secret plain(std::move(words));
        const Secret line("AUTH PLAIN " + to_base64(plain.reveal()));
        co_return co_await ask(line.reveal(), "the password", 2);
    }

    /// Says a line, and wants an answer whose code begins with `wanted`.
    Task<Result<void>> ask(std::string_view line, std::string_view step, int wanted) {
        const Secret whole(std::string(line) + "\r\n");
        CO_TRY_VOID(co_await write(whole.reveal(), step));
        co_return co_await expect(step, wanted);
    }

    Task<Result<void>> write(std::string_view bytes, std::string_view step) {
        std::array<iovec, 1> piece = {
            iovec{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()}};
        const IoStatus status = co_await stream_->write(piece);
        if (status == IoStatus::Ok) co_return Result<void>();
        co_return lost(step, status);
    }

    Task<Result<void>> expect(std::string_view step, int wanted) {
        reply_ = {};
        for (bool is_last = false; !is_last;) {
            CO_TRY(const std::string line, co_await read_line(step));
            const auto [end, problem] = std::from_chars(line.data(), line.data() + 3, reply_.code);
            const bool has_code = line.size() >= 3 && problem == std::errc() &&
                                  end == line.data() + 3 && reply_.code >= 200;
            if (!has_code || reply_.lines.size() == kLinesMax) {
                co_return fail(ErrorCode::UpstreamError,
                               fmt::format("What answers is no mail server ({}).", step));
            }
            is_last = line.size() == 3 || line[3] != '-';
            reply_.lines.push_back(line.size() > 4 ? line.substr(4) : std::string());
        }
        if (reply_.code / 100 != wanted) co_return refused(step, reply_);
        co_return Result<void>();
    }

    Task<Result<std::string>> read_line(std::string_view step) {
        for (;;) {
            const size_t end = in_.view().find('\n');
            if (end != std::string_view::npos) {
                std::string line(in_.view().substr(0, end));
                in_.drop_front(end + 1);
                if (line.ends_with('\r')) line.pop_back();
                co_return line;
            }
            if (in_.size() > kLineBytesMax) {
                co_return fail(ErrorCode::UpstreamError, "The mail server's lines are too long.");
            }
            const IoStatus status = co_await stream_->read(&in_);
            if (status != IoStatus::Ok) co_return lost(step, status);
        }
    }

    Loop* loop_;
    const MailServer& server_;
    Resolver resolver_;
    MonoTime deadline_;
    std::unique_ptr<ClientTls> tls_;
    TlsSession kept_;
    std::unique_ptr<Stream> stream_;
    Buffer in_;
    Reply reply_;
    std::vector<std::string> extensions_;  // what the server can do, in small letters
};

Detached run(Loop* loop,
             Talk* talk,
             const std::array<std::string_view, 3>* mail,
             Result<void>* outcome) {
    *outcome = co_await talk->deliver((*mail)[0], (*mail)[1], (*mail)[2]);
    loop->stop();
}

bool is_this_machine(std::string_view host) {
    if (host == "localhost") return true;
    const auto address = parse_address(host, 1);
    return address && (address->host() == "::1" || address->host().starts_with("127."));
}

}  // namespace

Result<MailServer> parse_mail_server(std::string_view url) {
    const auto bad = [&] {
        return fail(
            ErrorCode::InvalidConfig,
            "expected smtp://HOST[:PORT] or smtps://HOST[:PORT], got '" + std::string(url) + "'");
    };
    MailServer server{.port = kSubmissionPort};
    std::string_view rest = url;
    if (rest.starts_with("smtps://")) {
        server.tls_at_once = true;
        server.port = kSubmissionsPort;
        rest.remove_prefix(8);
    } else if (rest.starts_with("smtp://")) {
        rest.remove_prefix(7);
    } else {
        return bad();
    }
    if (rest.ends_with('/')) rest.remove_suffix(1);
    const size_t colon = rest.rfind(':');
    std::string_view host = rest;
    if (colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos) {
        host = rest.substr(0, colon);
        const std::string_view port = rest.substr(colon + 1);
        const char* const end = port.data() + port.size();
        const auto [stop, problem] = std::from_chars(port.data(), end, server.port);
        if (problem != std::errc() || stop != end || server.port == 0) return bad();
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty() || host.find_first_of("/@?# \t\r\n[]") != std::string_view::npos) return bad();
    server.host = host;
    server.is_local = is_this_machine(host);
    return server;
}

Result<void> send_mail(const MailServer& server,
                       std::string_view from,
                       std::string_view to,
                       std::string_view message) {
    Loop loop;
    Result<void> outcome;
    Talk talk(&loop, server);
    const std::array<std::string_view, 3> mail = {from, to, message};
    run(&loop, &talk, &mail, &outcome);
    loop.run();
    return outcome;
}

}  // namespace keywarden
