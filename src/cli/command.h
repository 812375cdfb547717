// A command as a row: what it is called, what it takes, and what it does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace keywarden {

class Session;

struct Option {
    std::string_view name;   // "json" is --json on the command line
    std::string_view value;  // what follows it, for people: "DIR"; empty for a switch
    std::string_view sentence;
    char letter = 0;  // 'f' is -f as well
};

/// What was typed after the command's name, checked against its row.
struct Arguments {
    std::vector<std::string> values{};                           // in order
    std::vector<std::pair<std::string, std::string>> options{};  // a switch has an empty value

    bool has(std::string_view name) const;
    /// The last one's value; empty when it was not given.
    std::string_view get(std::string_view name) const;
};

/// What was given to `--option` as a whole number. Errors: InvalidRequest, which names the option.
Result<int64_t> whole_number(std::string_view option, std::string_view text);

/// What the process ends with.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitAuthentication = 3;
inline constexpr int kExitInterrupted = 130;

struct Command {
    std::string_view name;       // "keys create"
    std::string_view arguments;  // for people: "NAME"; "[PROMPT…]"
    size_t arguments_min;
    size_t arguments_max;
    std::span<const Option> options;  // beside --json and --help, which all take
    Result<int> (*run)(Session& session, const Arguments& arguments);
    std::string_view sentence;
};

/// The table: every command, in the order in which they are documented.
std::span<const Command> all_commands();

/// --json and --help.
std::span<const Option> common_options();

/// The command that `words` begin with ("keys create" before "keys"), and how many of them are its
/// name.
/// Errors: InvalidRequest, with the nearest command.
struct FoundCommand {
    const Command* command;
    size_t words;
};
Result<FoundCommand> find_command(std::span<const std::string> words);

/// Sorts what follows the name into values and options: `--name value`, `--name=value`, and `--`
/// before values that begin with a dash.
/// Errors: InvalidRequest, with the nearest option.
Result<Arguments> parse_arguments(const Command& command, std::span<const std::string> words);

/// "usage: keywarden keys create NAME [--kind KIND] …" and what each option is.
std::string usage_of(const Command& command);

/// The commands whose name begins with `group` ("keys", or nothing for all), a line each.
std::string usage(std::string_view group = {});

/// Whether it is the first word of commands that have two.
bool is_group(std::string_view word);

}  // namespace keywarden
