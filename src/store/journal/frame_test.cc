#include "store/journal/frame.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

constexpr uint32_t kSalt = 0x12345678;

void append_frame(std::vector<std::byte>& to,
                  FrameType type,
                  std::string_view payload,
                  uint32_t salt = kSalt,
                  uint64_t progress = 0) {
    const size_t offset = to.size();
    to.resize(offset + frame_bytes(type, payload.size()));
    std::memcpy(to.data() + offset + kFrameHeadBytes, payload.data(), payload.size());
    const uint64_t head = frame_head(type, std::as_bytes(std::span(payload)), salt);
    std::memcpy(to.data() + offset, &head, sizeof head);
    if (type == FrameType::Open) {
        std::memcpy(to.data() + to.size() - kProgressBytes, &progress, sizeof progress);
    }
}

std::string text(const Frame& frame) {
    return {reinterpret_cast<const char*>(frame.payload.data()), frame.payload.size()};
}

std::vector<std::string> texts(FrameReader& frames) {
    std::vector<std::string> out;
    while (const auto frame = frames.next()) out.push_back(text(*frame));
    return out;
}

using Texts = std::vector<std::string>;

TEST(JournalFrame, ComeOutInTheirOrder) {
    std::vector<std::byte> bytes;
    append_frame(bytes, FrameType::Open, "one", kSalt, progress_word(7));
    append_frame(bytes, FrameType::Close, "the second");
    append_frame(bytes, FrameType::Close, "");
    const size_t end = bytes.size();
    bytes.resize(end + 800);
    FrameReader frames(bytes, kSalt, 0);
    const auto first = frames.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->type, FrameType::Open);
    EXPECT_EQ(text(*first), "one");
    EXPECT_EQ(read_progress(first->progress).output_tokens, 7U);
    EXPECT_EQ(texts(frames), (Texts{"the second", ""}));
    EXPECT_EQ(frames.offset(), end);
    EXPECT_EQ(frames.damaged(), 0);
    EXPECT_FALSE(frames.next()) << "the end stays the end";
}

TEST(JournalFrame, WhatADyingProcessBeganIsNoDamage) {
    std::vector<std::byte> bytes;
    append_frame(bytes, FrameType::Close, "whole");
    const size_t end = bytes.size();
    append_frame(bytes, FrameType::Close, "this one was never finished");
    std::memset(bytes.data() + end, 0, kFrameHeadBytes);
    bytes.resize(bytes.size() + 80);
    FrameReader frames(bytes, kSalt, 0);
    EXPECT_EQ(texts(frames), (Texts{"whole"}));
    EXPECT_EQ(frames.damaged(), 0);
    EXPECT_EQ(frames.offset(), end);
}

TEST(JournalFrame, DamageCostsOneFrame) {
    std::vector<std::byte> sound;
    for (const char* each : {"first", "second one", "third"}) {
        append_frame(sound, FrameType::Close, each);
    }
    sound.resize(sound.size() + 64);
    const size_t begin = frame_bytes(FrameType::Close, 5);
    const size_t end = begin + frame_bytes(FrameType::Close, 10);
    for (size_t at = begin; at < end; ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            auto bytes = sound;
            bytes[at] ^= static_cast<std::byte>(1U << bit);
            FrameReader frames(bytes, kSalt, 0);
            const Texts got = texts(frames);
            const bool is_padding = at >= begin + kFrameHeadBytes + 10;
            if (is_padding) {
                EXPECT_EQ(got.size(), 3U) << "nobody looks at what is between two frames";
            } else {
                EXPECT_EQ(got, (Texts{"first", "third"})) << "byte " << at << ", bit " << bit;
                EXPECT_EQ(frames.damaged(), 1);
            }
        }
    }
}

TEST(JournalFrame, APageThatNeverCameToTheDiskIsOnePlaceThatIsDamaged) {
    std::vector<std::byte> bytes;
    for (int i = 0; i < 10; ++i) append_frame(bytes, FrameType::Close, "frame");
    const size_t frame = frame_bytes(FrameType::Close, 5);
    std::memset(bytes.data() + 2 * frame, 0, 5 * frame);
    FrameReader frames(bytes, kSalt, 0);
    EXPECT_EQ(texts(frames).size(), 5U);
    EXPECT_EQ(frames.damaged(), 1);
}

// A client's own words stand in frames: it must not be able to bring a row along.
TEST(JournalFrame, AFrameWithinADamagedOneIsNotBelieved) {
    std::vector<std::byte> inner;
    append_frame(inner, FrameType::Close, "a row of somebody else", 0);
    std::vector<std::byte> bytes;
    append_frame(
        bytes, FrameType::Close, {reinterpret_cast<const char*>(inner.data()), inner.size()});
    bytes[0] ^= std::byte{1};
    bytes.resize(bytes.size() + 64);
    FrameReader frames(bytes, kSalt, 0);
    EXPECT_EQ(texts(frames), (Texts{}));
    FrameReader unsalted(bytes, 0, 0);
    EXPECT_EQ(texts(unsalted), (Texts{"a row of somebody else"})) << "or this test shows nothing";
}

RC_GTEST_PROP(JournalFrame, AnyBytesAreReadWithinTheirBounds, (std::vector<uint8_t> raw)) {
    const std::vector<uint8_t> exact(raw);  // its end is the heap's, for the sanitizer
    FrameReader frames(std::as_bytes(std::span(exact)), kSalt, 0);
    while (frames.next()) {
    }
    RC_ASSERT(frames.offset() <= exact.size());
}

RC_GTEST_PROP(JournalProgress, IsKnownOrNot, (uint32_t tokens)) {
    const uint64_t word = progress_word(tokens);
    RC_ASSERT(read_progress(word) == (Progress{.sent = true, .output_tokens = tokens}));
    const unsigned bit = *rc::gen::inRange(0U, 64U);
    const Progress damaged = read_progress(word ^ uint64_t{1} << bit);
    RC_ASSERT(damaged == Progress{.sent = true});
}

TEST(JournalProgress, NothingWasSentAtFirst) { EXPECT_EQ(read_progress(0), Progress{}); }

TEST(JournalSegmentName, IsReadAsItIsWritten) {
    const SegmentId id{.epoch = 12, .writer = 3, .sequence = 400};
    EXPECT_EQ(segment_name(id), "00000012-003-00000400.journal");
    EXPECT_EQ(segment_id_of(segment_name(id)), id);
    const SegmentId large{.epoch = 1'000'000'000, .writer = 999, .sequence = 12'345'678'901};
    EXPECT_EQ(segment_id_of(segment_name(large)), large);
    for (const char* other : {"",
                              "journal",
                              "1-2-3.journal",
                              "00000012-003-00000400.journal.new",
                              "00000012-003-00000400.journal.damaged",
                              "000000012-003-00000400.journal",
                              "00000012-003-00000400",
                              "-0000012-003-00000400.journal"}) {
        EXPECT_FALSE(segment_id_of(other)) << other;
    }
}

TEST(JournalHeader, IsThereTwice) {
    std::vector<std::byte> segment(4096);
    EXPECT_FALSE(read_header(segment)->header);
    write_header({.epoch = 7, .writer = 2, .salt = kSalt, .sequence = 9}, segment);
    for (const size_t damaged : {size_t{20}, segment.size() - 20}) {
        auto bytes = segment;
        bytes[damaged] ^= std::byte{4};
        const auto found = read_header(bytes);
        ASSERT_TRUE(found && found->header);
        EXPECT_EQ(found->header->salt, kSalt);
        EXPECT_FALSE(found->is_whole);
    }
    EXPECT_TRUE(read_header(segment)->is_whole);
    EXPECT_FALSE(read_header(std::span(segment).first(2048))->is_whole);
    EXPECT_FALSE(read_header(std::span(segment).first(10))->header);
}

TEST(JournalHeader, OfANewerVersionIsRefusedAndOfADamagedOneNot) {
    std::vector<std::byte> segment(4096);
    write_header({.version = kJournalVersion + 1}, segment);
    const auto found = read_header(segment);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::StartupFailed);
    write_header({}, segment);
    segment[8] ^= std::byte{2};
    EXPECT_TRUE(read_header(segment)) << "its version, but not its checksum";
}

}  // namespace
}  // namespace keywarden
