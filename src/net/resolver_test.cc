#include "net/resolver.h"

#include <string>

#include <gtest/gtest.h>

#include "net/test_name_server.h"
#include "net/test_peer.h"

namespace keywarden {
namespace {

using test::LoopThread;
using test::NameServer;

/// A resolver on a loop of its own.
class ResolverFixture {
public:
    explicit ResolverFixture(ResolverOptions options) {
        thread_.call([&] { resolver_ = std::make_unique<Resolver>(thread_.loop(), options); });
    }
    ResolverFixture(const ResolverFixture&) = delete;
    ResolverFixture& operator=(const ResolverFixture&) = delete;
    ~ResolverFixture() {
        thread_.call([&] { resolver_.reset(); });
    }
    Result<std::vector<SocketAddress>> resolve(const std::string& host) {
        return thread_.await<Result<std::vector<SocketAddress>>>(
            [&] { return resolver_->resolve(host, 443); });
    }

private:
    LoopThread thread_;
    std::unique_ptr<Resolver> resolver_;
};

TEST(Resolver, AnswersOnlyWhatMayBeReached) {
    NameServer server(60);
    int looked_at = 0;
    ResolverFixture resolver({.servers = server.address(),
                              .may_reach = [&](std::string_view host, const SocketAddress& at) {
                                  looked_at += host == "known.test" ? 1 : 0;
                                  return at.host() == "127.0.0.2";
                              }});
    for (int i = 0; i < 2; ++i) {  // from its memory, too
        const auto found = resolver.resolve("known.test");
        ASSERT_TRUE(found);
        ASSERT_EQ(found->size(), 1U);
        EXPECT_EQ(found->front().host(), "127.0.0.2");
    }
    EXPECT_EQ(looked_at, 4);
    EXPECT_EQ(resolver.resolve("127.0.0.1").error().code, ErrorCode::UpstreamError);
    EXPECT_EQ(resolver.resolve("::1").error().code, ErrorCode::UpstreamError);
    EXPECT_TRUE(resolver.resolve("127.0.0.2"));
}

TEST(Resolver, AsksItsServerAndRemembers) {
    NameServer server(60);
    ResolverFixture resolver({.servers = server.address()});
    for (int i = 0; i < 3; ++i) {
        const auto found = resolver.resolve("known.test");
        ASSERT_TRUE(found) << found.error().detail;
        ASSERT_EQ(found->size(), 2U);
        EXPECT_EQ(found->front().port(), 443);
        EXPECT_TRUE(found->front().host().starts_with("127.0.0."));
    }
    EXPECT_LE(server.asked(), 2) << "one question for each family";
}

TEST(Resolver, ForgetsWhenItIsTold) {
    NameServer server(60);
    ResolverFixture resolver({.servers = server.address(), .cached_for_max = Nanos(0)});
    ASSERT_TRUE(resolver.resolve("known.test"));
    const int asked = server.asked();
    ASSERT_TRUE(resolver.resolve("known.test"));
    EXPECT_GT(server.asked(), asked);
}

TEST(Resolver, LiteralsAndTheHostsFileNeedNoServer) {
    NameServer server(60);
    ResolverFixture resolver({.servers = server.address()});
    EXPECT_EQ(resolver.resolve("10.1.2.3")->front().host(), "10.1.2.3");
    EXPECT_EQ(resolver.resolve("::1")->front().host(), "::1");
    EXPECT_EQ(resolver.resolve("[::1]")->front().host(), "::1");
    const auto local = resolver.resolve("localhost");
    ASSERT_TRUE(local);
    EXPECT_TRUE(local->front().host() == "127.0.0.1" || local->front().host() == "::1");
    EXPECT_EQ(server.asked(), 0);
}

TEST(Resolver, SaysWhetherThereIsNoSuchNameOrNoAnswer) {
    NameServer server(60);
    ResolverFixture resolver(
        {.servers = server.address(), .timeout = std::chrono::milliseconds(30)});
    const auto unknown = resolver.resolve("unknown.test");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::UpstreamError);
    EXPECT_NE(unknown.error().detail.find("unknown.test"), std::string::npos);
    EXPECT_EQ(unknown.error().message.find("unknown.test"), std::string::npos);
    const auto silent = resolver.resolve("silent.test");
    ASSERT_FALSE(silent);
    EXPECT_EQ(silent.error().code, ErrorCode::UpstreamTimeout);
}

}  // namespace
}  // namespace keywarden
