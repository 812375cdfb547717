#include "base/event_stream.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/crypto.h"

namespace keywarden {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

struct Seen {
    Texts headers;
    std::string payload;
    bool operator==(const Seen&) const = default;
};

struct Split {
    std::vector<Seen> frames;
    std::string bytes;  // of all frames
    std::string pending;
    std::string failure;  // the detail
};

/// Feeds a stream `step` bytes at a time, each piece in memory of its own.
Split split(const std::string& stream, size_t step) {
    FrameSplitter splitter;
    Split out;
    for (size_t at = 0; at < stream.size(); at += step) {
        const std::string fed = stream.substr(at, step);
        std::string_view rest = fed;
        while (true) {
            const auto next = splitter.next(rest);
            if (!next) {
                out.failure = next.error().detail;
                return out;
            }
            if (!*next) break;
            Seen seen{.headers = {}, .payload = std::string((*next)->payload)};
            std::string_view headers = (*next)->headers;
            while (auto header = next_frame_header(headers).value()) {
                seen.headers.emplace_back(header->name, header->value);
            }
            out.frames.push_back(std::move(seen));
            out.bytes += (*next)->bytes;
        }
        EXPECT_TRUE(rest.empty());
    }
    out.pending = splitter.pending();
    return out;
}

std::string frame(const Texts& headers, std::string_view payload) {
    std::vector<FrameText> texts;
    for (const auto& [name, value] : headers) texts.push_back({name, value});
    std::string out;
    append_frame(out, texts, payload);
    return out;
}

std::string bytes(std::initializer_list<int> list) {
    std::string out;
    for (const int byte : list) out += static_cast<char>(byte);
    return out;
}

std::string big_endian(size_t value, int size) {
    std::string out;
    for (int i = size; i-- > 0;) out += static_cast<char>(value >> (8 * i));
    return out;
}

/// A frame with these bytes as its headers, its checksums right.
std::string with_raw_headers(const std::string& headers, size_t headers_size, size_t size) {
    std::string out = big_endian(size, 4) + big_endian(headers_size, 4);
    out += big_endian(crc32(out), 4) + headers;
    return out + big_endian(crc32(out), 4);
}

std::string with_raw_headers(const std::string& headers) {
    return with_raw_headers(headers, headers.size(), headers.size() + kFrameOverheadBytes);
}

const std::string kEvent = frame({{":event-type", "metadata"},
                                  {":content-type", "application/json"},
                                  {":message-type", "event"}},
                                 R"({"usage":{"inputTokens":3}})");

// Source: the vectors of AWS's own SDKs (empty_message, int32_header, payload_one_str_header).
TEST(EventStream, ReadsWhatAwsPublishes) {
    const Split empty =
        split(bytes({0, 0, 0, 16, 0, 0, 0, 0, 5, 194, 72, 235, 125, 152, 200, 255}), 100);
    EXPECT_EQ(empty.frames, std::vector<Seen>{Seen{}});
    const Split number =
        split(bytes({0,   0,   0,   45, 0,   0,   0,   16,  65,  196, 36,  184, 10,  101, 118,
                     101, 110, 116, 45, 116, 121, 112, 101, 4,   0,   0,   160, 12,  123, 39,
                     102, 111, 111, 39, 58,  39,  98,  97,  114, 39,  125, 54,  244, 128, 160}),
              100);
    EXPECT_EQ(number.frames,
              (std::vector<Seen>{{{{"event-type", bytes({0, 0, 160, 12})}}, "{'foo':'bar'}"}}));
    const std::string text =
        bytes({0,   0,   0,   61,  0,   0,   0,   32,  7,   253, 131, 150, 12,  99,  111, 110,
               116, 101, 110, 116, 45,  116, 121, 112, 101, 7,   0,   16,  97,  112, 112, 108,
               105, 99,  97,  116, 105, 111, 110, 47,  106, 115, 111, 110, 123, 39,  102, 111,
               111, 39,  58,  39,  98,  97,  114, 39,  125, 141, 156, 8,   177});
    EXPECT_EQ(text, frame({{"content-type", "application/json"}}, "{'foo':'bar'}"));
    EXPECT_EQ(split(text, 100).frames.size(), 1U);
}

TEST(EventStream, IsTheSameHoweverItIsCut) {
    const std::string stream = kEvent + frame({}, "") + kEvent;
    const Split whole = split(stream, stream.size());
    ASSERT_EQ(whole.frames.size(), 3U);
    for (size_t step = 1; step < stream.size(); ++step) {
        SCOPED_TRACE(step);
        const Split cut = split(stream, step);
        EXPECT_EQ(cut.frames, whole.frames);
        EXPECT_EQ(cut.bytes, stream);
        EXPECT_EQ(cut.pending, "");
    }
}

TEST(EventStream, KeepsWhatHasNoEndYet) {
    for (size_t size = 1; size < kEvent.size(); ++size) {
        const Split cut = split(kEvent + kEvent.substr(0, size), 7);
        EXPECT_EQ(cut.frames.size(), 1U);
        EXPECT_EQ(cut.pending, kEvent.substr(0, size));
        EXPECT_EQ(cut.failure, "");
    }
}

TEST(EventStream, NoBitCanBeFlipped) {
    for (size_t bit = 0; bit < kEvent.size() * 8; ++bit) {
        std::string damaged = kEvent;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
        for (const size_t step : {size_t{1}, damaged.size()}) {
            const Split got = split(damaged, step);
            EXPECT_TRUE(got.frames.empty()) << "bit " << bit;
            EXPECT_NE(got.failure.find("checksum"), std::string::npos) << got.failure;
        }
    }
}

TEST(EventStream, IsRefusedByNameWhereItIsTooLongOrCannotBe) {
    const auto failure = [](const std::string& stream) { return split(stream, 5).failure; };
    EXPECT_EQ(failure(with_raw_headers("", 0, kFrameBytesMax + 1)),
              "an event stream: a frame of more than 1 MiB");
    EXPECT_EQ(failure(with_raw_headers("", kFrameHeadersBytesMax + 1, kFrameBytesMax)),
              "an event stream: headers of more than 128 KiB");
    EXPECT_EQ(failure(with_raw_headers("", 1, kFrameOverheadBytes)),
              "an event stream: a frame that is shorter than its headers");
    EXPECT_EQ(failure(with_raw_headers("", 0, kFrameOverheadBytes - 1)),
              "an event stream: a frame that is shorter than its headers");
    EXPECT_EQ(failure(with_raw_headers(bytes({1, 'a', 10}))),
              "an event stream: a header of an unknown type");
    for (const auto& cut : {bytes({0, 0}),
                            bytes({1}),
                            bytes({1, 'a'}),
                            bytes({1, 'a', 4, 0, 0, 0}),
                            bytes({1, 'a', 7, 0}),
                            bytes({1, 'a', 7, 0, 2, 'b'})}) {
        EXPECT_EQ(failure(with_raw_headers(cut)), "an event stream: a header that is cut short");
    }
}

TEST(EventStream, HeadersOfEveryTypeAreRead) {
    std::string headers;
    const std::vector<size_t> sizes = {0, 0, 1, 2, 4, 8, 3, 3, 8, 16};
    for (size_t type = 0; type < sizes.size(); ++type) {
        headers += bytes({1, static_cast<int>('a' + type), static_cast<int>(type)});
        if (type == 6 || type == 7) headers += bytes({0, 3});
        headers += std::string(sizes[type], static_cast<char>('0' + type));
    }
    const std::string stream = with_raw_headers(headers);
    FrameSplitter splitter;
    std::string_view rest = stream;
    const Frame got = splitter.next(rest).value().value();
    std::string_view left = got.headers;
    for (size_t type = 0; type < sizes.size(); ++type) {
        const FrameHeader header = next_frame_header(left).value().value();
        EXPECT_EQ(header.type, static_cast<FrameHeaderType>(type));
        EXPECT_EQ(header.value, std::string(sizes[type], static_cast<char>('0' + type)));
    }
    EXPECT_TRUE(left.empty());
    EXPECT_EQ(got.header("h"), "777");
    EXPECT_EQ(got.header("g"), "") << "bytes are no text";
    EXPECT_EQ(got.header("z"), "");
}

RC_GTEST_PROP(EventStream, WhatIsWrittenIsReadBack, ()) {
    const auto payload = *rc::gen::arbitrary<std::string>();
    const auto values = *rc::gen::arbitrary<std::vector<std::string>>();
    Texts headers;
    for (const std::string& value : values) {
        headers.emplace_back("h" + std::to_string(headers.size()), value);
    }
    const Split got = split(frame(headers, payload), *rc::gen::inRange<size_t>(1, 64));
    RC_ASSERT(got.frames == (std::vector<Seen>{{headers, payload}}));
}

}  // namespace
}  // namespace keywarden
