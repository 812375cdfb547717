#include "store/sqlite/call_code.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <tuple>
#include <type_traits>

#include "base/clock.h"

namespace keywarden {
namespace {

constexpr uint8_t kVersion = 3;     // of the list of fields below
constexpr uint8_t kVersionMin = 1;  // 1 had no cache_write_1h, 2 no tools: bits that are the last
constexpr size_t kBytesMax = 1024;  // of one call: 16, and at most 72 numbers
constexpr size_t kNumberBytesMax = 10;  // seven bits each
constexpr int64_t kMillisMax = TimePoint::max().time_since_epoch() / std::chrono::milliseconds(1);

/// Small numbers of either sign are short: 0, -1, 1, -2, …
uint64_t to_short(int64_t n) { return (static_cast<uint64_t>(n) << 1) ^ (n < 0 ? ~0ULL : 0); }
int64_t from_short(uint64_t n) { return static_cast<int64_t>((n >> 1) ^ (0 - (n & 1))); }

class Writer {
public:
    void id(const CallId& id) {
        std::memcpy(at_, id.data(), id.size());
        at_ += id.size();
    }
    template <class Number>
    void number(Number number) {
        uint64_t rest = to_short(static_cast<int64_t>(number));
        for (; rest >= 0x80; rest >>= 7) *at_++ = static_cast<uint8_t>(rest | 0x80);
        *at_++ = static_cast<uint8_t>(rest);
    }
    void moment(TimePoint at, TimePoint base) { number(to_millis(at) - to_millis(base)); }
    void duration(Nanos time) { number(time / std::chrono::microseconds(1)); }
    void numbers(const std::vector<int64_t>& list, size_t) {
        number(list.size());
        for (const int64_t each : list) number(each);
    }
    template <class... Flags>
    void flags(Flags... flags) {
        int64_t bits = 0;
        int place = 0;
        ((bits |= static_cast<int64_t>(flags) << place++), ...);
        number(bits);
    }
    template <class... Counts>
    void counts(const Counts&... counts) {
        flags(counts.has_value()...);
        ((counts ? number(*counts) : void()), ...);
    }
    std::span<const uint8_t> bytes() const { return {bytes_.data(), at_}; }

private:
    std::array<uint8_t, kBytesMax> bytes_;  // written before it is read
    uint8_t* at_ = bytes_.data();
};

/// Reads what Writer writes. What is no such thing reads as zero, and `failed`.
class Reader {
public:
    explicit Reader(std::span<const uint8_t> bytes) : left_(bytes) {}

    void id(CallId& id) {
        if (left_.size() < id.size()) {
            fail();
            return;
        }
        std::memcpy(id.data(), left_.data(), id.size());
        left_ = left_.subspan(id.size());
    }
    int64_t number() {
        uint64_t value = 0;
        for (size_t i = 0; i < std::min(left_.size(), kNumberBytesMax); ++i) {
            value |= static_cast<uint64_t>(left_[i] & 0x7f) << (7 * i);
            if (left_[i] >= 0x80) continue;
            left_ = left_.subspan(i + 1);
            return from_short(value);
        }
        fail();
        return 0;
    }
    /// Also of what is no number but has few values: one below kCount.
    template <class Number>
    void number(Number& number) {
        const int64_t value = this->number();
        number = static_cast<Number>(value);
        if (static_cast<int64_t>(number) != value) fail();
        if constexpr (std::is_enum_v<Number>) {
            if (value < 0 || value >= static_cast<int64_t>(Number::kCount)) fail();
        }
    }
    void moment(TimePoint& at, TimePoint base) {
        int64_t millis = 0;
        if (__builtin_add_overflow(number(), to_millis(base), &millis) || millis < -kMillisMax ||
            millis > kMillisMax) {
            fail();
            return;
        }
        at = from_millis(millis);
    }
    void duration(Nanos& time) {
        int64_t nanos = 0;
        if (__builtin_mul_overflow(number(), int64_t{1000}, &nanos)) fail();
        time = Nanos(nanos);
    }
    void numbers(std::vector<int64_t>& list, size_t most) {
        const int64_t size = number();
        if (size < 0 || size > static_cast<int64_t>(most)) {
            fail();
            return;
        }
        list.resize(static_cast<size_t>(size));
        for (int64_t& each : list) number(each);
    }
    template <class... Flags>
    void flags(Flags&... flags) {
        const int64_t bits = number();
        int place = 0;
        ((flags = ((bits >> place++) & 1) != 0), ...);
        if (bits >> place != 0) fail();
    }
    template <class... Counts>
    void counts(Counts&... counts) {
        std::array<bool, sizeof...(Counts)> there{};
        std::apply([this](auto&... each) { this->flags(each...); }, there);
        size_t place = 0;
        ((counts = there[place++] ? std::optional(number()) : std::nullopt), ...);
    }

    bool failed() const { return failed_; }
    std::span<const uint8_t> left() const { return left_; }

private:
    void fail() {
        failed_ = true;
        left_ = {};
    }

    std::span<const uint8_t> left_;
    bool failed_ = false;
};

template <class Code, class Tools>
void code_tools(Code& code, Tools& tools) {
    code.number(tools.selection);
    for (auto* count : {&tools.offered,
                        &tools.permitted,
                        &tools.forwarded,
                        &tools.kept,
                        &tools.called,
                        &tools.missed}) {
        code.number(*count);
    }
    code.number(tools.tokens_spared);
}

/// The fields of a call, for both directions. Another list is another kVersion.
template <class Code, class Call>
void code_call(Code& code, Call& call) {
    auto& record = call.record;
    auto& n = call.numbers;
    auto& usage = record.usage;
    code.id(record.id);
    for (auto* word : {&n.key, &n.app, &n.user, &n.provider, &n.model, &n.route, &n.error}) {
        code.number(*word);
    }
    code.number(n.model_named);
    code.numbers(n.makers, kCallMakersMax);
    code.numbers(n.tags, kCallTagsMax);
    code.number(call.session);
    code.moment(record.admitted_at, TimePoint());
    code.moment(record.ended_at, record.admitted_at);
    code.moment(call.day, record.ended_at);
    code.number(record.status);
    code.number(record.attempts);
    // NOLINTNEXTLINE(misc-const-correctness): a reader writes it
    bool has_tools = record.tools.has_value();
    code.flags(record.streamed, record.client_left, record.priced, call.named_session, has_tools);
    code.number(record.outcome);
    code.number(record.basis);
    code.counts(usage.input,
                usage.output,
                usage.total,
                usage.cached_input,
                usage.cache_write,
                usage.audio_input,
                usage.reasoning,
                usage.audio_output,
                usage.images,
                usage.cache_write_1h);
    code.number(record.price_version);
    code.number(record.held.value);
    code.number(record.cost.value);
    code.duration(record.duration);
    code.duration(record.first_byte);
    code.duration(record.overhead);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(record)>>) {
        record.tools = has_tools ? std::optional(ToolCounts()) : std::nullopt;
    }
    if (record.tools) code_tools(code, *record.tools);
}

}  // namespace

void write_call(const StoredCall& call, std::vector<uint8_t>& block) {
    if (block.empty()) block.push_back(kVersion);
    Writer writer;
    code_call(writer, call);
    const std::span<const uint8_t> bytes = writer.bytes();
    block.insert(block.end(), bytes.begin(), bytes.end());
}

CallReader::CallReader(std::span<const uint8_t> block) : left_(block) {
    damaged_ = block.empty() || block.front() < kVersionMin || block.front() > kVersion;
    if (!damaged_) left_ = block.subspan(1);
}

Result<bool> CallReader::next(StoredCall& call) {
    if (!damaged_ && left_.empty()) return false;
    Reader reader(left_);
    if (!damaged_) code_call(reader, call);
    left_ = reader.left();
    damaged_ |= reader.failed();
    if (!damaged_) return true;
    return fail(ErrorCode::StoreUnavailable,
                "The database is damaged: restore a backup.",
                "a block of calls cannot be read");
}

}  // namespace keywarden
