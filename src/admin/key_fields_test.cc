#include "admin/key_fields.h"

#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"

namespace keywarden {
namespace {

/// Reads a new key's body. The param of the refusal, or "ok".
std::string refused_field(const Json& object, KeyDraft* draft = nullptr) {
    KeyDraft own;
    const Result<void> got = read_new_key(object, draft == nullptr ? own : *draft);
    return got ? "ok" : got.error().param;
}

/// A new key with this one field besides its name.
std::string with(const char* field, const Json& value) {
    Json object = {{"name", "a"}};
    object[field] = value;
    return refused_field(object);
}

std::string repeated(std::string_view text, size_t times) {
    std::string out;
    for (size_t i = 0; i < times; ++i) out += text;
    return out;
}

TEST(KeyFields, ANameAloneIsEnough) {
    KeyDraft draft;
    EXPECT_EQ(refused_field({{"name", "laptop"}}, &draft), "ok");
    EXPECT_EQ(draft.key.name, "laptop");
    EXPECT_EQ(refused_field(Json::object()), "name");
}

TEST(KeyFields, ANameHasOneToAHundredCharactersOnOneLine) {
    EXPECT_EQ(with("name", std::string(kKeyNameMax, 'x')), "ok");
    EXPECT_EQ(with("name", std::string(kKeyNameMax + 1, 'x')), "name");
    // Characters are counted, not bytes.
    EXPECT_EQ(with("name", repeated("ü", kKeyNameMax)), "ok");
    EXPECT_EQ(with("name", repeated("🔑", kKeyNameMax)), "ok");
    EXPECT_EQ(with("name", repeated("ü", kKeyNameMax + 1)), "name");
    for (const char* wrong : {"", " ", "   ", "a\nb", "a\tb", "\x7f", "a\x01"}) {
        EXPECT_EQ(with("name", wrong), "name") << wrong;
    }
    EXPECT_EQ(with("name", std::string("a\0b", 3)), "name");
    EXPECT_EQ(with("name", nullptr), "name");
    EXPECT_EQ(with("name", 7), "name");
}

TEST(KeyFields, ADescriptionMayHaveLines) {
    EXPECT_EQ(with("description", "two\nlines\tand a tab"), "ok");
    EXPECT_EQ(with("description", ""), "ok");
    EXPECT_EQ(with("description", nullptr), "ok");
    EXPECT_EQ(with("description", std::string(kKeyDescriptionMax, 'x')), "ok");
    EXPECT_EQ(with("description", std::string(kKeyDescriptionMax + 1, 'x')), "description");
    EXPECT_EQ(with("description", std::string("a\0b", 3)), "description");
    EXPECT_EQ(with("description", Json::array()), "description");
}

TEST(KeyFields, AKindIsOneOfThree) {
    for (const char* kind : {"full", "inference", "management"})
        EXPECT_EQ(with("kind", kind), "ok");
    EXPECT_EQ(with("kind", "Full"), "kind");
    EXPECT_EQ(with("kind", "admin"), "kind");
    EXPECT_EQ(with("kind", 1), "kind");
}

TEST(KeyFields, NumbersAreWholeAndWithinTheirBounds) {
    struct Case {
        const char* field;
        int64_t max;
    };
    for (const auto& [field, max] :
         {Case{"rate_limit_rpm", kRateLimitRpmMax}, Case{"k_target_override", kKeepMaxMax}}) {
        EXPECT_EQ(with(field, 1), "ok");
        EXPECT_EQ(with(field, max), "ok");
        EXPECT_EQ(with(field, nullptr), "ok");
        EXPECT_EQ(with(field, 0), field);
        EXPECT_EQ(with(field, -1), field);
        EXPECT_EQ(with(field, max + 1), field);
        EXPECT_EQ(with(field, Json::parse("18446744073709551615")), field);
        EXPECT_EQ(with(field, Json::parse("99999999999999999999999")), field);
        EXPECT_EQ(with(field, Json::parse("60.0")), field);
        EXPECT_EQ(with(field, "60"), field);
        EXPECT_EQ(with(field, true), field);
    }
}

TEST(KeyFields, MomentsAreIso8601) {
    for (const char* field : {"expires_at", "not_before"}) {
        EXPECT_EQ(with(field, "2030-01-31T00:00:00Z"), "ok");
        EXPECT_EQ(with(field, "2030-01-31T00:00:00.123+02:00"), "ok");
        EXPECT_EQ(with(field, nullptr), "ok");
        for (const char* wrong : {"", "tomorrow", "2030-01-31", "2030-02-30T00:00:00Z"}) {
            EXPECT_EQ(with(field, wrong), field) << wrong;
        }
        EXPECT_EQ(with(field, 1900000000), field);
    }
}

TEST(KeyFields, MetadataIsSixteenPairsOfText) {
    EXPECT_EQ(with("metadata", {{"cost_center", "4711"}, {"empty", ""}}), "ok");
    EXPECT_EQ(with("metadata", nullptr), "ok");
    EXPECT_EQ(
        with("metadata",
             {{std::string(kKeyMetadataNameMax, 'n'), std::string(kKeyMetadataValueMax, 'v')}}),
        "ok");
    EXPECT_EQ(with("metadata", {{std::string(kKeyMetadataNameMax + 1, 'n'), "v"}}), "metadata");
    EXPECT_EQ(with("metadata", {{"", "v"}}), "metadata");
    EXPECT_EQ(with("metadata", {{"n", std::string(kKeyMetadataValueMax + 1, 'v')}}), "metadata.n");
    EXPECT_EQ(with("metadata", {{"n", 1}}), "metadata.n");
    EXPECT_EQ(with("metadata", Json::array()), "metadata");
    Json many = Json::object();
    for (size_t i = 0; i < kKeyMetadataMax; ++i) many[std::to_string(i)] = "v";
    EXPECT_EQ(with("metadata", many), "ok");
    many["one more"] = "v";
    EXPECT_EQ(with("metadata", many), "metadata");
}

TEST(KeyFields, TagsAreSixteenDifferentWords) {
    EXPECT_EQ(with("tags", {"a", "b"}), "ok");
    EXPECT_EQ(with("tags", Json::array()), "ok");
    EXPECT_EQ(with("tags", {"a", "a"}), "tags");
    EXPECT_EQ(with("tags", {""}), "tags");
    EXPECT_EQ(with("tags", Json::array({1})), "tags");
    EXPECT_EQ(with("tags", "a"), "tags");
    EXPECT_EQ(with("tags", Json::array({std::string(kKeyTagMax + 1, 'x')})), "tags");
    Json many = Json::array();
    for (size_t i = 0; i <= kKeyTagsMax; ++i) many.push_back(std::to_string(i));
    EXPECT_EQ(with("tags", many), "tags");
}

TEST(KeyFields, AToolListTellsAbsentFromNullFromEmpty) {
    AllowDeny<Glob> tools = {.allow = {{*Glob::parse("a")}}, .deny = {*Glob::parse("b")}};
    ASSERT_TRUE(read_toollist(Json::object(), tools));
    ASSERT_TRUE(tools.allow);
    EXPECT_EQ(tools.allow->front().text(), "a");
    ASSERT_TRUE(read_toollist(Json::parse(R"({"allowed":[],"denied":null})"), tools));
    ASSERT_TRUE(tools.allow);
    EXPECT_TRUE(tools.allow->empty());
    EXPECT_TRUE(tools.deny.empty());
    ASSERT_TRUE(read_toollist(Json::parse(R"({"allowed":null,"denied":["github_*"]})"), tools));
    EXPECT_FALSE(tools.allow);
    EXPECT_EQ(tools.deny.front().text(), "github_*");
    EXPECT_FALSE(read_toollist(Json::parse(R"({"allow":[]})"), tools));
    EXPECT_FALSE(read_toollist(Json::parse(R"({"allowed":["a","a"]})"), tools));
    EXPECT_FALSE(read_toollist(Json::parse(R"({"denied":"a"})"), tools));
}

TEST(KeyFields, AToolListHasBounds) {
    AllowDeny<Glob> tools;
    Json many = Json::array();
    for (size_t i = 0; i < kToolEntriesMax; ++i) many.push_back("t" + std::to_string(i));
    EXPECT_TRUE(read_toollist({{"allowed", many}}, tools));
    many.push_back("one");
    EXPECT_EQ(read_toollist({{"allowed", many}}, tools).error().param, "toollist.allowed");
    EXPECT_EQ(
        read_toollist({{"denied", {std::string(kGlobBytesMax + 1, 'x')}}}, tools).error().param,
        "toollist.denied");
    EXPECT_EQ(read_toollist({{"denied", {""}}}, tools).error().param, "toollist.denied");
}

TEST(KeyFields, TheToolsOfAKeyAreNamedOnce) {
    EXPECT_EQ(refused_field(Json::parse(
                  R"({"name":"a","toollist":{"allowed":[]},"policy":{"tools":{"allow":[]}}})")),
              "toollist");
    KeyDraft draft;
    ASSERT_EQ(refused_field(Json::parse(R"({"name":"a","toollist":{"denied":["x"]},
                                            "policy":{"models":{"deny":["m"]}}})"),
                            &draft),
              "ok");
    EXPECT_EQ(draft.key.policy.tools.deny.size(), 1U);
    EXPECT_EQ(draft.key.policy.models.deny.size(), 1U);
}

TEST(KeyFields, AnEnvironmentIsLiveOrTest) {
    KeyDraft draft;
    EXPECT_EQ(refused_field({{"name", "a"}, {"environment", "test"}}, &draft), "ok");
    EXPECT_TRUE(draft.test);
    EXPECT_EQ(with("environment", "live"), "ok");
    EXPECT_EQ(with("environment", "staging"), "environment");
}

TEST(KeyFields, AChangeLeavesAbsentFieldsAloneAndNullClears) {
    KeyDraft draft;
    draft.key.name = "old";
    draft.key.description = "text";
    draft.key.rate_limit_rpm = 5;
    draft.key.tags = {"t"};
    ASSERT_TRUE(read_key_change(Json::parse(R"({"description":null,"tags":null})"), draft));
    EXPECT_EQ(draft.key.name, "old");
    EXPECT_EQ(draft.key.description, "");
    EXPECT_EQ(draft.key.rate_limit_rpm, 5);
    EXPECT_TRUE(draft.key.tags.empty());
}

TEST(KeyFields, WhatIsDecidedAtCreationSaysSo) {
    for (const char* field : {"kind", "format", "environment", "status"}) {
        KeyDraft draft;
        const auto got = read_key_change({{field, "x"}}, draft);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code, ErrorCode::InvalidRequest);
        EXPECT_EQ(got.error().param, field);
    }
}

TEST(KeyFields, WhatTheGatewayDecidesIsUnknown) {
    for (const char* field : {"id", "team_id", "created_by", "version", "secrets", "object"}) {
        KeyDraft draft;
        const auto got = read_key_change({{field, "x"}}, draft);
        ASSERT_FALSE(got) << field;
        EXPECT_EQ(got.error().code, ErrorCode::UnknownField);
    }
}

constexpr TimePoint kNow = TimePoint(std::chrono::hours(1000));
constexpr Nanos kHour = std::chrono::hours(1);

TEST(KeyFields, AnExpiryIsInTheFutureAndAfterTheStart) {
    Key key;
    EXPECT_TRUE(check_times(nullptr, key, kNow));
    key.expires_at = kNow;
    EXPECT_FALSE(check_times(nullptr, key, kNow));
    key.expires_at = kNow + kHour;
    EXPECT_TRUE(check_times(nullptr, key, kNow));
    key.not_before = kNow + kHour;
    EXPECT_FALSE(check_times(nullptr, key, kNow));
    key.not_before = kNow;
    EXPECT_TRUE(check_times(nullptr, key, kNow));
}

TEST(KeyFields, AnExpiredKeyMayStillBeRenamed) {
    Key before;
    before.expires_at = kNow - kHour;
    Key after = before;
    after.name = "new";
    EXPECT_TRUE(check_times(&before, after, kNow));
    after.not_before = kNow;
    EXPECT_FALSE(check_times(&before, after, kNow));
    after = before;
    after.expires_at = kNow - 2 * kHour;
    EXPECT_FALSE(check_times(&before, after, kNow));
    after.expires_at = kNow + kHour;
    EXPECT_TRUE(check_times(&before, after, kNow));
}

TEST(KeyFields, DurationsAreANumberAndAUnit) {
    using std::chrono::days;
    EXPECT_EQ(parse_duration("90s", kGraceMax), std::chrono::seconds(90));
    EXPECT_EQ(parse_duration("30m", kGraceMax), std::chrono::minutes(30));
    EXPECT_EQ(parse_duration("24h", kGraceMax), std::chrono::hours(24));
    EXPECT_EQ(parse_duration("7d", kGraceMax), days(7));
    EXPECT_EQ(parse_duration("0s", kGraceMax), Nanos(0));
    EXPECT_EQ(parse_duration("90d", kGraceMax), days(90));
    for (const char* wrong : {"",
                              "h",
                              "24",
                              "24 h",
                              "-1h",
                              "+1h",
                              "1.5h",
                              "24hours",
                              "91d",
                              "1w",
                              "9223372036854775807d",
                              "99999999999999999999s"}) {
        EXPECT_EQ(parse_duration(wrong, kGraceMax), std::nullopt) << wrong;
    }
}

}  // namespace
}  // namespace keywarden
