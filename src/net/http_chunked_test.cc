#include "net/http_chunked.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace keywarden {
namespace {

struct Decoded {
    std::string body;
    std::string rest;
    bool done = false;
    bool bad = false;

    friend bool operator==(const Decoded&, const Decoded&) = default;
};

/// Decodes `bytes` given in pieces of `cuts` bytes (the last cut goes on for ever).
Decoded decode(const std::string& bytes, const std::vector<size_t>& cuts = {SIZE_MAX}) {
    ChunkedDecoder decoder;
    Decoded result;
    size_t at = 0;
    size_t turn = 0;
    while (at < bytes.size() && !decoder.done() && !decoder.bad()) {
        const size_t size = std::min(bytes.size() - at,
                                     std::max<size_t>(1, cuts[std::min(turn++, cuts.size() - 1)]));
        std::string piece = bytes.substr(at, size);
        const auto step = decoder.decode_in_place(piece.data(), piece.size());
        result.body += piece.substr(0, step.decoded);
        at += step.consumed;
    }
    result.rest = bytes.substr(at);
    result.done = decoder.done();
    result.bad = decoder.bad();
    return result;
}

TEST(ChunkedDecoder, GivesTheBodyAndLeavesWhatFollows) {
    const Decoded result = decode("5\r\nhello\r\n00A\r\n world 123\r\n0\r\n\r\nGET /next");
    EXPECT_TRUE(result.done);
    EXPECT_EQ(result.body, "hello world 123");
    EXPECT_EQ(result.rest, "GET /next");
}

TEST(ChunkedDecoder, PassesOverExtensionsAndTrailers) {
    const Decoded result =
        decode("5;a;b=c;d=\"q;\\\"\r\"\r\nhello\r\n0;last\r\nX-Sum: a b\r\nEmpty:\r\n\r\n");
    EXPECT_TRUE(result.bad) << "a CR within quotes ends nothing and is not text";
    const Decoded fine =
        decode("5;a;b=c;d=\"q;\\\" x\"\r\nhello\r\n0;z\r\nX-Sum: a b\r\nE:\r\n\r\n");
    EXPECT_TRUE(fine.done);
    EXPECT_EQ(fine.body, "hello");
}

TEST(ChunkedDecoder, WaitsForTheWholeEnd) {
    for (const std::string part : {"",
                                   "5",
                                   "5\r",
                                   "5\r\nhel",
                                   "5\r\nhello",
                                   "5\r\nhello\r\n0",
                                   "0\r\n",
                                   "0\r\n\r",
                                   "0\r\nA: b\r\n"}) {
        const Decoded result = decode(part);
        EXPECT_FALSE(result.done || result.bad) << part;
    }
}

TEST(ChunkedDecoder, RefusesWhatCanBeReadInTwoWays) {
    for (const std::string bytes : {"\r\n",
                                    "g\r\n",
                                    "-1\r\n",
                                    "+5\r\n",
                                    " 5\r\n",
                                    "5 \r\nhello",
                                    "0x5\r\n",
                                    "5\nhello",
                                    "5\rhello",
                                    "5\r\r\n",
                                    "5\r\nhello\n",
                                    "5\r\nhello!!",
                                    "5\r\nhelloX\r\n",
                                    "5;\r\n",
                                    "5; a\r\n",
                                    "5;a b\r\n",
                                    "5;a=\r\n",
                                    "5;a=\"b\"c\r\n",
                                    "5;a\n",
                                    "5;\x01\r\n",
                                    "5;a=\"\x7f\"\r\n",
                                    "0\r\n\n",
                                    "0\r\n\rX",
                                    "0\r\n folded\r\n",
                                    "0\r\nno colon\r\n",
                                    "0\r\n: x\r\n",
                                    "0\r\nA: b\n",
                                    "0\r\nA : b\r\n",
                                    "1234567890abcdef\r\n",
                                    "0000000000000001\r\n"}) {
        EXPECT_TRUE(decode(bytes).bad) << testing::PrintToString(bytes);
        EXPECT_TRUE(decode("1\r\na\r\n" + bytes).bad) << testing::PrintToString(bytes);
    }
    EXPECT_TRUE(decode(std::string("5;\0\r\n", 5)).bad);
    EXPECT_TRUE(decode(std::string("0\r\nA: \0\r\n", 9)).bad);
}

TEST(ChunkedDecoder, BoundsWhatIsNotBody) {
    const size_t most = ChunkedDecoder::kExtraBytesMax;
    EXPECT_TRUE(decode("1;" + std::string(most + 1, 'a') + "\r\n").bad);
    EXPECT_TRUE(decode("0\r\nA: " + std::string(most, 'a')).bad);
    // Spread over many chunks it is no cheaper.
    std::string many;
    for (size_t i = 0; i < most; ++i) many += "1;a\r\nx\r\n";
    EXPECT_TRUE(decode(many).bad);
    EXPECT_FALSE(decode("1;" + std::string(most - 10, 'a') + "\r\n").bad);
}

TEST(ChunkedDecoder, AnyCutOfTheBytesGivesTheSameBody) {
    const bool held = rc::check([](const std::vector<std::string>& chunks) {
        std::string bytes;
        std::string body;
        for (const std::string& chunk : chunks) {
            if (chunk.empty()) continue;
            char size[20];
            snprintf(size, sizeof size, "%zx", chunk.size());
            bytes += std::string(size) + *rc::gen::element<std::string>("", ";e", ";e=\"v\"") +
                     "\r\n" + chunk + "\r\n";
            body += chunk;
        }
        bytes += "0\r\n" + *rc::gen::element<std::string>("", "T: v\r\n") + "\r\nnext";
        const auto cuts = *rc::gen::nonEmpty(
            rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(1, 12)));
        const Decoded whole = decode(bytes);
        RC_ASSERT(whole.done);
        RC_ASSERT(whole.body == body);
        RC_ASSERT(whole.rest == "next");
        RC_ASSERT(decode(bytes, cuts) == whole);
    });
    EXPECT_TRUE(held);
}

TEST(ChunkedDecoder, AnyCutOfGarbageGivesTheSameVerdict) {
    const bool held = rc::check([] {
        std::string bytes;
        for (const std::string& part : *rc::gen::container<std::vector<std::string>>(
                 rc::gen::element<std::string>("1\r\na\r\n",
                                               "0\r\n",
                                               "\r\n",
                                               "\r",
                                               "\n",
                                               "2;x=y\r\n",
                                               "ab",
                                               ";",
                                               "A: b\r\n",
                                               "\"",
                                               " "))) {
            bytes += part;
        }
        const auto cuts = *rc::gen::nonEmpty(
            rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(1, 5)));
        RC_ASSERT(decode(bytes, cuts) == decode(bytes));
    });
    EXPECT_TRUE(held);
}

}  // namespace
}  // namespace keywarden
