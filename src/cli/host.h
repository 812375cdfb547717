// What the command line asks of the gateway in the same binary. app/ answers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/environment.h"

namespace keywarden {

/// A setting as `keywarden config show` shows it.
struct ShownSetting {
    std::string name;
    std::string value;
    std::string origin;  // "default", "keywarden.toml:3", "KEYWARDEN_LOG_LEVEL", "--listen"
};

/// One thing that `keywarden doctor` looked at.
struct Finding {
    enum class Grade : uint8_t { Good, Warning, Bad };
    Grade grade = Grade::Good;
    std::string what{};    // what was looked at: "database"
    std::string found{};   // what it is like: "12 keys, intact"
    std::string advice{};  // what to do; empty when it is good
};

/// Options are those of the command's row: "config", "data-dir", "listen", "threads", "set".
class Host {
public:
    virtual ~Host() = default;

    /// Serves until it is told to stop, and returns what the process ends with.
    virtual Result<int> serve(const Arguments& arguments, Terminal& terminal) = 0;

    /// Makes what a first start makes, prints the first key once, and returns.
    virtual Result<void> init(const Arguments& arguments, Terminal& terminal) = 0;

    /// Whether `serve` would take the configuration, with the credentials and files it names.
    /// Errors: InvalidConfig.
    virtual Result<void> check_configuration(const Arguments& arguments) = 0;

    /// Errors: InvalidConfig.
    virtual Result<std::vector<ShownSetting>> show_configuration(const Arguments& arguments) = 0;

    /// Looks at everything that a set-up needs. What is wrong is a finding, not an error.
    virtual std::vector<Finding> examine(const Arguments& arguments) = 0;
};

}  // namespace keywarden
