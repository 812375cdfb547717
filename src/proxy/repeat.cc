#include "proxy/repeat.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/id.h"
#include "proxy/answer.h"
#include "proxy/replay.h"

namespace keywarden {
namespace {

Task<Result<void>> send_again(Call* call, std::shared_ptr<const KeptAnswer> answer) {
    start_answer(call, answer->status);
    if (!answer->content_type.empty()) {
        call->exchange->add_field("Content-Type", answer->content_type);
    }
    call->exchange->add_field("Idempotent-Replayed", "true");
    call->request.reset();
    co_await call->exchange->send(answer->body);
    co_return Result<void>();
}

}  // namespace

Result<std::optional<Answering>> find_repeated(Call* call) {
    const RequestHead& head = call->exchange->head();
    const std::string_view key = head.value("idempotency-key");
    if (key.empty() || call->request->form || !call->caller) return std::nullopt;
    if (head.named_in_connection("idempotency-key")) return std::nullopt;  // not for us
    if (key.size() > kRepeatKeyMax ||
        !std::ranges::all_of(key, [](char c) { return c >= ' ' && c < 0x7f; })) {
        return fail(
            Error{.code = ErrorCode::InvalidRequest,
                  .message = "The Idempotency-Key must be at most 255 printable characters.",
                  .param = "Idempotency-Key"});
    }
    std::string scope = std::string(call->caller->team_id) + '/' +
                        std::string(call->caller->key_id()) + ' ' + std::string(call->facts->path);
    for (const std::string& value : call->values) scope += ' ' + value;
    TRY(auto begun,
        call->proxy->replays().begin(scope,
                                     key,
                                     sha256(call->request->json.text()),
                                     parse_uuid(call->request_id()).value_or(CallId{}),
                                     call->loop->mono()));
    call->replay = std::move(begun.ticket);
    if (call->replay.is_open()) call->client.drain_all();
    if (begun.answer == nullptr) return std::nullopt;
    return send_again(call, std::move(begun.answer));
}

}  // namespace keywarden
