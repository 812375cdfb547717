#include "admin/idempotency.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "admin/json_body.h"
#include "base/crypto.h"
#include "base/log.h"

namespace keywarden {
namespace {

bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

Result<HttpResponse> replay(const IdempotencyRecord& record, const Digest& request_digest) {
    if (record.request_digest != request_digest) {
        return fail(ErrorCode::IdempotencyMismatch,
                    "This Idempotency-Key was used with another request body.");
    }
    if (record.status == 0) {
        return fail({.code = ErrorCode::IdempotencyInProgress,
                     .message = "The first request with this Idempotency-Key is still running.",
                     .retry_after = std::chrono::seconds(1)});
    }
    return HttpResponse{.status = record.status,
                        .headers = {{"Content-Type", "application/json"},
                                    {"Cache-Control", "no-store"},
                                    {"Idempotent-Replayed", "true"}},
                        .body = record.body};
}

}  // namespace

Result<HttpResponse> run_once(AdminContext& context,
                              const ApiCall& call,
                              std::string_view scope,
                              const std::function<Result<Created>()>& create) {
    const std::string_view key = call.request.header("Idempotency-Key");
    if (key.empty()) {
        TRY(Created created, create());
        return std::move(created.answer);
    }
    if (key.size() > kIdempotencyKeyMax || !is_visible(key)) {
        return fail_field("Idempotency-Key", "must be 1 to 255 visible ASCII characters");
    }
    IdempotencyRecord record = {
        .scope = std::string(call.caller->team_id) + " " + std::string(scope),
        .key = std::string(key),
        .request_digest = sha256(call.request.body),
        .created_at = context.clock.now()};
    Store& store = context.keys.store();
    TRY(const auto earlier, store.begin_idempotent(record));
    if (earlier) return replay(*earlier, record.request_digest);

    Result<Created> created = create();
    if (created) {
        record.status = created->answer.status;
        record.body = std::move(created->replay_body);
    }
    // What was created stays created whatever happens to the note of it; its secret is shown only
    // in this answer, so the answer must go out.
    if (const auto ended = store.end_idempotent(record); !ended) {
        log(LogLevel::Warning, "idempotency.not_noted", {{"detail", ended.error().detail}});
    }
    if (!created) return std::unexpected(std::move(created).error());
    return std::move(created->answer);
}

}  // namespace keywarden
