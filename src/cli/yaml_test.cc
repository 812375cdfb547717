// YAML in and out: what it means, where it stands, and what is refused because it is not certain.
#include "cli/yaml.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

using Ordered = nlohmann::ordered_json;

std::string read(std::string_view text) {
    const auto file = read_yaml(text);
    return file ? file->value.dump() : file.error().message;
}

TEST(Yaml, ReadsWhatAPolicyNeeds) {
    EXPECT_EQ(read("a: 1\nb: [x, 'y z', \"\\u00e9\"]\nc:\n  - d: true\n    e: ~\n  - -5\n"),
              R"({"a":1,"b":["x","y z","é"],"c":[{"d":true,"e":null},-5]})");
    EXPECT_EQ(read("# nothing but\nz: 1\na: 2 # in its order\n"), R"({"z":1,"a":2})");
    EXPECT_EQ(read("text: |\n  two\n  lines\n"), R"({"text":"two\nlines\n"})");
    EXPECT_EQ(
        read("at: 2027-01-31T00:00:00Z\nip: 10.0.0.0/8\nv6: 2001:db8::/32\nv: 1.2.3\n"),
        R"({"at":"2027-01-31T00:00:00Z","ip":"10.0.0.0/8","v6":"2001:db8::/32","v":"1.2.3"})");
    EXPECT_EQ(read("m: 4o-mini\ng: gpt-4*\nw: '*'\nd: 24h\n"),
              R"({"m":"4o-mini","g":"gpt-4*","w":"*","d":"24h"})");
}

TEST(Yaml, AnchorsStandForWhatTheyName) {
    EXPECT_EQ(read("a: &x {l: [1, 2]}\nb: *x\n"), R"({"a":{"l":[1,2]},"b":{"l":[1,2]}})");
    EXPECT_EQ(read("a: &x {l: 1, m: 2}\nb:\n  <<: *x\n  l: 3\n"),
              R"({"a":{"l":1,"m":2},"b":{"l":3,"m":2}})")
        << "what is there itself wins";
    EXPECT_EQ(read("a: &x {l: 1}\nb: &y {l: 2, n: 4}\nc:\n  <<: [*x, *y]\n"),
              R"({"a":{"l":1},"b":{"l":2,"n":4},"c":{"l":1,"n":4}})");
}

struct Refused {
    std::string_view text;
    std::string_view place;
    std::string_view says;
};

TEST(Yaml, RefusesWhatCouldMeanTwoThings) {
    const std::vector<Refused> all = {
        {"a: yes\n", "1:4: ", "more than one way"},
        {"a: No\n", "1:4: ", "more than one way"},
        {"a: off\n", "1:4: ", "more than one way"},
        {"a: True\n", "1:4: ", "more than one way"},
        {"a: 0x1F\n", "1:4: ", "more than one way"},
        {"a: 010\n", "1:4: ", "more than one way"},
        {"a: 1_000\n", "1:4: ", "more than one way"},
        {"a: 1.5\n", "1:4: ", "more than one way"},
        {"a: 1e3\n", "1:4: ", "more than one way"},
        {"a: .inf\n", "1:4: ", "more than one way"},
        {"a: +1\n", "1:4: ", "more than one way"},
        {"a: 12:30:45\n", "1:4: ", "more than one way"},
        {"a: 99999999999999999999\n", "1:4: ", "more than one way"},
        {"a: 1\nb: 2\na: 3\n", "3:1: ", "first in line 1"},
        {"a: !!str 5\n", "1:4: ", "Tags"},
        {"a: !!binary aGk=\n", "1:4: ", "Tags"},
        {"5: a\n", "1:1: ", "must be a text"},
        {"[a]: b\n", "1:1: ", "must be a text"},
        {"a: 1\n---\nb: 2\n", "2:1: ", "second document"},
        {"a:\n\tb: 1\n", "2:1: ", "tab"},
        {"a: *x\n", "1:4: ", "no &x"},
        {"a: &x\n  b: *x\n", "2:6: ", "circle"},
        {"a: &x [*x]\n", "1:8: ", "circle"},
        {"a:\n  <<: 5\n", "2:7: ", "mapping"},
        {"", "1:1: ", "says nothing"},
        {"# only words\n", "1:1: ", "says nothing"},
        {"a: [1, 2\n", "2:1: ", ""},
        {"a: b: c\n", "1:5: ", ""},
        {"a: \"\\x\"\n", "1:7: ", ""},
        {"a: \xff\n", "1:1: ", "byte 3"},
    };
    for (const Refused& each : all) {
        const std::string said = read(each.text);
        EXPECT_TRUE(said.starts_with(each.place)) << each.text << said;
        EXPECT_NE(said.find(each.says), std::string::npos) << each.text << said;
    }
}

TEST(Yaml, BombsAreDefused) {
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j) {
            laughs += (j > 0 ? ", *a" : "*a") + std::to_string(i - 1);
        }
        laughs += "]\n";
    }
    EXPECT_NE(read(laughs).find("more than 50000 values"), std::string::npos);
    EXPECT_NE(read(std::string(100'000, '[')).find("levels deep"), std::string::npos);
    EXPECT_NE(read(std::string(2 << 20, ' ')).find("bytes"), std::string::npos);
    std::string wide = "a:\n";
    for (int i = 0; i < 60'000; ++i) wide += "- 1\n";
    EXPECT_NE(read(wide).find("more than 50000 values"), std::string::npos);
    std::string merges = "m: &m {a: 1, b: 2, c: 3}\nl:\n";
    for (int i = 0; i < 20'000; ++i) merges += "- {<<: *m}\n";
    EXPECT_NE(read(merges).find("more than 50000 values"), std::string::npos);
}

TEST(Yaml, KnowsWhereEverythingStands) {
    const auto file =
        read_yaml("teams:\n  - name: A\n    keys:\n      - name: ci\n        tgas: []\n");
    ASSERT_TRUE(file) << file.error().message;
    const auto at = [&](std::string_view path, bool of_name = false) {
        const YamlPlace place = file->place_of(path, of_name);
        return std::to_string(place.line) + ":" + std::to_string(place.column);
    };
    EXPECT_EQ(at("teams[0].keys[0].name"), "4:15");
    EXPECT_EQ(at("teams[0].keys[0].tgas", true), "5:9");
    EXPECT_EQ(at("teams[0].keys[0].app"), "4:9") << "of what is missing, the thing around it";
    EXPECT_EQ(at("teams[0].keys[7].app.x"), "4:7");
    EXPECT_EQ(at("nothing"), "1:1");
}

TEST(Yaml, WritesAsAPersonWould) {
    const Ordered value = Ordered::parse(R"({"version":1,"none":[],"teams":[{"name":"Search",
        "policy":{"models":{"deny":["gpt-4*","a b"]},"limits":{"requests_per_day":5}},
        "keys":[{"name":"yes"},{"name":"1"},{"name":"a: b"},
                {"expires_at":"2027-01-31T00:00:00Z"}]}]})");
    EXPECT_EQ(write_yaml(value), R"(version: 1
none: []
teams:
  - name: Search
    policy:
      models:
        deny: ["gpt-4*", a b]
      limits:
        requests_per_day: 5
    keys:
      - name: "yes"
      - name: "1"
      - name: "a: b"
      - expires_at: 2027-01-31T00:00:00Z
)");
}

TEST(Yaml, AwkwardTextsComeBackAsTheyWere) {
    for (const std::string text : {"",
                                   " ",
                                   "a ",
                                   " a",
                                   "-",
                                   "- a",
                                   "?",
                                   "#",
                                   "a #b",
                                   "a: b",
                                   "~",
                                   "null",
                                   "Null",
                                   "true",
                                   "NO",
                                   "1",
                                   "1.5",
                                   "0x1",
                                   "2027-01-31",
                                   "2027-01-31T00:00:00Z",
                                   "12:30",
                                   "*",
                                   "&a",
                                   "!a",
                                   "|",
                                   ">",
                                   "%",
                                   "@",
                                   "`",
                                   "'",
                                   "\"",
                                   "\\",
                                   "[",
                                   "]",
                                   "{",
                                   "}",
                                   ",",
                                   "<<",
                                   "=",
                                   "é",
                                   "日本",
                                   "\xf0\x9f\x98\x80",
                                   "a\nb",
                                   "a\tb",
                                   "\x7f",
                                   "\xc2\x80",
                                   "\xe2\x80\xa8",
                                   "...",
                                   "---",
                                   "y"}) {
        const Ordered value = {{"k", text}, {"l", {text, Ordered{{text, text}}}}};
        const std::string written = write_yaml(value);
        const auto back = read_yaml(written);
        ASSERT_TRUE(back) << written << back.error().message;
        EXPECT_EQ(back->value, value) << written;
    }
}

Ordered some_value(int depth) {
    switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
        case 0:
            return nullptr;
        case 1:
            return *rc::gen::arbitrary<bool>();
        case 2:
            return *rc::gen::arbitrary<int64_t>();
        case 3:
            return *rc::gen::arbitrary<std::string>();
        default:
            return *rc::gen::element<std::string>("gpt-4*", "10.0.0.0/8", "no", "a b", "ci");
        case 5: {
            Ordered list = Ordered::array();
            for (int i = *rc::gen::inRange(0, 4); i > 0; --i) list.push_back(some_value(depth - 1));
            return list;
        }
        case 6: {
            Ordered object = Ordered::object();
            for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
                object["n" + std::to_string(i)] = some_value(depth - 1);
            }
            return object;
        }
    }
}

RC_GTEST_PROP(YamlProperty, WhatIsWrittenIsReadAsTheSame, ()) {
    Ordered value = some_value(4);
    // Only texts that are UTF-8 come out of a gateway.
    value = Ordered::parse(value.dump(-1, ' ', false, Ordered::error_handler_t::replace));
    const auto back = read_yaml(write_yaml(value));
    if (!back) RC_FAIL(back.error().message);
    RC_ASSERT(back->value == value);
}

RC_GTEST_PROP(YamlProperty, AnyBytesAreReadOrRefused, (const std::string& text)) {
    const auto file = read_yaml(text);
    if (!file) RC_ASSERT(file.error().code == ErrorCode::InvalidRequest);
}

}  // namespace
}  // namespace keywarden
