// The binary's entry: takes the environment and the terminal in as values, and hands them on.
#include <csignal>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include "app/app_host.h"
#include "app/probe.h"
#include "cli/send.h"
#include "cli/session.h"

namespace keywarden {
namespace {

Environment read_environment() {
    Environment out;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view variable(*each);
        const size_t equals = variable.find('=');
        if (equals == variable.npos) continue;
        out.variables.emplace(variable.substr(0, equals), variable.substr(equals + 1));
    }
    return out;
}

int run(std::span<const std::string> words) {
    // A reader that has gone is an error of that write, not the end of the process.
    (void)std::signal(SIGPIPE, SIG_IGN);
    (void)std::signal(SIGINT, [](int) { _exit(kExitInterrupted); });  // serve waits for it instead
    const Environment environment = read_environment();
    Terminal terminal{.in = std::cin,
                      .out = std::cout,
                      .err = std::cerr,
                      .in_is_terminal = isatty(STDIN_FILENO) == 1,
                      .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                      .err_is_terminal = isatty(STDERR_FILENO) == 1};
    AppHost host(environment);
    const Send send = send_over_http;
    const IsSocket is_socket = somebody_listens;
    Session session{.environment = environment,
                    .terminal = terminal,
                    .host = host,
                    .send = send,
                    .is_socket = is_socket};
    return run_command_line(session, words);
}

}  // namespace
}  // namespace keywarden

int main(int argc, char** argv) {
    return keywarden::run(std::vector<std::string>(argv + 1, argv + argc));
}
