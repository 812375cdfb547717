#include "domain/sse.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

/// What a client sees of a stream: the events it dispatches.
struct Seen {
    std::string type;
    std::string data;
    std::string last_id;
    bool operator==(const Seen&) const = default;
};

void PrintTo(const Seen& seen, std::ostream* out) {  // NOLINT: the name is GoogleTest's
    *out << '[' << seen.type << ", " << testing::PrintToString(seen.data) << ", " << seen.last_id
         << ']';
}

struct Split {
    std::vector<Seen> events;
    std::vector<std::string> pieces;
    std::string pending;
    bool failed = false;

    std::string all_bytes() const {
        std::string all;
        for (const std::string& piece : pieces) all += piece;
        return all + pending;
    }
};

/// Feeds a stream in the given parts, each in memory of its own, as reads from a socket are.
Split split(const std::vector<std::string>& parts) {
    SseSplitter splitter;
    Split out;
    std::string last_id;
    for (const std::string& part : parts) {
        std::string_view rest = part;
        while (true) {
            const Result<std::optional<SseEvent>> next = splitter.next(rest);
            out.failed = out.failed || !next;
            if (!next || !*next) break;
            const SseEvent& event = **next;
            out.pieces.emplace_back(event.bytes);
            if (event.id) last_id = *event.id;
            if (!event.has_data) continue;
            const std::string type(event.type.empty() ? "message" : event.type);
            out.events.push_back({type, std::string(event.data), last_id});
        }
    }
    out.pending = splitter.pending();
    return out;
}

std::vector<std::string> byte_by_byte(const std::string& stream) {
    std::vector<std::string> parts;
    for (const char c : stream) parts.emplace_back(1, c);
    return parts;
}

TEST(Sse, AnEventEndsWithItsEmptyLineAndIsItsOwnBytes) {
    const Split got = split({"data: {\"a\":1}\n\ndata: [DONE]\n\n"});
    EXPECT_EQ(got.pieces, (std::vector<std::string>{"data: {\"a\":1}\n\n", "data: [DONE]\n\n"}));
    EXPECT_EQ(got.events,
              (std::vector<Seen>{{"message", "{\"a\":1}", ""}, {"message", "[DONE]", ""}}));
}

TEST(Sse, AWholeEventIsAViewOfWhatWasFed) {
    SseSplitter splitter;
    const std::string fed = "data: x\n\n";
    std::string_view rest = fed;
    const Result<std::optional<SseEvent>> event = splitter.next(rest);
    EXPECT_EQ((*event)->bytes.data(), fed.data());
    EXPECT_EQ((*event)->data.data(), fed.data() + 6);
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(splitter.pending(), "");
}

TEST(Sse, AnEventIsNotHeldBackByALineFeedThatMayCome) {
    const Split got = split({"data: x\r\n\r"});
    EXPECT_EQ(got.pieces, std::vector<std::string>{"data: x\r\n\r"});
    const Split more = split({"data: x\r\n\r", "\ndata: y\r\n\r\n"});
    EXPECT_EQ(more.pieces, (std::vector<std::string>{"data: x\r\n\r", "\n", "data: y\r\n\r\n"}));
    EXPECT_EQ(more.events, (std::vector<Seen>{{"message", "x", ""}, {"message", "y", ""}}));
}

TEST(Sse, AKeepAliveCommentIsPassedOnAtOnce) {
    EXPECT_EQ(split({": OPENROUTER PROCESSING\n"}).pieces.size(), 1U);
    EXPECT_EQ(split({": ping\r\n"}).pieces, std::vector<std::string>{": ping\r\n"});
    // Inside an event it belongs to the event.
    EXPECT_EQ(split({"data: a\n: note\ndata: b\n\n"}).pieces.size(), 1U);
}

TEST(Sse, WhatHasNoEndIsPendingAndNoEvent) {
    const Split got = split({"data: a\n\nda", "ta: b\n"});
    EXPECT_EQ(got.events.size(), 1U);
    EXPECT_EQ(got.pending, "data: b\n");
}

TEST(Sse, AnEventOverTheBoundIsRefusedHoweverItComes) {
    const std::string prefix = "data: ";
    const std::string fits(kSseEventBytesMax - prefix.size() - 2, 'x');
    EXPECT_FALSE(split({prefix + fits + "\n\n"}).failed);
    EXPECT_TRUE(split({prefix + fits + "x\n\n"}).failed);
    EXPECT_FALSE(split({prefix, fits, "\n\n"}).failed);
    EXPECT_TRUE(split({prefix, fits, "x", "\n\n"}).failed);
}

/// Streams made of what matters to the grammar, so that chance meets every combination.
rc::Gen<std::string> any_stream() {
    const auto atoms = rc::gen::elementOf(std::vector<std::string>{
        "data",
        "data: ",
        "data:x",
        "event",
        "id",
        ":",
        " ",
        "\n",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\r\r",
        "\xef\xbb\xbf",
        std::string(1, '\0'),
        "{\"a\":\"\xc3\xa9\"}",
        "retry: 1",
        "a text that is longer than one block of the scan, so that it is met too"});
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(atoms), [](const auto& list) {
        std::string all;
        for (const std::string& atom : list) all += atom;
        return all;
    });
}

RC_GTEST_PROP(SseProperty, AnySplitGivesTheSameEventsAndLosesNoByte, ()) {
    const std::string stream = *any_stream();
    const Split whole = split({stream});
    RC_ASSERT(whole.all_bytes() == stream);
    RC_ASSERT(split(byte_by_byte(stream)).events == whole.events);
    std::vector<std::string> parts;
    for (size_t at = 0; at < stream.size();) {
        const size_t length = *rc::gen::inRange<size_t>(1, 9);
        parts.push_back(stream.substr(at, length));
        at += length;
    }
    const Split cut = split(parts);
    RC_ASSERT(cut.events == whole.events);
    RC_ASSERT(cut.all_bytes() == stream);
}

}  // namespace
}  // namespace keywarden
