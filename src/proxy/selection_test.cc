// The selection of tools on the way of a call. Which tools are chosen is the selector's business:
// here a request names those that are to stay, and so they do.
#include "proxy/selection.h"

#include <algorithm>
#include <string>
#include <vector>

#include "domain/call_bound.h"
#include "domain/tool_selection.h"
#include "proxy/proxy_fixture.h"
#include "store/tool_health.h"

namespace keywarden {
namespace {

constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr size_t kTools = 40;

std::string chunk(std::string_view bytes) {
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
}

std::string name_of(size_t i) { return "unrelated_tool_number_" + std::to_string(i); }

std::string function(std::string_view name) {
    return R"({"type":"function","function":{"name":")" + std::string(name) +
           R"(","description":")" + std::string(120, 'x') +
           R"(","parameters":{"type":"object","properties":{}}}})";
}

std::string all_tools() {
    std::string tools;
    for (size_t i = 0; i < kTools; ++i) tools += (i > 0 ? "," : "") + function(name_of(i));
    return tools;
}

std::string body(std::string_view text, std::string_view rest = "") {
    return R"({"model":"gpt-4o","messages":[{"role":"user","content":")" + std::string(text) +
           R"("}],"tools":[)" + all_tools() + "]" + std::string(rest) + "}";
}

std::string call_of(std::string_view name) {
    return R"({"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":null,)"
           R"("tool_calls":[{"id":"call_1","type":"function","function":{"name":")" +
           std::string(name) +
           R"(","arguments":"{}"}}]},"finish_reason":"tool_calls"}],)"
           R"("usage":{"prompt_tokens":500,"completion_tokens":7}})";
}

class Selects : public ProxyFixture {
protected:
    void start_answering(std::string answer) {
        parts_.tool_selector = &selector_;
        parts_.tool_health = &health_;
        start([this, answer = std::move(answer)](test::Peer& peer) {
            for (;;) {
                const std::string request = peer.hear_answer();
                if (request.empty()) return;
                {
                    const std::lock_guard lock(mutex_);
                    asked_ = request.substr(request.find("\r\n\r\n") + 4);
                }
                peer.say(answer);
            }
        });
    }

    void team_says(SelectionPolicy selection, std::vector<Glob> denied = {}) {
        Policy policy;
        policy.tool_selection = std::move(selection);
        policy.tools.deny = std::move(denied);
        directory_->policies().put(
            TeamRules{.id = "team_a", .policy = policy, .version = ++version_});
    }

    /// How many of the tools went up, and that each is as it was.
    size_t sent_up() {
        const std::lock_guard lock(mutex_);
        size_t found = 0;
        for (size_t i = 0; i < kTools; ++i) found += asked_.contains(function(name_of(i))) ? 1 : 0;
        return found;
    }
    bool went_up(size_t i) {
        const std::lock_guard lock(mutex_);
        return asked_.contains('"' + name_of(i) + '"');
    }
    std::string asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

    /// As if the key's calls in the shadow had come to the store.
    void note_answers(int kept, int missed) {
        CallRecord row{.team_id = "team_a", .key_id = key_.key.id};
        row.tools = ToolCounts{.selection = SelectionMode::Shadow, .permitted = 2, .called = 1};
        for (int i = 0; i < kept; ++i) health_.trials().note({&row, 1});
        row.tools->missed = 1;
        for (int i = 0; i < missed; ++i) health_.trials().note({&row, 1});
    }

    /// The sums of the team once a call's end was counted.
    TeamTools sums(int64_t calls_with_a_call) {
        for (;;) {
            TeamTools team = health_.report("team_a");
            if (team.calls_with_a_call >= calls_with_a_call) return team;
            std::this_thread::yield();
        }
    }

    ToolSelector selector_{[] { return MonoTime(); }};  // no choice is ever late
    ToolHealth health_;
    std::mutex mutex_;
    std::string asked_;
    int64_t version_ = 1;
};

/// A request that says which tools it needs by their names: these are always kept.
constexpr std::string_view kNeeds =
    "call unrelated_tool_number_3 and then unrelated_tool_number_31 for the unrelated number";

TEST_F(Selects, OnlyWhatMattersGoesUp) {
    start_answering(json_answer(call_of(name_of(31))));
    team_says({.mode = SelectionMode::On, .keep_max = 8});
    const std::string answer = chat(body(kNeeds));
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_LE(sent_up(), 12U);
    EXPECT_TRUE(went_up(3) && went_up(31));
    EXPECT_EQ(field(answer, "x-keywarden-tools-input"), "40");
    EXPECT_EQ(field(answer, "x-keywarden-tools-output"), std::to_string(sent_up()));
    EXPECT_EQ(field(answer, "x-keywarden-tools-selection"), "on; selected");
    EXPECT_EQ(field(answer, "x-keywarden-prune-ratio"), std::to_string(sent_up()) + "/40");
    const TeamTools team = sums(1);
    EXPECT_EQ(team.missed_calls, 0);
    EXPECT_EQ(team.tools.front().name, name_of(31));
    EXPECT_EQ(team.tools.front().called, 1);
}

TEST_F(Selects, OffIsAsItWas) {
    start_answering(json_answer(call_of("x")));
    team_says({.mode = SelectionMode::Off});
    const std::string answer = chat(body(kNeeds));
    EXPECT_EQ(asked(), body(kNeeds));
    EXPECT_EQ(field(answer, "x-keywarden-tools-input"), "");
    EXPECT_EQ(field(answer, "x-keywarden-tools-selection"), "");
    EXPECT_FALSE(health_.report("team_a").since);
}

/// Its tools are large, so that a prompt with a few of them is long enough for a cache.
std::string large_body(std::string_view text) {
    std::string large = body(std::string(text) + " " + std::string(kNeeds));
    const std::string from(120, 'x');
    const std::string to(600, 'x');
    for (size_t at = large.find(from); at != large.npos; at = large.find(from, at + to.size())) {
        large.replace(at, from.size(), to);
    }
    return large;
}

class SelectsByPrice : public Selects {
protected:
    void start_at_a_tenth(const std::string& answer = call_of(name_of(31))) {
        charge_calls();
        const Price price{.input = 1'000'000, .output = 1'000'000, .cached_input = 100'000};
        ASSERT_TRUE(money_->prices.put("up/gpt-4o", price, {.tenant = "instance"}));
        start_answering(json_answer(answer));
    }
    std::string outcome(const std::string& text) {
        return std::string(field(chat(large_body(text)), "x-keywarden-tools-selection"));
    }
};

TEST_F(SelectsByPrice, WhereTheCacheMayHaveAllToolsAllGoOn) {
    start_at_a_tenth();
    team_says({.mode = SelectionMode::On, .keep_max = 8});
    EXPECT_EQ(outcome("a"), "on; cache_is_cheaper");
    EXPECT_EQ(asked(), large_body("a"));
    team_says({.mode = SelectionMode::Shadow, .keep_max = 8});
    EXPECT_EQ(outcome("b"), "shadow; cache_is_cheaper");
    const TeamTools team = sums(2);
    const auto left = [](const ToolUse& use) { return use.left_out == 1; };
    EXPECT_TRUE(std::ranges::any_of(team.tools, left)) << "a shadow counts all the same";
    team_says({.mode = SelectionMode::On, .cache_policy = CachePolicy::Select, .keep_max = 8});
    EXPECT_EQ(outcome("c"), "on; selected");
    team_says({.mode = SelectionMode::On, .cache_policy = CachePolicy::Leave, .keep_max = 8});
    EXPECT_EQ(outcome("d"), "on; left_whole");
    EXPECT_EQ(asked(), large_body("d"));
}

TEST_F(SelectsByPrice, OnceItsCacheIsSeenToHaveNothingFewGoOnAndConversationsStayAsTheyBegan) {
    // Nothing is called, so that no tool becomes one that is always kept: that is another set.
    start_at_a_tenth(R"({"id":"c1","choices":[{"index":0,"message":{"role":"assistant",)"
                     R"("content":"well"},"finish_reason":"stop"}],)"
                     R"("usage":{"prompt_tokens":500,"completion_tokens":7}})");
    team_says({.mode = SelectionMode::On, .keep_max = 8});
    int conversations = 0;
    std::string last;
    while (last != "on; selected" && conversations < 100) {
        last = outcome("conversation " + std::to_string(conversations++));
    }
    EXPECT_GT(conversations, kShareBeginningsMin);
    EXPECT_LT(conversations, 100);
    EXPECT_EQ(outcome("conversation 0"), "on; cache_is_cheaper");
    EXPECT_EQ(outcome("another one"), "on; selected");
}

TEST_F(Selects, AutoIsAShadowUntilItHasProvedItself) {
    start_answering(json_answer(call_of(name_of(31))));
    team_says({.mode = SelectionMode::Auto, .keep_max = 8});
    note_answers(kTrialCallsMin - 1, 0);
    EXPECT_EQ(field(chat(body(kNeeds)), "x-keywarden-tools-selection"), "shadow; selected");
    EXPECT_EQ(sent_up(), kTools);
    note_answers(1, 0);
    // One conversation of fifty goes on whole, and is counted as the shadow's.
    int whole = 0;
    int few = 0;
    for (int i = 0; i < 5'000 && (whole == 0 || few == 0); ++i) {
        const std::string answer = chat(body(std::string(kNeeds) + " " + std::to_string(i)));
        const bool is_whole = sent_up() == kTools;
        (is_whole ? whole : few) += 1;
        EXPECT_EQ(field(answer, "x-keywarden-tools-selection"),
                  is_whole ? "shadow; selected" : "on; selected");
    }
    EXPECT_GT(whole, 0);
    EXPECT_GT(few, 0);
    note_answers(0, 10);
    chat(body(kNeeds));
    EXPECT_EQ(sent_up(), kTools) << "it has failed";
}

TEST_F(Selects, AutoAsksForAsMuchAsIsAskedOfItAndOfThisKey) {
    start_answering(json_answer(call_of(name_of(31))));
    note_answers(kTrialCallsMin, 0);
    team_says({.mode = SelectionMode::Auto, .keep_max = 8, .target_percent = 99});
    chat(body(kNeeds));
    EXPECT_EQ(sent_up(), kTools) << "98.1 % are proven by 200";
    team_says({.mode = SelectionMode::Auto, .keep_max = 8, .target_percent = 98});
    chat(body(kNeeds));
    EXPECT_LT(sent_up(), kTools);
    team_says({.mode = SelectionMode::Auto, .at_most = SelectionMode::Shadow, .keep_max = 8});
    chat(body(kNeeds));
    EXPECT_EQ(sent_up(), kTools);
    EXPECT_EQ(health_.trials().look("team_a", "key_of_another"), ToolTrial());
    EXPECT_EQ(health_.trials().look("team_b", key_.key.id), ToolTrial());
}

TEST_F(SelectsByPrice, AMaskSendsAllToolsAndAllowsThoseThatAreKept) {
    start_at_a_tenth();
    team_says({.mode = SelectionMode::On, .cache_policy = CachePolicy::Mask, .keep_max = 8});
    const std::string answer = chat(body(kNeeds));
    EXPECT_EQ(field(answer, "x-keywarden-tools-selection"), "on; masked");
    EXPECT_EQ(field(answer, "x-keywarden-tools-output"), "40");
    EXPECT_EQ(sent_up(), kTools);
    const std::string sent = asked();
    const size_t choice = sent.find(R"("tool_choice":{"type":"allowed_tools","allowed_tools":)");
    ASSERT_NE(choice, sent.npos);
    const std::string mask = sent.substr(choice);
    EXPECT_TRUE(mask.contains('"' + name_of(3) + '"') && mask.contains('"' + name_of(31) + '"'));
    EXPECT_FALSE(mask.contains('"' + name_of(39) + '"'));
    EXPECT_EQ(sent.substr(0, choice) + sent.substr(sent.find("]}}") + 3), body(kNeeds, ","))
        << "all else is as it came";
    chat(body(kNeeds, R"(,"tool_choice":{"type":"function","function":{"name":"x"}})"));
    EXPECT_FALSE(asked().contains("allowed_tools")) << "the client chose otherwise";
    EXPECT_EQ(sent_up(), kTools);
}

TEST_F(Selects, AShadowChangesNothingAndCounts) {
    start_answering(json_answer(call_of(name_of(20))));
    team_says({.mode = SelectionMode::Shadow, .keep_max = 8, .pinned = {name_of(7)}});
    const std::string answer = chat(body(kNeeds));
    EXPECT_EQ(asked(), body(kNeeds));
    EXPECT_EQ(field(answer, "x-keywarden-tools-output"), "40");
    EXPECT_EQ(field(answer, "x-keywarden-tools-selection"), "shadow; selected");
    EXPECT_TRUE(answer.ends_with(call_of(name_of(20))));
    const TeamTools team = sums(1);
    const auto& tools = team.tools;
    EXPECT_TRUE(std::ranges::all_of(tools, [](const ToolUse& use) { return use.forwarded == 1; }));
    const auto pinned = std::ranges::find(tools, name_of(7), &ToolUse::name);
    ASSERT_NE(pinned, tools.end());
    EXPECT_EQ(pinned->left_out, 0) << "a pinned tool stays";
}

TEST_F(Selects, ACallOfWhatWasLeftOutIsMissed) {
    team_says({.mode = SelectionMode::On, .keep_max = 8});
    // Which one is left out, the first call tells.
    start_answering(json_answer(call_of(name_of(39))));
    chat(body(kNeeds));
    const TeamTools team = sums(1);
    const auto last = std::ranges::find(team.tools, name_of(39), &ToolUse::name);
    ASSERT_NE(last, team.tools.end());
    EXPECT_EQ(last->missed, went_up(39) ? 0 : 1);
    EXPECT_EQ(team.missed_calls, last->missed);
    EXPECT_FALSE(went_up(39)) << "or this test says little";
}

TEST_F(Selects, CallsInStreamsAreSeenAndPassAsTheyCame) {
    const std::string event =
        R"(data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"1",)"
        R"("type":"function","function":{"name":")" +
        name_of(39) + R"(","arguments":""}}]}}]})" + "\n\n";
    start_answering(std::string(kStreamHead) + chunk(event.substr(0, 40)) +
                    chunk(event.substr(40)) + chunk("data: [DONE]\n\n") + "0\r\n\r\n");
    team_says({.mode = SelectionMode::Shadow});
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions",
                  secret(),
                  body(kNeeds, R"(,"stream":true,"stream_options":{"include_usage":true})")));
    EXPECT_EQ(unchunked(peer.hear_until("0\r\n\r\n")), event + "data: [DONE]\n\n");
    const TeamTools team = sums(1);
    EXPECT_EQ(team.tools.front().name, name_of(39));
}

TEST_F(Selects, ADeniedToolNeverComesBack) {
    start_answering(json_answer(R"({"choices":[]})"));
    team_says({.mode = SelectionMode::On, .keep_max = 8}, {*Glob::parse(name_of(3))});
    const std::string answer = chat(body(kNeeds));
    EXPECT_FALSE(asked().contains('"' + name_of(3) + '"'));
    EXPECT_TRUE(went_up(31));
    EXPECT_EQ(field(answer, "x-keywarden-tools-input"), "40") << "before lists";
    EXPECT_EQ(field(answer, "x-keywarden-tools-output"), std::to_string(sent_up()));
}

TEST_F(Selects, ModelsOfAPrivateClassAreLeftAloneUnlessThatIsPermitted) {
    parts_.tool_selector = &selector_;
    imposter_ = std::make_unique<Imposter>(Imposter::answers(json_answer(R"({"choices":[]})")));
    add_provider("up", imposter_->port(), {{"gpt-4o", ""}});
    parts_.providers.back().privacy = PrivacyClass::Tee;
    start();
    team_says({.mode = SelectionMode::On, .keep_max = 8});
    EXPECT_EQ(field(chat(body(kNeeds)), "x-keywarden-tools-selection"), "");
    team_says({.mode = SelectionMode::On, .keep_max = 8, .private_models = true});
    EXPECT_EQ(field(chat(body(kNeeds)), "x-keywarden-tools-selection"), "on; selected");
}

TEST_F(Selects, FewToolsAndNoToolsAreLeftAlone) {
    start_answering(json_answer(R"({"choices":[]})"));
    team_says({.mode = SelectionMode::On});
    const std::string few = R"({"model":"gpt-4o","messages":[],"tools":[)" + function("a") + "]}";
    const std::string answer = chat(few);
    EXPECT_EQ(asked(), few);
    EXPECT_EQ(field(answer, "x-keywarden-tools-selection"), "on; few_tools");
    const std::string none = chat(R"({"model":"gpt-4o","messages":[]})");
    EXPECT_EQ(field(none, "x-keywarden-tools-selection"), "");
}

TEST_F(Selects, TheRowTellsOfIt) {
    charge_calls();
    start_answering(json_answer(call_of(name_of(39))));
    team_says({.mode = SelectionMode::On, .keep_max = 8});
    const std::string answer = chat(body(kNeeds));
    row(1);  // it is written once the answer has gone out
    money_->journal->sync();
    const Journal::Batch& batch = money_->journal->next_batch(10);
    ASSERT_EQ(batch.rows.size(), 1U);
    const CallRecord& written = batch.rows.front();
    ASSERT_TRUE(written.tools);
    EXPECT_EQ(written.tools->selection, SelectionMode::On);
    EXPECT_EQ(written.tools->offered, kTools);
    EXPECT_EQ(written.tools->permitted, kTools);
    EXPECT_EQ(written.tools->forwarded, sent_up());
    EXPECT_EQ(written.tools->kept, sent_up());
    EXPECT_EQ(written.tools->called, 1);
    EXPECT_EQ(written.tools->missed, 1);
    // 500 tokens for what was sent: what was not is counted by the same measure.
    const auto spared = static_cast<int64_t>(body(kNeeds).size() - asked().size());
    const int64_t a_kib =
        std::clamp<int64_t>(500 * 1024 / static_cast<int64_t>(asked().size()), 100, 512);
    EXPECT_EQ(written.tools->tokens_spared, spared * a_kib / 1024);
}

/// A call whose answer called tool 39, and was said to have had so much input.
std::string call_with_input(int tokens) {
    std::string answer = call_of(name_of(39));
    const std::string from = R"("prompt_tokens":500)";
    return answer.replace(
        answer.find(from), from.size(), R"("prompt_tokens":)" + std::to_string(tokens));
}

TEST_F(Selects, WhatAProviderSaysOfItsTokensCountsWithinReason) {
    charge_calls();
    start_answering(json_answer(call_with_input(1'000'000)));
    team_says({.mode = SelectionMode::On, .keep_max = 8});
    chat(body(kNeeds));
    row(1);
    money_->journal->sync();
    const Journal::Batch& batch = money_->journal->next_batch(10);
    ASSERT_EQ(batch.rows.size(), 1U);
    const auto spared = static_cast<int64_t>(body(kNeeds).size() - asked().size());
    ASSERT_TRUE(batch.rows[0].tools);
    EXPECT_EQ(batch.rows[0].tools->tokens_spared, spared / 2) << "two bytes a token, at the least";
}

TEST_F(Selects, WherePicturesAreShownAFewBytesAreAToken) {
    charge_calls();
    start_answering(json_answer(call_with_input(900)));
    team_says({.mode = SelectionMode::On, .keep_max = 8});
    std::string shown = body(kNeeds);
    const std::string text = '"' + std::string(kNeeds) + '"';
    shown.replace(shown.find(text),
                  text.size(),
                  R"([{"type":"text","text":)" + text +
                      R"(},{"type":"image_url","image_url":{"url":"https://a.example/b.png"}}])");
    chat(shown);
    row(1);
    money_->journal->sync();
    const Journal::Batch& batch = money_->journal->next_batch(10);
    ASSERT_EQ(batch.rows.size(), 1U);
    const auto spared = static_cast<int64_t>(shown.size() - asked().size());
    ASSERT_TRUE(batch.rows[0].tools);
    EXPECT_GT(spared, 1'000);
    EXPECT_EQ(batch.rows[0].tools->tokens_spared, spared / kBytesAToken);
}

TEST_F(SelectsByPrice, AShadowInWhichAllToolsWouldGoOnSparesNothing) {
    start_at_a_tenth();
    team_says({.mode = SelectionMode::Shadow, .keep_max = 8});
    EXPECT_EQ(outcome("a"), "shadow; cache_is_cheaper");
    row(1);
    money_->journal->sync();
    const Journal::Batch& batch = money_->journal->next_batch(10);
    ASSERT_EQ(batch.rows.size(), 1U);
    ASSERT_TRUE(batch.rows[0].tools);
    EXPECT_LT(batch.rows[0].tools->kept, kTools);
    EXPECT_EQ(batch.rows[0].tools->tokens_spared, 0);
}

TEST_F(SelectsByPrice, RequestsThatGoOnWithAConversationSayNothingOfOthers) {
    start_at_a_tenth(R"({"id":"c1","choices":[{"index":0,"message":{"role":"assistant",)"
                     R"("content":"well"},"finish_reason":"stop"}],)"
                     R"("usage":{"prompt_tokens":500,"completion_tokens":7}})");
    team_says({.mode = SelectionMode::On, .keep_max = 8});
    for (int i = 0; i < 2 * kShareBeginningsMin; ++i) {
        std::string later = large_body("conversation " + std::to_string(i));
        later.insert(later.find(R"(],"tools":)"),
                     R"(,{"role":"assistant","content":"well"},{"role":"user","content":"go on"})");
        ASSERT_EQ(field(chat(later), "x-keywarden-tools-selection"), "on; cache_is_cheaper") << i;
    }
}

}  // namespace
}  // namespace keywarden
