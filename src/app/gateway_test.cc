#include "app/gateway.h"

#include <filesystem>
#include <future>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "app/providers.h"
#include "base/id.h"
#include "base/log.h"
#include "net/blocking_client.h"

namespace keywarden {
namespace {

constexpr auto kLongEnough = std::chrono::seconds(30);
constexpr const char* kChat =
    R"({"model":"sandbox","messages":[{"role":"user","content":"canary-prompt"}]})";

class GatewayTest : public testing::Test {
protected:
    GatewayTest() {
        configuration_.settings.data_dir = testing::TempDir() + new_id("gw");
        configuration_.settings.listen = "127.0.0.1:0";
        configuration_.settings.threads = 2;
    }
    ~GatewayTest() override {
        gateway_.reset();
        instance_.reset();
        std::filesystem::remove_all(configuration_.settings.data_dir);
    }

    void open() {
        auto instance = open_instance(configuration_, system_clock());
        ASSERT_TRUE(instance) << instance.error().message;
        instance_ = std::move(*instance);
    }
    Result<std::unique_ptr<Gateway>> start_one() {
        TRY(auto providers, open_providers(configuration_, {}));
        return Gateway::start(configuration_, *instance_, std::move(providers));
    }
    void start() {
        open();
        auto started = start_one();
        ASSERT_TRUE(started) << started.error().message;
        gateway_ = std::move(*started);
    }
    std::string refusal() {
        const auto started = start_one();
        return started ? "it started" : started.error().message;
    }
    std::string first_key() { return std::string((*make_first_key(*instance_))->secret.reveal()); }

    Origin tcp() const { return parse_base_url(gateway_->base_url())->origin; }
    Origin unix_socket() const { return {.unix_path = instance_->dir.file("keywarden.sock")}; }

    /// The status, or 0 when nobody answers.
    static int ask(const Origin& origin, BlockingRequest request, const std::string& key = {}) {
        if (!key.empty()) request.headers.push_back({"Authorization", "Bearer " + key});
        const auto client = BlockingClient::make(origin);
        const auto answer = (*client)->call(request);
        return answer ? answer->status : 0;
    }
    static BlockingRequest chat() {
        return {.method = "POST",
                .target = "/v1/chat/completions",
                .headers = {{"Content-Type", "application/json"}},
                .body = kChat};
    }

    Configuration configuration_;
    std::unique_ptr<Instance> instance_;
    std::unique_ptr<Gateway> gateway_;
};

TEST_F(GatewayTest, ServesTheSandboxToTheFirstKeyAndNobodyElse) {
    start();
    const std::string key = first_key();
    EXPECT_EQ(ask(tcp(), chat(), key), 200);
    EXPECT_EQ(ask(tcp(), chat(), "kw_live_wrong"), 401);
    EXPECT_EQ(ask(tcp(), chat()), 401);
    EXPECT_EQ(ask(tcp(), {.target = "/health"}), 200);
}

TEST_F(GatewayTest, TheOperatorsSocketNeedsNoKeyAndIsForItsOwnerAlone) {
    start();
    EXPECT_EQ(ask(unix_socket(), {.target = "/v1/keys"}), 200);
    EXPECT_EQ(ask(unix_socket(), chat()), 200);
    EXPECT_EQ(ask(unix_socket(), chat(), "kw_live_wrong"), 401)
        << "a key that is sent is looked at";
    struct stat facts{};
    ASSERT_EQ(::stat(unix_socket().unix_path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    gateway_.reset();
    EXPECT_NE(::stat(unix_socket().unix_path.c_str(), &facts), 0) << "it goes with the gateway";
}

TEST_F(GatewayTest, TheOperatorIsOneUserOverTheSocketAndAtTheFirstStart) {
    start();
    first_key();
    EXPECT_EQ(ask(unix_socket(),
                  {.method = "POST",
                   .target = "/v1/keys",
                   .headers = {{"Content-Type", "application/json"}},
                   .body = R"({"name":"second"})"}),
              201);
    const auto keys = instance_->store->list_keys({.team_id = instance_->team_id});
    ASSERT_TRUE(keys);
    ASSERT_EQ(keys->keys.size(), 2U);
    for (const Key& key : keys->keys) EXPECT_EQ(key.created_by, instance_->operator_id);
}

TEST_F(GatewayTest, APortIsNeverSharedWithAnotherGateway) {
    start();
    configuration_.settings.listen = gateway_->address();
    EXPECT_TRUE(refusal().starts_with(gateway_->address() + " is in use: "));
    EXPECT_EQ(ask(unix_socket(), {.target = "/ready"}), 200) << "the first one's socket stands";
}

TEST_F(GatewayTest, WhenItHasDrainedItSaysSoOnceAndNobodyListens) {
    start();
    const Origin origin = tcp();
    std::promise<void> drained;
    auto done = drained.get_future();
    gateway_->drain(std::chrono::seconds(1), [&] { drained.set_value(); });
    gateway_->drain(std::chrono::seconds(1), [] { ADD_FAILURE() << "twice"; });
    ASSERT_EQ(done.wait_for(kLongEnough), std::future_status::ready);
    EXPECT_EQ(ask(origin, {.target = "/health"}), 0);
}

TEST_F(GatewayTest, KnowsWhatItsModelsCostByWhereTheirProvidersAre) {
    configuration_.providers = {{.name = "oa",
                                 .base_url = "https://api.openai.com/v1",
                                 .models = {{.id = "small", .upstream = "gpt-4o-mini"}}}};
    start();
    EXPECT_EQ(ask(unix_socket(), {.target = "/v1/admin/prices/small"}), 200);
    EXPECT_EQ(ask(unix_socket(), {.target = "/v1/admin/prices/oa/o3"}), 200);
    EXPECT_EQ(ask(unix_socket(), {.target = "/v1/admin/prices/oa/no-such-model"}), 404);
    EXPECT_EQ(ask(unix_socket(), {.target = "/v1/account/prices"}), 200);
    BlockingRequest set{.method = "PUT",
                        .target = "/v1/admin/prices/oa/no-such-model",
                        .headers = {{"Content-Type", "application/json"}},
                        .body = R"({"input":"1","output":"2"})"};
    EXPECT_EQ(ask(unix_socket(), set), 200);
    gateway_.reset();
    instance_.reset();
    start();
    EXPECT_EQ(ask(unix_socket(), {.target = "/v1/admin/prices/oa/no-such-model"}), 200)
        << "what was set is there after a restart";
}

TEST_F(GatewayTest, WhatCannotBeServedIsSaidBeforeAnythingIs) {
    open();
    configuration_.settings.tls_certificate = "/nowhere/certificate.pem";
    configuration_.settings.tls_key = "/nowhere/key.pem";
    EXPECT_NE(refusal().find("/nowhere/"), std::string::npos);
    configuration_.settings.tls_certificate.clear();
    configuration_.settings.tls_key.clear();
    configuration_.aliases = {{.id = "a", .model = "no-such-model"}};
    EXPECT_NE(refusal().find("no-such-model"), std::string::npos);
    configuration_.aliases.clear();
    configuration_.settings.upstream_ca_file = "/nowhere/ca.pem";
    EXPECT_NE(refusal().find("/nowhere/ca.pem"), std::string::npos);
}

TEST_F(GatewayTest, ReloadingWithoutTlsDoesNothing) {
    start();
    const auto reloaded = gateway_->reload_certificate();
    ASSERT_TRUE(reloaded);
    EXPECT_FALSE(*reloaded);
}

TEST_F(GatewayTest, ACallIsOneLineOfTheLogWithoutWhatWasSaid) {
    start();
    const std::string key = first_key();
    configure_log(LogLevel::Info, LogFormat::Json, false);
    testing::internal::CaptureStderr();
    EXPECT_EQ(ask(tcp(), chat(), key), 200);
    gateway_.reset();  // its upkeep writes what waits
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_NE(log.find(R"("event":"call.ended")"), std::string::npos) << log;
    EXPECT_NE(log.find(R"("route":"/v1/chat/completions","status":200)"), std::string::npos) << log;
    EXPECT_NE(log.find(R"("model":"sandbox")"), std::string::npos);
    EXPECT_EQ(log.find(key), std::string::npos);
    EXPECT_EQ(log.find("canary-prompt"), std::string::npos);
}

TEST_F(GatewayTest, UsesAreWrittenWhenItEnds) {
    start();
    EXPECT_EQ(ask(tcp(), chat(), first_key()), 200);
    gateway_.reset();
    const auto keys = instance_->store->list_keys({.team_id = instance_->team_id});
    ASSERT_TRUE(keys);
    EXPECT_TRUE(keys->keys.front().secrets.front().last_used_at.has_value());
}

}  // namespace
}  // namespace keywarden
