#include "net/http_head.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace keywarden {
namespace {

using Progress = MessageHead::Progress;

std::string request(std::string_view line, std::string_view fields = "Host: x\r\n") {
    return std::string(line) + "\r\n" + std::string(fields) + "\r\n";
}

HeadFault fault_of(const std::string& bytes) {
    RequestHead head;
    const Progress progress = head.parse(bytes.data(), bytes.size());
    EXPECT_EQ(progress == Progress::Bad, head.fault() != HeadFault::None);
    return head.fault();
}

Progress progress_of(const std::string& bytes) {
    RequestHead head;
    return head.parse(bytes.data(), bytes.size());
}

void refuses(const std::string& bytes, HeadFault fault = HeadFault::Malformed) {
    EXPECT_EQ(fault_of(bytes), fault) << testing::PrintToString(bytes.substr(0, 200));
}

void accepts(const std::string& bytes) {
    EXPECT_EQ(progress_of(bytes), Progress::Done) << testing::PrintToString(bytes);
}

TEST(RequestHead, SaysWhatTheClientSaid) {
    const std::string bytes =
        "POST /v1/chat/completions?a=b?c HTTP/1.1\r\nHost: example.com:8080\r\n"
        "X-Two:\t spaced out \t\r\nEmpty:\r\nx-two: again\r\nContent-Length: 12\r\n\r\nbody";
    RequestHead head;
    ASSERT_EQ(head.parse(bytes.data(), bytes.size()), Progress::Done);
    EXPECT_EQ(head.method(), "POST");
    EXPECT_EQ(head.target(), "/v1/chat/completions?a=b?c");
    EXPECT_EQ(head.path(), "/v1/chat/completions");
    EXPECT_EQ(head.query(), "a=b?c");
    EXPECT_EQ(head.host(), "example.com:8080");
    EXPECT_EQ(head.value("X-TWO"), "spaced out");
    EXPECT_EQ(head.count("x-two"), 2U);
    EXPECT_EQ(head.value("empty"), "");
    EXPECT_EQ(head.count("empty"), 1U);
    EXPECT_EQ(head.count("absent"), 0U);
    EXPECT_EQ(head.field_count(), 5U);
    EXPECT_EQ(head.content_length(), 12U);
    EXPECT_TRUE(head.has_body());
    EXPECT_TRUE(head.keep_alive());
    EXPECT_EQ(head.size(), bytes.size() - 4);
}

TEST(RequestHead, ViewsFollowTheBytesWhenTheyMove) {
    const std::string bytes = request("GET /here HTTP/1.1", "Host: x\r\nA: value\r\n");
    RequestHead head;
    ASSERT_EQ(head.parse(bytes.data(), bytes.size()), Progress::Done);
    const std::string moved = bytes;
    head.rebase(moved.data());
    EXPECT_EQ(head.value("a").data(), moved.data() + moved.find("value"));
    EXPECT_EQ(head.target(), "/here");
}

TEST(RequestHead, RefusesLinesThatCanBeReadInTwoWays) {
    refuses("GET / HTTP/1.1\nHost: x\r\n\r\n");
    refuses("GET / HTTP/1.1\r\nHost: x\n\r\n");
    refuses("GET / HTTP/1.1\r\nHost: x\r\n\n");
    refuses("GET / HTTP/1.1\rHost: x\r\n\r\n");
    refuses(request("GET / HTTP/1.1", "Host: x\r\nA: b\r\n folded\r\n"));
    refuses(request("GET / HTTP/1.1", "Host: x\r\nA: b\r\n\tfolded\r\n"));
    refuses(request("GET / HTTP/1.1", " Host: x\r\n"));
    refuses(request("GET / HTTP/1.1", "Host : x\r\n"));
    refuses(request("GET / HTTP/1.1", "Host\t: x\r\n"));
    refuses(request("GET / HTTP/1.1", "Host: x\r\nno colon\r\n"));
    refuses(request("GET / HTTP/1.1", "Host: x\r\n: no name\r\n"));
    refuses(request("GET / HTTP/1.1", "Host: x\r\nA: b\rC: d\r\n"));
    for (const char bad : {'\0', '\1', '\v', '\f', '\x1f', '\x7f'}) {
        refuses(
            request("GET / HTTP/1.1", "Host: x\r\nA: 12345" + std::string(1, bad) + "89ab\r\n"));
        refuses(request("GET / HTTP/1.1", "Host: x\r\nA" + std::string(1, bad) + ": b\r\n"));
        refuses(request("GET /" + std::string(1, bad) + " HTTP/1.1"));
    }
    accepts(request("GET / HTTP/1.1", "Host: x\r\nA: tab\tand \xc3\xa9 are text\r\n"));
}

TEST(RequestHead, RefusesFirstLinesThatAreNone) {
    for (const std::string line : {"GET /",
                                   "GET  / HTTP/1.1",
                                   "GET / HTTP/1.1 ",
                                   "GET /a b HTTP/1.1",
                                   "GET\t/ HTTP/1.1",
                                   "GET HTTP/1.1",
                                   " GET / HTTP/1.1",
                                   "G[T / HTTP/1.1",
                                   "GET / http/1.1",
                                   "GET / HTTP/1",
                                   "GET / HTTP/1.",
                                   "GET / HTTP/01.1",
                                   "GET / HTTP/1.01",
                                   "GET / HTTP/ 1.1",
                                   "GET / HTTP/1.1x",
                                   "GET /\xc3\xa9 HTTP/1.1",
                                   "GET /a#b HTTP/1.1",
                                   "GET a HTTP/1.1",
                                   "GET * HTTP/1.1",
                                   "CONNECT x:1 HTTP/1.1",
                                   "ftp://x/ / HTTP/1.1"}) {
        refuses(request(line));
    }
    refuses(request(std::string(33, 'M') + " / HTTP/1.1"));
    for (const std::string version : {"2.0", "0.9", "1.2", "9.9"}) {
        refuses(request("GET / HTTP/" + version), HeadFault::Version);
    }
    refuses("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HeadFault::Version);
}

TEST(RequestHead, MeetsOneExpectationAndRefusesTheOthers) {
    const auto fault = [](const std::string& value, const std::string& version = "1.1") {
        const std::string text = request("POST / HTTP/" + version, "Host: x\r\n" + value);
        RequestHead head;
        head.parse(text.data(), text.size());
        return std::pair(head.fault(), head.expects_continue());
    };
    for (const char* met : {"Expect: 100-continue\r\n",
                            "expect: 100-Continue\r\n",
                            "Expect: 100-continue, 100-continue\r\n",
                            "Expect: 100-continue\r\nExpect: 100-continue\r\n"}) {
        EXPECT_EQ(fault(met), std::pair(HeadFault::None, true)) << met;
    }
    for (const char* refused : {"Expect: 200-ok\r\n",
                                "Expect: 100-continue, x\r\n",
                                "Expect: x\r\nExpect: 100-continue\r\n",
                                "Expect: 100-continue;q=1\r\n"}) {
        EXPECT_EQ(fault(refused).first, HeadFault::Expectation) << refused;
        EXPECT_EQ(fault(refused, "1.0"), std::pair(HeadFault::None, false)) << refused;
    }
    EXPECT_EQ(fault("Expect:\r\n"), std::pair(HeadFault::None, false));
    EXPECT_EQ(fault("Expect: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n").first,
              HeadFault::Malformed);
}

TEST(RequestHead, TakesEachFormOfTargetForWhatItIs) {
    accepts(request("OPTIONS * HTTP/1.1"));
    accepts(request("GET /with_\"quotes\"?a|b HTTP/1.1"));
    const std::string absolute = request("GET http://x:80/p?q HTTP/1.1", "Host: X:80\r\n");
    RequestHead head;
    ASSERT_EQ(head.parse(absolute.data(), absolute.size()), Progress::Done);
    EXPECT_EQ(head.target(), "/p?q");
    const std::string bare = request("GET https://x HTTP/1.1");
    head.reset();
    ASSERT_EQ(head.parse(bare.data(), bare.size()), Progress::Done);
    EXPECT_EQ(head.target(), "/");
    refuses(request("GET http://other/ HTTP/1.1"));
    refuses(request("GET http://user@x/ HTTP/1.1", "Host: user@x\r\n"));
    refuses(request("GET http:///p HTTP/1.1"));
    refuses(request("GET http://x?q HTTP/1.1"));
}

TEST(RequestHead, WantsOneHost) {
    refuses(request("GET / HTTP/1.1", ""));
    refuses(request("GET / HTTP/1.1", "Host: x\r\nHost: x\r\n"));
    refuses(request("GET / HTTP/1.0", "Host: x\r\nHost: y\r\n"));
    accepts(request("GET / HTTP/1.0", ""));
    for (const std::string host : {"",
                                   "a b",
                                   "a,b",
                                   "u@h",
                                   "h/p",
                                   "h:123456",
                                   "h:1x",
                                   "[::1",
                                   "[]",
                                   "[g::1]",
                                   "h\\",
                                   "[::1]x",
                                   "é"}) {
        refuses(request("GET / HTTP/1.1", "Host: " + host + "\r\n"));
    }
    for (const std::string host :
         {"h", "a-b.c_d~", "1.2.3.4:80", "[::1]", "[::ffff:1.2.3.4]:443"}) {
        accepts(request("GET / HTTP/1.1", "Host: " + host + "\r\n"));
    }
}

TEST(RequestHead, RefusesDoubtfulFraming) {
    const auto with = [](std::string_view fields) {
        return request("POST / HTTP/1.1", "Host: x\r\n" + std::string(fields) + "\r\n");
    };
    for (const std::string length :
         {"", "+5", "-0", "5, 5", "0x5", "5 5", "1_0", "abc", "5,", "9999999999999999999", "\v5"}) {
        refuses(with("Content-Length: " + length));
    }
    refuses(with("Content-Length: 5\r\nContent-Length: 5"));
    refuses(with("Content-Length: 5\r\nTransfer-Encoding: chunked"));
    refuses(with("Transfer-Encoding: chunked\r\nContent-Length: 5"));
    refuses(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"));
    for (const std::string coding : {"",
                                     "gzip",
                                     "identity",
                                     "xchunked",
                                     "chunked, chunked",
                                     "gzip, chunked",
                                     "chunked;a=b",
                                     "chunked,",
                                     ",chunked",
                                     "\"chunked\"",
                                     "chunked\v"}) {
        refuses(with("Transfer-Encoding: " + coding));
    }
    refuses(request("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n"));
    accepts(with("transfer-ENCODING:\tChunked "));
    accepts(with("Content-Length:\t005 "));
}

TEST(RequestHead, KnowsWhetherTheConnectionIsKept) {
    const auto keeps = [](std::string_view version, std::string_view connection) {
        const std::string bytes =
            request("GET / HTTP/" + std::string(version),
                    "Host: x\r\nConnection: " + std::string(connection) + "\r\n");
        RequestHead head;
        EXPECT_EQ(head.parse(bytes.data(), bytes.size()), Progress::Done);
        return head.keep_alive();
    };
    EXPECT_TRUE(keeps("1.1", "x-other"));
    EXPECT_TRUE(keeps("1.1", "keep-alive"));
    EXPECT_FALSE(keeps("1.1", "CLOSE"));
    EXPECT_FALSE(keeps("1.1", "keep-alive , close"));
    EXPECT_FALSE(keeps("1.0", "x-other"));
    EXPECT_TRUE(keeps("1.0", "Keep-Alive"));
    EXPECT_FALSE(keeps("1.0", "keep-alive, close"));
    const std::string bytes = request("GET / HTTP/1.1", "Host: x\r\nConnection: a, X-Hop ,b\r\n");
    RequestHead head;
    ASSERT_EQ(head.parse(bytes.data(), bytes.size()), Progress::Done);
    EXPECT_TRUE(head.named_in_connection("x-hop"));
    EXPECT_TRUE(head.named_in_connection("b"));
    EXPECT_FALSE(head.named_in_connection("x-ho"));
}

TEST(RequestHead, HoldsItsBounds) {
    std::string fields = "Host: x\r\n";
    for (size_t i = 1; i < kHeadFieldsMax; ++i) fields += "A: b\r\n";
    accepts(request("GET / HTTP/1.1", fields));
    refuses(request("GET / HTTP/1.1", fields + "A: b\r\n"), HeadFault::TooLarge);

    const std::string frame = request("GET / HTTP/1.1", "Host: x\r\nA: \r\n");
    const auto of_size = [&](size_t size) {
        return request("GET / HTTP/1.1",
                       "Host: x\r\nA: " + std::string(size - frame.size(), 'a') + "\r\n");
    };
    ASSERT_EQ(of_size(kHeadBytesMax).size(), kHeadBytesMax);
    accepts(of_size(kHeadBytesMax));
    refuses(of_size(kHeadBytesMax + 1), HeadFault::TooLarge);
    // Without an end in sight it is not waited for.
    refuses("GET /" + std::string(kHeadBytesMax, 'a'), HeadFault::TooLarge);
}

TEST(RequestHead, SeesAtOnceThatItIsNotHttp) {
    refuses("\x16\x03\x01\x02");  // a TLS client on a plain port
    refuses("\r\n\r\n");
    refuses(std::string("\0", 1));
    refuses(std::string(40, 'A'));
    EXPECT_EQ(progress_of(""), Progress::More);
    EXPECT_EQ(progress_of("\r"), Progress::More);
    EXPECT_EQ(progress_of("\r\nGE"), Progress::More);
    accepts("\r\n" + request("GET / HTTP/1.1"));
}

TEST(ResponseHead, SaysWhatTheServerSaid) {
    const std::string bytes =
        "HTTP/1.1 200 OK then\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\n";
    ResponseHead head;
    ASSERT_EQ(head.parse(bytes.data(), bytes.size()), Progress::Done);
    EXPECT_EQ(head.status(), 200);
    EXPECT_EQ(head.content_length(), 3U);
    EXPECT_FALSE(head.is_interim());
    for (const std::string line : {"HTTP/1.1 301", "HTTP/1.0 200 ", "HTTP/1.1 500 Ori\xc3\xab"}) {
        head.reset();
        const std::string plain = line + "\r\n\r\n";
        EXPECT_EQ(head.parse(plain.data(), plain.size()), Progress::Done) << line;
    }
}

TEST(ResponseHead, RefusesWhatIsNone) {
    for (const std::string bytes :
         {"HTTP/2.0 200 OK\r\n\r\n",
          "HTTP/1.1  200 OK\r\n\r\n",
          "HTTP/1.1 2 OK\r\n\r\n",
          "HTTP/1.1 2000 OK\r\n\r\n",
          "HTTP/1.1 099 OK\r\n\r\n",
          "HTTP/1.1\t200 OK\r\n\r\n",
          "\r\nHTTP/1.1 200 OK\r\n\r\n",
          "HTTP/1.1 200 O\x01K\r\n\r\n",
          "HTTP/1.1 200 OK\n\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
          "ICY 200 OK\r\n\r\n",
          "SSH-2.0"}) {
        ResponseHead head;
        EXPECT_EQ(head.parse(bytes.data(), bytes.size()), Progress::Bad) << bytes;
    }
}

/// Pieces from which heads are made, good ones and bad ones.
rc::Gen<std::string> any_head() {
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(
                            rc::gen::element<std::string>("GET / HTTP/1.1\r\n",
                                                          "POST /a?b HTTP/1.1\r\n",
                                                          "Host: x\r\n",
                                                          "A: b\r\n",
                                                          "\r\n",
                                                          "\n",
                                                          "\r",
                                                          " folded\r\n",
                                                          "Content-Length: 5\r\n",
                                                          "Transfer-Encoding: chunked\r\n",
                                                          "X",
                                                          std::string("\0", 1),
                                                          ": ",
                                                          "HTTP/2.0\r\n",
                                                          std::string(3'000, 'a'))),
                        [](const std::vector<std::string>& parts) {
                            std::string all = "GET /start HTTP/1.1\r\nHost: x\r\n";
                            for (const std::string& part : parts) all += part;
                            return all;
                        });
}

TEST(RequestHead, AnyCutOfTheBytesGivesTheSameResult) {
    const bool held = rc::check([] {
        const std::string bytes = *any_head();
        RequestHead whole;
        const Progress expected = whole.parse(bytes.data(), bytes.size());
        RequestHead cut;
        Progress progress = Progress::More;
        size_t given = 0;
        while (progress == Progress::More && given < bytes.size()) {
            given += static_cast<size_t>(*rc::gen::inRange(1, 40));
            given = std::min(given, bytes.size());
            // Each time at another address, of exactly the size that is there.
            const std::vector<char> copy(bytes.begin(), bytes.begin() + static_cast<long>(given));
            progress = cut.parse(copy.data(), copy.size());
        }
        RC_ASSERT(progress == expected);
        RC_ASSERT(cut.fault() == whole.fault());
        if (expected != Progress::Done) return;
        cut.rebase(bytes.data());
        RC_ASSERT(cut.size() == whole.size());
        RC_ASSERT(cut.field_count() == whole.field_count());
        for (size_t i = 0; i < cut.field_count(); ++i) {
            RC_ASSERT(cut.field(i).name == whole.field(i).name);
            RC_ASSERT(cut.field(i).value == whole.field(i).value);
        }
    });
    EXPECT_TRUE(held);
}

}  // namespace
}  // namespace keywarden
