#include "providers/sandbox/schema.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

OrderedJson make(const char* schema) { return value_for_schema(Json::parse(schema), 1); }

TEST(SandboxSchema, EveryTypeGetsAValueOfItsType) {
    EXPECT_TRUE(make(R"({"type":"string"})").is_string());
    EXPECT_TRUE(make(R"({"type":"integer"})").is_number_integer());
    EXPECT_TRUE(make(R"({"type":"number"})").is_number());
    EXPECT_TRUE(make(R"({"type":"boolean"})").is_boolean());
    EXPECT_TRUE(make(R"({"type":"array","items":{"type":"integer"}})")[0].is_number_integer());
    EXPECT_TRUE(make(R"({"type":"null"})").is_null());
    EXPECT_EQ(make(R"({"type":"object"})"), OrderedJson::object());
    EXPECT_TRUE(make(R"({"type":["null","integer"]})").is_number_integer());
    EXPECT_TRUE(make(R"({"properties":{"a":{}}})")["a"].is_string());
}

TEST(SandboxSchema, ChoosesWhatIsWrittenOut) {
    EXPECT_EQ(make(R"({"const":{"a":[1]}})"), OrderedJson::parse(R"({"a":[1]})"));
    EXPECT_EQ(make(R"({"type":"string","enum":["celsius","kelvin"]})"), "celsius");
    EXPECT_EQ(make(R"({"type":"integer","default":7})"), 7);
    EXPECT_EQ(make(R"({"anyOf":[{"const":1},{"const":2}]})"), 1);
    EXPECT_EQ(make(R"({"oneOf":[{"const":1},{"const":2}]})"), 1);
    EXPECT_EQ(make(R"({"type":"string","format":"date"})"), "2026-01-15");
    EXPECT_EQ(
        make(R"({"allOf":[{"properties":{"a":{"const":1}}},{"properties":{"b":{"const":2}}}]})"),
        OrderedJson::parse(R"({"a":1,"b":2})"));
}

TEST(SandboxSchema, KeepsToTheBounds) {
    EXPECT_EQ(make(R"({"type":"integer","minimum":100,"maximum":100})"), 100);
    EXPECT_EQ(make(R"({"type":"integer","exclusiveMinimum":4,"exclusiveMaximum":6})"), 5);
    EXPECT_EQ(make(R"({"type":"integer","maximum":-3})"), -3);
    EXPECT_EQ(make(R"({"type":"integer","minimum":7,"maximum":14,"multipleOf":10})"), 10);
    const double open = make(R"({"type":"number","exclusiveMinimum":0,"exclusiveMaximum":0.1})");
    EXPECT_TRUE(open > 0 && open < 0.1) << open;
    EXPECT_EQ(make(R"({"type":"string","minLength":30,"maxLength":30})").get<std::string>().size(),
              30U);
    EXPECT_GE(make(R"({"type":"string","minLength":99})").get<std::string>().size(), 99U);
    EXPECT_EQ(make(R"({"type":"string","maxLength":2})").get<std::string>().size(), 2U);
    EXPECT_EQ(make(R"({"type":"array","minItems":3,"maxItems":5})").size(), 3U);
    EXPECT_EQ(make(R"({"type":"array","maxItems":0})").size(), 0U);
    EXPECT_EQ(make(R"({"type":"array","prefixItems":[{"const":1}],"items":false})").size(), 1U);
}

TEST(SandboxSchema, FollowsReferencesWithinTheSchemaOnly) {
    EXPECT_EQ(make(R"({"$ref":"#/$defs/a","$defs":{"a":{"const":1}}})"), 1);
    for (const char* reference : {"#/$defs/none", "https://example.com/x", "#x", "#/~9", ""}) {
        const Json schema = {{"$ref", reference}};
        EXPECT_TRUE(value_for_schema(schema, 1).is_null()) << reference;
    }
}

TEST(SandboxSchema, ASchemaThatContainsItselfEnds) {
    EXPECT_TRUE(make(R"({"$ref":"#"})").is_null());
    const OrderedJson list = make(
        R"({"type":"object","required":["next"],
            "properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}})");
    EXPECT_TRUE(list["next"].is_object());
    // Each level twice as wide: the number of values is bounded, not only the depth.
    const OrderedJson tree = make(R"({"type":"array","minItems":64,"items":{"$ref":"#"}})");
    EXPECT_LT(to_text(tree).size(), 64U * 1024);
}

TEST(SandboxSchema, ALargeValueThatIsCopiedManyTimesIsBounded) {
    Json schema = {{"type", "array"}, {"minItems", 64}, {"items", {{"$ref", "#/$defs/large"}}}};
    schema["$defs"]["large"]["default"] = std::string(200'000, 'x');
    EXPECT_LT(to_text(value_for_schema(schema, 1)).size(), 500'000U);
}

TEST(SandboxSchema, NonsenseGivesSomethingAndNeverThrows) {
    for (const char* schema : {"null",
                               "1",
                               "[]",
                               "{}",
                               R"({"type":7})",
                               R"({"type":[]})",
                               R"({"enum":[]})",
                               R"({"enum":3})",
                               R"({"anyOf":[]})",
                               R"({"anyOf":[3]})",
                               R"({"required":"a"})",
                               R"({"type":"object","properties":[]})",
                               R"({"type":"array","items":[]})",
                               R"({"type":"integer","minimum":"a"})",
                               R"({"type":"string","minLength":-5})",
                               R"({"type":"string","minLength":1e300})",
                               R"({"type":"integer","minimum":1e300})",
                               R"({"type":"number","minimum":5,"maximum":1})",
                               R"({"$ref":7})",
                               R"({"allOf":[null]})",
                               R"({"type":"integer","multipleOf":1e-300})",
                               R"({"format":3,"type":"string"})"}) {
        to_text(make(schema));
    }
}

RC_GTEST_PROP(SandboxSchemaProperty, AnIntegerLiesWithinItsBounds, ()) {
    const auto low = *rc::gen::inRange<int64_t>(-1'000'000, 1'000'000);
    const auto high = low + *rc::gen::inRange<int64_t>(0, 1000);
    const Json schema = {{"type", "integer"}, {"minimum", low}, {"maximum", high}};
    const int64_t value = value_for_schema(schema, *rc::gen::arbitrary<uint64_t>());
    RC_ASSERT(value >= low);
    RC_ASSERT(value <= high);
}

}  // namespace
}  // namespace keywarden
