#include "admin/idempotency.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/crypto.h"
#include "base/log.h"

namespace keywarden {
namespace {

bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

/// The first answer and its replay, alike but for what is shown once.
HttpResponse answer_of(const ApiCall& call, int status, const Json& record) {
    HttpResponse response = json_response(status, record);
    if (const auto version = record.find("version"); version != record.end()) {
        set_header(response, "ETag", "\"" + dump(*version) + "\"");
    }
    if (status == 201) {
        const auto id = record.find(record.contains("id") ? "id" : "user");
        set_header(response, "Location", call.request.path + "/" + id->get<std::string>());
    }
    return response;
}

Result<HttpResponse> replay(const ApiCall& call,
                            const IdempotencyRecord& record,
                            const Digest& request_digest) {
    if (record.request_digest != request_digest) {
        return fail(ErrorCode::IdempotencyMismatch,
                    "This Idempotency-Key was used with another request body.");
    }
    if (record.status == 0) {
        return fail({.code = ErrorCode::IdempotencyInProgress,
                     .message = "The first request with this Idempotency-Key is still running.",
                     .retry_after = std::chrono::seconds(1)});
    }
    const Json body = Json::parse(record.body, nullptr, false);
    if (body.is_discarded()) {
        return fail(ErrorCode::StoreUnavailable,
                    "The database is damaged: restore a backup.",
                    "the answer to an Idempotency-Key cannot be read");
    }
    HttpResponse response = answer_of(call, record.status, body);
    set_header(response, "Idempotent-Replayed", "true");
    return response;
}

Result<HttpResponse> first_answer(const ApiCall& call, Result<Created> created) {
    if (!created) return std::unexpected(std::move(created).error());
    created->record.update(created->shown_once);
    return answer_of(call, created->status, created->record);
}

}  // namespace

Result<HttpResponse> run_once(AdminContext& context,
                              const ApiCall& call,
                              std::string_view scope,
                              const std::function<Result<Created>(const AnswerNote&)>& create) {
    const std::string_view key = call.request.header("Idempotency-Key");
    if (key.empty()) {
        return first_answer(call, create([](int, const Json&) { return std::nullopt; }));
    }
    if (key.size() > kIdempotencyKeyMax || !is_visible(key)) {
        return fail_field("Idempotency-Key", "must be 1 to 255 visible ASCII characters");
    }
    const IdempotencyRecord reserved = {
        .scope = std::string(call.caller->team_id) + " " + std::string(scope),
        .key = std::string(key),
        .request_digest = sha256(call.request.body),
        .created_at = context.clock.now()};
    Store& store = context.keys.store();
    TRY(const auto earlier, store.begin_idempotent(reserved));
    if (earlier) return replay(call, *earlier, reserved.request_digest);

    Result<Created> created = create([&](int status, const Json& record) {
        IdempotencyRecord answer = reserved;
        answer.status = status;
        answer.body = dump(record);
        return std::optional(std::move(answer));
    });
    if (!created) {
        if (const auto freed = store.free_idempotent(reserved); !freed) {
            log(LogLevel::Warning, "idempotency.not_freed", {{"detail", freed.error().detail}});
        }
    }
    return first_answer(call, std::move(created));
}

Result<void> store_answered(AdminContext& context,
                            const std::optional<IdempotencyRecord>& answer,
                            const std::function<Result<void>()>& change) {
    if (!answer) return change();
    Store& store = context.keys.store();
    return store.together([&]() -> Result<void> {
        TRY_VOID(change());
        return store.answer_idempotent(*answer);
    });
}

}  // namespace keywarden
