#include "base/json/body.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

HttpRequest request_of(std::string body, std::string type = "application/json") {
    return {.method = Method::Post,
            .headers = {{"Content-Type", std::move(type)}},
            .body = std::move(body)};
}

/// The message of the refusal, or "ok".
std::string verdict(const HttpRequest& request, Body body = Body::Required) {
    const Result<Json> got = read_object(request, body);
    if (got) return "ok";
    return std::string(info(got.error().code).slug) + ": " + got.error().message;
}

std::string verdict_of(std::string body) { return verdict(request_of(std::move(body))); }

TEST(JsonBody, AnObjectIsTaken) {
    EXPECT_EQ(verdict_of(R"({"a":1,"b":[{"c":null}]})"), "ok");
    EXPECT_EQ(verdict_of("{}"), "ok");
}

TEST(JsonBody, MalformedJsonIsToldByItsPlace) {
    EXPECT_EQ(verdict_of("{\"a\": 1,\n  oops}"),
              "invalid_request: The body is not valid JSON: line 2, column 3.");
    EXPECT_EQ(verdict_of("{} x"), "invalid_request: The body is not valid JSON: line 1, column 4.");
    EXPECT_EQ(verdict_of("{\"a\":"),
              "invalid_request: The body is not valid JSON: line 1, column 6.");
    EXPECT_EQ(verdict_of(""), "invalid_request: The body is not valid JSON: line 1, column 1.");
}

TEST(JsonBody, WhatParsersDifferAboutIsRefused) {
    EXPECT_NE(verdict_of("{\"a\":\"\xff\"}"), "ok");   // no UTF-8
    EXPECT_NE(verdict_of(R"({"a":"\ud800"})"), "ok");  // half a surrogate pair
    EXPECT_NE(verdict_of("{/* comment */}"), "ok");
    EXPECT_NE(verdict_of("{\"a\":1,}"), "ok");
    EXPECT_NE(verdict_of("{'a':1}"), "ok");
    EXPECT_NE(verdict_of("{\"a\":NaN}"), "ok");
    EXPECT_NE(verdict_of("{\"a\":1e999}"), "ok");
}

TEST(JsonBody, AMemberTwiceIsRefusedByName) {
    EXPECT_EQ(verdict_of(R"({"name":"a","name":"b"})"), "invalid_request: 'name' is there twice.");
    EXPECT_EQ(verdict_of(R"({"m":{"x":1,"x":1}})"), "invalid_request: 'x' is there twice.");
    // The escape writes the same letter.
    EXPECT_EQ(verdict_of(R"({"a":1,"\u0061":2})"), "invalid_request: 'a' is there twice.");
    EXPECT_EQ(verdict_of(R"({"a":{"x":1},"b":{"x":1}})"), "ok");
}

TEST(JsonBody, OnlyAnObjectIsABody) {
    for (const char* body : {"[]", "null", "1", "\"text\"", "true"}) {
        EXPECT_EQ(verdict_of(body), "invalid_request: The body must be a JSON object.") << body;
    }
}

TEST(JsonBody, NestingIsBounded) {
    const auto nested = [](int levels) {
        const auto count = static_cast<size_t>(levels);
        return "{\"a\":" + std::string(count, '[') + std::string(count, ']') + "}";
    };
    EXPECT_EQ(verdict_of(nested(kBodyDepthMax - 1)), "ok");
    EXPECT_EQ(verdict_of(nested(kBodyDepthMax)),
              "invalid_request: The body nests too many objects and arrays.");
    EXPECT_NE(verdict_of(nested(100'000)), "ok");
    std::string objects = R"({"a":)";
    for (int i = 0; i < 50; ++i) objects += R"({"a":)";
    EXPECT_EQ(verdict_of(objects + "1" + std::string(51, '}')),
              "invalid_request: The body nests too many objects and arrays.");
}

TEST(JsonBody, AnotherContentTypeIs415) {
    constexpr std::string_view kRefused =
        "unsupported_media_type: The body must be JSON: send 'Content-Type: application/json'.";
    EXPECT_EQ(verdict(request_of("{}", "application/x-www-form-urlencoded")), kRefused);
    EXPECT_EQ(verdict(request_of("{}", "text/json-ish")), kRefused);
    EXPECT_EQ(verdict(request_of("{}", "application/json5")), kRefused);
    EXPECT_EQ(verdict(request_of("{}", "Application/JSON ; charset=utf-8")), "ok");
    EXPECT_EQ(verdict(request_of("{}", "application/merge-patch+json")), "ok");
    EXPECT_EQ(verdict({.method = Method::Post, .body = "{}"}), "ok");
}

TEST(JsonBody, AnOptionalBodyMayBeAbsent) {
    const Result<Json> got = read_object({.method = Method::Post}, Body::Optional);
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->empty());
    EXPECT_NE(verdict({.method = Method::Post}, Body::Required), "ok");
}

TEST(JsonBody, ARouteWithoutABodyTakesNone) {
    EXPECT_TRUE(refuse_body({.method = Method::Post}));
    EXPECT_TRUE(refuse_body(request_of("{}")));
    const auto refused = refuse_body(request_of(R"({"force":true})"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::UnknownField);
}

struct Draft {
    int sum = 0;
};

Result<void> add(const Json& value, Draft& draft) {
    draft.sum += value.get<int>();
    return {};
}

Result<void> refuse(const Json&, Draft&) { return fail_field("bad", "is bad"); }

constexpr std::array kRows = {Field<Draft>{"first", add}, Field<Draft>{"bad", refuse}};

TEST(JsonBody, EachFieldIsReadByItsRow) {
    Draft draft;
    EXPECT_TRUE(read_fields<Draft>(Json::parse(R"({"first":3})"), kRows, draft));
    EXPECT_EQ(draft.sum, 3);
    const auto refused = read_fields<Draft>(Json::parse(R"({"bad":3})"), kRows, draft);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().param, "bad");
}

TEST(JsonBody, AnUnknownFieldIsAnErrorWithASuggestion) {
    Draft draft;
    const auto near = read_fields<Draft>(Json::parse(R"({"frist":3})"), kRows, draft);
    ASSERT_FALSE(near);
    EXPECT_EQ(near.error().code, ErrorCode::UnknownField);
    EXPECT_EQ(near.error().message, "There is no field 'frist' here. Did you mean 'first'?");
    EXPECT_EQ(near.error().param, "frist");
    ASSERT_EQ(near.error().facts.size(), 1U);
    EXPECT_EQ(std::get<std::string>(near.error().facts[0].value), "first");

    const auto far = read_fields<Draft>(Json::parse(R"({"elsewhere":3})"), kRows, draft);
    ASSERT_FALSE(far);
    EXPECT_EQ(far.error().message, "There is no field 'elsewhere' here.");
}

TEST(JsonBody, AnAnswerIsKeptByNoCache) {
    const HttpResponse got = json_response(201, {{"b", 1}, {"a", "ü"}});
    EXPECT_EQ(got.status, 201);
    EXPECT_EQ(got.body, R"({"b":1,"a":"ü"})");
    EXPECT_EQ(got.headers[1].name, "Cache-Control");
    EXPECT_EQ(got.headers[1].value, "no-store");
}

TEST(JsonBody, BytesThatAreNoTextDoNotBreakAnAnswer) {
    EXPECT_EQ(dump({{"a", "\xff"}}), "{\"a\":\"\xef\xbf\xbd\"}");
}

TEST(JsonBody, AHeaderIsReplacedNotDoubled) {
    HttpResponse response = json_response(200, Json::object());
    set_header(response, "cache-control", "public");
    set_header(response, "X-New", "1");
    ASSERT_EQ(response.headers.size(), 3U);
    EXPECT_EQ(response.headers[1].value, "public");
    EXPECT_EQ(response.headers[2].value, "1");
}

}  // namespace
}  // namespace keywarden
