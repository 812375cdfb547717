// What becomes of tools, as it is told; and the setting, wherever it stands.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"
#include "domain/tool_selection.h"
#include "store/tool_health.h"

namespace keywarden {
namespace {

class ToolRoutes : public ApiFixture {
protected:
    void SetUp() override {
        ApiFixture::SetUp();
        context_->tool_selector = &selector_;
        context_->tool_health = &health_;
    }

    /// As the key sees it.
    Json selection_of(const Json& key) {
        const Caller was = caller_;
        be(key["key"].get<std::string>());
        const Json selection = get("/v1/key").json()["tool_selection"];
        caller_ = was;
        return selection;
    }

    static Json body(size_t tools) {
        Json all = Json::array();
        for (size_t i = 0; i < tools; ++i) {
            const std::string name = "unrelated_tool_number_" + std::to_string(i);
            all.push_back({{"type", "function"},
                           {"function", {{"name", name}, {"description", std::string(300, 'x')}}}});
        }
        return {{"model", "gpt-4o"},
                {"messages",
                 Json::array({{{"role", "user"}, {"content", "call unrelated_tool_number_7"}}})},
                {"tools", std::move(all)}};
    }

    ToolSelector selector_{[] { return MonoTime(); }};  // no choice is ever late
    ToolHealth health_;
};

TEST_F(ToolRoutes, TheSettingIsTakenShownAndSourced) {
    const Json key = make_key(
        R"({"policy":{"tool_selection":{"mode":"on","pinned":["a"]}},"k_target_override":7})");
    EXPECT_EQ(key["k_target_override"], 7);
    EXPECT_EQ(key["policy"]["tool_selection"],
              Json({{"mode", "on"}, {"keep_max", 7}, {"pinned", Json::array({"a"})}}));
    EXPECT_EQ(selection_of(key),
              Json({{"mode", "on"},
                    {"source", "key"},
                    {"held_by", nullptr},
                    {"cache_policy", "auto"},
                    {"keep_max", 7},
                    {"target_percent", 97},
                    {"pinned", Json::array({"a"})},
                    {"private_models", false},
                    {"trial", nullptr}}));
    ASSERT_EQ(send(Method::Patch,
                   "/v1/admin/plans/plan_default",
                   R"({"policy":{"tool_selection":{"at_most":"shadow","keep_max":5,
                       "private_models":true}}})")
                  .status,
              200);
    const Json held = selection_of(key);
    EXPECT_EQ(held["mode"], "shadow");
    EXPECT_EQ(held["held_by"], "plan");
    EXPECT_EQ(held["keep_max"], 5);
    EXPECT_EQ(held["private_models"], true);
    EXPECT_EQ(get(path_of(key["id"].get<std::string>())).json()["tool_selection"], held);
}

TEST_F(ToolRoutes, HowManyAreKeptHasTwoNamesOfOneNumber) {
    EXPECT_EQ(post("/v1/keys",
                   R"({"name":"a","k_target_override":7,
                       "policy":{"tool_selection":{"keep_max":8}}})")
                  .status,
              400);
    const std::string id = make_id(R"({"k_target_override":7})");
    EXPECT_EQ(
        patch(id, R"({"policy":{"tool_selection":{"keep_max":9}}})").json()["k_target_override"],
        9);
    EXPECT_EQ(patch(id, R"({"k_target_override":null})").json()["policy"], Json::object());
    EXPECT_EQ(patch(id, R"({"policy":{"tool_selection":{"mode":"always"}}})").json()["param"],
              "policy.tool_selection.mode");
}

TEST_F(ToolRoutes, HealthIsOfTheTeamAlone) {
    const std::vector<ToolHealth::Offered> tools = {{"search"}, {"shell", false, false}};
    health_.note_offer("team_1", tools, clock_.now());
    health_.note_text("team_1", "search", {.description_words = 0});
    health_.note_text("team_1", "shell", {.description_words = 2});
    health_.note_calls("team_1", std::vector<ToolHealth::Called>{{"shell", true}});
    const Json told = get("/v1/account/tools/health").json();
    EXPECT_EQ(told["calls"], 1);
    EXPECT_EQ(told["recall_basis_points"], 0);
    EXPECT_EQ(told["data"][0],
              Json({{"name", "shell"},
                    {"offered", 1},
                    {"forwarded", 0},
                    {"left_out", 1},
                    {"called", 1},
                    {"missed", 1},
                    {"description", "short"}}));
    EXPECT_EQ(told["data"][1]["description"], "missing");
    EXPECT_EQ(told["colliding"].size(), 1U) << "both say nothing, alike";
    be_operator("team_2");
    const Json others = get("/v1/account/tools/health").json();
    EXPECT_EQ(others["data"].size(), 0U);
    EXPECT_TRUE(others["since"].is_null());
}

TEST_F(ToolRoutes, ExplainSaysWhyForEachTool) {
    const std::string id = make_id(R"({"toollist":{"denied":["unrelated_tool_number_3"]}})");
    const Json told = post("/v1/account/tools/explain?key=" + id, body(40).dump()).json();
    EXPECT_EQ(told["key"], id);
    EXPECT_EQ(told["tool_selection"]["mode"], "off");
    EXPECT_EQ(told["offered"], 40);
    EXPECT_EQ(told["permitted"], 39);
    EXPECT_EQ(told["outcome"], "masked") << "nothing is known yet of the provider's cache";
    ASSERT_EQ(told["data"].size(), 39U) << "what would be kept is told all the same";
    size_t kept = 0;
    for (const Json& tool : told["data"]) {
        EXPECT_NE(tool["name"], "unrelated_tool_number_3");
        EXPECT_FALSE(tool["says"].get<std::string>().empty());
        EXPECT_EQ(tool["place"].is_null(), !tool["kept"].get<bool>());
        kept += tool["kept"].get<bool>() ? 1 : 0;
        if (tool["name"] == "unrelated_tool_number_7") EXPECT_TRUE(tool["kept"]);
    }
    EXPECT_EQ(told["kept"], kept);
    EXPECT_LT(kept, 39U);
    const Json few = post("/v1/account/tools/explain?key=" + id, body(3).dump()).json();
    EXPECT_EQ(few["outcome"], "few_tools");
    const Json none = post("/v1/account/tools/explain?key=" + id, R"({"messages":[]})").json();
    EXPECT_EQ(none["outcome"], "not_looked_at");
}

TEST_F(ToolRoutes, ExplainTellsTheOutcomeThatTheKeysPolicyHas) {
    const auto outcome = [&](const std::string& policy) {
        const std::string id = make_id(R"({"policy":{"tool_selection":)" + policy + "}}");
        return post("/v1/account/tools/explain?key=" + id, body(40).dump()).json()["outcome"];
    };
    EXPECT_EQ(outcome(R"({"cache_policy":"auto"})"), "masked");
    EXPECT_EQ(outcome(R"({"cache_policy":"mask"})"), "masked");
    EXPECT_EQ(outcome(R"({"cache_policy":"select"})"), "selected");
    EXPECT_EQ(outcome(R"({"cache_policy":"leave"})"), "left_whole");
}

TEST_F(ToolRoutes, ExplainRefusesWhatItDoesNotKnow) {
    const std::string id = make_id();
    const std::string path = "/v1/account/tools/explain?key=" + id;
    EXPECT_EQ(post(path + "&endpoint=/v1/embeddings", "{}").status, 400);
    EXPECT_EQ(post(path + "&what=x", "{}").code(), "unknown_field");
    EXPECT_EQ(post(path, "[]").status, 400);
    EXPECT_EQ(post(path, "{").status, 400);
    be_operator("team_2");
    EXPECT_EQ(post(path, body(3).dump()).status, 404) << "another team's key";
}

}  // namespace
}  // namespace keywarden
