#include "store/policy_json.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr std::string_view kWhole =
    R"({"key_kinds":{"deny":["management"]},"ip_ranges":{"allow":["10.0.0.0/8"]},)"
    R"("endpoints":{"allow":["/v1/chat/*"]},"models":{"allow":["gpt-*","o?"],"deny":["gpt-4"]},)"
    R"("providers":{"deny":["groq"]},"privacy_classes":{"allow":["zdr","tee"]},)"
    R"("tools":{"allow":[]},"tool_selection":{"mode":"on","at_most":"auto",)"
    R"("cache_policy":"mask","keep_max":20,"target_percent":95,)"
    R"("pinned":["search"],"private_models":false},)"
    R"("limits":{"requests_per_minute":60,"body_bytes":1000}})";

Policy policy_of(std::string_view text) {
    Policy policy;
    const auto read = patch_policy(policy, text);
    EXPECT_TRUE(read) << read.error().message;
    return policy;
}

/// The field that is wrong with `patch`, or what the code is where there is none.
std::string complaint(std::string_view patch) {
    Policy policy = policy_of(kWhole);
    const Policy before = policy;
    const auto read = patch_policy(policy, patch);
    EXPECT_TRUE(policy == before) << "nothing is taken over of " << patch;
    return read ? "(none)" : std::string(info(read.error().code).slug) + " " + read.error().param;
}

TEST(PolicyJson, ReadsWhatItWrites) {
    EXPECT_EQ(policy_json(policy_of(kWhole)), kWhole);
    EXPECT_EQ(policy_json({}), "{}");
    EXPECT_TRUE(policy_of("{}") == Policy());
}

TEST(PolicyJson, AnEmptyAllowListIsNotAnAbsentOne) {
    EXPECT_TRUE(policy_of(R"({"tools":{"allow":[]}})").tools.allow.has_value());
    EXPECT_FALSE(policy_of(R"({"tools":{"allow":null}})").tools.allow.has_value());
    EXPECT_EQ(policy_json(policy_of(R"({"tools":{"allow":[]}})")), R"({"tools":{"allow":[]}})");
}

TEST(PolicyJson, APatchReplacesWhatItNamesAndLeavesTheRest) {
    Policy policy = policy_of(kWhole);
    ASSERT_TRUE(patch_policy(policy, R"({"models":{"deny":["o1"]},"endpoints":null,
                                         "limits":{"body_bytes":null,"burst":5}})"));
    EXPECT_FALSE(policy.models.allow.has_value());
    EXPECT_EQ(policy.models.deny[0].text(), "o1");
    EXPECT_TRUE(policy.endpoints.empty());
    EXPECT_EQ(policy.providers.deny.size(), 1U);
    EXPECT_EQ(limits_json(policy.limits), R"({"requests_per_minute":60,"burst":5})");
    ASSERT_TRUE(patch_policy(policy, R"({"limits":null})"));
    EXPECT_TRUE(policy.limits.empty());
}

TEST(PolicyJson, APatchOfTheSelectionLeavesWhatItDoesNotName) {
    Policy policy = policy_of(kWhole);
    ASSERT_TRUE(patch_policy(policy, R"({"tool_selection":{"mode":"shadow","pinned":null}})"));
    EXPECT_EQ(policy.tool_selection.mode, SelectionMode::Shadow);
    EXPECT_TRUE(policy.tool_selection.pinned.empty());
    EXPECT_EQ(policy.tool_selection.keep_max, 20);
    ASSERT_TRUE(patch_policy(policy, R"({"tool_selection":null})"));
    EXPECT_TRUE(policy.tool_selection.empty());
    EXPECT_EQ(complaint(R"({"tool_selection":{"mod":"on"}})"), "unknown_field tool_selection.mod");
    for (const auto& [field, value] :
         std::vector<std::pair<std::string, std::string>>{{"mode", "\"always\""},
                                                          {"at_most", "7"},
                                                          {"cache_policy", "\"never\""},
                                                          {"cache_policy", "1"},
                                                          {"target_percent", "49"},
                                                          {"target_percent", "100"},
                                                          {"keep_max", "0"},
                                                          {"keep_max", "129"},
                                                          {"keep_max", "1.5"},
                                                          {"pinned", R"(["a","a"])"},
                                                          {"pinned", R"([""])"},
                                                          {"pinned", "[7]"},
                                                          {"private_models", "1"}}) {
        EXPECT_EQ(complaint(R"({"tool_selection":{")" + field + "\":" + value + "}}"),
                  "invalid_request tool_selection." + field)
            << value;
    }
}

TEST(PolicyJson, NamesTheFieldThatIsWrong) {
    EXPECT_EQ(complaint(R"({"modles":{}})"), "unknown_field modles");
    EXPECT_EQ(complaint(R"({"models":{"alow":[]}})"), "unknown_field models.alow");
    EXPECT_EQ(complaint(R"({"limits":{"request_per_minute":1}})"),
              "unknown_field limits.request_per_minute");
    EXPECT_EQ(complaint(R"({"models":["a"]})"), "invalid_request models");
    EXPECT_EQ(complaint(R"({"models":{"allow":"a"}})"), "invalid_request models.allow");
    EXPECT_EQ(complaint(R"({"models":{"allow":[7]}})"), "invalid_request models.allow");
    EXPECT_EQ(complaint(R"({"models":{"deny":["a b"]}})"), "invalid_request models.deny");
    EXPECT_EQ(complaint(R"({"ip_ranges":{"allow":["10.1.2.3/8"]}})"),
              "invalid_request ip_ranges.allow");
    EXPECT_EQ(complaint(R"({"ip_ranges":{"deny":["10.0.0.0/8","10.1.0.0/16"]}})"),
              "invalid_request ip_ranges.deny");
    EXPECT_EQ(complaint(R"({"privacy_classes":{"allow":["secret"]}})"),
              "invalid_request privacy_classes.allow");
    EXPECT_EQ(complaint(R"({"key_kinds":{"allow":["any"]}})"), "invalid_request key_kinds.allow");
    EXPECT_EQ(complaint(R"({"limits":7})"), "invalid_request limits");
    EXPECT_EQ(complaint("7"), "invalid_request ");
    EXPECT_EQ(complaint("{"), "invalid_request ");
}

TEST(PolicyJson, SuggestsTheNearestName) {
    Policy policy;
    const auto read = patch_policy(policy, R"({"limits":{"request_per_minute":1}})");
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("'requests_per_minute'"), std::string::npos);
}

TEST(PolicyJson, LimitsAreWholeNumbersWithinTheirBounds) {
    for (const char* value : {"0",
                              "-1",
                              "1.5",
                              "1e3",
                              "\"60\"",
                              "true",
                              "100000001",
                              "9223372036854775808",
                              "18446744073709551616"}) {
        const std::string patch =
            R"({"limits":{"requests_per_minute":)" + std::string(value) + "}}";
        EXPECT_EQ(complaint(patch), "invalid_request limits.requests_per_minute") << value;
    }
    Limits limits;
    EXPECT_TRUE(patch_limits(limits, R"({"requests_per_minute":100000000})"));
    EXPECT_EQ(limits[LimitKind::RequestsPerMinute], 100'000'000);
    EXPECT_FALSE(patch_limits(limits, R"({"requests_per_minute":null,"burst":5})"));
    EXPECT_EQ(limits[LimitKind::RequestsPerMinute], 100'000'000) << "nothing is half done";
}

TEST(PolicyJson, AListHasABound) {
    std::string list = "\"m0\"";
    for (int i = 1; i < 257; ++i) list += ",\"m" + std::to_string(i) + "\"";
    EXPECT_EQ(complaint(R"({"models":{"allow":[)" + list + "]}}"), "invalid_request models.allow");
}

}  // namespace
}  // namespace keywarden
