// What the benchmark's two ends share: sockets on loopback, a fine clock, and flags.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keywarden::bench {

/// A connected, blocking socket to 127.0.0.1:port. Exits with a message when nobody is there.
int connect_to(uint16_t port);

/// A listening, non-blocking socket on 127.0.0.1. `port` 0: one that is free.
int listen_on(uint16_t port);
uint16_t port_of(int listener);

/// Nanoseconds of CLOCK_MONOTONIC: the same for every process of the machine.
int64_t now_ns();

/// Prints the message and what errno says, and exits with 1.
[[noreturn]] void give_up(std::string_view what);

/// The value of `--name VALUE` among the arguments, or `fallback`.
std::string flag(int argc, char** argv, std::string_view name, std::string_view fallback);
int64_t number_flag(int argc, char** argv, std::string_view name, int64_t fallback);

}  // namespace keywarden::bench
