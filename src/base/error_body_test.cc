#include "base/error_body.h"

#include <string>

#include <gtest/gtest.h>

#include "base/event_stream.h"
#include "base/units.h"

namespace keywarden {
namespace {

constexpr std::string_view kId = "01890000-0000-7000-8000-000000000000";

std::string header(const HttpResponse& response, std::string_view wanted) {
    for (const Header& header : response.headers) {
        if (header.name == wanted) return header.value;
    }
    return "(none)";
}

TEST(ErrorBody, OpenAiSaysTypeParamCodeAndRequestId) {
    const HttpResponse got = render_error(
        Dialect::OpenAi,
        {.code = ErrorCode::ModelNotFound, .message = "no model \"x\"", .param = "model"},
        kId);
    EXPECT_EQ(got.status, 404);
    EXPECT_EQ(got.body,
              R"({"error":{"message":"no model \"x\"","type":"invalid_request_error",)"
              R"("param":"model","code":"model_not_found",)"
              R"("request_id":"01890000-0000-7000-8000-000000000000",)"
              R"("doc_url":"/docs/errors#model_not_found"}})");
}

TEST(ErrorBody, AnthropicHasItsOwnTypes) {
    const HttpResponse got =
        render_error(Dialect::Anthropic, {.code = ErrorCode::InvalidApiKey, .message = "no"}, "r");
    EXPECT_EQ(got.body,
              R"({"type":"error","error":{"type":"authentication_error","message":"no",)"
              R"("details":{"error_code":"invalid_api_key"}},"request_id":"r"})");
}

TEST(ErrorBody, ApiCodesAreUpperSnakeAndARefusedKeyIsUnauthorized) {
    EXPECT_EQ(
        render_error(Dialect::Api, {.code = ErrorCode::InvalidApiKey, .message = "no"}, "r").body,
        R"({"error":{"code":"UNAUTHORIZED","message":"no",)"
        R"("docUrl":"/docs/errors#invalid_api_key","details":{}}})");
    EXPECT_NE(render_error(Dialect::Api, {.code = ErrorCode::ExpiredApiKey, .message = ""}, "r")
                  .body.find("EXPIRED_API_KEY"),
              std::string::npos);
}

TEST(ErrorBody, ProblemIsRfc9457) {
    const HttpResponse got = render_error(
        Dialect::Problem, {.code = ErrorCode::NotFound, .message = "no such key"}, "r");
    EXPECT_EQ(header(got, "Content-Type"), "application/problem+json");
    EXPECT_NE(got.body.find(R"("status":404,"detail":"no such key","code":"not_found")"),
              std::string::npos);
}

TEST(ErrorBody, BedrocksTypeIsInTheHeadAndTheCodeInTheBody) {
    const HttpResponse got = render_error(
        Dialect::Bedrock,
        {.code = ErrorCode::InsufficientCredits, .message = "no", .facts = {{"denied_by", "team"}}},
        "r");
    EXPECT_EQ(got.status, 402);
    EXPECT_EQ(header(got, "x-amzn-ErrorType"), "AccessDeniedException");
    EXPECT_EQ(got.body,
              R"({"message":"no",)"
              "\"__type\":\"AccessDeniedException\","
              R"("error_code":"insufficient_credits","request_id":"r","help":")" +
                  std::string(info(ErrorCode::InsufficientCredits).help) +
                  R"(","denied_by":"team"})");
}

TEST(ErrorBody, ADenialSaysWhatToDoInEveryDialect) {
    for (size_t i = 0; i < static_cast<size_t>(Dialect::kCount); ++i) {
        const Error denial{
            .code = ErrorCode::ModelNotAllowed, .message = "no", .facts = {{"denied_by", "team"}}};
        const HttpResponse got = render_error(static_cast<Dialect>(i), denial, "r");
        const std::string help =
            R"("help":")" + std::string(info(ErrorCode::ModelNotAllowed).help) + '"';
        const size_t at = got.body.find(help);
        EXPECT_NE(at, std::string::npos) << got.body;
        EXPECT_EQ(got.body.find(help, at + 1), std::string::npos) << "once: " << got.body;
    }
}

TEST(ErrorBody, AStreamOfBedrocksEndsInAnException) {
    const auto exception = [](ErrorCode code) {
        const std::string stream =
            render_stream_error(Dialect::Bedrock, {.code = code, .message = "no"}, "r");
        FrameSplitter splitter;
        std::string_view rest = stream;
        const Frame frame = splitter.next(rest).value().value();
        EXPECT_EQ(frame.header(":message-type"), "exception");
        EXPECT_TRUE(frame.payload.starts_with(R"({"message":"no",)"));
        return std::string(frame.header(":exception-type"));
    };
    EXPECT_EQ(exception(ErrorCode::UpstreamError), "modelStreamErrorException");
    EXPECT_EQ(exception(ErrorCode::RateLimitExceeded), "throttlingException");
    EXPECT_EQ(exception(ErrorCode::InternalError), "internalServerException");
    EXPECT_EQ(exception(ErrorCode::InvalidRequest), "validationException");
}

TEST(ErrorBody, ADetailIsNeverShown) {
    for (size_t i = 0; i < static_cast<size_t>(Dialect::kCount); ++i) {
        const HttpResponse got = render_error(
            static_cast<Dialect>(i),
            {.code = ErrorCode::InternalError, .message = "sorry", .detail = "disk sda1"},
            "r");
        EXPECT_EQ(got.body.find("sda1"), std::string::npos);
    }
}

TEST(ErrorBody, AChallengeNamesAnErrorOnlyWhenAKeyWasSent) {
    EXPECT_EQ(header(render_error(Dialect::OpenAi, {.code = ErrorCode::MissingApiKey}, "r"),
                     "WWW-Authenticate"),
              R"(Bearer realm="keywarden")");
    EXPECT_EQ(header(render_error(Dialect::OpenAi, {.code = ErrorCode::RevokedApiKey}, "r"),
                     "WWW-Authenticate"),
              R"(Bearer realm="keywarden", error="invalid_token")");
}

TEST(ErrorBody, RetryAfterIsWholeSecondsAndAtLeastOne) {
    const auto wait = [](Nanos retry_after) {
        return header(
            render_error(
                Dialect::OpenAi,
                {.code = ErrorCode::RateLimitExceeded, .message = "", .retry_after = retry_after},
                "r"),
            "Retry-After");
    };
    EXPECT_EQ(wait(std::chrono::milliseconds(1)), "1");
    EXPECT_EQ(wait(std::chrono::milliseconds(1001)), "2");
    EXPECT_EQ(wait(Nanos(0)), "1") << "a client that is told nothing tries again at once";
    for (const ErrorCode code : {ErrorCode::AuthUnavailable, ErrorCode::StoreUnavailable}) {
        const HttpResponse away = render_error(Dialect::Problem, {.code = code}, "r");
        EXPECT_EQ(header(away, "Retry-After"), "30");
    }
}

TEST(ErrorBody, Every429SaysWhenAndWhetherToComeBack) {
    for (const ErrorInfo& row : all_errors()) {
        if (row.http_status != 429) continue;
        const HttpResponse got = render_error(Dialect::OpenAi, {.code = row.code}, "r");
        EXPECT_EQ(header(got, "Retry-After"), row.retryable ? "1" : "3600") << row.slug;
        EXPECT_EQ(header(got, "x-should-retry"), row.retryable ? "(none)" : "false") << row.slug;
    }
    EXPECT_EQ(header(render_error(Dialect::OpenAi, {.code = ErrorCode::UpstreamError}, "r"),
                     "Retry-After"),
              "(none)");
}

TEST(ErrorBody, NobodyIsToldToTryAgainWhoCannotWaitSoLong) {
    const auto told = [](Nanos wait) {
        return header(
            render_error(
                Dialect::OpenAi, {.code = ErrorCode::BudgetExceeded, .retry_after = wait}, "r"),
            "x-should-retry");
    };
    EXPECT_EQ(told(std::chrono::seconds(60)), "(none)");
    EXPECT_EQ(told(std::chrono::seconds(61)), "false");
    EXPECT_EQ(told(std::chrono::hours(24)), "false");
}

TEST(ErrorBody, FactsRideAlong) {
    const HttpResponse got =
        render_error(Dialect::OpenAi,
                     {.code = ErrorCode::RateLimitExceeded,
                      .message = "slow down",
                      .facts = {{"denied_by", std::string("key")}, {"limit", int64_t{60}}}},
                     "r");
    EXPECT_NE(got.body.find(R"("denied_by":"key","limit":60)"), std::string::npos);
}

TEST(ErrorBody, AStreamEndsInAFrameThatSdksRaise) {
    EXPECT_TRUE(render_stream_error(
                    Dialect::OpenAi, {.code = ErrorCode::UpstreamError, .message = "gone"}, "r")
                    .starts_with(R"(data: {"error":{"message":"gone")"));
}

}  // namespace
}  // namespace keywarden
