#include "providers/sandbox/fields.h"

#include <gtest/gtest.h>

#include "providers/sandbox.h"

namespace keywarden {
namespace {

const std::string kFormType = "multipart/form-data; boundary=\"--b 1\"";

std::string part(const std::string& disposition, const std::string& value) {
    return "----b 1\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + value +
           "\r\n";
}

std::string refusal(std::string_view type, const std::string& body) {
    const Result<Json> read = read_body(type, body);
    return read ? "accepted " + to_text(*read) : read.error().message;
}

TEST(SandboxFields, AbsentAndNullAreTheSame) {
    const Json body = {{"none", nullptr}, {"n", 3}, {"yes", true}, {"s", "x"}};
    for (const char* field : {"none", "absent"}) {
        EXPECT_EQ(*read_integer(body, field, 1, 9), std::nullopt);
        EXPECT_FALSE(*read_bool(body, field));
        EXPECT_EQ(*read_string(body, field), "");
    }
    EXPECT_EQ(*read_integer(body, "n", 1, 9), 3);
    EXPECT_TRUE(*read_bool(body, "yes"));
    EXPECT_EQ(*read_string(body, "s"), "x");
    EXPECT_EQ(find_field(Json(3), "n"), nullptr);
}

TEST(SandboxFields, AWrongTypeNamesItsField) {
    const Json body = {{"n", "3"}, {"f", 1.5}, {"big", UINT64_MAX}, {"b", 1}, {"s", 2}};
    for (const char* field : {"n", "f", "big"}) {
        EXPECT_EQ(read_integer(body, field, 0, INT64_MAX).error().param, field);
    }
    EXPECT_TRUE(read_integer({{"n", 10}}, "n", 1, 9).error().message.contains("from 1 to 9"));
    EXPECT_EQ(read_bool(body, "b").error().param, "b");
    EXPECT_EQ(read_string(body, "s").error().param, "s");
}

TEST(SandboxFields, ABodyIsAJsonObject) {
    EXPECT_EQ(refusal("application/json", R"({"a":1})"), R"(accepted {"a":1})");
    EXPECT_EQ(refusal("", R"({"a":1})"), R"(accepted {"a":1})");
    for (const char* body : {"", "x", "[]", "1", "null", "{", "{\"a\":\"\xff\"}", "{} {}"}) {
        EXPECT_TRUE(refusal("application/json", body).contains("JSON object")) << body;
    }
    const std::string deep = "{\"a\":" + std::string(200, '[') + std::string(200, ']') + "}";
    EXPECT_TRUE(refusal("application/json", deep).contains("nested"));
    const std::string text = R"({"a":")" + std::string(200, '[') + R"(\"{"})";
    EXPECT_TRUE(refusal("application/json", text).starts_with("accepted"));
    const Result<Json> large = read_body("", std::string(kSandboxJsonBytesMax + 1, ' '));
    EXPECT_EQ(large.error().code, ErrorCode::RequestTooLarge);
}

TEST(SandboxFields, AFormIsReadLikeAnObject) {
    const std::string body = part("name=\"model\"", "sandbox") + part("name=\"n\"", "2") +
                             part("name=\"stream\"", "true") + part("name=\"prompt\"", "12") +
                             part("name=\"image[]\"; filename=\"a.png\"", "\r\n--PNG\r\n") +
                             part("name=\"empty\"", "") + "----b 1--\r\n";
    EXPECT_EQ(refusal(kFormType, body),
              R"(accepted {"empty":"","image":{"bytes":9},"model":"sandbox","n":2,)"
              R"("prompt":"12","stream":true})");
}

TEST(SandboxFields, ABrokenFormIsRefused) {
    const std::string good = part("name=\"model\"", "sandbox");
    EXPECT_TRUE(refusal("multipart/form-data", good).contains("boundary"));
    EXPECT_TRUE(refusal("multipart/form-data; boundary=", good).contains("boundary"));
    for (const std::string& body : {std::string(),
                                    std::string("x"),
                                    good,
                                    good + "----b 1",
                                    std::string("----b 1\r\n"),
                                    std::string("----b 1x--")}) {
        EXPECT_TRUE(refusal(kFormType, body).contains("multipart/form-data")) << body;
    }
    std::string many;
    for (int i = 0; i < 100; ++i) many += good;
    EXPECT_TRUE(refusal(kFormType, many + "----b 1--").contains("too many parts"));
    const std::string longest = part("name=\"prompt\"", std::string(70'000, 'x')) + "----b 1--";
    EXPECT_TRUE(refusal(kFormType, longest).contains("too long"));
    const std::string no_head = "----b 1\r\nContent-Disposition: x\r\n----b 1--";
    EXPECT_TRUE(refusal(kFormType, no_head).contains("head"));
}

}  // namespace
}  // namespace keywarden
