#include "domain/glob_set.h"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

std::vector<Glob> globs(std::initializer_list<std::string_view> texts) {
    std::vector<Glob> list;
    for (const std::string_view text : texts) list.push_back(Glob::parse(text).value());
    return list;
}

std::string found(const GlobSet& set, std::string_view name) {
    const Glob* const entry = set.find(GlobName(name));
    return entry == nullptr ? "" : entry->text();
}

TEST(GlobSet, FindsNamesAndPatterns) {
    const GlobSet set(globs({"gpt-4o", "claude-*", "b", "a", "zz"}));
    EXPECT_EQ(found(set, "gpt-4o"), "gpt-4o");
    EXPECT_EQ(found(set, "claude-3"), "claude-*");
    EXPECT_EQ(found(set, "gpt-4"), "");
    EXPECT_EQ(found(set, ""), "");
    EXPECT_EQ(found(GlobSet({}), "a"), "");
}

TEST(GlobSet, FindsWhatAnyOfSeveralNamesFits) {
    const GlobSet set(globs({"openai/*", "o1"}));
    const std::array names = {GlobName("gpt-4o"), GlobName("openai/gpt-4o")};
    EXPECT_EQ(set.find(names)->text(), "openai/*");
    EXPECT_EQ(set.find(std::span(names).first(1)), nullptr);
    EXPECT_EQ(set.find(std::span<const GlobName>()), nullptr);
}

TEST(GlobSet, ABeginningAndAnEndMayNotShareLetters) {
    const GlobSet set(globs({"abc*cde", "12345678*", "123456789*0"}));
    EXPECT_EQ(found(set, "abcde"), "");
    EXPECT_EQ(found(set, "abccde"), "abc*cde");
    EXPECT_EQ(found(set, "1234567"), "");
    EXPECT_EQ(found(set, "12345678"), "12345678*");
    EXPECT_EQ(found(GlobSet(globs({"123456789*0"})), "123456780"), "");
}

TEST(GlobSet, FindsExactlyWhatAnyOfItsPatternsFits) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto text = [&](std::string_view letters) {
        std::string made;
        for (uint64_t i = random() % 12; i > 0; --i) made += letters[random() % letters.size()];
        return made;
    };
    for (int round = 0; round < 20'000; ++round) {
        std::vector<Glob> patterns;
        // Names alone as well as patterns, and some of more than eight letters beside a star.
        const std::string_view letters = random() % 2 == 0 ? "aaaabbb*?" : "aaab";
        for (uint64_t i = random() % 6; i > 0; --i) {
            const std::string more = random() % 4 == 0 ? "*" + text("ab") : "";
            if (auto glob = Glob::parse(text(letters) + more)) {
                patterns.push_back(*std::move(glob));
            }
        }
        const GlobSet set(patterns);
        for (int i = 0; i < 5; ++i) {
            const std::string name = text("aaaab") + (random() % 4 == 0 ? text("ab") : "");
            const bool fits =
                std::ranges::any_of(patterns, [&](const Glob& glob) { return glob.matches(name); });
            const Glob* const entry = set.find(GlobName(name));
            ASSERT_EQ(entry != nullptr, fits) << name;
            ASSERT_TRUE(entry == nullptr || entry->matches(name)) << name;
        }
    }
}

}  // namespace
}  // namespace keywarden
