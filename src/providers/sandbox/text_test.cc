#include "providers/sandbox/text.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

TEST(SandboxText, AWordIsARunOfWhatIsNoWhiteSpace) {
    EXPECT_EQ(count_words(""), 0U);
    EXPECT_EQ(count_words(" \t\r\n"), 0U);
    EXPECT_EQ(count_words("one"), 1U);
    EXPECT_EQ(count_words("  one two\nthree\v\ffour "), 4U);
    EXPECT_EQ(count_words("caf\xc3\xa9 \xe4\xbd\xa0\xe5\xa5\xbd"), 2U);
}

TEST(SandboxText, MakesExactlyAsManyWordsAsAsked) {
    for (const size_t count : {0U, 1U, 8U, 9U, 10U, 16U, 17U, 500U}) {
        EXPECT_EQ(count_words(make_words(7, count)), count);
    }
    EXPECT_EQ(make_words(7, 9), "This is the Keywarden sandbox: no model was asked.");
    EXPECT_EQ(make_words(7, 40), make_words(7, 40));
    EXPECT_NE(make_words(7, 40), make_words(8, 40));
}

TEST(SandboxText, TheFirstWordsEndWithTheLastOfThem) {
    EXPECT_EQ(first_words("one  two three", 2), "one  two");
    EXPECT_EQ(first_words("one two ", 2), "one two ");  // nothing was cut
    EXPECT_EQ(first_words("one two", 0), "");
}

TEST(SandboxText, SeedsAndIdsAreTheSameOnEveryMachine) {
    EXPECT_EQ(seed_of("abc"), seed_of("abc"));
    EXPECT_NE(seed_of("abc"), seed_of("abd"));
    EXPECT_NE(seed_of("abc", 1), seed_of("abc", 2));
    EXPECT_NE(seed_of(std::string(70'000, 'a')), seed_of(std::string(70'001, 'a')));
    // splitmix64's first number for the seed 0, from its author's code.
    EXPECT_EQ(SeededNumbers(0).next(), 0xe220a8397b1dcdafU);
    EXPECT_EQ(make_id("call_", 1).size(), 5 + 24U);
}

TEST(SandboxText, PlainWordsHaveNeitherCaseNorSigns) {
    EXPECT_EQ(plain_words("What's the Weather, caf\xc3\xa9?"),
              (std::vector<std::string>{"what", "s", "the", "weather", "caf\xc3\xa9"}));
    EXPECT_EQ(plain_words("get_weather2"), (std::vector<std::string>{"get", "weather2"}));
    EXPECT_TRUE(plain_words(" .,").empty());
}

TEST(SandboxText, UnitsNeverCutACharacter) {
    const std::string text = "a\xc3\xa9\xe4\xbd\xa0";
    EXPECT_EQ(count_characters(text), 3U);
    EXPECT_EQ(skip_units(text, 0, 1, true), 1U);
    EXPECT_EQ(skip_units(text, 1, 1, true), 3U);
    EXPECT_EQ(skip_units(text, 3, 9, true), 6U);
    EXPECT_EQ(skip_units("one  two three", 0, 2, false), 8U);
}

RC_GTEST_PROP(SandboxTextProperty, FirstWordsAreWordsFromTheStart, (const std::string& text)) {
    const auto count = *rc::gen::inRange<size_t>(0, 20);
    const std::string_view cut = first_words(text, count);
    RC_ASSERT(text.starts_with(cut));
    RC_ASSERT(count_words(cut) == std::min(count, count_words(text)));
}

}  // namespace
}  // namespace keywarden
