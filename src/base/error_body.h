// The only place where an error becomes bytes: one renderer a dialect.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/http.h"

namespace keywarden {

/// Whose error shape a route speaks. Adding one: a line here and a row in error_body.cc.
enum class Dialect : uint8_t {
    OpenAi,     // {"error":{"message","type","param","code","request_id","doc_url"}}
    Anthropic,  // {"type":"error","error":{"type","message","details"},"request_id"}
    Bedrock,    // {"message","__type","error_code","request_id"} and x-amzn-ErrorType
    Api,        // {"error":{"code","message","docUrl","details"}}, UPPER_SNAKE codes
    Problem,    // application/problem+json, RFC 9457
    kCount,
};

/// The whole answer: status, body, Content-Type, and where they apply WWW-Authenticate,
/// Retry-After (whole seconds, at least 1), and x-should-retry (what SDKs of OpenAI and Anthropic
/// obey): not where a 429 does not pass within the minute that they would wait.
/// `detail` is never in it.
HttpResponse render_error(Dialect dialect, const Error& error, std::string_view request_id);

/// One event that tells the reader of a stream that it ends in an error: what the vendor's SDKs
/// raise instead of a silent end. Dialects without streams get OpenAI's.
std::string render_stream_error(Dialect dialect, const Error& error, std::string_view request_id);

/// The dialect of a path that no route matched.
Dialect dialect_of_unknown_path(std::string_view path);

/// Where a code is explained: served by this gateway.
std::string doc_url(ErrorCode code);

}  // namespace keywarden
