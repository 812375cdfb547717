#include "base/json/scan.h"

#include <array>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"model", "stream", "messages"};

struct Scan {
    std::array<JsonMember, 3> members;
    Result<void> result;
    std::string text;

    explicit Scan(std::string document)
        : result(find_json_members(document, kNames, members)), text(std::move(document)) {}
    std::string_view value(size_t i) const { return members.at(i).text_of(text); }
};

std::string message_of(const std::string& document) {
    const Scan scan(document);
    return scan.result ? "accepted" : scan.result.error().message;
}

TEST(JsonScan, FindsMembersWithTheirBytes) {
    const Scan scan(R"( { "a" : [1, {"model":"inner"}] , "model" : "gpt" , "stream":true } )");
    ASSERT_TRUE(scan.result) << scan.result.error().message;
    EXPECT_EQ(scan.value(0), R"("gpt")");
    EXPECT_EQ(scan.members[0].type, JsonType::String);
    EXPECT_EQ(scan.members[0].key.of(scan.text), R"("model")");
    EXPECT_EQ(scan.value(1), "true");
    EXPECT_EQ(scan.members[1].next_begin, 0U);
    EXPECT_EQ(scan.text.substr(scan.members[1].previous_end, 3), " , ");
    EXPECT_FALSE(scan.members[2].present);
}

TEST(JsonScan, ContainersKeepTheirBytesToTheClosingBracket) {
    const Scan scan(R"({"messages" : [ {"role":"user","content":[]} , [ ] ]  ,"stream":null})");
    ASSERT_TRUE(scan.result);
    EXPECT_EQ(scan.value(2), R"([ {"role":"user","content":[]} , [ ] ])");
    EXPECT_EQ(scan.members[1].type, JsonType::Null);
}

TEST(JsonScan, ComparesNamesUnescaped) {
    const Scan scan(R"({"mod\u0065l":"x","\u0073tream":false})");
    ASSERT_TRUE(scan.result);
    EXPECT_EQ(scan.value(0), R"("x")");
    EXPECT_EQ(scan.value(1), "false");
}

TEST(JsonScan, RefusesAGovernedNameGivenTwice) {
    const Scan scan(R"({"model":"a","mod\u0065l":"b"})");
    ASSERT_FALSE(scan.result);
    EXPECT_EQ(scan.result.error().param, "model");
    EXPECT_EQ(scan.result.error().message, "The field 'model' is given twice.");
}

TEST(JsonScan, LetsOtherNamesRepeat) {
    EXPECT_EQ(message_of(R"({"x":1,"x":2,"a":{"model":1,"model":2}})"), "accepted");
}

TEST(JsonScan, SaysWhatIsWrongAndWhere) {
    const std::string json = "The body is not valid JSON: ";
    EXPECT_EQ(message_of(""), "The body is empty; a JSON object is expected.");
    EXPECT_EQ(message_of("   "), "The body is empty; a JSON object is expected.");
    EXPECT_EQ(message_of("[1]"), "The body must be a JSON object.");
    EXPECT_EQ(message_of("{\"a\":\"\xff\"}"), "The body is not valid UTF-8.");
    EXPECT_EQ(message_of(R"({"a":"b})"), json + "a string is not closed.");
    EXPECT_EQ(message_of("{\"a\":\"b\nc\"}"), json + "a string holds a control character.");
    EXPECT_EQ(message_of(R"({"a":1)"), json + "at byte 5 it ends too early.");
    EXPECT_EQ(message_of(R"({"a":{"b":1})"), json + "at byte 12 it ends too early.");
    EXPECT_EQ(message_of(R"({"a":[1}}})"), json + "at byte 7 a ',' or ']' is expected.");
    EXPECT_EQ(message_of(R"({"a":1}{})"),
              json + "at byte 7 there is more after the end of the object.");
    EXPECT_EQ(message_of(R"({"a" 1})"), json + "at byte 5 a ':' is expected.");
    EXPECT_EQ(message_of(R"({"a":1,})"), json + "at byte 7 a member's name is expected.");
    EXPECT_EQ(message_of(R"({"a":})"), json + "at byte 5 a value is expected.");
    EXPECT_EQ(message_of(R"({"a":[01]})"), json + "at byte 6 a value is expected.");
    EXPECT_EQ(message_of(R"({"a":[1"x"]})"), json + "at byte 6 a value is expected.");
    EXPECT_EQ(message_of(R"({"a":"\x"})"), json + "at byte 6 an escape is broken.");
    EXPECT_EQ(message_of(R"({"a":"\u12g4"})"), json + "at byte 6 an escape is broken.");
}

TEST(JsonScan, BoundsTheDepth) {
    const auto nested = [](size_t depth) {  // the object, and depth - 1 arrays in it
        return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
    };
    EXPECT_EQ(message_of(nested(kJsonDepthMax)), "accepted");
    EXPECT_EQ(message_of(nested(kJsonDepthMax + 1)),
              "The body is not valid JSON: at byte 516 it is nested too deeply.");
}

TEST(JsonScan, ABigDocumentAfterASmallOneAndBack) {
    const std::string big = R"({"a":")" + std::string(1 << 20, 'x') + R"(","model":"m"})";
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(Scan(R"({"model":1})").value(0), "1");
        EXPECT_EQ(Scan(big).value(0), R"("m")");
    }
}

TEST(JsonText, UnescapesOnlyWhatIsEscaped) {
    std::string scratch;
    const std::string plain = R"("gpt-4o")";
    EXPECT_EQ(json_text(plain, scratch)->data(), plain.data() + 1);
    EXPECT_EQ(json_text(R"("a\/\"\\\n\u00e9\u20ac\ud83d\ude00")", scratch), "a/\"\\\né€😀");
    EXPECT_EQ(json_text(R"("\ud83d")", scratch), std::nullopt);
    EXPECT_EQ(json_text(R"("\ude00")", scratch), std::nullopt);
    EXPECT_EQ(json_text(R"("\ud83dx")", scratch), std::nullopt);
    EXPECT_EQ(json_text(R"("\ud83d\u0041")", scratch), std::nullopt);
}

TEST(JsonInteger, TakesWholeNumbersThatFit) {
    EXPECT_EQ(json_integer("12"), 12);
    EXPECT_EQ(json_integer("-3"), -3);
    EXPECT_EQ(json_integer("1.0"), std::nullopt);
    EXPECT_EQ(json_integer("1e3"), std::nullopt);
    EXPECT_EQ(json_integer("9223372036854775808"), std::nullopt);
}

}  // namespace
}  // namespace keywarden
