#include "domain/webhook.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow(Nanos(1'614'265'330s));

WebhookAllow allow(std::string_view text) {
    auto parsed = parse_webhook_allow(text);
    EXPECT_TRUE(parsed) << parsed.error().message;
    return parsed ? *parsed : WebhookAllow();
}

bool is_taken(std::string_view url, std::string_view allowed = {}) {
    return check_webhook_url(url, allow(allowed)).has_value();
}

TEST(Webhook, WaitsLongerEachTime) {
    EXPECT_EQ(webhook_wait(1), 5s);
    EXPECT_EQ(webhook_wait(2), 20s);
    EXPECT_EQ(webhook_wait(3), 80s);
    EXPECT_EQ(webhook_wait(kWebhookTriesMax), kWebhookWaitMax);
    EXPECT_EQ(webhook_wait(INT64_MAX), kWebhookWaitMax);
}

TEST(Webhook, WantsWhatItNamesOrAll) {
    EXPECT_TRUE(wants({}, "key.spike"));
    EXPECT_TRUE(wants({.events = {"key.spike"}}, "key.spike"));
    EXPECT_FALSE(wants({.events = {"key.spike"}}, "budget.threshold"));
}

TEST(Webhook, GoesToPublicAddressesOverHttps) {
    const auto target = check_webhook_url("https://Hooks.Example.com:8443/a/b/?c=d&e=%20", {});
    ASSERT_TRUE(target) << target.error().message;
    EXPECT_EQ(target->url.host, "hooks.example.com");
    EXPECT_EQ(target->url.port, 8443);
    EXPECT_EQ(target->target, "/a/b/?c=d&e=%20");
    EXPECT_EQ(check_webhook_url("https://example.com", {})->target, "/");
    EXPECT_TRUE(is_taken("https://8.8.8.8/"));
    EXPECT_TRUE(is_taken("https://[2606:4700::1111]/"));
    EXPECT_FALSE(is_taken("http://example.com/"));
    EXPECT_FALSE(is_taken("https://example.com/#a"));
    EXPECT_FALSE(is_taken("https://example.com/?a b"));
    EXPECT_FALSE(is_taken("https://example.com/?\r\nHost: x"));
    EXPECT_FALSE(is_taken("https://10.0.0.1/"));
    EXPECT_FALSE(is_taken("https://169.254.169.254/"));
    EXPECT_FALSE(is_taken("https://localhost/"));
    const Error error = check_webhook_url("https://user:geheim@example.com/", {}).error();
    EXPECT_EQ(error.code, ErrorCode::InvalidRequest);
    EXPECT_EQ(error.param, "url");
    EXPECT_EQ(error.message.find("geheim"), std::string::npos) << error.message;
}

TEST(Webhook, GoesWhereTheOperatorAllows) {
    EXPECT_TRUE(is_taken("http://hooks.internal/", "other, hooks.internal"));
    EXPECT_FALSE(is_taken("http://hooks.internal/", "other"));
    EXPECT_TRUE(is_taken("http://10.1.2.3:80/", "10.0.0.0/8"));
    EXPECT_FALSE(is_taken("http://11.1.2.3/", "10.0.0.0/8"));
    EXPECT_TRUE(is_taken("http://[::1]:9/", "::1"));
    EXPECT_TRUE(may_reach("a.example", *parse_ip("8.8.8.8"), {}));
    EXPECT_FALSE(may_reach("a.example", *parse_ip("127.0.0.1"), {}));
    EXPECT_FALSE(may_reach("a.example", *parse_ip("127.0.0.1"), allow("10.0.0.0/8, b.example")));
    EXPECT_TRUE(may_reach("a.example", *parse_ip("127.0.0.1"), allow("127.0.0.0/8")));
    EXPECT_TRUE(may_reach("a.example", *parse_ip("127.0.0.1"), allow("a.example")));
}

TEST(Webhook, WhatIsAllowedIsReadStrictly) {
    EXPECT_TRUE(parse_webhook_allow(""));
    EXPECT_EQ(allow(" 127.0.0.1 ,hooks.internal,").hosts.size(), 1U);
    for (const char* text :
         {"10.0.0.1/8", "Hooks.internal", "a b", "https://x", "x:80", "x/y", "*"}) {
        const auto parsed = parse_webhook_allow(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::InvalidConfig);
    }
}

// The same inputs as the example of the specification's reference implementation, but for the key,
// which is ours: so the form is held by recomputing it.
TEST(Webhook, IsSignedAsStandardWebhooksAre) {
    const WebhookSigner signer(Secret(std::string("a pepper for tests")));
    const Webhook hook{.id = "hook_1"};
    const std::string secret(signer.secret_of(hook).reveal());
    ASSERT_TRUE(secret.starts_with("whsec_"));
    EXPECT_EQ(secret.size(), 6U + 44U);
    const Digest key = HmacKey("a pepper for tests").sign("webhook\nhook_1\n1");
    const std::string_view bytes(reinterpret_cast<const char*>(key.data()), key.size());
    EXPECT_EQ(secret, "whsec_" + to_base64(bytes));
    const Digest digest = HmacKey(bytes).sign(R"(msg_1.1614265330.{"test": 2432232314})");
    EXPECT_EQ(signer.sign(hook, "msg_1", kNow + 999ms, R"({"test": 2432232314})"),
              "v1," + to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}));
}

TEST(Webhook, AfterARotationBothSecretsSignForADay) {
    const WebhookSigner signer(Secret(std::string("a pepper for tests")));
    const Webhook before{.id = "hook_1"};
    const Webhook after{.id = "hook_1", .generation = 2, .rotated_at = kNow};
    EXPECT_NE(signer.secret_of(before).reveal(), signer.secret_of(after).reveal());
    const std::string old = signer.sign(before, "m", kNow, "b");
    const std::string both = signer.sign(after, "m", kNow, "b");
    EXPECT_TRUE(both.ends_with(" " + old)) << both;
    const TimePoint later = kNow + kWebhookGrace;
    EXPECT_EQ(signer.sign(after, "m", later, "b").find(' '), std::string::npos);
    EXPECT_NE(signer.secret_of({.id = "hook_2"}).reveal(), signer.secret_of(before).reveal());
}

}  // namespace
}  // namespace keywarden
