// The fields of a key that a caller may set: how each is read, and what it may hold.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "admin/json_body.h"
#include "base/result.h"
#include "base/units.h"
#include "domain/call_record.h"
#include "domain/key.h"
#include "domain/key_format.h"

namespace keywarden {

// Lengths are in characters (code points), not bytes.
inline constexpr size_t kKeyNameMax = 100;
inline constexpr size_t kKeyDescriptionMax = 1000;
inline constexpr size_t kKeyMetadataMax = 16;
inline constexpr size_t kKeyMetadataNameMax = 64;
inline constexpr size_t kKeyMetadataValueMax = 512;
inline constexpr size_t kKeyTagsMax = kCallTagsMax;
inline constexpr size_t kKeyTagMax = 64;

/// A key being made or changed. In a change an absent field is left alone, and null clears it.
struct KeyDraft {
    Key key{};
    Json policy{};  // as it was sent; taken over once the other fields are
    bool kind_named = false;
    std::string user{};    // whose it shall be; empty: as its maker's
    std::string format{};  // empty: the instance's default
    bool test = false;     // of the format's two environments
};

/// One line of visible text that is not blank.
Result<std::string> read_line(std::string_view field, const Json& value, size_t length_max);
/// A whole number from 1 to `max`; nothing for null.
Result<std::optional<int64_t>> read_count(std::string_view field, const Json& value, int64_t max);

/// Errors: UnknownField, InvalidRequest.
/// `others` may be there too: the caller reads them.
Result<void> read_new_key(const Json& object,
                          KeyDraft& draft,
                          std::span<const std::string_view> others = {});
Result<void> read_key_change(const Json& object, KeyDraft& draft);
/// The tools of a key's policy, as `{allowed, denied}`: what is absent stays, null is cleared.
Result<void> read_toollist(const Json& object, AllowDeny<Glob>& tools);

/// Rules between fields and the clock; what a change left alone is not looked at again.
/// `before` is null for a new key. Errors: InvalidRequest.
Result<void> check_times(const Key* before, const Key& after, TimePoint now);

/// Whether new keys can be of the draft's format, in its environment.
/// Errors: InvalidRequest.
Result<void> check_format(const KeyFormats& formats, const KeyDraft& draft);

/// A length of time such as "90s", "30m", "24h", or "7d".
/// Nothing when it is not one, or is longer than `max`.
std::optional<Nanos> parse_duration(std::string_view text, Nanos max);
/// The same the other way, in the largest unit that fits: "90d".
std::string duration_text(Nanos duration);

}  // namespace keywarden
