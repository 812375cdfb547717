#include "proxy/endpoints.h"

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
};

}  // namespace

std::span<const Endpoint> endpoints() { return kEndpoints; }

}  // namespace keywarden
