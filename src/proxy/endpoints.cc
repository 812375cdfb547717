#include "proxy/endpoints.h"

#include <algorithm>
#include <array>

namespace keywarden {
namespace {

using enum Method;
constexpr Permission kInference = Permission::Inference;
constexpr Dialect kOpenAi = Dialect::OpenAi;
constexpr Dialect kAnthropic = Dialect::Anthropic;
constexpr Dialect kBedrock = Dialect::Bedrock;
/// Of Bedrock's routes: their `{id}` is a model's, which may have slashes.
constexpr bool kElsewhere = false;
constexpr bool kIdsHaveSlashes = true;
constexpr std::string_view kPlaygroundChat = "/v1/account/keys/{id}/playground/chat/completions";
constexpr std::string_view kPlaygroundModels = "/v1/account/keys/{id}/playground/models";

constexpr std::array kEndpoints = {
    //         method  path                  needs       dialect   body           streams_usage
    Endpoint{{Post, "/v1/chat/completions", kInference, kOpenAi}, BodyForm::Json, true},
    Endpoint{{Post, "/v1/completions", kInference, kOpenAi}, BodyForm::Json, true},
    Endpoint{{Post, "/v1/embeddings", kInference, kOpenAi}, BodyForm::Json, false},
    Endpoint{{Post, "/v1/responses", kInference, kOpenAi}, BodyForm::Json, false},
    Endpoint{{Post, "/v1/messages", kInference, kAnthropic}, BodyForm::Json, false},
    Endpoint{
        {Post, "/v1/messages/count_tokens", kInference, kAnthropic}, BodyForm::Json, false, true},
    Endpoint{{Post, "/model/{id}/converse", kInference, kBedrock, kElsewhere, kIdsHaveSlashes},
             BodyForm::Json,
             false},
    Endpoint{
        {Post, "/model/{id}/converse-stream", kInference, kBedrock, kElsewhere, kIdsHaveSlashes},
        BodyForm::Json,
        false},
    Endpoint{{Post, "/v1/moderations", kInference, kOpenAi}, BodyForm::Json, false},
    Endpoint{{Post, "/v1/rerank", kInference, kOpenAi}, BodyForm::Json, false},
    Endpoint{{Post, "/v1/images/generations", kInference, kOpenAi}, BodyForm::Json, false},
    Endpoint{{Post, "/v1/images/edits", kInference, kOpenAi}, BodyForm::Multipart, false},
    Endpoint{{Post, "/v1/images/variations", kInference, kOpenAi}, BodyForm::Multipart, false},
    Endpoint{{Post, "/v1/audio/transcriptions", kInference, kOpenAi}, BodyForm::Multipart, false},
    Endpoint{{Post, "/v1/audio/translations", kInference, kOpenAi}, BodyForm::Multipart, false},
    Endpoint{{Post, "/v1/audio/speech", kInference, kOpenAi}, BodyForm::Json, false},
    Endpoint{{Get, "/v1/models", kInference, kOpenAi}, BodyForm::None, false},
    Endpoint{{Get, "/v1/models/{id+}", kInference, kOpenAi}, BodyForm::None, false},

    Endpoint{.facts = {Post, kPlaygroundChat, Permission::Playground, kOpenAi},
             .body = BodyForm::Json,
             .streams_usage = true,
             .acts_as = "/v1/chat/completions"},
    Endpoint{.facts = {Get, kPlaygroundModels, Permission::Playground, kOpenAi},
             .body = BodyForm::None,
             .streams_usage = false,
             .acts_as = "/v1/models"},
};

}  // namespace

std::span<const Endpoint> endpoints() { return kEndpoints; }

size_t endpoint_row(std::string_view path) {
    const auto row = std::ranges::find(
        kEndpoints, path, [](const Endpoint& endpoint) { return endpoint.facts.path; });
    return static_cast<size_t>(row - kEndpoints.begin());
}

}  // namespace keywarden
