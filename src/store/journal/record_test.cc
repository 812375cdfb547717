#include "store/journal/record.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

std::vector<std::byte> written(const CallRecord& record) {
    std::vector<std::byte> out(record_bytes(record));
    write_record(record, out.data());
    return out;
}

/// A record with anything in it; its texts live in `texts`.
CallRecord any_record(std::vector<std::string>& texts) {
    using rc::gen::arbitrary;
    texts.resize(9 + kCallMakersMax + kCallTagsMax);
    for (std::string& text : texts) {
        const size_t length = *rc::gen::inRange<size_t>(0, 40);
        text = *rc::gen::container<std::string>(length, arbitrary<char>());
    }
    CallRecord out;
    for (uint8_t& byte : out.id) byte = *arbitrary<uint8_t>();
    out.admitted_at = TimePoint(Nanos(*arbitrary<int64_t>()));
    out.ended_at = TimePoint(Nanos(*arbitrary<int64_t>()));
    size_t next = 0;
    for (std::string_view* text : {&out.team_id,
                                   &out.app_id,
                                   &out.key_id,
                                   &out.user_id,
                                   &out.provider,
                                   &out.model,
                                   &out.route,
                                   &out.session_id,
                                   &out.error}) {
        *text = texts[next++];
    }
    for (std::string_view& each : out.makers) each = texts[next++];
    for (std::string_view& each : out.tags) each = texts[next++];
    if (*arbitrary<bool>()) out.repeat_key = *arbitrary<RepeatKey>();
    out.status = *arbitrary<int32_t>();
    out.attempts = *arbitrary<int32_t>();
    out.streamed = *arbitrary<bool>();
    out.client_left = *arbitrary<bool>();
    out.priced = *arbitrary<bool>();
    out.outcome = static_cast<CallOutcome>(*rc::gen::inRange(0, 3));
    out.basis = static_cast<UsageBasis>(*rc::gen::inRange(0, 3));
    for (auto* count : {&out.usage.input,
                        &out.usage.output,
                        &out.usage.total,
                        &out.usage.cached_input,
                        &out.usage.cache_write,
                        &out.usage.audio_input,
                        &out.usage.reasoning,
                        &out.usage.audio_output,
                        &out.usage.images,
                        &out.usage.cache_write_1h}) {
        if (*arbitrary<bool>()) *count = *arbitrary<int64_t>();
    }
    if (*arbitrary<bool>()) {
        out.tools = {.selection = static_cast<SelectionMode>(*rc::gen::inRange(0, 3)),
                     .offered = *arbitrary<uint16_t>(),
                     .permitted = *arbitrary<uint16_t>(),
                     .forwarded = *arbitrary<uint16_t>(),
                     .kept = *arbitrary<uint16_t>(),
                     .called = *arbitrary<uint16_t>(),
                     .missed = *arbitrary<uint16_t>(),
                     .tokens_spared = *arbitrary<int64_t>()};
    }
    out.price_version = *arbitrary<int64_t>();
    out.held.value = *arbitrary<int64_t>();
    out.cost.value = *arbitrary<int64_t>();
    out.duration = Nanos(*arbitrary<int64_t>());
    out.first_byte = Nanos(*arbitrary<int64_t>());
    out.overhead = Nanos(*arbitrary<int64_t>());
    return out;
}

void expect_same(const CallRecord& a, const CallRecord& b) {
    RC_ASSERT(a.id == b.id);
    RC_ASSERT(a.admitted_at == b.admitted_at);
    RC_ASSERT(a.ended_at == b.ended_at);
    for (const auto text : {&CallRecord::team_id,
                            &CallRecord::app_id,
                            &CallRecord::key_id,
                            &CallRecord::user_id,
                            &CallRecord::provider,
                            &CallRecord::model,
                            &CallRecord::route,
                            &CallRecord::session_id,
                            &CallRecord::error}) {
        RC_ASSERT((a.*text == b.*text));
    }
    RC_ASSERT(a.makers == b.makers);
    RC_ASSERT(a.tags == b.tags);
    RC_ASSERT(a.repeat_key == b.repeat_key);
    RC_ASSERT(a.status == b.status);
    RC_ASSERT(a.attempts == b.attempts);
    RC_ASSERT(a.streamed == b.streamed);
    RC_ASSERT(a.client_left == b.client_left);
    RC_ASSERT(a.priced == b.priced);
    RC_ASSERT(a.outcome == b.outcome);
    RC_ASSERT(a.basis == b.basis);
    RC_ASSERT(a.usage == b.usage);
    RC_ASSERT(a.tools == b.tools);
    RC_ASSERT(a.price_version == b.price_version);
    RC_ASSERT(a.held == b.held);
    RC_ASSERT(a.cost == b.cost);
    RC_ASSERT(a.duration == b.duration);
    RC_ASSERT(a.first_byte == b.first_byte);
    RC_ASSERT(a.overhead == b.overhead);
}

RC_GTEST_PROP(JournalRecord, ComesOutAsItWentIn, ()) {
    std::vector<std::string> texts;
    const CallRecord record = any_record(texts);
    const auto bytes = written(record);
    const auto read = read_record(bytes);
    RC_ASSERT(read.has_value());
    expect_same(*read, record);
}

RC_GTEST_PROP(JournalRecord, CutShortOrTooLongIsNone, ()) {
    std::vector<std::string> texts;
    auto bytes = written(any_record(texts));
    const size_t length = *rc::gen::inRange<size_t>(0, bytes.size());
    RC_ASSERT(!read_record(std::span(bytes).first(length)));
    bytes.push_back({});
    RC_ASSERT(!read_record(bytes));
}

RC_GTEST_PROP(JournalRecord, AnyBytesAreReadOrNot, (std::vector<uint8_t> bytes)) {
    bytes.resize(std::max<size_t>(bytes.size(), 100));
    const auto read = read_record(std::as_bytes(std::span(bytes)));
    if (!read) return;
    RC_ASSERT(read->outcome < CallOutcome::kCount);
    RC_ASSERT(read->basis < UsageBasis::kCount);
}

TEST(JournalRecord, IsCutWhereItMayBe) {
    const std::string much(3000, 'x');
    CallRecord record{.team_id = "team_a", .app_id = "app_b", .key_id = "key_c"};
    record.model = much;
    record.session_id = much;
    record.error = "upstream_error";
    record.tags.fill(much);
    record.makers.fill("key_maker");

    const CallRecord whole = fit_record(record, kRecordBytesMax + 4096);
    EXPECT_EQ(whole.model.size(), kRecordTextMax);
    EXPECT_EQ(whole.tags.back().size(), kRecordTextMax);

    const CallRecord fits = fit_record(record, kRecordBytesMax);
    EXPECT_LE(record_bytes(fits), kRecordBytesMax);
    EXPECT_EQ(fits.session_id, "");
    EXPECT_EQ(fits.tags.front().size(), kRecordTextMax) << "the last tags go first";
    EXPECT_EQ(fits.error, "upstream_error");

    const CallRecord least = fit_record(record, 250);
    EXPECT_LE(record_bytes(least), 250U);
    EXPECT_EQ(least.team_id, "team_a");
    EXPECT_EQ(least.app_id, "app_b");
    EXPECT_EQ(least.key_id, "key_c");
    EXPECT_NE(least.model, "") << "it goes last";
    EXPECT_EQ(least.tags.front(), "");
}

TEST(JournalRecord, WhatFitsIsNotCut) {
    std::vector<std::string> texts;
    CallRecord record{.team_id = "team_a"};
    record.session_id = "my session";
    record.tags[0] = "blue";
    const CallRecord same = fit_record(record, record_bytes(record));
    EXPECT_EQ(same.session_id, "my session");
    EXPECT_EQ(same.tags[0], "blue");
}

TEST(JournalRecord, NoCharacterIsCutInHalf) {
    std::string text;
    while (text.size() < kRecordTextMax + 10) text += "€";
    CallRecord record;
    record.session_id = text;
    const CallRecord fits = fit_record(record, kRecordBytesMax);
    EXPECT_EQ(fits.session_id.size(), kRecordTextMax / 3 * 3);
    EXPECT_TRUE(fits.session_id.ends_with("€"));
}

}  // namespace
}  // namespace keywarden
