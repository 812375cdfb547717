#include "proxy/governed.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

std::string edited(const std::string& text, const BodyEdits& edits) {
    GovernedBody body;
    if (const auto read = body.read(text); !read) return read.error().message;
    const Splice splice = body.edited(edits);
    std::array<std::string_view, Splice::kPiecesMax> storage;
    std::string out;
    for (const std::string_view piece : splice.pieces(storage)) out += piece;
    return out;
}

/// The body as a provider whose model is called `upstream` gets it.
std::string edited(const std::string& text, std::string_view upstream, bool with_usage = false) {
    return edited(text, BodyEdits{.model = upstream, .with_usage = with_usage});
}

std::string bounded(const std::string& text, int64_t output_tokens_max) {
    return edited(text, BodyEdits{.model = "m", .output_tokens_max = output_tokens_max});
}

TEST(GovernedBody, SaysWhatAProviderDoesNotKnowAsItDoes) {
    struct Row {
        std::string text;
        BodyEdits edits;
        std::string wanted;
    };
    const BodyEdits renamed{.model = "m", .renames_output_max = true};
    const BodyEdits bare{.model = "m", .with_usage = true, .without_stream_options = true};
    const BodyEdits system{.model = "m", .with_developer_as_system = true};
    BodyEdits bound = renamed;
    bound.output_tokens_max = 7;
    BodyEdits all = bound;
    all.model = "n";
    all.without_stream_options = all.with_developer_as_system = true;
    for (const Row& row : std::vector<Row>{
             {R"({"model":"m","max_completion_tokens":9})",
              renamed,
              R"({"model":"m","max_tokens":9})"},
             {R"({"model":"m","max_tokens":8,"max_completion_tokens":9})",
              renamed,
              R"({"model":"m","max_tokens":8,"max_completion_tokens":9})"},
             {R"({"model":"m","max_completion_tokens":9})",
              bound,
              R"({"model":"m","max_tokens":7})"},
             {R"({"model":"m","max_completion_tokens":null})",
              bound,
              R"({"max_tokens":7,"model":"m","max_completion_tokens":null})"},
             {R"({"model":"m"})", bound, R"({"max_tokens":7,"model":"m"})"},
             {R"({"stream_options":{"include_usage":true},"model":"m","stream":true})",
              bare,
              R"({"model":"m","stream":true})"},
             {R"({"model":"m","stream":true , "stream_options":null})",
              bare,
              R"({"model":"m","stream":true})"},
             {R"({"model":"m","stream":true})", bare, R"({"model":"m","stream":true})"},
             {R"({"messages":[{"role":"developer","content":"a"},{"role":"user"}],"model":"m"})",
              system,
              R"({"messages":[{"role":"system","content":"a"},{"role":"user"}],"model":"m"})"},
             {R"({"messages":null,"model":"m"})", system, R"({"messages":null,"model":"m"})"},
             {R"({"api_key":"k","messages":[{"role":"developer"}],"max_completion_tokens":9,)"
              R"("stream_options":{},"model":"m"})",
              all,
              R"({"messages":[{"role":"system"}],"max_tokens":7,"model":"n"})"}}) {
        EXPECT_EQ(edited(row.text, row.edits), row.wanted) << row.text;
    }
}

TEST(GovernedBody, SaysAsManyRolesOtherwiseAsThereIsRoomFor) {
    std::string text = R"({"model":"m","messages":[)";
    for (int i = 0; i < 40; ++i) text += R"({"role":"developer"},)";
    text.back() = ']';
    const std::string out = edited(text + "}", {.model = "n", .with_developer_as_system = true});
    EXPECT_TRUE(out.starts_with(R"({"model":"n","messages":[{"role":"system"},{"role":"system"})"));
    EXPECT_TRUE(out.ends_with(R"({"role":"developer"}]})")) << "the provider refuses it";
}

TEST(GovernedBody, BoundsTheOutputWhereTheClientDidNot) {
    EXPECT_EQ(bounded(R"({"model":"m"})", 7), R"({"max_tokens":7,"model":"m"})");
    EXPECT_EQ(bounded(R"({"max_tokens":null,"model":"m"})", 7), R"({"max_tokens":7,"model":"m"})");
    EXPECT_EQ(edited(R"({"x":1,"model":"m"})",
                     BodyEdits{.model = "m",
                               .output_tokens_max = 9,
                               .output_member = Governed::MaxCompletionTokens}),
              R"({"x":1,"max_completion_tokens":9,"model":"m"})");
}

TEST(GovernedBody, LowersABoundOfTheClientsAndNeverRaisesOne) {
    EXPECT_EQ(bounded(R"({"model":"m","max_tokens":8})", 7), R"({"model":"m","max_tokens":7})");
    EXPECT_EQ(bounded(R"({"model":"m","max_tokens":7})", 7), R"({"model":"m","max_tokens":7})");
    EXPECT_EQ(bounded(R"({"model":"m","max_completion_tokens":3})", 7),
              R"({"model":"m","max_completion_tokens":3})");
    EXPECT_EQ(bounded(R"({"max_output_tokens":9,"model":"m","max_tokens":8})", 7),
              R"({"max_output_tokens":7,"model":"m","max_tokens":7})");
}

/// Of Converse: what Bedrock gets where no answer may have more than seven tokens.
std::string converse(const std::string& text, int64_t output_tokens_max = 7) {
    GovernedBody body;
    if (const auto read = body.read_converse(text); !read) return read.error().message;
    const Splice splice = body.edited({.output_tokens_max = output_tokens_max});
    std::array<std::string_view, Splice::kPiecesMax> storage;
    std::string out;
    for (const std::string_view piece : splice.pieces(storage)) out += piece;
    return out;
}

TEST(GovernedBody, OfConverseNamesItsBoundInTheConfigOfItsInference) {
    EXPECT_EQ(converse("{}"), R"({"inferenceConfig":{"maxTokens":7}})");
    EXPECT_EQ(converse(R"( { "a":1})"), R"( {"inferenceConfig":{"maxTokens":7}, "a":1})");
    EXPECT_EQ(converse(R"({"inferenceConfig":null})"), R"({"inferenceConfig":{"maxTokens":7}})");
    EXPECT_EQ(converse(R"({"inferenceConfig":{ }})"), R"({"inferenceConfig":{"maxTokens":7 }})");
    EXPECT_EQ(converse(R"({"inferenceConfig":{"topP":1}})"),
              R"({"inferenceConfig":{"maxTokens":7,"topP":1}})");
    EXPECT_EQ(converse(R"({"inferenceConfig":{"topP":1,"maxTokens": null}})"),
              R"({"inferenceConfig":{"topP":1,"maxTokens": 7}})");
    EXPECT_EQ(converse(R"({"inferenceConfig":{"maxTokens": 8}})"),
              R"({"inferenceConfig":{"maxTokens": 7}})");
    EXPECT_EQ(converse(R"({"inferenceConfig":{"maxTokens":6}})"),
              R"({"inferenceConfig":{"maxTokens":6}})");
    EXPECT_EQ(converse(R"({"aws_region_name":"x","messages":[],"api_key":"k"})", 0),
              R"({"messages":[]})");
}

TEST(GovernedBody, OfConverseIsRefusedWhereItsBoundCouldBeReadInTwoWays) {
    EXPECT_NE(converse(R"({"inferenceConfig":{},"inferenceConfig":{}})").find("twice"),
              std::string::npos);
    EXPECT_NE(converse(R"({"inferenceConfig":{"maxTokens":1,"max\u0054okens":2}})").find("twice"),
              std::string::npos);
    for (const char* max : {"0", "-1", "1.5", "\"1\"", "true"}) {
        EXPECT_EQ(converse(R"({"inferenceConfig":{"maxTokens":)" + std::string(max) + "}}"),
                  "The field 'inferenceConfig.maxTokens' must be a whole number of at least 1.");
    }
    GovernedBody body;
    ASSERT_TRUE(body.read_converse(R"({"inferenceConfig":{"maxTokens":5}})"));
    EXPECT_EQ(body.output_tokens_max(), 5);
    EXPECT_FALSE(body.streams());
}

TEST(GovernedBody, EveryEditThereCanBeFitsInOneBody) {
    EXPECT_EQ(
        edited(R"({"api_key":"a","x1":1,"aws_access_key_id":"a","x2":2,)"
               R"("aws_secret_access_key":"b","x3":3,"aws_session_token":"c","x4":4,)"
               R"("aws_region_name":"c","x5":5,"aws_bearer_token_bedrock":"d","model":"m",)"
               R"("max_tokens":8,"max_completion_tokens":8,"max_output_tokens":8,"stream":true})",
               BodyEdits{.model = "n", .with_usage = true, .output_tokens_max = 7}),
        R"({"x1":1,"x2":2,"x3":3,"x4":4,"x5":5,"stream_options":{"include_usage":true},)"
        R"("model":"n",)"
        R"("max_tokens":7,"max_completion_tokens":7,"max_output_tokens":7,"stream":true})");
}

TEST(GovernedBody, ChangesNothingWhereNothingMustChange) {
    const std::string text = " {\"model\": \"m\" ,\n\"temperature\":1e0,\"x\":[ ] }\n";
    EXPECT_EQ(edited(text, "m"), text);
    EXPECT_EQ(edited(R"({"\u006dodel":"\u006d"})", "m"), R"({"\u006dodel":"\u006d"})");
}

TEST(GovernedBody, RefusesWhatSomeReadersTakeForAGovernedMember) {
    for (const char* name : {"Model", "mODEL", R"(\u004dodel)"}) {
        const std::string text = R"({"model":"m",")" + std::string(name) + R"(":"dear"})";
        EXPECT_TRUE(edited(text, "m").starts_with("The field 'model' must be written so, not '"))
            << text;
    }
    EXPECT_EQ(edited(R"({"model":"m","Api_Key":"a"})", "m"),
              "The field 'api_key' must be written so, not 'Api_Key'.");
    // Beyond ASCII, two letters fold into it.
    EXPECT_TRUE(
        edited("{\"model\":\"m\",\"\u017ftream\":true}", "m").starts_with("The field 'stream'"));
    EXPECT_TRUE(
        edited(R"({"model":"m","max_to\u212aens":1})", "m").starts_with("The field 'max_tokens'"));
    EXPECT_EQ(edited(R"({"model":"m","stream_options":{"Include_Usage":true}})", "m"),
              "The field 'include_usage' must be written so, not 'Include_Usage'.");
    const std::string others =
        R"({"model":"m","Models":1,"mode":2,"User":"\u017f","\u017f":1,"É":2,)"
        R"("x":{"Model":3},"metadata":{"API_KEY":4}})";
    EXPECT_EQ(edited(others, "m"), others);
}

TEST(GovernedBody, WritesAnyIdOfAModelAsAString) {
    EXPECT_EQ(edited(R"({"model":"m"})", "a/b-1"), R"({"model":"a/b-1"})");
    EXPECT_EQ(edited(R"({"model":"m"})", "a\"b"), R"({"model":"a\"b"})");
}

TEST(GovernedBody, TakesCredentialsOutWhereverTheyStand) {
    EXPECT_EQ(edited(R"({"aws_access_key_id":"a","model":"m","aws_secret_access_key":"b"})", "m"),
              R"({"model":"m"})");
    EXPECT_EQ(edited(R"({"api\u005fkey":"a","aws_session_token":null,"model":"m",)"
                     R"("aws_region_name":"c","aws_bearer_token_bedrock":"d","x":1})",
                     "m"),
              R"({"model":"m","x":1})");
    EXPECT_EQ(edited(R"({"model":"m","api_key":1})", "m"), "The field 'api_key' must be a string.");
    EXPECT_EQ(edited(R"({"model":"m","api_key":"a b"})", "m"),
              "The field 'api_key' must be a key of the provider.");
}

TEST(GovernedBody, AsksForUsageOfAnyFormOfStreamOptions) {
    EXPECT_EQ(edited(R"({"model":"m"})", "m", true),
              R"({"stream_options":{"include_usage":true},"model":"m"})");
    EXPECT_EQ(edited(R"({"model":"m","stream_options":null})", "m", true),
              R"({"model":"m","stream_options":{"include_usage":true}})");
    EXPECT_EQ(edited(R"({"model":"m","stream_options":{ }})", "m", true),
              R"({"model":"m","stream_options":{"include_usage":true }})");
    EXPECT_EQ(edited(R"({"model":"m","stream_options":{"x":1}})", "m", true),
              R"({"model":"m","stream_options":{"include_usage":true,"x":1}})");
    EXPECT_EQ(edited(R"({"model":"m","stream_options":{"include_usage" : false}})", "m", true),
              R"({"model":"m","stream_options":{"include_usage" : true}})");
    EXPECT_EQ(edited(R"({"model":"m","stream_options":{"include_usage":true}})", "m", true),
              R"({"model":"m","stream_options":{"include_usage":true}})");
    EXPECT_EQ(edited(R"({"stream_options":{"include_usage":1},"model":"m"})", "m", true),
              "The field 'stream_options.include_usage' must be a boolean.");
    EXPECT_EQ(edited(R"({"model":"m","stream_options":{"include_usage":true,"include_usage":1}})",
                     "m",
                     true),
              "The field 'include_usage' is given twice.");
}

TEST(GovernedBody, AllEditsAtOnceFitOneCallUpstream) {
    const std::string text =
        R"({"aws_access_key_id":"1","a":1,"aws_secret_access_key":"2","b":1,)"
        R"("aws_session_token":"3","c":1,"aws_region_name":"4","d":1,)"
        R"("aws_bearer_token_bedrock":"5","e":1,"api_key":"6","f":1,"model":"m"})";
    EXPECT_EQ(edited(text, "n", true),
              R"({"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,)"
              R"("stream_options":{"include_usage":true},"model":"n"})");
}

TEST(GovernedBody, KnowsWhatACallAsksFor) {
    GovernedBody body;
    ASSERT_TRUE(body.read(R"({"model":"a\/b","stream":true,"api_key":"k","n":null})"));
    EXPECT_EQ(body.model(), "a/b");
    EXPECT_TRUE(body.streams());
    EXPECT_EQ(body.api_key(), "k");
    EXPECT_FALSE(body.asks_for_usage());
}

TEST(GovernedBody, FindsADevelopersRoleWhereverItStandsInAMessage) {
    const auto with = [](std::string_view role) {
        const std::string value = '"' + std::string(role) + '"';
        return R"({"model":"m","messages": [ { "content" : "a" , "role" : )" + value +
               R"( } , {"role":"user"},{"content":[{"type":"text","text":"a"}],"role":)" + value +
               "}]}";
    };
    EXPECT_EQ(edited(with("developer"), {.model = "m", .with_developer_as_system = true}),
              with("system"));
}

TEST(GovernedBody, NothingElseIsADevelopersRole) {
    for (const std::string other :
         {R"([{"role":"user","content":"\"role\":\"developer\""}])",
          R"([{"role":"user","content":"{\\"},{"role":"user","name":"developer"}])",
          R"([{"role":"user","developer":"role"}])",
          R"([{"role":"user","content":[{"role":"developer"}],"x":{"role":"developer"}}])",
          R"([["role","developer"],"developer",{"role":["developer"]}])",
          R"([{"role":null,"content":"developer"}])",
          R"([{"role":"Developer"},{"Role":"developer"}])",
          R"([])"}) {
        const std::string text = R"({"model":"m","messages":)" + other + "}";
        EXPECT_EQ(edited(text, {.model = "m", .with_developer_as_system = true}), text);
    }
}

TEST(GovernedBody, CountsWhatIsShownHoweverItIsWritten) {
    const auto shown = [](const std::string& content) {
        GovernedBody body;
        const std::string text = R"({"model":"m","messages":[{"content":[)" + content + "]}]}";
        EXPECT_TRUE(body.read(text)) << text;
        return body.shown();
    };
    EXPECT_EQ(shown(R"({"type":"text","text":"image_url, \"image_url\", and the source"})"), 0);
    EXPECT_EQ(shown(R"({"type":"image_url","image_url":{"url":"https://a.example/b.png"}})"), 2);
    EXPECT_EQ(shown(R"({"type":"input_audio"},{"type":"input_file"},{"source" : {}})"), 3);
    EXPECT_EQ(shown(R"({"type":"input\u005fimage"},{"\u0073ource":{}})"), 2)
        << "an escape must not make it cheaper";
}

TEST(GovernedBody, RefusesWrongTypesAndNamesTheField) {
    GovernedBody body;
    const auto result = body.read(R"({"model":"m","tools":{}})");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().param, "tools");
    EXPECT_EQ(edited(R"({"model":"\ud800"})", "m"), "The field 'model' must be the id of a model.");
    EXPECT_EQ(edited(R"({"model":"m","n":-1})", "m"), "The field 'n' must be a whole number.");
    EXPECT_EQ(edited(R"({"model":null})", "m"), "The field 'model' must be a string.");
}

}  // namespace
}  // namespace keywarden
