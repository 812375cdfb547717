#include "store/key_rules.h"

#include <algorithm>
#include <fmt/core.h>

namespace keywarden {
namespace {

void floor_to_millis(TimePoint& when) { when = in_millis(when); }

void floor_to_millis(std::optional<TimePoint>& when) {
    if (when) floor_to_millis(*when);
}

/// The earlier of two ends, where an empty one is never.
std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
}

}  // namespace

TimePoint in_millis(TimePoint when) { return std::chrono::floor<std::chrono::milliseconds>(when); }

Key in_millis(Key key) {
    floor_to_millis(key.not_before);
    floor_to_millis(key.expires_at);
    floor_to_millis(key.created_at);
    floor_to_millis(key.updated_at);
    floor_to_millis(key.revoked_at);
    for (KeySecret& secret : key.secrets) {
        floor_to_millis(secret.created_at);
        floor_to_millis(secret.ends_at);
        floor_to_millis(secret.first_used_at);
        floor_to_millis(secret.last_used_at);
        for (SecretNetwork& each : secret.networks) floor_to_millis(each.last_used_at);
        if (secret.grace) {
            secret.grace = std::chrono::floor<std::chrono::milliseconds>(*secret.grace);
        }
    }
    return key;
}

bool is_active(const Key& key, TimePoint now) {
    return key.status != KeyStatus::Revoked && (!key.expires_at || now < *key.expires_at);
}

Result<void> check_cap(const KeyCounts& counts, KeyCaps caps) {
    if (counts.active < caps.active_keys_max) return {};
    return fail(
        {.code = ErrorCode::ApiKeyLimitReached,
         .message = fmt::format("The team has {} active API keys, and its plan allows {}. "
                                "Revoke one that is no longer used, or upgrade your plan.",
                                counts.active,
                                caps.active_keys_max),
         .facts = {
             {"denied_by", "plan"}, {"limit", caps.active_keys_max}, {"used", counts.active}}});
}

Result<void> check_caps(const KeyCounts& counts, const KeyTerms& terms) {
    const KeyCaps& caps = terms.caps;
    TRY_VOID(check_cap(counts, caps));
    if (!terms.rate_holds || counts.created < caps.creations_per_hour_max) return {};
    const TimePoint free_at = counts.created_first.value_or(terms.now) + kCreationWindow;
    return fail({.code = ErrorCode::KeyCreationRateExceeded,
                 .message = fmt::format("The team has created {} API keys within an hour, and its "
                                        "plan allows {}.",
                                        counts.created,
                                        caps.creations_per_hour_max),
                 .retry_after = std::max(free_at - terms.now, Nanos(std::chrono::seconds(1))),
                 .facts = {{"denied_by", "plan"},
                           {"limit", caps.creations_per_hour_max},
                           {"used", counts.created}}});
}

KeyCaps caps_of(const Plan* plan, KeyCaps otherwise) {
    if (plan == nullptr) return otherwise;
    return {.active_keys_max = plan->active_keys_max.value_or(otherwise.active_keys_max),
            .creations_per_hour_max =
                plan->creations_per_hour_max.value_or(otherwise.creations_per_hour_max)};
}

AuditEntry audit_of(const Key& key, const KeyTerms& terms, std::string_view action) {
    AuditEntry entry = terms.audit;
    entry.at = terms.now;
    entry.tenant = key.team_id;
    entry.target = {"key", key.id};
    if (entry.action.empty()) entry.action = action;
    return entry;
}

void keep_uses(const std::vector<KeySecret>& stored, std::vector<KeySecret>& next) {
    for (KeySecret& secret : next) {
        const auto old = std::ranges::find(stored, secret.digest, &KeySecret::digest);
        if (old == stored.end()) continue;
        secret.ends_at = earlier(secret.ends_at, old->ends_at);
        secret.ended = secret.ended || old->ended;
        secret.first_used_at = earlier(secret.first_used_at, old->first_used_at);
        secret.last_used_at = std::max(secret.last_used_at, old->last_used_at);
        secret.networks = old->networks;
    }
}

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool has(std::string_view text, std::string_view wanted) {
    return !std::ranges::search(text, wanted, {}, lower, lower).empty();
}

bool is_found(const Key& key, std::string_view wanted) {
    const auto in = [&](std::string_view text) { return has(text, wanted); };
    return in(key.name) || in(key.id) || std::ranges::any_of(key.secrets, in, &KeySecret::display);
}

}  // namespace

bool is_wanted(const Key& key, const KeyQuery& query) {
    if (!query.search.empty() && !is_found(key, query.search)) return false;
    if (query.state && state_at(key, query.now) != *query.state) return false;
    if (query.unused && !is_unused(key, query.notice, query.now)) return false;
    if (query.expires_soon && !expires_soon(key, query.notice, query.now)) return false;
    return !query.rotation || rotation_of(key, query.notice, query.now) == query.rotation;
}

HotKey hot_key(const Key& key, std::vector<HotSecret>& secrets) {
    secrets.clear();
    for (const KeySecret& secret : key.secrets) {
        secrets.push_back({.digest = secret.digest,
                           .created_at = secret.created_at,
                           .grace = secret.grace,
                           .ends_at = secret.ends_at,
                           .used = secret.first_used_at.has_value(),
                           .ended = secret.ended});
    }
    return {.id = key.id,
            .team_id = key.team_id,
            .app_id = key.app_id,
            .user_id = key.user_id,
            .maker_key_id = key.maker_key_id,
            .kind = key.kind,
            .status = key.status,
            .not_before = key.not_before,
            .expires_at = key.expires_at,
            .rate_limit_rpm = key.rate_limit_rpm,
            .policy = key.policy == Policy() ? nullptr : &key.policy,
            .version = key.version,
            .secrets = secrets,
            .tags = key.tags};
}

bool has_lapsed(const IdempotencyRecord& record, TimePoint now) {
    const Nanos age = now - record.created_at;
    return age >= kIdempotencyKept || (record.status == 0 && age >= kIdempotencyFlightMax);
}

bool is_answer_to(const IdempotencyRecord& answer, const IdempotencyRecord& held) {
    return held.status == 0 && held.request_digest == answer.request_digest &&
           held.created_at == in_millis(answer.created_at);
}

std::unexpected<Error> no_such_key() {
    return fail(ErrorCode::NotFound, "There is no such API key.");
}

std::unexpected<Error> no_such_team() {
    return fail(ErrorCode::NotFound, "There is no such team.");
}

std::unexpected<Error> not_a_cursor() {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = "The cursor is none that this list has given.",
                 .param = "after"});
}

std::unexpected<Error> key_exists() {
    return fail(ErrorCode::InvalidRequest, "There is an API key with that id or secret already.");
}

std::unexpected<Error> version_mismatch() {
    return fail(ErrorCode::VersionMismatch, "The API key was changed meanwhile. Read it again.");
}

std::unexpected<Error> reservation_lost() {
    return fail({.code = ErrorCode::IdempotencyInProgress,
                 .message = "Another request took over this Idempotency-Key, as this one took too "
                            "long.",
                 .retry_after = std::chrono::seconds(1)});
}

}  // namespace keywarden
