#include "base/json/edit.h"

#include <array>
#include <bitset>
#include <string>

#include <gtest/gtest.h>

#include "base/json/scan.h"

namespace keywarden {
namespace {

using Texts = std::vector<std::string_view>;

TEST(JsonElements, AreWhatStandsBetweenTheCommas) {
    EXPECT_EQ(json_elements("[]"), Texts{});
    EXPECT_EQ(json_elements("[ \n]"), Texts{});
    EXPECT_EQ(json_elements(R"([1,"a,]\"[", {"b":[2,{"c":"}"}]} ,null, [ ] ,true,-1e5 ])"),
              (Texts{"1", R"("a,]\"[")", R"({"b":[2,{"c":"}"}]})", "null", "[ ]", "true", "-1e5"}));
    EXPECT_EQ(json_elements(R"(["a\\","b\\\"",""])"), (Texts{R"("a\\")", R"("b\\\"")", R"("")"}));
}

TEST(JsonElements, NestAsDeepAsADocumentMay) {
    const std::string deep = std::string(400, '[') + std::string(400, ']');
    const std::string two = "[" + deep + "," + deep + "]";
    EXPECT_EQ(json_elements(two), (Texts{deep, deep}));
}

// Whichever elements go: what is left are the others, as they stood.
TEST(JsonEdits, TakeAnyElementsOut) {
    const std::string text = R"({"a": [ 1 , {"x":2},"3" ,4 ], "b": 0})";
    const std::string_view array = std::string_view(text).substr(6, 22);
    const auto elements = json_elements(array);
    ASSERT_EQ(elements.size(), 4U);
    for (unsigned removed = 0; removed < 16; ++removed) {
        JsonEdits edits(text);
        edits.remove(elements, [&](size_t i) { return (removed >> i & 1U) != 0; });
        const std::string out = edits.apply();
        std::array<JsonMember, 1> found;
        constexpr std::array<std::string_view, 1> kNames = {"a"};
        ASSERT_TRUE(find_json_members(out, kNames, found)) << out;
        Texts left;
        for (size_t i = 0; i < 4; ++i) {
            if ((removed >> i & 1U) == 0) left.push_back(elements[i]);
        }
        EXPECT_EQ(json_elements(found[0].text_of(out)), left) << out;
    }
}

TEST(JsonEdits, TakeAnyMembersOut) {
    const std::string text = R"({ "a":1, "b" : [2], "c":"3" , "d":{} })";
    constexpr std::array<std::string_view, 4> kNames = {"a", "b", "c", "d"};
    std::array<JsonMember, 4> found;
    ASSERT_TRUE(find_json_members(text, kNames, found));
    for (unsigned removed = 0; removed < 16; ++removed) {
        std::vector<JsonMember> members;
        for (size_t i = 0; i < 4; ++i) {
            if ((removed >> i & 1U) != 0) members.push_back(found[i]);
        }
        JsonEdits edits(text);
        edits.remove(text, members);
        const std::string out = edits.apply();
        std::array<JsonMember, 4> left;
        ASSERT_TRUE(find_json_members(out, kNames, left)) << out;
        for (size_t i = 0; i < 4; ++i) {
            EXPECT_EQ(left[i].present, (removed >> i & 1U) == 0) << out;
            if (left[i].present) EXPECT_EQ(left[i].text_of(out), found[i].text_of(text));
        }
    }
}

TEST(JsonEdits, ReplaceAndInsertWhereverTheyCome) {
    const std::string text = R"({"a":1,"b":[1,2]})";
    JsonEdits edits(text);
    EXPECT_TRUE(edits.empty());
    edits.replace(std::string_view(text).substr(11, 5), "[]");
    edits.insert(text.data() + 1, R"("z":0,)");
    edits.replace(std::string_view(text).substr(5, 1), "7");
    EXPECT_EQ(edits.apply(), R"({"z":0,"a":7,"b":[]})");
}

}  // namespace
}  // namespace keywarden
