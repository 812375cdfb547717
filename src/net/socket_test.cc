#include "net/socket.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "net/test_certificate.h"

namespace keywarden {
namespace {

TEST(Socket, ReadsLiteralAddressesOnly) {
    for (const std::string literal : {"127.0.0.1", "::1", "fe80::1", "255.255.255.255"}) {
        const auto address = parse_address(literal, 8080);
        ASSERT_TRUE(address) << literal;
        EXPECT_EQ(address->host(), literal);
        EXPECT_EQ(address->port(), 8080);
    }
    EXPECT_EQ(parse_address("[::1]", 1)->host(), "::1");
    EXPECT_EQ(parse_address("::ffff:10.0.0.1", 1)->host(), "10.0.0.1");
    for (const std::string other : {"", "localhost", "1.2.3", "1.2.3.256", "::g", "127.0.0.1:80"}) {
        EXPECT_FALSE(parse_address(other, 1)) << other;
    }
    SocketAddress moved = *parse_address("::1", 1);
    moved.set_port(2);
    EXPECT_EQ(moved.port(), 2);
}

TEST(Socket, ManyThreadsMayListenOnOnePortButNotAnotherProgram) {
    const auto first = listen_tcp("127.0.0.1", 0);
    ASSERT_TRUE(first);
    const uint16_t port = local_port(first->get());
    EXPECT_NE(port, 0);
    EXPECT_TRUE(listen_tcp("127.0.0.1", port));
    EXPECT_TRUE(listen_tcp("localhost", port));
    EXPECT_FALSE(listen_tcp("not-an-address", port));
    const auto foreign = listen_tcp("192.0.2.1", 0);  // an address nobody has
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().code, ErrorCode::StartupFailed);
    EXPECT_NE(foreign.error().message.find("192.0.2.1:0"), std::string::npos);

    const OwnedFd selfish(socket(AF_INET, SOCK_STREAM, 0));
    const SocketAddress any = *parse_address("127.0.0.1", 0);
    ASSERT_EQ(bind(selfish.get(), reinterpret_cast<const sockaddr*>(&any.storage), any.size), 0);
    ASSERT_EQ(listen(selfish.get(), 1), 0);
    const auto taken = listen_tcp("127.0.0.1", local_port(selfish.get()));
    ASSERT_FALSE(taken);
    EXPECT_NE(taken.error().message.find("Another process"), std::string::npos);
}

TEST(Socket, NeverReplacesAFileThatIsNoSocket) {
    const test::TemporaryFolder folder;
    std::ofstream(folder.file("precious")) << "data";
    EXPECT_FALSE(listen_unix(folder.file("precious")));
    EXPECT_TRUE(std::filesystem::is_regular_file(folder.file("precious")));
    EXPECT_FALSE(listen_unix(""));
    EXPECT_FALSE(listen_unix(std::string(108, 'x')));
    EXPECT_FALSE(listen_unix(folder.file("no/such/folder")));
    EXPECT_EQ(unix_address("/tmp/x")->host(), "unix");
    EXPECT_EQ(unix_address("/tmp/x")->port(), 0);
}

TEST(Socket, ADescriptorHasOneOwner) {
    OwnedFd first(socket(AF_INET, SOCK_STREAM, 0));
    const int number = first.get();
    OwnedFd second(std::move(first));
    EXPECT_EQ(second.get(), number);
    EXPECT_TRUE(second);
    OwnedFd third;
    EXPECT_FALSE(third);
    third = std::move(second);
    EXPECT_EQ(third.release(), number);
    EXPECT_EQ(third.get(), -1);
    const OwnedFd last(number);
}

}  // namespace
}  // namespace keywarden
