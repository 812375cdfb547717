#include "net/blocking_client.h"

#include <atomic>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_certificate.h"
#include "net/test_peer.h"

namespace keywarden {
namespace {

using test::TestServer;

Task<void> echo(Exchange* exchange) {
    const auto body = co_await exchange->read_body(1'000'000);
    if (!body) co_return;
    exchange->start(201);
    exchange->add_field("X-Host", exchange->head().host());
    exchange->add_field("X-Target", exchange->head().target());
    exchange->add_field("X-Sent", exchange->head().value("x-sent"));
    co_await exchange->send({body->data(), body->size()});
}

/// Goes on only once the first piece has been heard.
Task<void> three_pieces(Exchange* exchange, const std::atomic<bool>* heard) {
    exchange->start(200);
    exchange->start_body();
    co_await exchange->write("one ");
    while (!*heard) co_await exchange->loop()->yield();
    co_await exchange->write("two ");
    co_await exchange->end("three");
}

Origin origin_of(const TestServer& server) { return {.host = "127.0.0.1", .port = server.port()}; }

TEST(BlockingClient, SendsARequestAndReturnsTheAnswer) {
    TestServer server(echo);
    auto client = *BlockingClient::make(origin_of(server));
    for (int i = 0; i < 3; ++i) {
        const auto answer = client->call(
            {.method = "POST", .target = "/p?q", .headers = {{"X-Sent", "yes"}}, .body = "hello"});
        ASSERT_TRUE(answer) << answer.error().detail;
        EXPECT_EQ(answer->status, 201);
        EXPECT_EQ(answer->body, "hello");
        const HttpRequest fields{.headers = answer->headers};
        EXPECT_EQ(fields.header("x-target"), "/p?q");
        EXPECT_EQ(fields.header("x-sent"), "yes");
        EXPECT_EQ(fields.header("x-host"), "127.0.0.1:" + std::to_string(server.port()));
    }
    EXPECT_EQ(server.connections(), 1U);
}

TEST(BlockingClient, HandsPiecesOnAsTheyCome) {
    std::atomic<bool> heard = false;
    TestServer server([&heard](Exchange* exchange) { return three_pieces(exchange, &heard); });
    auto client = *BlockingClient::make(origin_of(server));
    std::string all;
    int pieces = 0;
    int status = 0;
    const auto answer = client->stream(
        {},
        [&](const HttpResponse& head) { status = head.status; },
        [&](std::string_view piece) {
            EXPECT_EQ(status, 200) << "the head is told first";
            all += piece;
            ++pieces;
            heard = true;
            return true;
        });
    ASSERT_TRUE(answer);
    EXPECT_EQ(all, "one two three");
    EXPECT_GE(pieces, 2);
    const auto stopped = client->stream({}, nullptr, [](std::string_view) { return false; });
    EXPECT_TRUE(stopped);
}

TEST(BlockingClient, SpeaksOverAUnixSocket) {
    const test::TemporaryFolder folder;
    TestServer server(echo);
    server.thread().call(
        [&] { return server.server()->listen(*listen_unix(folder.file("s"))).has_value(); });
    auto client = *BlockingClient::make({.unix_path = folder.file("s")});
    const auto answer = client->call({.method = "PUT", .body = "x"});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "x");
    EXPECT_EQ((HttpRequest{.headers = answer->headers}.header("x-host")), "localhost");
}

TEST(BlockingClient, NobodyThereIsGatewayUnreachable) {
    const test::TemporaryFolder folder;
    auto client = *BlockingClient::make({.unix_path = folder.file("none")});
    const auto answer = client->call({});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::GatewayUnreachable);
    EXPECT_NE(answer.error().message.find(folder.file("none")), std::string::npos);
    EXPECT_FALSE(BlockingClient::make({.tls = true, .host = "x"}, {.ca_file = folder.file("no")}));
}

TEST(BlockingClient, ReadsBaseUrls) {
    const auto plain = parse_base_url("http://127.0.0.1:8080");
    ASSERT_TRUE(plain);
    EXPECT_FALSE(plain->origin.tls);
    EXPECT_EQ(plain->origin.host, "127.0.0.1");
    EXPECT_EQ(plain->origin.port, 8080);
    EXPECT_EQ(plain->host_field, "127.0.0.1:8080");
    EXPECT_EQ(plain->prefix, "");
    const auto deep = parse_base_url("https://api.example.com/openai/v1/");
    ASSERT_TRUE(deep);
    EXPECT_TRUE(deep->origin.tls);
    EXPECT_EQ(deep->origin.port, 443);
    EXPECT_EQ(deep->prefix, "/openai/v1");
    EXPECT_EQ(deep->host_field, "api.example.com");
    const auto v6 = parse_base_url("http://[::1]:81/v1");
    EXPECT_EQ(v6->origin.host, "::1");
    EXPECT_EQ(v6->origin.port, 81);
    EXPECT_EQ(parse_base_url("http://[::1]")->origin.host, "::1");
    for (const std::string url : {"",
                                  "localhost:8080",
                                  "ftp://x",
                                  "http://",
                                  "http://:80",
                                  "http://x:",
                                  "http://x:0",
                                  "http://x:99999",
                                  "http://x:8a",
                                  "http://a b",
                                  "http://u@x",
                                  "http://x/?q",
                                  "http://x/#f"}) {
        const auto refused = parse_base_url(url);
        ASSERT_FALSE(refused) << url;
        EXPECT_EQ(refused.error().code, ErrorCode::InvalidRequest);
    }
}

}  // namespace
}  // namespace keywarden
