#include "store/journal/record.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "store/journal/bytes.h"

namespace keywarden {
namespace {

using R = CallRecord;
using U = TokenUsage;

// Their order is the format's: docs/reference/ledger.md.
constexpr std::array kTexts = {&R::team_id,
                               &R::app_id,
                               &R::key_id,
                               &R::user_id,
                               &R::provider,
                               &R::model,
                               &R::route,
                               &R::session_id,
                               &R::error};
constexpr std::array kCounts = {&U::input,
                                &U::output,
                                &U::total,
                                &U::cached_input,
                                &U::cache_write,
                                &U::audio_input,
                                &U::reasoning,
                                &U::audio_output,
                                &U::images,
                                &U::cache_write_1h};

struct Fixed {
    CallId id;
    int64_t admitted_at;
    int64_t ended_at;
    int64_t price_version;
    int64_t held;
    int64_t cost;
    int64_t duration;
    int64_t first_byte;
    int64_t overhead;
    int32_t status;
    int32_t attempts;
    uint16_t counts;  // a bit for each of kCounts that follows
    uint8_t flags;
    CallOutcome outcome;
    UsageBasis basis;
    uint8_t makers;  // how many follow the texts
    uint8_t tags;    // how many follow these
    uint8_t zero;
};
static_assert(sizeof(Fixed) == 96);

/// Follows the counts, where the record has it.
struct FixedTools {
    uint16_t offered;
    uint16_t permitted;
    uint16_t forwarded;
    uint16_t kept;
    uint16_t called;
    uint16_t missed;
    SelectionMode selection;
    std::array<uint8_t, 3> zero;
    int64_t tokens_spared;
};
static_assert(sizeof(FixedTools) == 24);

constexpr uint8_t kStreamed = 1;
constexpr uint8_t kClientLeft = 2;
constexpr uint8_t kPriced = 4;
constexpr uint8_t kRepeatable = 8;
constexpr uint8_t kTools = 16;
constexpr uint8_t kFlagsEnd = 32;

template <size_t kSize>
size_t used(const std::array<std::string_view, kSize>& texts) {
    size_t count = kSize;
    while (count > 0 && texts[count - 1].empty()) --count;
    return count;
}

void cut(std::string_view& text, size_t length) {
    if (text.size() <= length) return;
    while (length > 0 && (static_cast<uint8_t>(text[length]) & 0xc0U) == 0x80U) --length;
    text = text.substr(0, length);
}

bool has_repeat_key(const CallRecord& record) { return record.repeat_key != RepeatKey{}; }

int64_t nanos(TimePoint when) { return when.time_since_epoch().count(); }
TimePoint moment(int64_t since) { return TimePoint(Nanos(since)); }

Fixed fixed_of(const CallRecord& record) {
    Fixed out{.id = record.id,
              .admitted_at = nanos(record.admitted_at),
              .ended_at = nanos(record.ended_at),
              .price_version = record.price_version,
              .held = record.held.value,
              .cost = record.cost.value,
              .duration = record.duration.count(),
              .first_byte = record.first_byte.count(),
              .overhead = record.overhead.count(),
              .status = record.status,
              .attempts = record.attempts,
              .counts = 0,
              .flags = static_cast<uint8_t>(
                  (record.streamed ? kStreamed : 0) | (record.client_left ? kClientLeft : 0) |
                  (record.priced ? kPriced : 0) | (has_repeat_key(record) ? kRepeatable : 0) |
                  (record.tools ? kTools : 0)),
              .outcome = record.outcome,
              .basis = record.basis,
              .makers = static_cast<uint8_t>(used(record.makers)),
              .tags = static_cast<uint8_t>(used(record.tags)),
              .zero = 0};
    for (size_t i = 0; i < kCounts.size(); ++i) {
        if (record.usage.*kCounts[i]) out.counts = static_cast<uint16_t>(out.counts | 1U << i);
    }
    return out;
}

FixedTools fixed_of(const ToolCounts& tools) {
    return {.offered = tools.offered,
            .permitted = tools.permitted,
            .forwarded = tools.forwarded,
            .kept = tools.kept,
            .called = tools.called,
            .missed = tools.missed,
            .selection = tools.selection,
            .zero = {},
            .tokens_spared = tools.tokens_spared};
}

ToolCounts tools_of(const FixedTools& fixed) {
    return {.selection = fixed.selection,
            .offered = fixed.offered,
            .permitted = fixed.permitted,
            .forwarded = fixed.forwarded,
            .kept = fixed.kept,
            .called = fixed.called,
            .missed = fixed.missed,
            .tokens_spared = fixed.tokens_spared};
}

}  // namespace

size_t record_bytes(const CallRecord& record) {
    size_t bytes = sizeof(Fixed) + (has_repeat_key(record) ? sizeof(RepeatKey) : 0);
    for (const auto count : kCounts) bytes += record.usage.*count ? sizeof(int64_t) : 0;
    if (record.tools) bytes += sizeof(FixedTools);
    for (const auto text : kTexts) bytes += sizeof(uint16_t) + (record.*text).size();
    for (size_t i = 0; i < used(record.makers); ++i) {
        bytes += sizeof(uint16_t) + record.makers[i].size();
    }
    for (size_t i = 0; i < used(record.tags); ++i) {
        bytes += sizeof(uint16_t) + record.tags[i].size();
    }
    return bytes;
}

CallRecord fit_record(CallRecord record, size_t bytes_max) {
    for (const auto text : kTexts) cut(record.*text, kRecordTextMax);
    for (std::string_view& each : record.makers) cut(each, kRecordTextMax);
    for (std::string_view& each : record.tags) cut(each, kRecordTextMax);
    if (record_bytes(record) <= bytes_max) return record;
    const auto shorten = [&](std::string_view& text) {
        const size_t bytes = record_bytes(record);
        if (bytes <= bytes_max) return;
        cut(text, text.size() - std::min(text.size(), bytes - bytes_max));
    };
    shorten(record.session_id);
    for (size_t i = record.tags.size(); i > 0; --i) shorten(record.tags[i - 1]);
    for (size_t i = record.makers.size(); i > 0; --i) shorten(record.makers[i - 1]);
    for (const auto text : {&R::error, &R::user_id, &R::route, &R::provider, &R::model}) {
        shorten(record.*text);
    }
    return record;
}

void write_record(const CallRecord& record, std::byte* to) {
    ByteWriter out(to);
    const Fixed fixed = fixed_of(record);
    out.put(fixed);
    for (const auto count : kCounts) {
        if (const std::optional<int64_t> value = record.usage.*count) out.put(*value);
    }
    if (record.tools) out.put(fixed_of(*record.tools));
    for (const auto text : kTexts) out.put(record.*text);
    for (size_t i = 0; i < fixed.makers; ++i) out.put(record.makers[i]);
    for (size_t i = 0; i < fixed.tags; ++i) out.put(record.tags[i]);
    if (has_repeat_key(record)) out.put(record.repeat_key);
}

std::optional<CallRecord> read_record(std::span<const std::byte> bytes) {
    ByteReader in(bytes);
    const auto fixed = in.take<Fixed>();
    if (in.failed() || fixed.outcome >= CallOutcome::kCount || fixed.basis >= UsageBasis::kCount ||
        fixed.flags >= kFlagsEnd || fixed.counts >= 1U << kCounts.size() ||
        fixed.makers > kCallMakersMax || fixed.tags > kCallTagsMax) {
        return std::nullopt;
    }
    CallRecord out{.id = fixed.id,
                   .admitted_at = moment(fixed.admitted_at),
                   .ended_at = moment(fixed.ended_at),
                   .status = fixed.status,
                   .attempts = fixed.attempts,
                   .streamed = (fixed.flags & kStreamed) != 0,
                   .client_left = (fixed.flags & kClientLeft) != 0,
                   .priced = (fixed.flags & kPriced) != 0,
                   .outcome = fixed.outcome,
                   .basis = fixed.basis,
                   .price_version = fixed.price_version,
                   .held = {fixed.held},
                   .cost = {fixed.cost},
                   .duration = Nanos(fixed.duration),
                   .first_byte = Nanos(fixed.first_byte),
                   .overhead = Nanos(fixed.overhead)};
    for (size_t i = 0; i < kCounts.size(); ++i) {
        if ((fixed.counts >> i & 1U) != 0) out.usage.*kCounts[i] = in.take<int64_t>();
    }
    if ((fixed.flags & kTools) != 0) {
        const auto tools = in.take<FixedTools>();
        if (tools.selection >= SelectionMode::kCount) return std::nullopt;
        out.tools = tools_of(tools);
    }
    for (const auto text : kTexts) out.*text = in.take_text();
    for (size_t i = 0; i < fixed.makers; ++i) out.makers[i] = in.take_text();
    for (size_t i = 0; i < fixed.tags; ++i) out.tags[i] = in.take_text();
    if ((fixed.flags & kRepeatable) != 0) out.repeat_key = in.take<RepeatKey>();
    if (!in.at_end()) return std::nullopt;
    return out;
}

}  // namespace keywarden
