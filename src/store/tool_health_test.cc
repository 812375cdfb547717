#include "store/tool_health.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using Offered = ToolHealth::Offered;
using Called = ToolHealth::Called;
constexpr TimePoint kNow{std::chrono::hours(500'000)};

ToolText text_of(std::string_view text) {
    return {.description_words = word_count(text), .sketch = sketch_of(text)};
}

void offer(ToolHealth& health, const std::vector<Offered>& tools, std::string_view team = "t") {
    for (const size_t i : health.note_offer(team, tools, kNow)) {
        health.note_text(team, tools[i].name, text_of(tools[i].name));
    }
}

TEST(ToolHealth, CountsWhatBecameOfEachTool) {
    ToolHealth health;
    EXPECT_FALSE(health.report("t").since);
    offer(health, {{"a"}, {"b", false, false}, {"c", true, false}});
    offer(health, {{"a"}});
    health.note_calls("t", std::vector<Called>{{"a"}, {"b", true}, {"unknown"}});
    const TeamTools team = health.report("t");
    EXPECT_EQ(team.since, kNow);
    EXPECT_EQ(team.calls, 2);
    EXPECT_EQ(team.calls_with_a_call, 1);
    EXPECT_EQ(team.missed_calls, 1);
    ASSERT_EQ(team.tools.size(), 3U);
    EXPECT_EQ(team.tools[0].name, "a") << "of what was called as often, what was offered more";
    EXPECT_EQ(team.tools[0].offered, 2);
    EXPECT_EQ(team.tools[1].name, "b");
    EXPECT_EQ(team.tools[1].forwarded, 0);
    EXPECT_EQ(team.tools[1].missed, 1);
    EXPECT_EQ(team.tools[2].forwarded, 1);
    EXPECT_EQ(team.tools[2].left_out, 1);
    EXPECT_TRUE(health.report("other").tools.empty()) << "teams see their own";
}

TEST(ToolHealth, LooksAtATextNowAndThen) {
    ToolHealth health;
    size_t looked = 0;
    const std::vector<Offered> tools = {{"a"}};
    for (int i = 0; i < 255; ++i) {
        for (const size_t due : health.note_offer("t", tools, kNow)) {
            ++looked;
            health.note_text("t", tools[due].name, text_of("a b"));
        }
    }
    EXPECT_EQ(looked, 1U);
}

TEST(ToolHealth, KeepsWithinItsBounds) {
    ToolHealth health;
    std::vector<std::string> names;
    for (size_t i = 0; i < kHealthToolsMax + 50; ++i) names.push_back("tool" + std::to_string(i));
    std::vector<Offered> tools(names.begin(), names.end());
    const std::string is_long(kHealthNameBytesMax + 1, 'x');
    tools.insert(tools.begin(), Offered{is_long});
    offer(health, tools);
    EXPECT_EQ(health.report("t").tools.size(), kHealthToolsMax);
    for (size_t i = 0; i <= kHealthTeamsMax; ++i) {
        health.note_offer("team" + std::to_string(i),
                          std::vector<Offered>{{"a"}},
                          kNow + std::chrono::seconds(i + 1));
    }
    EXPECT_TRUE(health.report("t").tools.empty()) << "who called longest ago is forgotten";
    EXPECT_FALSE(health.report("team5").tools.empty());
}

TEST(ToolHealth, SeesToolsThatAreAlike) {
    ToolHealth health;
    offer(health,
          {{"read a file from the disk of this machine"},
           {"of this machine from the disk read a file"},
           {"send an email to somebody who waits for it"}});
    const auto colliding = health.report("t").colliding;
    ASSERT_EQ(colliding.size(), 1U);
    EXPECT_EQ(colliding[0].similarity, 100);
    EXPECT_NE(colliding[0].first, colliding[0].second);
    EXPECT_LT(similarity(sketch_of("one two three"), sketch_of("four five six")), 20);
}

TEST(ToolHealth, FindsWhatIsCalledOften) {
    ToolHealth health;
    offer(health, {{"often"}, {"seldom"}});
    for (int i = 0; i < 19; ++i) health.note_calls("t", std::vector<Called>{{"often"}});
    EXPECT_TRUE(health.popular("t", 4, kNow).empty()) << "too little is known";
    health.note_calls("t", std::vector<Called>{{"seldom"}});
    EXPECT_EQ(health.popular("t", 4, kNow), std::vector<std::string>{"often"});
    for (int i = 0; i < 50; ++i) health.note_calls("t", std::vector<Called>{{"seldom"}});
    EXPECT_EQ(health.popular("t", 4, kNow + std::chrono::minutes(59)).size(), 1U)
        << "it holds still";
    EXPECT_EQ(health.popular("t", 4, kNow + std::chrono::hours(1)),
              (std::vector<std::string>{"seldom", "often"}));
    EXPECT_EQ(health.popular("t", 1, kNow + std::chrono::hours(2)).size(), 1U);
    EXPECT_TRUE(health.popular("other", 4, kNow).empty());
}

}  // namespace
}  // namespace keywarden
