#include "domain/limit_snapshot.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/crypto.h"

namespace keywarden {
namespace {

using Millis = std::chrono::milliseconds;

constexpr std::string_view kMagic = "kwlimit1";
constexpr size_t kCrcBytes = 4;

template <class T>
void append(std::string& out, T value) {
    auto bits = static_cast<uint64_t>(value);
    for (size_t i = 0; i < sizeof(T); ++i, bits >>= 8) out += static_cast<char>(bits & 0xff);
}

/// Takes a number off the front of `bytes`.
template <class T>
std::optional<T> take_number(std::string_view& bytes) {
    if (bytes.size() < sizeof(T)) return std::nullopt;
    uint64_t bits = 0;
    for (size_t i = sizeof(T); i-- > 0;) bits = bits << 8 | static_cast<uint8_t>(bytes[i]);
    bytes.remove_prefix(sizeof(T));
    return static_cast<T>(bits);
}

template <class T>
std::optional<std::string_view> take_sized(std::string_view& bytes) {
    const std::optional<T> size = take_number<T>(bytes);
    if (!size || bytes.size() < *size) return std::nullopt;
    const std::string_view taken = bytes.substr(0, *size);
    bytes.remove_prefix(*size);
    return taken;
}

/// In whole milliseconds, rounded down: what looks younger is forgotten later.
uint32_t age_millis(MonoTime when, MonoTime now) {
    const int64_t millis = std::chrono::floor<Millis>(std::max(now - when, Nanos(0))).count();
    return static_cast<uint32_t>(std::min(millis, int64_t{std::numeric_limits<uint32_t>::max()}));
}

/// Count of cells, then the age and the amount of each.
template <class Window>
bool append_window(std::string& out, const Window& window, MonoTime now) {
    std::string cells;
    uint8_t count = 0;
    window.for_each_cell(now, [&](uint32_t amount, MonoTime latest) {
        append(cells, age_millis(latest, now));
        append(cells, amount);
        ++count;
    });
    append(out, count);
    out += cells;
    return count > 0;
}

template <class Window>
bool take_window(std::string_view& bytes, Window& window, Nanos downtime, MonoTime now) {
    const std::optional<uint8_t> count = take_number<uint8_t>(bytes);
    if (!count) return false;
    for (uint8_t i = 0; i < *count; ++i) {
        const std::optional<uint32_t> age = take_number<uint32_t>(bytes);
        const std::optional<uint32_t> amount = take_number<uint32_t>(bytes);
        if (!age || !amount) return false;
        window.restore(*amount, now - Millis(*age) - downtime, now);
    }
    return true;
}

std::unexpected<Error> damaged(std::string detail) {
    return fail(ErrorCode::InvalidRequest, "The limits' snapshot is damaged.", std::move(detail));
}

}  // namespace

bool LimitCounter::snapshot(MonoTime now, std::string& out) const {
    const std::lock_guard lock(lock_);
    const size_t start = out.size();
    bool any = append_window(out, requests_, now);
    any |= append_window(out, tokens_in_, now);
    any |= append_window(out, tokens_out_, now);
    any |= append_window(out, tokens_, now);
    any |= append_window(out, day_, now);
    const Nanos until_smooth = std::max(smooth_at_ - now, Nanos(0));
    append(out, std::chrono::ceil<Millis>(until_smooth).count());
    any |= until_smooth > Nanos(0);
    if (!any) out.resize(start);
    return any;
}

bool LimitCounter::restore(std::string_view bytes, Nanos downtime, MonoTime now) {
    LimitCounter fresh;
    const bool whole = take_window(bytes, fresh.requests_, downtime, now) &&
                       take_window(bytes, fresh.tokens_in_, downtime, now) &&
                       take_window(bytes, fresh.tokens_out_, downtime, now) &&
                       take_window(bytes, fresh.tokens_, downtime, now) &&
                       take_window(bytes, fresh.day_, downtime, now);
    const std::optional<int64_t> until_smooth = take_number<int64_t>(bytes);
    if (!whole || !until_smooth || !bytes.empty()) return false;
    const std::lock_guard lock(lock_);
    requests_ = fresh.requests_;
    tokens_in_ = fresh.tokens_in_;
    tokens_out_ = fresh.tokens_out_;
    tokens_ = fresh.tokens_;
    day_ = fresh.day_;
    smooth_at_ = now + Millis(*until_smooth) - downtime;
    return true;
}

LimitSnapshotWriter::LimitSnapshotWriter(TimePoint made_at, MonoTime now) : now_(now) {
    bytes_ = kMagic;
    append(bytes_, to_millis(made_at));
}

void LimitSnapshotWriter::add(Scope scope, std::string_view id, const LimitCounter& counter) {
    assert(id.size() <= kSnapshotIdBytesMax);
    std::string content;
    if (!counter.snapshot(now_, content)) return;
    append(bytes_, static_cast<uint8_t>(scope));
    append(bytes_, static_cast<uint8_t>(id.size()));
    bytes_ += id;
    append(bytes_, static_cast<uint16_t>(content.size()));
    bytes_ += content;
}

std::string LimitSnapshotWriter::finish() && {
    append(bytes_, crc32(bytes_));
    return std::move(bytes_);
}

Result<void> read_limit_snapshot(std::string_view bytes,
                                 TimePoint wall,
                                 MonoTime now,
                                 const FindCounter& find) {
    if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + 8 + kCrcBytes) {
        return damaged("no 'kwlimit1' at its front");
    }
    std::string_view tail = bytes.substr(bytes.size() - kCrcBytes);
    bytes.remove_suffix(kCrcBytes);
    if (take_number<uint32_t>(tail) != crc32(bytes)) return damaged("its checksum is wrong");

    bytes.remove_prefix(kMagic.size());
    const TimePoint made_at = from_millis(take_number<int64_t>(bytes).value_or(0));
    // Rounded down, as the moment in the file was, by less than a millisecond: taken off here.
    const Nanos downtime = std::max(wall - made_at - Nanos(Millis(1)), Nanos(0));
    while (!bytes.empty()) {
        const std::optional<uint8_t> scope = take_number<uint8_t>(bytes);
        const std::optional<std::string_view> id = take_sized<uint8_t>(bytes);
        const std::optional<std::string_view> content = take_sized<uint16_t>(bytes);
        if (!scope || *scope >= kScopes || !id || !content) return damaged("an entry is cut");
        LimitCounter* counter = find(static_cast<Scope>(*scope), *id);
        if (counter == nullptr) continue;
        if (!counter->restore(*content, downtime, now)) return damaged("an entry is malformed");
    }
    return {};
}

}  // namespace keywarden
