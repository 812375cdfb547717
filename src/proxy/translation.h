// A call whose provider speaks another dialect than its client.
#pragma once

#include <cstddef>
#include <string>

#include "base/error_body.h"
#include "base/result.h"
#include "providers/chat.h"
#include "proxy/relay.h"

namespace keywarden {

/// Lives from the moment the request was translated to the end of the call.
struct Translation : Pooled {
    Dialect provider = Dialect::OpenAi;  // its dialect
    size_t route = 0;                    // as the provider has it, among endpoints()
    TranslatedRequest request{};         // its body, until the provider has it
    std::string body{};                  // as it goes out
    std::string dropped{};               // what could not be carried, for the answer's head
};

/// Whether the provider can be asked: it speaks the dialect of the route, or one that the request
/// was translated into: it then lies in `call->translation`.
/// Errors: UnsupportedByProvider, naming what the provider has no word for; InvalidRequest.
Result<void> choose_dialect(Call* call);

/// The body as it goes out, now that it is known how much output there may be. It lives until
/// release_body. Requires: call->translation.
std::string_view translated_body(Call* call);
void release_body(Translation* translation);

/// The route of the call as its provider has it.
std::string_view provider_route(const Call& call);

/// What is known of an answer from its head.
struct TranslatedHead {
    int status = 0;
    bool is_stream = false;
    std::string retry_after{};
    std::string error_type{};  // of Bedrock
};

/// The answer of call->upstream, in the client's dialect. An error is told in the provider's words.
/// Errors: those of relay_answer; UpstreamError for what cannot be read.
/// Requires: call->translation.
Answering relay_translated(Call* call, TranslatedHead head);

}  // namespace keywarden
