// What every store does alike with a key: rules on plain values, so that no two stores differ.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/key.h"
#include "store/store.h"

namespace keywarden {

inline constexpr Nanos kCreationWindow = std::chrono::hours(1);

/// The key with all its moments in whole milliseconds, rounded down.
Key in_millis(Key key);
TimePoint in_millis(TimePoint when);

/// What a team has, when it wants one key more.
struct KeyCounts {
    int64_t active = 0;                        // see is_active
    int64_t created = 0;                       // later than kCreationWindow ago
    std::optional<TimePoint> created_first{};  // the first of those
};

/// Whether the key counts for the cap: neither revoked nor expired.
bool is_active(const Key& key, TimePoint now);

/// Whether a team with `counts` may have one active key more.
/// Errors: ApiKeyLimitReached.
Result<void> check_cap(const KeyCounts& counts, KeyCaps caps);

/// Whether it may create one.
/// Errors: ApiKeyLimitReached, else KeyCreationRateExceeded.
Result<void> check_caps(const KeyCounts& counts, const KeyTerms& terms);

/// What a team may have: as its plan says, and where that says nothing, as the instance does.
KeyCaps caps_of(const Plan* plan, KeyCaps otherwise);

/// The row of the audit log for a change of `key`; `action` where the terms name none.
AuditEntry audit_of(const Key& key, const KeyTerms& terms, std::string_view action);

/// Carries over what was noted about secrets meanwhile: uses only move forward, ends only earlier,
/// and what has ended has ended.
void keep_uses(const std::vector<KeySecret>& stored, std::vector<KeySecret>& next);

/// Whether a list leaves the key in, but for its team and its page.
bool is_wanted(const Key& key, const KeyQuery& query);

/// The key's plain columns. They point into `key` and `secrets`.
HotKey hot_key(const Key& key, std::vector<HotSecret>& secrets);

/// Whether an Idempotency-Key's record no longer counts at `now`.
bool has_lapsed(const IdempotencyRecord& record, TimePoint now);

/// Whether `answer` is to the reservation `held`: the same request, and nobody took over meanwhile.
bool is_answer_to(const IdempotencyRecord& answer, const IdempotencyRecord& held);

/// The errors that all stores word alike.
std::unexpected<Error> no_such_key();
std::unexpected<Error> no_such_team();
std::unexpected<Error> not_a_cursor();
std::unexpected<Error> key_exists();
std::unexpected<Error> version_mismatch();
std::unexpected<Error> reservation_lost();

}  // namespace keywarden
