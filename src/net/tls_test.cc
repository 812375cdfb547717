#include "net/tls.h"

#include <array>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "net/http_client.h"
#include "net/http_pool.h"
#include "net/test_certificate.h"
#include "net/test_peer.h"

namespace keywarden {
namespace {

using test::LoopThread;
using test::Peer;
using test::TemporaryFolder;
using test::TestServer;
using test::write_certificate;

Task<void> echo(Exchange* exchange) {
    const auto body = co_await exchange->read_body(10'000'000);
    if (!body) co_return;
    exchange->start(200);
    exchange->add_field("X-Tls", exchange->is_tls() ? "yes" : "no");
    co_await exchange->send({body->data(), body->size()});
}

struct Outcome {
    std::string body{};
    std::string problem{};
};

/// A server with a certificate for localhost and 127.0.0.1, and a client that trusts it.
class TlsTest : public testing::Test {
protected:
    TlsTest() {
        write_certificate(folder_.file("cert"), folder_.file("key"), "DNS:localhost,IP:127.0.0.1");
        server_tls_ = *ServerTls::load(folder_.file("cert"), folder_.file("key"));
        server_ = std::make_unique<TestServer>(echo, HttpServerOptions{}, server_tls_.get());
        trust(folder_.file("cert"));
    }
    ~TlsTest() override { forget_client(); }

    /// The next calls come from a new client that trusts only these authorities.
    void trust(const std::string& ca_file) {
        forget_client();
        client_tls_ = *ClientTls::load(ca_file);
        thread_.call([&] {
            resolver_ = std::make_unique<Resolver>(thread_.loop());
            client_ =
                std::make_unique<HttpClient>(thread_.loop(), resolver_.get(), client_tls_.get());
        });
    }
    void forget_client() {
        thread_.call([&] {
            client_.reset();
            resolver_.reset();
        });
    }

    Outcome call(const std::string& host, const std::string& body = "hello", bool close = false) {
        return thread_.await<Outcome>([&] {
            return talk(
                client_->pool({.tls = true, .host = host, .port = server_->port()}), body, close);
        });
    }

    static Task<Outcome> talk(OriginPool* pool, std::string body, bool close) {
        std::string head =
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
        if (close) head += "Connection: close\r\n";
        head += "\r\n";
        const std::array<std::string_view, 2> pieces = {head, body};
        UpstreamCall call(pool, {});
        const auto sent = co_await call.exchange("POST", pieces);
        if (!sent) co_return Outcome{.problem = sent.error().detail};
        const auto rest = co_await call.read_rest(100'000'000);
        if (!rest) co_return Outcome{.problem = rest.error().detail};
        co_return Outcome{.body = std::string(rest->data(), rest->size())};
    }

    /// A call on a kept connection whose server goes in the turn in which it is made.
    Task<Outcome> call_once_the_server_has_gone() {
        OriginPool* const pool =
            client_->pool({.tls = true, .host = "localhost", .port = server_->port()});
        const Outcome first = co_await talk(pool, "hello", false);
        EXPECT_EQ(first.problem, "");
        EXPECT_EQ(pool->idle(), 1U);
        const MonoTime then = thread_.loop()->mono() + std::chrono::seconds(1);
        clock_.advance(std::chrono::seconds(1));
        while (thread_.loop()->mono() < then) co_await thread_.loop()->yield();
        server_.reset();
        Outcome second = co_await talk(pool, "hello", false);
        co_return second;
    }

    TemporaryFolder folder_;
    std::unique_ptr<ServerTls> server_tls_;
    std::unique_ptr<TestServer> server_;
    ManualClock clock_;  // moved on the loop's thread only
    LoopThread thread_{{.clock = &clock_, .sweep_every = std::chrono::milliseconds(3)}};
    std::unique_ptr<ClientTls> client_tls_;
    std::unique_ptr<Resolver> resolver_;
    std::unique_ptr<HttpClient> client_;
};

TEST_F(TlsTest, CarriesBodiesOfAnySizeBothWays) {
    for (const size_t size : {0U, 1U, 16'384U, 100'000U, 5'000'000U}) {
        std::string body;
        for (size_t i = 0; i < size; ++i) body += static_cast<char>('a' + i * i % 23);
        const Outcome outcome = call("localhost", body);
        EXPECT_EQ(outcome.problem, "");
        EXPECT_EQ(outcome.body, body);
    }
    EXPECT_EQ(server_->connections(), 1U) << "tickets do not make an idle connection look used";
}

TEST_F(TlsTest, AKeptConnectionIsAskedBeforeARequestIsTrustedToIt) {
    const Outcome outcome =
        thread_.await<Outcome>([this] { return call_once_the_server_has_gone(); });
    EXPECT_NE(outcome.problem.find("Connection refused"), std::string::npos)
        << "a new connection was tried, not the old one: " << outcome.problem;
}

TEST_F(TlsTest, ChecksTheNameAndTheAddress) {
    EXPECT_EQ(call("127.0.0.1").problem, "");
    EXPECT_EQ(call("localhost").problem, "");
    trust(folder_.file("cert"));
    TemporaryFolder other;
    write_certificate(other.file("cert"), other.file("key"), "DNS:elsewhere.example");
    const auto elsewhere = *ServerTls::load(other.file("cert"), other.file("key"));
    server_ = std::make_unique<TestServer>(echo, HttpServerOptions{}, elsewhere.get());
    trust(other.file("cert"));
    EXPECT_NE(call("localhost").problem.find("mismatch"), std::string::npos)
        << call("localhost").problem;
    EXPECT_NE(call("127.0.0.1").problem.find("mismatch"), std::string::npos);
    server_.reset();
}

TEST_F(TlsTest, AHostThatCannotBeCheckedIsNotCalled) {
    const std::string long_name = std::string(250, 'a') + ".example";
    for (const std::string& host : {std::string(), long_name, std::string("localhost\0x", 11)}) {
        TlsSession keep;
        EXPECT_EQ(client_tls_->new_session(host, nullptr, &keep), nullptr) << host;
    }
    EXPECT_NE(call("").problem, "");
}

TEST_F(TlsTest, RefusesAuthoritiesItDoesNotKnowAndOldCertificates) {
    TemporaryFolder other;
    write_certificate(other.file("cert"), other.file("key"), "DNS:localhost");
    trust(other.file("cert"));
    EXPECT_NE(call("localhost").problem.find("self-signed"), std::string::npos)
        << call("localhost").problem;
    write_certificate(folder_.file("cert"), folder_.file("key"), "DNS:localhost", -1);
    ASSERT_TRUE(server_tls_->reload());
    trust(folder_.file("cert"));
    EXPECT_NE(call("localhost").problem.find("expired"), std::string::npos);
}

TEST_F(TlsTest, AReloadServesNewConnectionsAndKeepsTheOld) {
    EXPECT_EQ(call("localhost").problem, "");
    write_certificate(folder_.file("cert"), folder_.file("key"), "DNS:localhost");
    ASSERT_TRUE(server_tls_->reload());
    EXPECT_EQ(call("localhost").problem, "") << "on the connection that stands";
    EXPECT_EQ(server_->connections(), 1U);
    trust(folder_.file("cert"));
    EXPECT_EQ(call("localhost").problem, "") << "with the new certificate";
    std::ofstream(folder_.file("cert")) << "garbage";
    const auto failed = server_tls_->reload();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::InvalidConfig);
    EXPECT_NE(failed.error().message.find(folder_.file("cert")), std::string::npos);
    EXPECT_EQ(call("127.0.0.1").problem.find("garbage"), std::string::npos);
    EXPECT_EQ(call("localhost").problem, "") << "the last good one stays";
}

TEST_F(TlsTest, SaysWhichFileIsWrong) {
    const auto missing = ServerTls::load(folder_.file("none"), folder_.file("key"));
    EXPECT_NE(missing.error().message.find(folder_.file("none")), std::string::npos);
    TemporaryFolder other;
    write_certificate(other.file("cert"), other.file("key"), "DNS:x");
    const auto foreign = ServerTls::load(folder_.file("cert"), other.file("key"));
    EXPECT_NE(foreign.error().message.find(other.file("key")), std::string::npos)
        << foreign.error().message;
    EXPECT_FALSE(ClientTls::load(folder_.file("none")));
}

/// A blocking TLS client, to offer what ours does not.
struct Session {
    Session(uint16_t port, const char* alpn, int version) : peer(port) {
        SSL_CTX* context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_max_proto_version(context, version);
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_security_level(context, 0);
        ssl = SSL_new(context);
        SSL_CTX_free(context);
        if (alpn != nullptr) {
            SSL_set_alpn_protos(ssl,
                                reinterpret_cast<const unsigned char*>(alpn),
                                static_cast<unsigned>(std::char_traits<char>::length(alpn)));
        }
        SSL_set_fd(ssl, peer.fd());
        connected = SSL_connect(ssl) == 1;
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { SSL_free(ssl); }
    Peer peer;
    SSL* ssl;
    bool connected;
};

TEST_F(TlsTest, SpeaksTls12AndUpAndOnlyHttp11) {
    EXPECT_TRUE(Session(server_->port(), nullptr, TLS1_3_VERSION).connected);
    EXPECT_TRUE(Session(server_->port(), nullptr, TLS1_2_VERSION).connected);
    EXPECT_FALSE(Session(server_->port(), nullptr, TLS1_1_VERSION).connected);
    EXPECT_TRUE(Session(server_->port(), "\x02h2\x08http/1.1", TLS1_3_VERSION).connected);
    EXPECT_FALSE(Session(server_->port(), "\x02h2", TLS1_3_VERSION).connected);
}

TEST_F(TlsTest, WhoDoesNotShakeHandsIsClosed) {
    TestServer impatient(
        echo, {.handshake_timeout = std::chrono::milliseconds(20)}, server_tls_.get());
    Peer silent(impatient.port());
    EXPECT_TRUE(silent.hears_end());
    Peer plain(impatient.port());
    plain.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(plain.hear_all().find("HTTP/1.1 "), std::string::npos);
}

TEST_F(TlsTest, ResumesTheSessionOnANewConnection) {
    const auto resumed = [&] {
        return thread_.call([&] {
            return client_->pool({.tls = true, .host = "localhost", .port = server_->port()})
                ->resumed();
        });
    };
    EXPECT_EQ(call("localhost", "a", true).problem, "");
    EXPECT_EQ(resumed(), 0U);
    EXPECT_EQ(call("localhost", "b", true).body, "b");
    EXPECT_EQ(call("localhost", "c", true).body, "c");
    EXPECT_EQ(resumed(), 2U);
}

}  // namespace
}  // namespace keywarden
