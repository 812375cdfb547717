#include "net/http_server.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_peer.h"

namespace keywarden {
namespace {

using test::Peer;
using test::TestServer;

/// Answers with the method, the target, and the body.
Task<void> echo(Exchange* exchange) {
    std::string text(exchange->head().method());
    text += " " + std::string(exchange->head().target()) + " ";
    const auto body = co_await exchange->read_body(1'000'000);
    if (!body) {
        exchange->start(info(body.error().code).http_status);
        co_await exchange->send(info(body.error().code).slug);
        co_return;
    }
    text.append(body->data(), body->size());
    exchange->start(200);
    co_await exchange->send(text);
}

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

std::string get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
    TestServer server(echo);
    Peer peer(server.port());
    for (const std::string target : {"/a", "/b?c=d", "/e"}) {
        peer.say(get(target));
        const std::string answer = peer.hear_answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
        EXPECT_EQ(answer.find("Connection"), std::string::npos);
        EXPECT_EQ(body_of(answer), "GET " + target + " ");
    }
    EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpServer, AnswersAPipelineInOrder) {
    TestServer server(echo);
    Peer peer(server.port());
    std::string all;
    for (int i = 0; i < 100; ++i) {
        all += get("/" + std::to_string(i));
        all += "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab" +
               std::to_string(i % 10) + "\r\n0\r\n\r\n";
    }
    peer.say(all);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(body_of(peer.hear_answer()), "GET /" + std::to_string(i) + " ");
        EXPECT_EQ(body_of(peer.hear_answer()), "POST /p ab" + std::to_string(i % 10));
    }
}

}  // namespace
}  // namespace keywarden
