#include "domain/glob.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

Glob glob(std::string_view text) { return Glob::parse(text).value(); }

TEST(Glob, FitsWhatItSays) {
    EXPECT_TRUE(glob("gpt-4o").matches("gpt-4o"));
    EXPECT_FALSE(glob("gpt-4o").matches("gpt-4o-mini"));
    EXPECT_FALSE(glob("gpt-4o").matches("GPT-4o"));
    EXPECT_TRUE(glob("gpt-*").matches("gpt-"));
    EXPECT_TRUE(glob("groq/*").matches("groq/llama-3.3-70b"));
    EXPECT_TRUE(glob("*-mini").matches("gpt-4o-mini"));
    EXPECT_FALSE(glob("*-mini").matches("gpt-4o-mini-2"));
    EXPECT_TRUE(glob("gpt-?").matches("gpt-4"));
    EXPECT_FALSE(glob("gpt-?").matches("gpt-"));
    EXPECT_TRUE(glob("*").matches(""));
    EXPECT_FALSE(glob("?*").matches(""));
    EXPECT_TRUE(glob("*a*b*").matches("xaxbx"));
    EXPECT_FALSE(glob("*a*b*").matches("xbxax"));
}

TEST(Glob, RefusesWhatIsNoPattern) {
    EXPECT_EQ(Glob::parse("").error().code, ErrorCode::InvalidRequest);
    EXPECT_FALSE(Glob::parse("a b"));
    EXPECT_FALSE(Glob::parse("a\n"));
    EXPECT_FALSE(Glob::parse("\xc3\xa4"));
    EXPECT_TRUE(Glob::parse(std::string(kGlobBytesMax, 'a')));
    EXPECT_FALSE(Glob::parse(std::string(kGlobBytesMax + 1, 'a')));
}

TEST(Glob, HasOneNormalForm) {
    EXPECT_EQ(glob("a**b").text(), "a*b");
    EXPECT_EQ(glob("*?*?").text(), "??*");
    EXPECT_EQ(glob("***"), glob("*"));
    EXPECT_TRUE(glob("***").is_everything());
    EXPECT_TRUE(glob("abc").is_literal());
    EXPECT_FALSE(glob("ab?").is_literal());
}

TEST(Glob, APatternMadeToBlowUpDoesNot) {
    std::string stars;
    for (int i = 0; i < 60; ++i) stars += "*a";
    EXPECT_FALSE(glob(stars + "*b").matches(std::string(20'000, 'a')));
}

TEST(GlobCovers, AsPeopleExpect) {
    EXPECT_TRUE(covers(glob("*"), glob("gpt-4o")));
    EXPECT_TRUE(covers(glob("gpt-*"), glob("gpt-4*")));
    EXPECT_FALSE(covers(glob("gpt-4*"), glob("gpt-*")));
    EXPECT_TRUE(covers(glob("*/llama*"), glob("groq/llama-?")));
    EXPECT_FALSE(covers(glob("gpt-4o"), glob("*")));
    EXPECT_TRUE(covers(glob("?*"), glob("*a")));
    EXPECT_TRUE(covers(glob("*a*"), glob("*b*a")));
    EXPECT_FALSE(covers(glob("a?*b"), glob("a*b")));
    EXPECT_FALSE(covers(glob("a*b*c"), glob("a*c")));
    EXPECT_TRUE(covers(glob("*a??*"), glob("*a*aaa*")));
}

std::string random_pattern(std::mt19937_64& random, size_t length_max) {
    static constexpr std::string_view kLetters = "aab**?";
    std::string text;
    const size_t length = 1 + random() % length_max;
    for (size_t i = 0; i < length; ++i) text += kLetters[random() % kLetters.size()];
    return text;
}

// The oracle: places of the textbook automaton, as a set of bits.
uint64_t settled(std::string_view pattern, uint64_t places) {
    for (size_t i = 0; i < pattern.size(); ++i) {
        if ((places >> i & 1) != 0 && pattern[i] == '*') places |= uint64_t{2} << i;
    }
    return places;
}

uint64_t step(std::string_view pattern, uint64_t places, char letter) {
    uint64_t next = 0;
    for (size_t i = 0; i < pattern.size(); ++i) {
        if ((places >> i & 1) == 0) continue;
        if (pattern[i] == '*') next |= uint64_t{1} << i;
        if (pattern[i] == '?' || pattern[i] == letter) next |= uint64_t{2} << i;
    }
    return settled(pattern, next);
}

struct Truth {
    bool covers = true;
    bool overlap = false;
};

/// Walks every pair of sets that some word over {a, b, another letter} leads to.
Truth truth_of(std::string_view wide, std::string_view narrow) {
    Truth truth;
    std::vector<std::pair<uint64_t, uint64_t>> open = {{settled(wide, 1), settled(narrow, 1)}};
    std::set<std::pair<uint64_t, uint64_t>> seen(open.begin(), open.end());
    while (!open.empty()) {
        const auto [in_wide, in_narrow] = open.back();
        open.pop_back();
        const bool fits_wide = (in_wide >> wide.size() & 1) != 0;
        const bool fits_narrow = (in_narrow >> narrow.size() & 1) != 0;
        if (fits_narrow && !fits_wide) truth.covers = false;
        if (fits_narrow && fits_wide) truth.overlap = true;
        for (const char letter : {'a', 'b', 'z'}) {
            const std::pair next(step(wide, in_wide, letter), step(narrow, in_narrow, letter));
            if (next.second != 0 && seen.insert(next).second) open.push_back(next);
        }
    }
    return truth;
}

void check_pair(const std::string& wide, const std::string& narrow) {
    const Truth truth = truth_of(wide, narrow);
    ASSERT_EQ(covers(glob(wide), glob(narrow)), truth.covers) << wide << " covers " << narrow;
    ASSERT_EQ(overlap(glob(wide), glob(narrow)), truth.overlap) << wide << " meets " << narrow;
}

TEST(GlobCovers, EveryPairOfShortPatternsAsTheAutomataSay) {
    std::vector<std::string> patterns = {""};
    for (size_t i = 0; i < patterns.size(); ++i) {
        for (const char c : {'a', 'b', '?', '*'}) {
            if (patterns[i].size() < 3) patterns.push_back(patterns[i] + c);
        }
    }
    for (size_t wide = 1; wide < patterns.size(); ++wide) {
        for (size_t narrow = 1; narrow < patterns.size(); ++narrow) {
            ASSERT_NO_FATAL_FAILURE(check_pair(patterns[wide], patterns[narrow]));
        }
    }
}

TEST(GlobCovers, RandomPairsAsTheAutomataSay) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 10'000; ++round) {
        const std::string wide = random_pattern(random, 7);
        std::string narrow = random_pattern(random, 10);
        if (round % 2 == 0) {  // often a pattern made from the wide one, so that many are covered
            narrow.clear();
            for (const char c : wide) {
                narrow +=
                    c == '*' && random() % 2 == 0 ? random_pattern(random, 3) : std::string(1, c);
            }
        }
        ASSERT_NO_FATAL_FAILURE(check_pair(wide, narrow));
    }
}

TEST(Glob, RandomNamesAsTheAutomatonSays) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    int fitting = 0;
    for (int round = 0; round < 50'000; ++round) {
        const std::string pattern = random_pattern(random, 8);
        std::string name;
        for (uint64_t i = random() % 10; i > 0; --i) name += "ab"[random() % 2];
        uint64_t places = settled(pattern, 1);
        for (const char c : name) places = step(pattern, places, c);
        const bool fits = (places >> pattern.size() & 1) != 0;
        ASSERT_EQ(glob(pattern).matches(name), fits) << pattern << " with " << name;
        fitting += fits ? 1 : 0;
    }
    EXPECT_GT(fitting, 1000);
}

}  // namespace
}  // namespace keywarden
