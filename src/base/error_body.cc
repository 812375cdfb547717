#include "base/error_body.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/aws_error.h"
#include "base/event_stream.h"
#include "base/json/write.h"
#include "base/units.h"

namespace keywarden {
namespace {

void append_member(std::string& out, std::string_view key, std::string_view value) {
    if (out.back() != '{') out += ',';
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
}

/// A denial's: who denied it, the limit, what is used, when it resets; and what to do, for readers
/// of a dialect that has no place for that.
void append_facts(std::string& out, const Error& error, bool with_help = true) {
    if (with_help && !error.facts.empty()) append_member(out, "help", info(error.code).help);
    for (const Fact& fact : error.facts) {
        if (const auto* text = std::get_if<std::string>(&fact.value)) {
            append_member(out, fact.name, *text);
            continue;
        }
        if (out.back() != '{') out += ',';
        append_json_string(out, fact.name);
        out += ':';
        out += std::to_string(std::get<int64_t>(fact.value));
    }
}

std::string openai_body(const Error& error, std::string_view request_id) {
    const ErrorInfo& row = info(error.code);
    std::string out = R"({"error":{)";
    append_member(out, "message", error.message);
    append_member(out, "type", row.openai_type);
    if (error.param.empty()) {
        out += R"(,"param":null)";
    } else {
        append_member(out, "param", error.param);
    }
    append_member(out, "code", row.slug);
    append_member(out, "request_id", request_id);
    append_member(out, "doc_url", doc_url(error.code));
    append_facts(out, error);
    return out + "}}";
}

std::string anthropic_body(const Error& error, std::string_view request_id) {
    std::string out = R"({"type":"error","error":{)";
    append_member(out, "type", info(error.code).anthropic_type);
    append_member(out, "message", error.message);
    out += R"(,"details":{)";  // where Anthropic's SDKs look for a code
    append_member(out, "error_code", info(error.code).slug);
    append_facts(out, error);
    out += "}}";
    append_member(out, "request_id", request_id);
    return out + "}";
}

std::string bedrock_body(const Error& error, std::string_view request_id) {
    const ErrorInfo& row = info(error.code);
    std::string out = "{";
    append_member(out, "message", error.message);
    append_member(out, "__type", aws_error_type(row.http_status));
    append_member(out, "error_code", row.slug);
    append_member(out, "request_id", request_id);
    append_facts(out, error);
    return out + "}";
}

/// Source: the members of ConverseStreamOutput that are exceptions, in the Bedrock Runtime API.
std::string_view bedrock_stream_type(const ErrorInfo& row) {
    if (row.fault == Fault::Upstream) return "modelStreamErrorException";
    switch (row.http_status) {
        case 429:
            return "throttlingException";
        case 503:
            return "serviceUnavailableException";
        default:
            return row.http_status < 500 ? "validationException" : "internalServerException";
    }
}

std::string bedrock_stream_error(const Error& error, std::string_view request_id) {
    const std::array headers = {
        FrameText{":exception-type", bedrock_stream_type(info(error.code))},
        FrameText{":content-type", "application/json"},
        FrameText{":message-type", "exception"},
    };
    std::string out;
    append_frame(out, headers, bedrock_body(error, request_id));
    return out;
}

std::string api_body(const Error& error, std::string_view) {
    std::string code(info(error.code).slug);
    // The documents that `/api` clients were written against know one word for a refused key.
    if (error.code == ErrorCode::InvalidApiKey) code = "unauthorized";
    std::ranges::transform(code, code.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    std::string out = R"({"error":{)";
    append_member(out, "code", code);
    append_member(out, "message", error.message);
    append_member(out, "docUrl", doc_url(error.code));
    out += R"(,"details":{)";
    if (!error.param.empty()) append_member(out, "field", error.param);
    append_facts(out, error);
    return out + "}}}";
}

std::string problem_body(const Error& error, std::string_view request_id) {
    const ErrorInfo& row = info(error.code);
    std::string out = "{";
    append_member(out, "type", doc_url(error.code));
    append_member(out, "title", reason_phrase(row.http_status));
    out += R"(,"status":)" + std::to_string(row.http_status);
    append_member(out, "detail", error.message);
    append_member(out, "code", row.slug);
    append_member(out, "request_id", request_id);
    if (!error.param.empty()) append_member(out, "param", error.param);
    append_member(out, "help", row.help);
    append_facts(out, error, false);
    return out + "}";
}

struct DialectRow {
    Dialect dialect;
    std::string_view content_type;
    std::string (*body)(const Error&, std::string_view request_id);
};

constexpr std::array kDialects = {
    DialectRow{Dialect::OpenAi, "application/json", openai_body},
    DialectRow{Dialect::Anthropic, "application/json", anthropic_body},
    DialectRow{Dialect::Bedrock, "application/json", bedrock_body},
    DialectRow{Dialect::Api, "application/json", api_body},
    DialectRow{Dialect::Problem, "application/problem+json", problem_body},
};

constexpr bool rows_follow_the_enum() {
    for (size_t i = 0; i < kDialects.size(); ++i) {
        if (kDialects[i].dialect != static_cast<Dialect>(i)) return false;
    }
    return kDialects.size() == static_cast<size_t>(Dialect::kCount);
}
static_assert(rows_follow_the_enum());

std::string_view challenge(ErrorCode code) {
    return code == ErrorCode::MissingApiKey ? R"(Bearer realm="keywarden")"
                                            : R"(Bearer realm="keywarden", error="invalid_token")";
}

constexpr Nanos kWaitForStore = std::chrono::seconds(30);
constexpr Nanos kWaitForPerson = std::chrono::hours(1);
constexpr Nanos kSdksWaitAtMost = std::chrono::minutes(1);  // told more, they try at once

/// How long the caller is told to wait; zero: nothing is said. A 429 always says: a client that
/// finds nothing there tries again at once.
Nanos wait_of(const Error& error) {
    if (error.code == ErrorCode::AuthUnavailable || error.code == ErrorCode::StoreUnavailable) {
        return kWaitForStore;
    }
    const ErrorInfo& row = info(error.code);
    if (error.retry_after > Nanos(0) || row.http_status != 429) return error.retry_after;
    return row.retryable ? Nanos(std::chrono::seconds(1)) : kWaitForPerson;
}

}  // namespace

HttpResponse render_error(Dialect dialect, const Error& error, std::string_view request_id) {
    const ErrorInfo& row = info(error.code);
    const DialectRow& shape = kDialects.at(static_cast<size_t>(dialect));
    HttpResponse response{.status = row.http_status,
                          .headers = {{"Content-Type", std::string(shape.content_type)}},
                          .body = shape.body(error, request_id)};
    const auto add = [&](std::string_view header, std::string_view value) {
        response.headers.push_back({std::string(header), std::string(value)});
    };
    if (row.http_status == 401) add("WWW-Authenticate", challenge(error.code));
    if (dialect == Dialect::Bedrock) add("x-amzn-ErrorType", aws_error_type(row.http_status));
    const Nanos wait = wait_of(error);
    if (wait > Nanos(0)) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
        add("Retry-After", std::to_string(seconds.count()));
    }
    const bool is_worth_it = row.retryable && wait <= kSdksWaitAtMost;
    if (row.http_status == 429 && !is_worth_it) add("x-should-retry", "false");
    return response;
}

std::string render_stream_error(Dialect dialect, const Error& error, std::string_view request_id) {
    if (dialect == Dialect::Anthropic) {
        return "event: error\ndata: " + anthropic_body(error, request_id) + "\n\n";
    }
    if (dialect == Dialect::Bedrock) return bedrock_stream_error(error, request_id);
    return "data: " + openai_body(error, request_id) + "\n\n";
}

Dialect dialect_of_unknown_path(std::string_view path) {
    if (path.starts_with("/v1/messages")) return Dialect::Anthropic;
    if (path.starts_with("/model/")) return Dialect::Bedrock;
    if (path.starts_with("/api/")) return Dialect::Api;
    return Dialect::Problem;
}

std::string doc_url(ErrorCode code) { return "/docs/errors#" + std::string(info(code).slug); }

}  // namespace keywarden
