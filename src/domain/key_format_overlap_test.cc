#include "domain/key_format_overlap.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using enum Segment::Kind;

Segment literal(std::string text) { return {.kind = Literal, .text = std::move(text)}; }

Segment secret(size_t length_min, size_t length_max, std::string_view alphabet) {
    return {.kind = SecretText,
            .length_min = length_min,
            .length_max = length_max,
            .alphabet = std::string(alphabet)};
}

KeyFormat format(std::string name, std::vector<Segment> shape) {
    return {.name = std::move(name), .shapes = {std::move(shape)}};
}

Result<KeyFormats> open(std::vector<KeyFormat> formats) {
    return KeyFormats::of(std::move(formats), Secret("a pepper for tests"));
}

/// The message that refuses both formats together, or "".
std::string clash(std::vector<Segment> a, std::vector<Segment> b) {
    const auto opened = open({format("a", std::move(a)), format("b", std::move(b))});
    return opened ? "" : opened.error().message;
}

TEST(KeyFormatOverlap, TheBuiltInFormatsLiveTogether) {
    EXPECT_TRUE(KeyFormats::of(built_in_key_formats(), Secret("p")));
}

TEST(KeyFormatOverlap, DifferentPrefixesNeverMeet) {
    EXPECT_EQ(
        clash({literal("a_"), secret(40, 40, kBase62)}, {literal("b_"), secret(40, 40, kBase62)}),
        "");
}

TEST(KeyFormatOverlap, APrefixOfAPrefixMeetsOnlyIfTheRestCan) {
    // "sk-" + 48 of base 62 against "sk-orq-" + 64 of hex: '-' is not in base 62.
    EXPECT_EQ(clash({literal("sk-"), secret(48, 48, kBase62)},
                    {literal("sk-orq-"), secret(64, 64, kHexLower)}),
              "");
    const std::string met = clash({literal("sk"), secret(51, 51, kBase62)},
                                  {literal("skorq"), secret(48, 48, kBase62)});
    EXPECT_NE(met.find("'a' and 'b'"), std::string::npos) << met;
    EXPECT_NE(met.find("'skorq000"), std::string::npos) << "says which string: " << met;
}

TEST(KeyFormatOverlap, LengthsCanKeepFormatsApart) {
    EXPECT_EQ(
        clash({literal("k_"), secret(32, 40, kBase62)}, {literal("k_"), secret(41, 50, kBase62)}),
        "");
    EXPECT_NE(
        clash({literal("k_"), secret(32, 41, kBase62)}, {literal("k_"), secret(41, 50, kBase62)}),
        "");
}

TEST(KeyFormatOverlap, AlphabetsCanKeepFormatsApart) {
    EXPECT_EQ(
        clash({literal("k_"), secret(130, 130, "01")}, {literal("k_"), secret(130, 130, "ab")}),
        "");
    EXPECT_NE(
        clash({literal("k_"), secret(130, 130, "01")}, {literal("k_"), secret(130, 130, "1b")}),
        "");
}

TEST(KeyFormatOverlap, EachEnvironmentIsLookedAt) {
    EXPECT_NE(clash({literal("k_"), {.kind = Environment}, secret(32, 32, kBase62)},
                    {literal("k_test"), secret(32, 32, kBase62)}),
              "");
    EXPECT_EQ(clash({literal("k_"), {.kind = Environment}, secret(32, 32, kBase62)},
                    {literal("k_prod"), secret(32, 32, kBase62)}),
              "");
}

TEST(KeyFormatOverlap, OneFormatsOwnShapesMayMeet) {
    KeyFormat both = format("both", {literal("k_"), secret(32, 40, kBase62)});
    both.shapes.push_back({literal("k_"), secret(35, 50, kBase62)});
    EXPECT_TRUE(open({both}));
}

TEST(KeyFormatOverlap, TwoWithoutAPrefixMeet) {
    EXPECT_NE(clash({secret(40, 60, kBase62)}, {secret(60, 80, kBase62)}), "");
    EXPECT_EQ(clash({secret(40, 59, kBase62)}, {secret(60, 80, kBase62)}), "");
    EXPECT_EQ(clash({secret(40, 60, kBase62)}, {literal("k_"), secret(60, 80, kBase62)}), "")
        << "it takes only what the prefix does not claim";
}

TEST(KeyFormatOverlap, ASecretThatCanBeGuessedStopsTheStart) {
    EXPECT_TRUE(open({format("a", {literal("k_"), secret(32, 32, kHexLower)})})) << "128 bits";
    const auto weak = open({format("a", {literal("k_"), secret(31, 31, kHexLower)})});
    EXPECT_EQ(weak.error().code, ErrorCode::InvalidConfig);
    EXPECT_NE(weak.error().message.find("128 bits"), std::string::npos);
}

TEST(KeyFormatOverlap, AnImpossibleFormatStopsTheStart) {
    for (const KeyFormat& bad : {KeyFormat{.name = "bad", .shapes = {}},
                                 KeyFormat{.name = "bad", .shapes = {{}}},
                                 format("bad", {secret(40, 30, kBase62)}),
                                 format("bad", {secret(40, 40, "x")}),
                                 format("bad", {secret(40, kPresentedMax + 1, kBase62)})}) {
        EXPECT_EQ(open({bad}).error().code, ErrorCode::InvalidConfig);
    }
}

}  // namespace
}  // namespace keywarden
