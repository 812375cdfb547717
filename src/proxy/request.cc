#include "proxy/request.h"

#include <utility>

#include "base/http.h"
#include "proxy/policy.h"

namespace keywarden {

Result<void> check_coding(const RequestHead& head) {
    for (size_t i = 0; i < head.field_count(); ++i) {
        const auto [name, value] = head.field(i);
        if (!equal_ignoring_case(name, "content-encoding")) continue;
        if (value.empty() || equal_ignoring_case(value, "identity")) continue;
        return fail(Error{.code = ErrorCode::UnsupportedMediaType,
                          .message = "The body must not be compressed: send no Content-Encoding.",
                          .param = "Content-Encoding"});
    }
    return {};
}

namespace {

/// "application/json; charset=utf-8" and "application/problem+json" are; none at all is taken too.
bool is_json(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
    if (type.empty() || equal_ignoring_case(type, "application/json")) return true;
    return type.size() > 5 && equal_ignoring_case(type.substr(type.size() - 5), "+json");
}

void take_own_key(RelayRequest* request, std::string_view key) {
    if (!key.empty()) request->own_key = Secret(std::string(key));
}

Task<Result<void>> read_json(Call* call) {
    RelayRequest* const request = call->request.get();
    CO_TRY_VOID(check_coding(call->exchange->head()));
    if (!is_json(call->exchange->head().value("content-type"))) {
        co_return fail(ErrorCode::UnsupportedMediaType,
                       "The body must be JSON: send 'Content-Type: application/json'.");
    }
    const size_t own_max = call->proxy->parts().limits.json_body_max;
    const Result<std::span<char>> body =
        co_await call->exchange->read_body(body_bytes_max(*call, own_max));
    if (!body && body.error().code == ErrorCode::RequestTooLarge) {
        co_return fail(body_too_large(*call, own_max));
    }
    if (!body) co_return fail(body.error());
    const std::string_view text(body->data(), body->size());
    if (call->facts->dialect == Dialect::Bedrock) {
        CO_TRY_VOID(request->json.read_converse(text));
        request->model = call->values.front();
    } else {
        CO_TRY_VOID(request->json.read(text));
        request->model = request->json.model();
    }
    take_own_key(request, request->json.api_key());
    co_return Result<void>();
}

/// One more piece of the form, into `held`.
Task<Result<void>> hold_piece(Call* call) {
    RelayRequest* const request = call->request.get();
    CO_TRY(const std::string_view piece, co_await call->exchange->read_piece());
    request->body_ended = piece.empty();
    CO_TRY_VOID(request->scanner().feed(piece));
    request->held.append(piece);
    co_return Result<void>();
}

Task<Result<void>> read_form(Call* call) {
    RelayRequest* const request = call->request.get();
    const RequestHead& head = call->exchange->head();
    CO_TRY_VOID(check_coding(head));
    const size_t own_max = call->proxy->parts().limits.stream_body_max;
    if (head.content_length().value_or(0) > body_bytes_max(*call, own_max)) {
        co_return fail(body_too_large(*call, own_max));
    }
    CO_TRY(MultipartScanner scanner, MultipartScanner::open(head.value("content-type")));
    request->form.emplace(std::move(scanner));
    while (!request->scanner().settled() && !request->scanner().complete() &&
           !request->body_ended) {
        if (request->held.size() > kFormHeldMax) {
            co_return fail(Error{.code = ErrorCode::RequestTooLarge,
                                 .message = "Put the form's fields before a file of this size.",
                                 .param = "model"});
        }
        CO_TRY_VOID(co_await hold_piece(call));
    }
    const auto& model = request->scanner().model();
    if (!model || model->begin == model->end) {
        co_return fail(Error{.code = ErrorCode::InvalidRequest,
                             .message = "The field 'model' is missing.",
                             .param = "model"});
    }
    const std::string_view held = request->held.view();
    request->model = held.substr(model->begin, model->end - model->begin);
    for (const auto& [name, part, value] : request->scanner().credentials()) {
        if (name != "api_key") continue;
        const std::string_view key = held.substr(value.begin, value.end - value.begin);
        CO_TRY_VOID(check_own_key(key));
        take_own_key(request, key);
    }
    co_return Result<void>();
}

}  // namespace

Task<Result<void>> read_request(Call* call) {
    call->request = std::make_unique<RelayRequest>();
    return call->endpoint->body == BodyForm::Json ? read_json(call) : read_form(call);
}

Task<Result<void>> read_rest_of_form(Call* call) {
    RelayRequest* const request = call->request.get();
    const size_t own_max = call->proxy->parts().limits.stream_body_max;
    while (!request->body_ended) {
        CO_TRY_VOID(co_await hold_piece(call));
        if (request->held.size() > body_bytes_max(*call, own_max)) {
            co_return fail(body_too_large(*call, own_max));
        }
    }
    co_return Result<void>();
}

}  // namespace keywarden
