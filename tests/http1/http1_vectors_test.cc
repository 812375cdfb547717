// Raw HTTP/1.1 messages of others, with their verdicts: never more lenient than llhttp's strict
// mode, and every MUST of Http11Probe against a real server.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "net/http_chunked.h"
#include "net/http_head.h"
#include "net/test_peer.h"

namespace keywarden {
namespace {

using nlohmann::json;
using test::Peer;
using test::TestServer;

std::filesystem::path vectors() {
    const char* given = std::getenv("KEYWARDEN_VECTORS");
    if (given != nullptr) return given;
    return std::filesystem::path(KEYWARDEN_ROOT) / "../shared/vectors";
}

std::optional<json> read_vectors(const std::string& name) {
    std::ifstream file(vectors() / "http1" / name);
    if (!file) return std::nullopt;
    return json::parse(file);
}

std::string from_base64(const std::string& text) {
    std::string bytes(text.size(), '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    bytes.resize(static_cast<size_t>(size) - (text.ends_with("==")  ? 2
                                              : text.ends_with("=") ? 1
                                                                    : 0));
    return bytes;
}

std::string text_of(const json& vector, const char* key) {
    return vector[key].is_string() ? vector[key].get<std::string>() : std::string();
}

/// How far our parsers get with a stream of messages: true when one of them is refused.
template <class Head>
bool is_refused(std::string bytes) {
    while (!bytes.empty()) {
        Head head;
        const auto progress = head.parse(bytes.data(), bytes.size());
        if (progress == Head::Progress::Bad) return true;
        if (progress == Head::Progress::More) return false;
        std::string body = bytes.substr(head.size());
        size_t size = std::min<size_t>(body.size(), head.content_length().value_or(0));
        if (head.chunked()) {
            ChunkedDecoder chunks;
            size = chunks.decode_in_place(body.data(), body.size()).consumed;
            if (chunks.bad()) return true;
            if (!chunks.done()) return false;
        }
        if (!head.keep_alive()) return false;  // what follows is never looked at
        bytes = bytes.substr(head.size() + size);
    }
    return false;
}

/// Where our answer to bytes that llhttp refuses is another, and as safe.
bool is_answered_otherwise(const std::string& reason) {
    // We close after such a message: what follows is not looked at.
    if (reason == "Data after `Connection: close`") return true;
    // Methods are for the router to know: an unknown one is 405.
    return reason == "Expected space after method" ||
           reason == "Invalid method for HTTP/x.x request";
}

TEST(Http1Vectors, IsNeverMoreLenientThanLlhttp) {
    const auto all = read_vectors("llhttp-vectors.json");
    if (!all) GTEST_SKIP() << "no vectors in " << vectors() / "http1";
    int refused = 0;
    for (const json& vector : *all) {
        const std::string reason = text_of(vector, "llhttp_error");
        if (vector["lenient"].get<bool>() || reason.empty() || is_answered_otherwise(reason)) {
            continue;
        }
        // The fixtures end without their last line end; some errors show only with it.
        const std::string bytes = from_base64(vector["raw"]);
        const bool is_request = vector["type"].get<std::string>().starts_with("request");
        // A Host, so that its absence is not what we refuse.
        std::string with_host = bytes;
        const size_t first_line = bytes.find("\r\n");
        if (is_request && first_line != std::string::npos &&
            bytes.find("Host:") == std::string::npos) {
            with_host.insert(first_line + 2, "Host: x\r\n");
        }
        const auto refuses = [&](const std::string& text) {
            return is_request ? is_refused<RequestHead>(text) : is_refused<ResponseHead>(text);
        };
        EXPECT_TRUE(refuses(with_host) || refuses(with_host + "\r\n") ||
                    refuses(with_host + "\r\n\r\n"))
            << vector["name"] << ": " << reason << "\n"
            << testing::PrintToString(bytes);
        ++refused;
    }
    EXPECT_GT(refused, 60);
}

Task<void> echo(Exchange* exchange) {
    const bool options = exchange->head().method() == "OPTIONS";
    const auto body = co_await exchange->read_body(1'000'000);
    exchange->start(body || options ? 200 : info(body.error().code).http_status);
    co_await exchange->send(body ? std::string_view(body->data(), body->size()) : "");
}

/// What the server answered: a status, or 0 when it closed (or waited until we did).
int status_of(const std::string& answer) {
    return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}

TEST(Http1Vectors, KeepsEveryMust) {
    const auto all = read_vectors("http11probe-vectors.json");
    if (!all) GTEST_SKIP() << "no vectors in " << vectors() / "http1";
    TestServer server(echo);
    int musts = 0;
    for (const json& vector : *all) {
        if (vector["level"] != "Must" || !vector.contains("raw")) continue;
        const std::string expected = vector["expect"];
        Peer peer(server.port());
        peer.say(from_base64(vector["raw"]));
        peer.end_writing();
        const std::string answer = peer.hear_all();
        const int status = status_of(answer);
        const bool ok = status / 100 == 2;
        const std::string told = expected + ", got " + std::to_string(status);
        ++musts;
        if (expected == "Exact(400)") {
            EXPECT_EQ(status, 400) << vector["id"] << ": " << vector["desc"];
        } else if (expected.starts_with("Range2xx") || expected.starts_with("2xx")) {
            EXPECT_TRUE(ok) << vector["id"] << ": " << told;
        } else if (expected.starts_with("400/") || expected.starts_with("400, or close")) {
            EXPECT_TRUE(status == 400 || status == 413 || status == 0)
                << vector["id"] << ": " << told;
        } else if (expected.find("101") != std::string::npos) {
            EXPECT_NE(status, 101) << vector["id"];
        } else {
            EXPECT_TRUE(ok || status == 400 || status == 0) << vector["id"] << ": " << told;
        }
        if (expected.starts_with("2xx + echo")) {
            EXPECT_TRUE(answer.ends_with("hello") || answer.find("hello") != std::string::npos)
                << vector["id"] << answer;
        }
    }
    EXPECT_GT(musts, 60);
}

}  // namespace
}  // namespace keywarden
