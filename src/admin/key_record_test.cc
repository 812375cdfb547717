#include "admin/key_record.h"

#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr TimePoint kNow = TimePoint(std::chrono::days(20'000));  // 2024-10-04

Key some_key() {
    Key key;
    key.id = "key_1";
    key.team_id = "team_1";
    key.name = "laptop";
    key.created_by = "user_1";
    key.created_at = kNow;
    key.updated_at = kNow;
    key.version = 3;
    key.secrets = {
        {.id = "s2", .format = "keywarden", .display = "kw_live_b…2222", .created_at = kNow},
        {.id = "s1",
         .format = "keywarden",
         .display = "kw_live_a…1111",
         .created_at = kNow,
         .ends_at = kNow + std::chrono::hours(1),
         .last_used_at = kNow - std::chrono::hours(1),
         .networks = {{prefix_of(*parse_ip("192.0.2.9")), kNow}}}};
    return key;
}

TEST(KeyRecord, SaysAllThatIsKnown) {
    Key key = some_key();
    key.metadata = {{"b", "2"}, {"a", "1"}};
    key.tags = {"t"};
    key.policy.tools.allow.emplace();
    EXPECT_EQ(
        dump(key_record(key, 60, kNow)),
        R"({"id":"key_1","object":"api_key","name":"laptop","description":"","kind":"full",)"
        R"("status":"active","display":"kw_live_b…2222",)"
        R"("created_at":"2024-10-04T00:00:00.000Z","updated_at":"2024-10-04T00:00:00.000Z",)"
        R"("not_before":null,"expires_at":null,"revoked_at":null,)"
        R"("last_used_at":"2024-10-03T23:00:00.000Z","unused":false,"expires_soon":false,)"
        R"("rotate_every":null,"rotation_due_at":null,"rotation":null,)"
        R"("created_by":"user_1","user":null,"app":null,)"
        R"("rate_limit_rpm":60,"policy":{"tools":{"allow":[]}},"k_target_override":null,)"
        R"("toollist":{"allowed":[],"denied":null},"metadata":{"b":"2","a":"1"},)"
        R"("tags":["t"],"secrets":[{"id":"s2","display":"kw_live_b…2222",)"
        R"("format":"keywarden","live":true,"created_at":"2024-10-04T00:00:00.000Z",)"
        R"("first_used_at":null,"last_used_at":null,"deprecated_at":null,"ends_at":null,)"
        R"("networks":[]},)"
        R"({"id":"s1","display":"kw_live_a…1111",)"
        R"("format":"keywarden","live":true,"created_at":"2024-10-04T00:00:00.000Z",)"
        R"("first_used_at":null,"last_used_at":"2024-10-03T23:00:00.000Z",)"
        R"("deprecated_at":"2024-10-04T00:00:00.000Z",)"
        R"("ends_at":"2024-10-04T01:00:00.000Z","networks":[)"
        R"({"network":"192.0.2.0/24","last_used_at":"2024-10-04T00:00:00.000Z"}]}],"version":3})");
}

TEST(KeyRecord, SaysWhatItsOwnerShouldLookAt) {
    const KeyNotice notice{.unused_after = std::chrono::days(5), .ahead = std::chrono::days(2)};
    Key key = some_key();
    key.expires_at = kNow + std::chrono::days(8);
    key.rotate_every = std::chrono::days(4);
    const Json record = key_record(key, 60, kNow + std::chrono::days(6), notice);
    EXPECT_EQ(record["unused"], true);
    EXPECT_EQ(record["expires_soon"], true);
    EXPECT_EQ(record["rotate_every"], "4d");
    EXPECT_EQ(record["rotation_due_at"], "2024-10-08T00:00:00.000Z");
    EXPECT_EQ(record["rotation"], "overdue");
    EXPECT_EQ(key_record(key, 60, kNow, notice)["rotation"], "ok");
}

TEST(KeyRecord, ItsStatusIsTheStateNow) {
    Key key = some_key();
    key.expires_at = kNow;
    EXPECT_EQ(key_record(key, 60, kNow)["status"], "expired");
    EXPECT_EQ(key_record(key, 60, kNow - Nanos(1))["status"], "active");
    key.not_before = kNow;
    EXPECT_EQ(key_record(key, 60, kNow - Nanos(1))["status"], "pending");
}

TEST(KeyRecord, ItsRateIsTheOneThatHolds) {
    Key key = some_key();
    EXPECT_EQ(key_record(key, 7, kNow)["rate_limit_rpm"], 7);
    key.rate_limit_rpm = 9;
    EXPECT_EQ(key_record(key, 7, kNow)["rate_limit_rpm"], 9);
}

TEST(KeyRecord, ItsPolicyIsWhatItSaysItself) {
    Key key = some_key();
    key.policy.models.deny = {Glob::parse("gpt-4*").value()};
    key.rate_limit_rpm = 9;
    EXPECT_EQ(dump(key_record(key, 7, kNow)["policy"]),
              R"({"models":{"deny":["gpt-4*"]},"limits":{"requests_per_minute":9}})");
}

TEST(KeyRecord, NoDigestIsEverInIt) {
    Key key = some_key();
    key.secrets[0].digest.fill(0xAB);
    EXPECT_EQ(dump(key_record(key, 60, kNow)).find("abab"), std::string::npos);
    EXPECT_EQ(dump(key_record(key, 60, kNow)).find("digest"), std::string::npos);
}

/// The version that the header asks for: "any", "none of ours", "refused", or the number.
std::string asked(std::string value) {
    const auto got = if_match({.headers = {{"If-Match", std::move(value)}}});
    if (!got) return "refused";
    if (!*got) return "any";
    return **got < 0 ? "none of ours" : std::to_string(**got);
}

TEST(KeyRecord, IfMatchNamesOneVersion) {
    EXPECT_EQ(asked("\"3\""), "3");
    EXPECT_EQ(asked("*"), "any");
    EXPECT_EQ(asked(""), "any");
    EXPECT_EQ(asked("\"abc\""), "none of ours");
    EXPECT_EQ(asked("\"\""), "none of ours");
    EXPECT_EQ(asked("\"3x\""), "none of ours");
    EXPECT_EQ(asked("\"-3\""), "none of ours");
    EXPECT_EQ(asked("W/\"3\""), "none of ours");  // a weak tag never matches
    EXPECT_EQ(asked("3"), "refused");
    EXPECT_EQ(asked("\""), "refused");
    EXPECT_EQ(asked("\"1\", \"2\""), "refused");
}

TEST(KeyRecord, TheEtagIsTheVersion) {
    const HttpResponse got = key_response(200, some_key(), Json::object());
    EXPECT_EQ(got.headers.back().name, "ETag");
    EXPECT_EQ(got.headers.back().value, "\"3\"");
}

}  // namespace
}  // namespace keywarden
