#include "app/settings.h"

#include <limits>
#include <set>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

class EverySetting : public testing::TestWithParam<SettingRow> {};

TEST_P(EverySetting, HasADefaultWithinItsBounds) {
    Settings settings{};
    const auto set = set_from_text(settings, GetParam(), GetParam().fallback);
    EXPECT_TRUE(set.has_value()) << set.error().message;
}

TEST_P(EverySetting, IsWrittenAsItIsRead) {
    const Settings defaults = default_settings();
    const std::string written = value_text(defaults, GetParam());
    Settings again{};
    ASSERT_TRUE(set_from_text(again, GetParam(), written).has_value()) << written;
    EXPECT_EQ(value_text(again, GetParam()), written);
}

TEST_P(EverySetting, SaysWhatWasExpectedOfAWrongValue) {
    Settings settings{};
    const auto set = set_from_text(settings, GetParam(), "wr ong");
    ASSERT_EQ(set.has_value(), GetParam().kind == SettingKind::Text);
    if (set) return;
    EXPECT_EQ(set.error().code, ErrorCode::InvalidConfig);
    EXPECT_EQ(set.error().message, "expected " + expectation(GetParam()) + ", got 'wr ong'");
}

TEST_P(EverySetting, HasAFullSentenceAndAnEnvironmentName) {
    EXPECT_TRUE(GetParam().sentence.ends_with('.'));
    EXPECT_TRUE(environment_name(GetParam()).starts_with("KEYWARDEN_"));
    EXPECT_EQ(find_setting(GetParam().name)->sentence, GetParam().sentence);
}

std::string test_name(const testing::TestParamInfo<SettingRow>& row) {
    std::string out(row.param.name);
    for (char& c : out) c = c == '.' ? '_' : c;
    return out;
}

INSTANTIATE_TEST_SUITE_P(All, EverySetting, testing::ValuesIn(all_settings()), test_name);

TEST(Settings, NoNameAndNoVariableIsThereTwice) {
    std::set<std::string> seen;
    for (const SettingRow& row : all_settings()) {
        EXPECT_TRUE(seen.insert(std::string(row.name)).second) << row.name;
        EXPECT_TRUE(seen.insert(environment_name(row)).second) << row.name;
    }
}

struct Case {
    std::string_view name;
    std::string_view text;
    std::string_view reads;  // as; empty: refused
};

TEST(Settings, ReadsNumbersSizesAndDurationsWithTheirUnits) {
    constexpr Case kCases[] = {
        {"server.threads", "0", "0"},
        {"server.threads", "256", "256"},
        {"server.threads", "257", ""},
        {"server.threads", "-1", ""},
        {"server.threads", "4x", ""},
        {"server.threads", "", ""},
        {"limits.json_body_bytes_max", "65536", "64KiB"},
        {"limits.json_body_bytes_max", "2MB", "2MB"},
        {"limits.json_body_bytes_max", "1GiB", "1GiB"},
        {"limits.json_body_bytes_max", "2GiB", ""},
        {"limits.json_body_bytes_max", "9223372036854775807GiB", ""},
        {"limits.head_timeout", "1500ms", "1500ms"},
        {"limits.head_timeout", "60s", "1m"},
        {"limits.head_timeout", "10", ""},
        {"limits.head_timeout", "6m", ""},
        {"limits.drain_timeout", "0s", "0ms"},
        {"server.allow_plaintext_beyond_loopback", "true", "true"},
        {"server.allow_plaintext_beyond_loopback", "yes", ""},
        {"log.format", "json", "json"},
        {"log.format", "JSON", ""},
        {"prices.estimate_input_usd_per_million", "0.075", "0.075"},
        {"prices.estimate_input_usd_per_million", "3", "3.00"},
        {"prices.estimate_input_usd_per_million", "0", "0.00"},
        {"prices.estimate_input_usd_per_million", "1000000", "1000000.00"},
        {"prices.estimate_input_usd_per_million", "1000000.01", ""},
        {"prices.estimate_input_usd_per_million", "-1", ""},
        {"prices.estimate_input_usd_per_million", "$3", ""},
        {"prices.estimate_input_usd_per_million", "1e3", ""},
        {"keys.formats", "orqen, keywarden", "orqen,keywarden"},
        {"keys.formats", "orqen,", "orqen"},
        {"keys.formats", "orqen,,orgn", ""},
        {"keys.formats", "", ""},
    };
    for (const Case& each : kCases) {
        SCOPED_TRACE(std::string(each.name) + " = " + std::string(each.text));
        const SettingRow& row = *find_setting(each.name);
        Settings settings{};
        const auto set = set_from_text(settings, row, each.text);
        EXPECT_EQ(set.has_value(), !each.reads.empty());
        if (set) EXPECT_EQ(value_text(settings, row), each.reads);
    }
}

TEST(Settings, ADurationIsHeldAsATime) {
    Settings settings{};
    ASSERT_TRUE(set_from_text(settings, *find_setting("limits.head_timeout"), "250ms"));
    EXPECT_EQ(settings.head_timeout, std::chrono::milliseconds(250));
}

TEST(Settings, AnAmountIsHeldAsMoney) {
    Settings settings{};
    const SettingRow& row = *find_setting("prices.estimate_output_usd_per_million");
    ASSERT_TRUE(set_from_text(settings, row, "0.000000001"));
    EXPECT_EQ(settings.estimate_output_price, NanoUsd{1});
    const auto refused = set_from_text(settings, row, "0.0000000001");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "expected dollars from 0 to 1000000, such as \"0.075\", got '0.0000000001'");
}

}  // namespace
}  // namespace keywarden
