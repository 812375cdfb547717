// What the command line asks of the gateway in the same binary. app/ answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
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

/// A file for secrets, readable by its owner alone. It is gone again with this, unless it was
/// filled.
class PrivateFile {
public:
    virtual ~PrivateFile() = default;
    /// Errors: StartupFailed.
    virtual Result<void> fill(std::string_view text) = 0;
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

    /// Errors: InvalidRequest when it cannot be read, or has more than `bytes_max`.
    virtual Result<std::string> read_file(const std::string& path, size_t bytes_max) = 0;

    /// Makes it. Errors: InvalidRequest when there is such a file, or it cannot be made.
    virtual Result<std::unique_ptr<PrivateFile>> make_private_file(const std::string& path) = 0;

    /// Waits, and says whether to go on. Ctrl-C ends the process by itself.
    virtual bool pause(std::chrono::seconds time) = 0;

    /// Looks at everything that a set-up needs. What is wrong is a finding, not an error.
    virtual std::vector<Finding> examine(const Arguments& arguments) = 0;
};

}  // namespace keywarden
