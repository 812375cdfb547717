// A gateway in a process of its own, which dies at a named moment, or when it is told to.
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "app/gateway.h"
#include "app/providers.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/test_death.h"

namespace keywarden::test {

class DoomedGateway {
public:
    /// Requires: this process has one thread. The gateway's only provider comes with `open`.
    DoomedGateway(const Configuration& configuration, const Death& death) {
        std::array<int, 2> to_child{};
        std::array<int, 2> from_child{};
        if (::pipe(to_child.data()) != 0 || ::pipe(from_child.data()) != 0) std::abort();
        child_ = ::fork();
        if (child_ == 0) {
            ::close(to_child[1]);
            ::close(from_child[0]);
            live(configuration, death, to_child[0], from_child[1]);
        }
        ::close(to_child[0]);
        ::close(from_child[1]);
        tell_ = to_child[1];
        hear_ = from_child[0];
    }
    DoomedGateway(const DoomedGateway&) = delete;
    DoomedGateway& operator=(const DoomedGateway&) = delete;
    ~DoomedGateway() {
        kill();
        ::close(tell_);
        ::close(hear_);
    }

    /// Starts it. Returns its port, or 0 where it died before it had one.
    uint16_t open(uint16_t provider_port) {
        uint16_t port = 0;
        if (::write(tell_, &provider_port, sizeof provider_port) != sizeof provider_port) return 0;
        if (::read(hear_, &port, sizeof port) != sizeof port) return 0;
        met_fate_ = port == kDying;
        return port;
    }

    /// From any thread.
    void kill_soon() const { ::kill(child_, SIGKILL); }

    /// Ends it, if it has not ended. Returns whether it had met its fate.
    bool kill() {
        if (child_ < 0) return false;
        kill_soon();
        int status = 0;
        EXPECT_EQ(::waitpid(std::exchange(child_, -1), &status, 0) > 0, true);
        EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
        uint16_t word = 1;
        return met_fate_ || (::read(hear_, &word, sizeof word) == sizeof word && word == kDying);
    }

    /// Whether it has, by now; it may well be dead before this is asked.
    bool has_met_its_fate() {
        pollfd ready{.fd = hear_, .events = POLLIN, .revents = 0};
        uint16_t word = 1;
        if (met_fate_ || ::poll(&ready, 1, 0) <= 0) return met_fate_;
        met_fate_ = ::read(hear_, &word, sizeof word) == sizeof word && word == kDying;
        return true;  // or it has ended
    }

private:
    static constexpr uint16_t kDying = 0;  // no port

    [[noreturn]] static void live(Configuration configuration,
                                  const Death& death,
                                  int hear,
                                  int tell) {
        configure_log(LogLevel::Off, LogFormat::Json, false);
        uint16_t provider_port = 0;
        if (::read(hear, &provider_port, sizeof provider_port) != sizeof provider_port) ::_exit(1);
        configuration.providers = {
            {.name = "imposter",
             .base_url = "http://127.0.0.1:" + std::to_string(provider_port) + "/v1",
             .models = {{.id = "imposter-1", .upstream = ""}}}};
        Fate::meet(death, [tell] { say(tell, kDying); });
        auto instance = open_instance(configuration, system_clock());
        if (!instance) give_up(instance.error());
        auto providers = open_providers(configuration, {});
        if (!providers) give_up(providers.error());
        auto gateway = Gateway::start(configuration, **instance, *std::move(providers));
        if (!gateway) give_up(gateway.error());
        say(tell, parse_listen((*gateway)->address())->port);
        for (;;) ::pause();
    }

    static void say(int tell, uint16_t word) {
        if (::write(tell, &word, sizeof word) != sizeof word) ::_exit(3);
    }

    [[noreturn]] static void give_up(const Error& error) {
        std::fprintf(stderr, "%s (%s)\n", error.message.c_str(), error.detail.c_str());
        ::_exit(2);
    }

    pid_t child_ = -1;
    int tell_ = -1;
    int hear_ = -1;
    bool met_fate_ = false;
};

}  // namespace keywarden::test
