#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

using ChatTest = CommandLineTest;

std::string chunk(std::string_view content) {
    return std::string(R"(data: {"choices":[{"delta":{"content":")") + std::string(content) +
           "\"}}]}\n\n";
}

constexpr const char* kDone = "data: [DONE]\n\n";

TEST_F(ChatTest, PrintsTheAnswerAsItComes) {
    will_answer(200,
                ": keep-alive\n\n" + chunk("Hello, ") + chunk("world ✓") +
                    "data: {\"choices\":[],\"usage\":{}}\n\n" + kDone);
    EXPECT_EQ(run({"chat", "Say", "hello", "--model", "m", "--system", "Be brief."}), 0);
    EXPECT_EQ(out_, "Hello, world ✓\n");
    EXPECT_EQ(sent_[0].line, "POST /v1/chat/completions");
    EXPECT_EQ(Json::parse(sent_[0].body),
              (Json{{"model", "m"},
                    {"stream", true},
                    {"messages",
                     {{{"role", "system"}, {"content", "Be brief."}},
                      {{"role", "user"}, {"content", "Say hello"}}}}}));
}

struct Prompt {
    std::vector<std::string> words;
    std::string_view input;
    std::string_view prompt;
};

TEST_F(ChatTest, ThePromptIsTheWordsOrStandardInputOrBoth) {
    const Prompt cases[] = {
        {{"chat", "hi"}, "never read", "hi"},
        {{"chat"}, "from a pipe\n", "from a pipe"},
        {{"chat", "-"}, "two\nlines\n\n", "two\nlines"},
        {{"chat", "Sum up:", "-"}, "a text\n", "Sum up:\n\na text"},
    };
    will_answer(200, kDone);
    for (const Prompt& each : cases) {
        EXPECT_EQ(run(each.words, std::string(each.input)), 0) << err_;
        const Json body = Json::parse(sent_.back().body);
        EXPECT_EQ(body["messages"][0]["content"], each.prompt);
        EXPECT_EQ(body["model"], "sandbox");
    }
}

TEST_F(ChatTest, WithoutAPromptNothingIsSent) {
    in_is_terminal_ = true;
    EXPECT_EQ(run({"chat"}), kExitBadInput);
    in_is_terminal_ = false;
    EXPECT_EQ(run({"chat"}, "\n"), kExitBadInput);
    EXPECT_TRUE(sent_.empty());
}

TEST_F(ChatTest, AnAnswerThatBreaksOffIsAnError) {
    will_answer(200, chunk("Hel"));
    EXPECT_EQ(run({"chat", "hi"}), kExitFailed);
    EXPECT_EQ(out_, "Hel\n");
    EXPECT_TRUE(err_.starts_with("UPSTREAM_ERROR: the answer broke off")) << err_;
}

TEST_F(ChatTest, AnErrorWithinTheStreamIsSaid) {
    will_answer(200,
                chunk("Hel") + R"(data: {"error":{"message":"The provider died."}})"
                               "\n\n");
    EXPECT_EQ(run({"chat", "hi"}), kExitFailed);
    EXPECT_TRUE(err_.starts_with("UPSTREAM_ERROR: The provider died.")) << err_;
}

TEST_F(ChatTest, ARefusalIsAnErrorLikeAnyOther) {
    will_answer(404, R"({"error":{"message":"No such model.","code":"model_not_found"}})");
    EXPECT_EQ(run({"chat", "hi"}), kExitFailed);
    EXPECT_TRUE(err_.starts_with("MODEL_NOT_FOUND: No such model.")) << err_;
}

TEST_F(ChatTest, StrangeChunksAreNoTrouble) {
    will_answer(200,
                "data: 7\n\ndata: {\"choices\":7}\n\ndata: {\"choices\":[7]}\n\n"
                "data: {\"choices\":[{\"delta\":{\"content\":7}}]}\n\ndata: {broken\n\n" +
                    chunk("\\u001b[2J") + kDone);
    EXPECT_EQ(run({"chat", "hi"}), 0);
    EXPECT_EQ(out_, "?[2J\n");
}

TEST_F(ChatTest, JsonIsTheWholeAnswer) {
    will_answer(200, R"({"choices":[]})");
    EXPECT_EQ(run({"chat", "hi", "--json"}), 0);
    EXPECT_EQ(Json::parse(sent_[0].body)["stream"], false);
    EXPECT_EQ(Json::parse(out_), (Json{{"choices", Json::array()}}));
}

}  // namespace
}  // namespace keywarden
