#include "providers/sandbox.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/aws_error.h"
#include "base/event_stream.h"
#include "base/json/write.h"
#include "providers/sandbox/controls.h"
#include "providers/sandbox/endpoints.h"
#include "providers/sandbox/text.h"

namespace keywarden {
namespace {

constexpr std::string_view kPlainModel = "sandbox";

struct Endpoint {
    std::string_view path;
    Result<SandboxAnswer> (*answer)(const SandboxCall&);
};

constexpr std::array kEndpoints = {
    Endpoint{"/v1/chat/completions", answer_chat},
    Endpoint{"/v1/completions", answer_completions},
    Endpoint{"/v1/responses", answer_responses},
    Endpoint{"/v1/messages", answer_messages},
    Endpoint{"/v1/messages/count_tokens", answer_count_tokens},
    Endpoint{"/model/{id}/converse", answer_converse},
    Endpoint{"/model/{id}/converse-stream", answer_converse_stream},
    Endpoint{"/v1/embeddings", answer_embeddings},
    Endpoint{"/v1/moderations", answer_moderations},
    Endpoint{"/v1/rerank", answer_rerank},
    Endpoint{"/v1/images/generations", answer_images},
    Endpoint{"/v1/images/edits", answer_image_files},
    Endpoint{"/v1/images/variations", answer_image_files},
    Endpoint{"/v1/audio/speech", answer_speech},
    Endpoint{"/v1/audio/transcriptions", answer_transcriptions},
    Endpoint{"/v1/audio/translations", answer_transcriptions},
};

OrderedJson error_body(std::string message, std::string_view type) {
    return {{"error",
             {{"message", std::move(message)},
              {"type", type},
              {"param", nullptr},
              {"code", "sandbox_error"}}}};
}

OrderedJson anthropic_error_body(std::string message, std::string_view type) {
    return {{"type", "error"},
            {"error", {{"type", type}, {"message", std::move(message)}}},
            {"request_id", "req_sandbox"}};
}

/// Source: Anthropic's documentation, "Errors".
std::string_view anthropic_type(int64_t status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 402:
            return "billing_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 504:
            return "timeout_error";
        case 529:
            return "overloaded_error";
        default:
            return status >= 500 ? "api_error" : "invalid_request_error";
    }
}

std::string aws_frame(std::span<const FrameText> headers, std::string_view payload) {
    std::string out;
    append_frame(out, headers, payload);
    return out;
}

std::string aws_event(std::string_view type, std::string_view payload) {
    const std::array headers = {FrameText{":event-type", type},
                                FrameText{":content-type", "application/json"},
                                FrameText{":message-type", "event"}};
    return aws_frame(headers, payload);
}

std::string aws_exception(std::string message) {
    const std::array headers = {FrameText{":exception-type", "modelStreamErrorException"},
                                FrameText{":content-type", "application/json"},
                                FrameText{":message-type", "exception"}};
    return aws_frame(headers, to_text(OrderedJson{{"message", std::move(message)}}));
}

/// What a provider says with such a status, in the dialect of the call.
SandboxAnswer chosen_error(const SandboxCall& call) {
    const int64_t status = call.controls.error;
    const std::string_view type = status >= 500   ? "server_error"
                                  : status == 429 ? "rate_limit_error"
                                                  : "invalid_request_error";
    const std::string message =
        "The sandbox answers " + std::to_string(status) + " because the model's name asks for it.";
    OrderedJson body = error_body(message, type);
    if (call.is_anthropic) body = anthropic_error_body(message, anthropic_type(status));
    if (call.is_bedrock) body = {{"message", message}};
    SandboxAnswer answer = whole_answer(to_text(body));
    if (call.is_bedrock) {
        answer.headers.push_back(
            {"x-amzn-ErrorType", std::string(aws_error_type(static_cast<int>(status)))});
    }
    answer.status = static_cast<int>(status);
    if (status == 429 || status == 503) answer.headers.push_back({"Retry-After", "1"});
    return answer;
}

/// Of all that is asked, but not of how: a stream says what a whole answer says, at any speed.
uint64_t seed_of_request(const Json& body) {
    uint64_t seed = 0;
    for (const auto& [field, value] : body.items()) {
        if (field == "model" || field == "stream" || field == "stream_options") continue;
        seed = seed_of(to_text(value), seed_of(field, seed));
    }
    return seed;
}

/// Waits and cuts, on top of a whole answer or a stream.
void apply(const SandboxCall& call, SandboxAnswer& answer) {
    const SandboxControls& controls = call.controls;
    SandboxSteps& steps = answer.steps;
    steps.first_delay = std::chrono::milliseconds(controls.slow_ms);
    if (answer.streams) steps.delay = std::chrono::milliseconds(controls.delay_ms);
    if (!controls.cut && !controls.fail) return;
    if (!answer.streams && controls.cut) {
        // A whole answer is cut in the middle of its body.
        std::string& body = steps.parts.front().before;
        const size_t middle = body.size() / 2;
        std::string rest = body.substr(middle);
        body.resize(middle);
        steps.parts.push_back(raw_frame(std::move(rest)));
    }
    if (!answer.streams && !controls.cut) return;
    steps.cut_after = std::max<size_t>(1, steps.frames() / 2);
    if (!controls.cut) {
        const std::string message = "The sandbox fails here because the model's name asks for it.";
        if (call.is_bedrock) {
            steps.cut_frame = aws_exception(message);
            return;
        }
        steps.cut_frame =
            call.is_anthropic
                ? "event: error\n" + data_frame(anthropic_error_body(message, "api_error")).before
                : data_frame(error_body(message, "server_error")).before;
    }
}

}  // namespace

size_t SandboxSteps::frames() const {
    size_t count = 0;
    for (const Part& part : parts) count += std::max<size_t>(1, part.pieces);
    return count;
}

// The i-th of n pieces ends where i * units / n units have been sent, so that all are as long as
// each other, and the last one takes the rest.
void SandboxSteps::write_piece(const Part& part) {
    const size_t done = piece_ * part.units / part.pieces;
    const size_t after = (piece_ + 1) * part.units / part.pieces;
    const size_t end = piece_ + 1 == part.pieces
                           ? part.text.size()
                           : skip_units(part.text, offset_, after - done, part.characters);
    append_json_string(frame_, std::string_view(part.text).substr(offset_, end - offset_));
    offset_ = end;
}

bool SandboxSteps::next(SandboxStep& step) {
    if (part_ == parts.size()) return false;
    step = SandboxStep{.delay = frames_ == 0 ? Nanos(0) : delay};
    if (frames_ == cut_after) {
        part_ = parts.size();
        step.bytes = cut_frame;
        step.cut = cut_frame.empty();
        return true;
    }
    const Part& part = parts[part_];
    if (part.pieces == 0 && !part.numbered && part.event_type.empty()) {
        step.bytes = part.before;
    } else {
        frame_ = part.before;
        if (part.pieces > 0) write_piece(part);
        frame_ += part.after;
        if (part.numbered) frame_ += std::to_string(frames_) + "}\n\n";
        if (!part.event_type.empty()) frame_ = aws_event(part.event_type, frame_);
        step.bytes = frame_;
    }
    ++frames_;
    if (++piece_ >= part.pieces) {
        ++part_;
        piece_ = 0;
        offset_ = 0;
    }
    return true;
}

Result<SandboxAnswer> answer_in_sandbox(const SandboxRequest& request) {
    const auto* const endpoint = std::ranges::find(kEndpoints, request.path, &Endpoint::path);
    if (endpoint == kEndpoints.end()) {
        return fail(ErrorCode::NotFound, "The sandbox has no such endpoint.");
    }
    SandboxCall call;
    TRY(call.body, read_body(request.content_type, request.body));
    TRY(call.model, read_string(call.body, "model"));
    if (call.model.empty()) call.model = kPlainModel;
    const std::string_view asked = request.model.empty() ? call.model : request.model;
    TRY(call.controls, read_controls(asked));
    // Answers name the whole id, for a router has taken the provider's name off.
    if (call.model == asked && !call.model.starts_with(kPlainModel)) {
        call.model.insert(0, std::string(kPlainModel) + '/');
    }
    call.is_anthropic = request.path.starts_with("/v1/messages");
    call.is_bedrock = request.path.starts_with("/model/");
    call.translates = request.path.ends_with("/translations");
    call.seed = seed_of_request(call.body);
    Result<SandboxAnswer> answer =
        call.controls.error == 0 ? endpoint->answer(call) : chosen_error(call);
    if (answer) apply(call, *answer);
    return answer;
}

}  // namespace keywarden
