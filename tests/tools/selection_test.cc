// Promises of the choice of tools, on lists and conversations that nobody wrote.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/tool_selection.h"
#include "providers/tools.h"

namespace keywarden {
namespace {

const std::vector<std::string> kVerbs = {"get", "create", "delete", "list", "send", "update"};
const std::vector<std::string> kNouns = {"invoice",
                                         "flight",
                                         "issue",
                                         "message",
                                         "file",
                                         "weather",
                                         "branch",
                                         "ticket",
                                         "hotel",
                                         "playlist",
                                         "payment",
                                         "contact",
                                         "photo",
                                         "report",
                                         "calendar"};

MonoTime no_time_passes() { return MonoTime(); }

std::string tool(const std::string& name, const std::string& description) {
    return R"({"type":"function","function":{"name":")" + name + R"(","description":")" +
           description +
           R"(","parameters":{"type":"object","properties":{"id":{"type":"string",)"
           R"("description":"which one it is about"}},"required":["id"]}}})";
}

/// 90 tools, six to each thing.
std::vector<std::string> many_tools() {
    std::vector<std::string> tools;
    for (const std::string& noun : kNouns) {
        for (const std::string& verb : kVerbs) {
            tools.push_back(
                tool(verb + "_" + noun,
                     "Can " + verb + " one " + noun + " of the account that is asked for."));
        }
    }
    return tools;
}

/// Keeps the texts of a conversation.
class Talk {
public:
    void user(const std::string& text) { turns_.push_back({.text = keep(text)}); }
    void system(const std::string& text) {
        turns_.push_back({.role = ToolRole::System, .text = keep(text)});
    }
    void call(const std::string& name, bool fails = false) {
        std::vector<std::string_view>& calls = calls_.emplace_back();
        calls.push_back(keep(name));
        turns_.push_back({.role = ToolRole::Assistant, .calls = calls});
        turns_.push_back({.role = ToolRole::Tool, .text = "done", .is_error = fails});
    }
    void answer(const std::string& text) {
        turns_.push_back({.role = ToolRole::Assistant, .text = keep(text)});
    }
    std::span<const ToolTurn> turns() const { return turns_; }

private:
    std::string_view keep(const std::string& text) { return texts_.emplace_back(text); }

    std::deque<std::string> texts_;
    std::deque<std::vector<std::string_view>> calls_;
    std::vector<ToolTurn> turns_;
};

struct Offer {
    explicit Offer(std::vector<std::string> of) : tools(std::move(of)) {
        views.assign(tools.begin(), tools.end());
    }
    SelectionRequest ask(std::span<const ToolTurn> turns) const {
        return {.tools = views, .read = tool_reader(ToolDialect::Chat), .turns = turns};
    }
    size_t find(const std::string& name) const {
        const auto it = std::ranges::find_if(tools, [&](const std::string& one) {
            return one.contains("\"name\":\"" + name + "\"");
        });
        return static_cast<size_t>(it - tools.begin());
    }
    std::vector<std::string> tools;
    std::vector<std::string_view> views;
};

bool holds(const Selection& selection, size_t tool) {
    return std::ranges::find(selection.kept, tool) != selection.kept.end();
}

TEST(ToolSelection, KeepsWhatIsAskedForAndLeavesTheRest) {
    ToolSelector selector(no_time_passes);
    const Offer offer(many_tools());
    Talk talk;
    talk.user("Please cancel the flight to Rome and tell me what the hotel costs");
    const Selection selection = selector.select(offer.ask(talk.turns()));
    ASSERT_EQ(selection.outcome, SelectionOutcome::Selected);
    EXPECT_TRUE(holds(selection, offer.find("delete_flight")));
    EXPECT_TRUE(holds(selection, offer.find("get_hotel")));
    EXPECT_GE(selection.kept.size(), 16);
    EXPECT_LE(selection.kept.size(), 24);
    EXPECT_LT(selection.kept_tokens, selection.tool_tokens / 3);
    EXPECT_EQ(selection.reasons[offer.find("get_hotel")], ToolReason::Score);
    EXPECT_EQ(selection.reasons[offer.find("list_branch")], ToolReason::LowScore);
    EXPECT_TRUE(std::ranges::is_sorted(selection.kept)) << "the first set is in the client's order";
}

TEST(ToolSelection, LeavesSmallRequestsAlone) {
    ToolSelector selector(no_time_passes);
    Talk talk;
    talk.user("delete the flight");
    const auto outcome = [&](std::vector<std::string> tools, bool tools_are_off = false) {
        const Offer offer(std::move(tools));
        SelectionRequest request = offer.ask(talk.turns());
        request.tools_are_off = tools_are_off;
        const Selection selection = selector.select(request);
        EXPECT_EQ(selection.kept.size(), offer.tools.size());
        return selection.outcome;
    };
    const auto all = many_tools();
    EXPECT_EQ(outcome({all.begin(), all.begin() + 8}), SelectionOutcome::FewTools);
    EXPECT_EQ(outcome({all.begin(), all.begin() + 9}), SelectionOutcome::SmallTools);
    EXPECT_EQ(outcome(all, true), SelectionOutcome::ToolsOff);
}

TEST(ToolSelection, KeepsWhatIsNamedChosenPinnedAndPopular) {
    ToolSelector selector(no_time_passes);
    const Offer offer(many_tools());
    Talk talk;
    talk.system("Use list_photo wherever you can.");
    talk.user("delete the flight to Rome with the tool get_branch");
    SelectionRequest request = offer.ask(talk.turns());
    const std::vector<std::string_view> chosen = {"send_calendar"};
    const std::vector<std::string_view> pinned = {"update_contact"};
    const std::vector<std::string_view> popular = {
        "get_report", "list_report", "create_report", "delete_playlist", "get_playlist"};
    request.chosen = chosen;
    request.pinned = pinned;
    request.popular = popular;
    const Selection selection = selector.select(request);
    ASSERT_EQ(selection.outcome, SelectionOutcome::Selected);
    const auto reason = [&](const std::string& name) {
        return selection.reasons[offer.find(name)];
    };
    EXPECT_EQ(reason("list_photo"), ToolReason::Named);
    EXPECT_EQ(reason("get_branch"), ToolReason::Named);
    EXPECT_EQ(reason("send_calendar"), ToolReason::Chosen);
    EXPECT_EQ(reason("update_contact"), ToolReason::Pinned);
    EXPECT_EQ(reason("delete_playlist"), ToolReason::Popular);
    EXPECT_NE(reason("get_playlist"), ToolReason::Popular) << "only four are";
    EXPECT_EQ(selection.kept.back(), offer.find("send_calendar")) << "what is added comes last";
}

TEST(ToolSelection, IsCappedByTheTarget) {
    ToolSelector selector(no_time_passes);
    const Offer offer(many_tools());
    Talk talk;
    talk.user("delete the flight to Rome");
    SelectionRequest request = offer.ask(talk.turns());
    request.k_target_override = 6;
    EXPECT_EQ(selector.select(request).kept.size(), 6);
}

TEST(ToolSelection, NeverLeavesOutWhatIsNoFunction) {
    ToolSelector selector(no_time_passes);
    auto tools = many_tools();
    tools.insert(tools.begin() + 7, R"({"type":"web_search_preview"})");
    tools.insert(tools.begin() + 30, R"({"type":"custom","custom":{"name":"shell"}})");
    tools.insert(tools.begin() + 40, "17");
    const Offer offer(tools);
    Talk talk;
    talk.user("delete the flight to Rome");
    const Selection selection = selector.select(offer.ask(talk.turns()));
    ASSERT_EQ(selection.outcome, SelectionOutcome::Selected);
    for (const size_t i : {7U, 30U, 40U}) {
        EXPECT_TRUE(holds(selection, i));
        EXPECT_EQ(selection.reasons[i], ToolReason::NotAFunction);
    }
}

TEST(ToolSelection, FailsOpen) {
    ToolSelector selector(no_time_passes);
    const Offer offer(many_tools());
    const auto outcome = [&](const std::string& text) {
        Talk talk;
        talk.user(text);
        const Selection selection = selector.select(offer.ask(talk.turns()));
        if (selection.outcome != SelectionOutcome::Selected) {
            EXPECT_EQ(selection.kept.size(), offer.tools.size());
            EXPECT_TRUE(std::ranges::is_sorted(selection.kept));
        }
        return selection.outcome;
    };
    EXPECT_EQ(outcome("Hello there"), SelectionOutcome::WeakEvidence);
    EXPECT_EQ(outcome(""), SelectionOutcome::WeakEvidence);
    EXPECT_EQ(outcome("Удали, пожалуйста, рейс в Рим"), SelectionOutcome::ForeignScript);
    EXPECT_EQ(selector.select(offer.ask({})).outcome, SelectionOutcome::WeakEvidence);

    Talk talk;
    talk.user("delete the flight");
    const Offer too_many(std::vector<std::string>(kSelectionToolsMax + 1, offer.tools[0]));
    EXPECT_EQ(selector.select(too_many.ask(talk.turns())).outcome, SelectionOutcome::TooMany);
    const Offer few(std::vector<std::string>(offer.tools.begin(), offer.tools.begin() + 24));
    const Selection most = selector.select(few.ask(talk.turns()));
    EXPECT_EQ(most.outcome, SelectionOutcome::MostWouldStay);
    EXPECT_TRUE(std::ranges::is_sorted(most.kept)) << "nothing was sent before: as it came";
}

std::atomic<int64_t> clock_reads = 0;

TEST(ToolSelection, GivesUpWhenTheTimeIsOver) {
    clock_reads = 0;
    ToolSelector selector([] { return MonoTime(std::chrono::microseconds(50 * clock_reads++)); });
    const Offer offer(many_tools());
    Talk talk;
    talk.user("delete the flight to Rome");
    int slow = 0;
    Selection selection = selector.select(offer.ask(talk.turns()));
    for (; selection.outcome == SelectionOutcome::TooSlow && slow < 10; ++slow) {
        EXPECT_EQ(selection.kept.size(), offer.tools.size());
        selection = selector.select(offer.ask(talk.turns()));
    }
    EXPECT_EQ(selection.outcome, SelectionOutcome::Selected) << "what was worked out is kept";
    EXPECT_GT(slow, 1);
}

/// A conversation by dice: what is said and called in it, some of it about the tools.
std::vector<int> dice_of_conversation() {
    return *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 2000));
}

void add_turn(int dice, Talk& talk) {
    const auto pick = [&](const std::vector<std::string>& words) {
        return words[static_cast<size_t>(dice / 8) % words.size()];
    };
    switch (dice % 8) {
        case 0:
        case 1:
            talk.user(pick(kVerbs) + " the " + kNouns[static_cast<size_t>(dice) % 15]);
            break;
        case 2:
            talk.user("yes, and then " + pick(kVerbs) + " a " + pick(kNouns));
            break;
        case 3:
            talk.answer("Shall I look at the " + pick(kNouns) + "?");
            break;
        case 4:
        case 5:
            talk.call(pick(kVerbs) + "_" + pick(kNouns), dice % 3 == 0);
            break;
        case 6:
            talk.system("The " + pick(kNouns) + " is handled by list_" + pick(kNouns));
            break;
        default:
            talk.user("ok " + std::to_string(dice));
            break;
    }
}

RC_GTEST_PROP(ToolSelection, SetsOnlyGrowAndEveryNodeComesToTheSame, ()) {
    const Offer offer(many_tools());
    ToolSelector one(no_time_passes);
    Talk talk;
    talk.user("delete the flight to Rome");
    std::vector<uint32_t> before;
    std::vector<std::string> called;
    for (const int dice : dice_of_conversation()) {
        const size_t turns = talk.turns().size();
        add_turn(dice, talk);
        for (size_t i = turns; i < talk.turns().size(); ++i) {
            for (const auto name : talk.turns()[i].calls) called.emplace_back(name);
        }
        const Selection selection = one.select(offer.ask(talk.turns()));
        RC_ASSERT(selection.kept.size() >= before.size());
        RC_ASSERT(std::equal(before.begin(), before.end(), selection.kept.begin()));
        before = selection.kept;

        const std::set<uint32_t> unique(before.begin(), before.end());
        RC_ASSERT(unique.size() == before.size());
        RC_ASSERT(*unique.rbegin() < offer.tools.size());
        for (const std::string& name : called) RC_ASSERT(holds(selection, offer.find(name)));

        if (dice % 4 != 0) continue;  // not each time: a node that knows nothing takes long
        ToolSelector other(no_time_passes);
        const Selection elsewhere = other.select(offer.ask(talk.turns()));
        RC_ASSERT(elsewhere.kept == selection.kept);
        RC_ASSERT(elsewhere.reasons == selection.reasons);
    }
}

RC_GTEST_PROP(ToolSelection, AnyBytesAreTakenForTools, (const std::vector<std::string>& bytes)) {
    auto tools = many_tools();
    for (const std::string& one : bytes) tools.push_back(tool(one, one + one));
    for (const std::string& one : bytes) tools.push_back(one);
    const Offer offer(tools);
    Talk talk;
    talk.user("delete the flight");
    for (const std::string& one : bytes) talk.user(one);
    for (const ToolDialect dialect : {ToolDialect::Chat,
                                      ToolDialect::Responses,
                                      ToolDialect::Messages,
                                      ToolDialect::Converse}) {
        ToolSelector selector(no_time_passes);
        SelectionRequest request = offer.ask(talk.turns());
        request.read = tool_reader(dialect);
        const Selection selection = selector.select(request);
        RC_ASSERT(selection.kept.size() <= offer.tools.size());
        RC_ASSERT(selection.reasons.size() == offer.tools.size());
    }
}

TEST(ToolSelection, StandsHostileLists) {
    std::string deep = R"({"type":"function","function":{"name":"deep","parameters":)";
    for (int i = 0; i < 1000; ++i) deep += R"({"properties":{"a":)";
    for (int i = 0; i < 1000; ++i) deep += "}}";
    deep += "}}";
    const std::string long_word(60'000, 'a');
    auto tools = many_tools();
    tools.push_back(deep);
    tools.push_back(tool("long", long_word));
    tools.push_back(tool("large", std::string(1 << 18, 'b')));
    tools.push_back(tool("", "without a name"));
    for (int i = 0; i < 3; ++i) tools.push_back(tool("twice", "the same name again"));
    tools.push_back(tool("\\ud800", "half a surrogate"));
    const Offer offer(tools);
    for (const std::string& text : {std::string("delete the flight"),
                                    std::string(100'000, '.'),
                                    std::string(100'000, '-'),
                                    std::string(50'000, '@') + "/",
                                    long_word,
                                    std::string(9000, ',') + " and then",
                                    std::string("twice \xff\xfe\xc0\x80 twice")}) {
        Talk talk;
        talk.user("delete the flight to Rome");
        talk.call("twice");
        talk.user(text);
        ToolSelector selector(no_time_passes);
        const Selection selection = selector.select(offer.ask(talk.turns()));
        for (size_t i = 93; i < 97; ++i) EXPECT_TRUE(holds(selection, i)) << i;
    }
}

TEST(ToolSelection, HoldsNoMoreThanItsBound) {
    ToolSelector selector(no_time_passes);
    for (int list = 0; list < 40; ++list) {
        std::vector<std::string> tools;
        for (const std::string& noun : kNouns) {
            for (const std::string& verb : kVerbs) {
                const std::string name = verb + "_" + noun + "_" + std::to_string(list);
                tools.push_back(
                    tool(name, "Can " + verb + " " + noun + " " + std::string(400, 'x')));
            }
        }
        const Offer offer(tools);
        Talk talk;
        talk.user("delete the flight");
        selector.select(offer.ask(talk.turns()));
    }
    EXPECT_GT(selector.bytes(), size_t{1} << 20U);
    EXPECT_LE(selector.bytes(), kSelectorBytesMax);
}

}  // namespace
}  // namespace keywarden
