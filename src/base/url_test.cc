#include "base/url.h"

#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

/// "tls host port path", or the refusal.
std::string read(std::string_view text) {
    const Result<Url> url = parse_url(text);
    if (!url) return url.error().message;
    return (url->tls ? "tls " : "plain ") + url->host + ' ' + std::to_string(url->port) + ' ' +
           url->path;
}

TEST(Url, ComesApartIntoWhatAClientNeeds) {
    EXPECT_EQ(read("https://api.example.com/v1"), "tls api.example.com 443 /v1");
    EXPECT_EQ(read("HTTPS://API.Example.COM:8443/OpenAI/v1/"),
              "tls api.example.com 8443 /OpenAI/v1");
    EXPECT_EQ(read("http://127.0.0.1:8080"), "plain 127.0.0.1 8080 ");
    EXPECT_EQ(read("http://localhost/"), "plain localhost 80 ");
    EXPECT_EQ(read("http://[::1]:8000/v1"), "plain ::1 8000 /v1");
    EXPECT_EQ(read("https://[2001:DB8::1]"), "tls 2001:db8::1 443 ");
    EXPECT_EQ(read("https://a_b-c.example/x"), "tls a_b-c.example 443 /x");
}

TEST(Url, TheHostHeaderLeavesTheUsualPortOut) {
    EXPECT_EQ(parse_url("https://a.example:443")->authority(), "a.example");
    EXPECT_EQ(parse_url("https://a.example:80")->authority(), "a.example:80");
    EXPECT_EQ(parse_url("http://a.example:80")->authority(), "a.example");
    EXPECT_EQ(parse_url("http://[::1]:81")->authority(), "[::1]:81");
}

TEST(Url, RefusesWhatTwoReadersCouldReadInTwoWays) {
    const std::vector<std::string> refused = {
        "",
        "http",
        "https:",
        "example.com",
        "//example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "https:/example.com",
        "https://",
        "https:///v1",
        "https://user@example.com",
        "https://user:secret@example.com",
        "https://example.com?x",
        "https://example.com/v1#x",
        "https://example.com\\@evil.example",
        "https://example.com/a/../b",
        "https://example.com/./b",
        "https://example.com//b",
        "https://example.com/..",
        "https://example.com/%2e%2e/",
        "https://example.com/a b",
        "https://exam ple.com",
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:",
        "https://example.com:8a",
        "https://example.com:+80",
        "https://.example.com",
        "https://example.com.",
        "https://example..com",
        "https://-example.com",
        "https://ex\xc3\xa4mple.com",
        "https://127.1",
        "https://0x7f.1",
        "https://2130706433",
        "https://127.0.0.01",
        "https://0x7f000001",
        "https://1.2.3.4.5",
        "https://[::1",
        "https://[::1]x",
        "https://[::1%25eth0]",
        "https://[127.0.0.1]",
        "https://::1",
        "https://example.com/\r\nHost: evil",
        std::string("https://[::1\0x]", 15),
        std::string("https://127.0.0.1\0x", 19),
        "https://" + std::string(254, 'a'),
        "https://" + std::string(64, 'a') + ".com",
        "https://a.example/" + std::string(kUrlBytesMax, 'a'),
    };
    for (const std::string& text : refused) {
        const Result<Url> url = parse_url(text);
        EXPECT_FALSE(url) << text << " became " << read(text);
        if (!url) {
            EXPECT_EQ(url.error().code, ErrorCode::InvalidConfig);
            EXPECT_FALSE(url.error().message.contains("example.com")) << url.error().message;
        }
    }
}

TEST(Url, KnowsWhatIsPrivate) {
    for (const char* host : {"127.0.0.1",
                             "127.255.0.9",
                             "10.0.0.1",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.168.1.1",
                             "100.64.0.1",
                             "::1",
                             "fc00::1",
                             "fd12::9",
                             "::ffff:10.0.0.1",
                             "localhost",
                             "ollama",
                             "x.localhost",
                             "nas.local",
                             "llm.internal",
                             "box.lan",
                             "x.home.arpa"}) {
        EXPECT_TRUE(is_private_host(host)) << host;
    }
    for (const char* host : {"8.8.8.8",
                             "172.15.0.1",
                             "172.32.0.1",
                             "192.169.0.1",
                             "100.128.0.1",
                             "169.254.169.254",
                             "0.0.0.0",
                             "::",
                             "fe80::1",
                             "2001:db8::1",
                             "::ffff:8.8.8.8",
                             "example.com",
                             "localhost.example.com",
                             "api.notlocal"}) {
        EXPECT_FALSE(is_private_host(host)) << host;
    }
}

}  // namespace
}  // namespace keywarden
