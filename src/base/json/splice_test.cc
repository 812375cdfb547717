#include "base/json/splice.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

namespace keywarden {
namespace {

std::string edited(const Splice& splice) {
    std::array<std::string_view, Splice::kPiecesMax> storage;
    std::string out;
    for (const std::string_view piece : splice.pieces(storage)) {
        EXPECT_FALSE(piece.empty());
        out += piece;
    }
    EXPECT_EQ(out.size(), splice.size());
    return out;
}

std::vector<JsonMember> members_of(std::string_view text, std::vector<std::string_view> names) {
    std::vector<JsonMember> found(names.size());
    const auto result = find_json_members(text, names, found);
    EXPECT_TRUE(result) << result.error().message << "\n" << text;
    std::erase_if(found, [](const JsonMember& member) { return !member.present; });
    std::ranges::sort(found, {}, [](const JsonMember& member) { return member.key.begin; });
    return found;
}

std::string without(std::string_view text, std::vector<std::string_view> names) {
    Splice splice(text);
    splice.remove(members_of(text, std::move(names)));
    return edited(splice);
}

TEST(JsonSplice, ReplacesAndInsertsInAnyOrderOfCalls) {
    Splice splice("0123456789");
    splice.replace({6, 8}, "six");
    splice.insert(0, "[");
    splice.insert(10, "]");
    splice.replace({2, 3}, "");
    EXPECT_EQ(edited(splice), "[01345six89]");
}

TEST(JsonSplice, WithoutEditsIsOnePiece) {
    const Splice splice("{}");
    EXPECT_TRUE(splice.empty());
    std::array<std::string_view, Splice::kPiecesMax> storage;
    EXPECT_EQ(splice.pieces(storage).size(), 1U);
}

TEST(JsonSplice, RemovesMembersWithTheirCommas) {
    EXPECT_EQ(without(R"({"a":1,"x":2,"b":3})", {"x"}), R"({"a":1,"b":3})");
    EXPECT_EQ(without(R"({"x":2,"b":3})", {"x"}), R"({"b":3})");
    EXPECT_EQ(without(R"({"a":1 , "x":2 })", {"x"}), R"({"a":1 })");
    EXPECT_EQ(without(R"({"x":{"y":[1]}})", {"x"}), "{}");
    EXPECT_EQ(without(R"({"x":1,"y":2})", {"x", "y"}), "{}");
    EXPECT_EQ(without(R"({"a":1,"x":1,"y":2})", {"x", "y"}), R"({"a":1})");
    EXPECT_EQ(without(R"({"x":1,"a":1,"y":2,"z":3,"b":2})", {"x", "y", "z"}), R"({"a":1,"b":2})");
}

// ---- chance -------------------------------------------------------------------------------------

struct Member {
    std::string name;
    std::string value;
};

std::string space() { return *rc::gen::element<std::string>("", "", " ", "\n", "\t \r\n"); }

std::string random_value() {
    return *rc::gen::element<std::string>("1",
                                          "-0.5e+7",
                                          "true",
                                          "null",
                                          "\"\"",
                                          R"("a\"b\\")",
                                          R"("\u00e9 é")",
                                          "[]",
                                          "{}",
                                          R"([ 1 , {"model":"inner"} , [[]] ])",
                                          R"({"stream":{"x":[{}]},"n":1})");
}

std::vector<Member> random_members() {
    const std::vector<std::string> names = {
        "model", R"(mod\u0065l)", "stream", "n", "x", "xx", R"(\"q)", "é", ""};
    std::vector<Member> members;
    for (const std::string& name : names) {
        if (*rc::gen::arbitrary<bool>()) members.push_back({name, random_value()});
    }
    // One spelling of the model only: twice is an error.
    if (members.size() > 1 && members[1].name == names[1]) members.erase(members.begin());
    for (size_t i = members.size(); i > 1; --i) {
        std::swap(members[i - 1], members[*rc::gen::inRange<size_t>(0, i)]);
    }
    return members;
}

std::string print(const std::vector<Member>& members) {
    std::string out = space() + "{" + space();
    for (size_t i = 0; i < members.size(); ++i) {
        if (i > 0) out += "," + space();
        out += "\"" + members[i].name + "\"" + space() + ":" + space() + members[i].value + space();
    }
    return out + "}" + space();
}

/// The document as another parser reads it, printed without space.
std::string canonical(const std::string& text) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    RC_ASSERT(parser.parse(text).get(root) == simdjson::SUCCESS);
    return simdjson::minify(root);
}

RC_GTEST_PROP(JsonSpliceProperty, OnlyTheEditChanges, ()) {
    const std::vector<Member> members = random_members();
    const std::string text = print(members);
    constexpr std::array<std::string_view, 3> kNames = {"model", "stream", "n"};
    std::array<JsonMember, 3> found;
    const auto result = find_json_members(text, kNames, found);
    RC_ASSERT(result.has_value());

    // Replace the model, take out the two others by chance, and put a new one in front.
    const bool removes_stream = *rc::gen::arbitrary<bool>();
    const bool removes_n = *rc::gen::arbitrary<bool>();
    Splice splice(text);
    std::vector<JsonMember> removed;
    if (removes_stream && found[1].present) removed.push_back(found[1]);
    if (removes_n && found[2].present) removed.push_back(found[2]);
    std::ranges::sort(removed, {}, [](const JsonMember& member) { return member.key.begin; });
    splice.remove(removed);
    if (found[0].present) splice.replace(found[0].value, R"("new")");
    const bool stays = members.size() > removed.size();
    if (stays) splice.insert(text.find('{') + 1, R"("first":[1],)");

    std::vector<Member> wanted;
    if (stays) wanted.push_back({"first", "[1]"});
    for (Member member : members) {
        if (removes_stream && member.name == "stream") continue;
        if (removes_n && member.name == "n") continue;
        if (member.name.starts_with("mod")) member.value = R"("new")";
        wanted.push_back(member);
    }
    RC_ASSERT(canonical(edited(splice)) == canonical(print(wanted)));
}

RC_GTEST_PROP(JsonScanProperty, FindsTheValueAsItWasWritten, ()) {
    const std::vector<Member> members = random_members();
    const std::string text = print(members);
    constexpr std::array<std::string_view, 2> kNames = {"model", "x"};
    std::array<JsonMember, 2> found;
    RC_ASSERT(find_json_members(text, kNames, found).has_value());
    for (const Member& member : members) {
        if (member.name.starts_with("mod")) RC_ASSERT(found[0].text_of(text) == member.value);
        if (member.name == "x") RC_ASSERT(found[1].text_of(text) == member.value);
    }
}

/// Whatever another strict parser refuses is refused here, and the reverse.
RC_GTEST_PROP(JsonScanProperty, AgreesWithAnotherParserOnBrokenDocuments, ()) {
    std::string text = print(random_members());
    const size_t at = *rc::gen::inRange<size_t>(0, text.size());
    const std::string noise = *rc::gen::element<std::string>(
        "", "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "-", "e", "\n", "\x01", "\xff");
    text.replace(at, *rc::gen::inRange<size_t>(0, 3), noise);
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    const bool theirs = parser.parse(text).get(root) == simdjson::SUCCESS && root.is_object();
    RC_ASSERT(find_json_members(text, {}, {}).has_value() == theirs);
}

}  // namespace
}  // namespace keywarden
