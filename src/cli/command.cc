#include "cli/command.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/nearest_name.h"

namespace keywarden {
namespace {

constexpr Option kCommonOptions[] = {
    {"json", "", "Answer with JSON instead of a table."},
    {"help", "", "Say what the command takes, and do nothing."},
};

std::unexpected<Error> misused(std::string message) {
    return fail(ErrorCode::InvalidRequest, std::move(message));
}

std::string did_you_mean(std::string_view wanted,
                         const std::vector<std::string_view>& names,
                         std::string_view prefix = {}) {
    const std::string_view nearest = nearest_name(wanted, names);
    return nearest.empty() ? std::string() : fmt::format("; did you mean '{}{}'?", prefix, nearest);
}

/// The option of one letter; null for any other word.
const Option* find_letter(const Command& command, std::string_view word) {
    if (word.size() != 2 || word[0] != '-') return nullptr;
    const auto found = std::ranges::find(command.options, word[1], &Option::letter);
    return found == command.options.end() ? nullptr : &*found;
}

const Option* find_option(const Command& command, std::string_view name) {
    for (const auto options : {command.options, common_options()}) {
        const auto found = std::ranges::find(options, name, &Option::name);
        if (found != options.end()) return &*found;
    }
    return nullptr;
}

std::string option_head(const Option& option) {
    const std::string letter = option.letter == 0 ? "" : fmt::format("-{}, ", option.letter);
    return option.value.empty() ? fmt::format("{}--{}", letter, option.name)
                                : fmt::format("{}--{} {}", letter, option.name, option.value);
}

}  // namespace

bool Arguments::has(std::string_view name) const {
    return std::ranges::find(options, name, [](const auto& each) -> std::string_view {
               return each.first;
           }) != options.end();
}

std::string_view Arguments::get(std::string_view name) const {
    std::string_view out;
    for (const auto& [option, value] : options) {
        if (option == name) out = value;
    }
    return out;
}

Result<int64_t> whole_number(std::string_view option, std::string_view text) {
    int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed == std::errc() && end == text.data() + text.size()) return number;
    return fail(ErrorCode::InvalidRequest,
                fmt::format("--{}: expected a whole number, got '{}'", option, text));
}

std::span<const Option> common_options() { return kCommonOptions; }

Result<FoundCommand> find_command(std::span<const std::string> words) {
    std::string typed;
    FoundCommand best{nullptr, 0};
    std::vector<std::string_view> names;
    for (const Command& command : all_commands()) names.push_back(command.name);
    for (size_t i = 0; i < words.size() && i < 2 && !words[i].starts_with('-'); ++i) {
        typed += (i == 0 ? "" : " ") + words[i];
        const auto found = std::ranges::find(all_commands(), typed, &Command::name);
        if (found != all_commands().end()) best = {&*found, i + 1};
    }
    if (best.command != nullptr) return best;
    if (typed.empty()) return misused("no command was given");
    if (is_group(words.front()) && words.size() < 2) {
        std::vector<std::string_view> inner;
        for (const std::string_view name : names) {
            if (name.starts_with(typed + " ")) inner.push_back(name.substr(typed.size() + 1));
        }
        return misused(fmt::format("'{}' takes one of: {}", typed, fmt::join(inner, ", ")));
    }
    if (!is_group(words.front())) typed = words.front();
    return misused(fmt::format("there is no command '{}'{}", typed, did_you_mean(typed, names)));
}

Result<Arguments> parse_arguments(const Command& command, std::span<const std::string> words) {
    Arguments out;
    bool options_ended = false;
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (options_ended || word == "-" || !word.starts_with('-')) {
            out.values.push_back(word);
            continue;
        }
        if (word == "--") {
            options_ended = true;
            continue;
        }
        const size_t equals = word.find('=');
        const std::string typed = word == "-h" ? "help" : word.substr(2, equals - 2);
        const Option* option =
            word == "-h" || word.starts_with("--") ? find_option(command, typed) : nullptr;
        if (option == nullptr) option = find_letter(command, word);
        if (option == nullptr) {
            std::vector<std::string_view> names;
            for (const Option& each : command.options) names.push_back(each.name);
            for (const Option& each : common_options()) names.push_back(each.name);
            return misused(fmt::format("'keywarden {}' takes no '{}'{}",
                                       command.name,
                                       word.substr(0, equals),
                                       did_you_mean(typed, names, "--")));
        }
        if (option->value.empty() && equals != word.npos) {
            return misused(fmt::format("--{} takes no value", option->name));
        }
        std::string value;
        if (!option->value.empty()) {
            if (equals == word.npos && i + 1 == words.size()) {
                return misused(fmt::format("--{} needs a value: {}", option->name, option->value));
            }
            value = equals == word.npos ? words[++i] : word.substr(equals + 1);
        }
        out.options.emplace_back(option->name, std::move(value));
    }
    if (out.has("help")) return out;
    if (out.values.size() < command.arguments_min || out.values.size() > command.arguments_max) {
        return misused(fmt::format("usage: keywarden {}{}{}",
                                   command.name,
                                   command.arguments.empty() ? "" : " ",
                                   command.arguments));
    }
    return out;
}

std::string usage_of(const Command& command) {
    std::string out = fmt::format("usage: keywarden {}{}{} [OPTIONS]\n\n{}\n\noptions:\n",
                                  command.name,
                                  command.arguments.empty() ? "" : " ",
                                  command.arguments,
                                  command.sentence);
    for (const auto options : {command.options, common_options()}) {
        for (const Option& option : options) {
            out += fmt::format("  {:<24} {}\n", option_head(option), option.sentence);
        }
    }
    return out;
}

bool is_group(std::string_view word) {
    return std::ranges::any_of(all_commands(), [&](const Command& command) {
        return command.name.size() > word.size() && command.name.starts_with(word) &&
               command.name[word.size()] == ' ';
    });
}

std::string usage(std::string_view group) {
    std::string out = fmt::format("usage: keywarden {} [ARGUMENTS] [OPTIONS]\n\n",
                                  group.empty() ? "COMMAND" : fmt::format("{} COMMAND", group));
    for (const Command& command : all_commands()) {
        if (!command.name.starts_with(group)) continue;
        out += fmt::format(
            "  {:<26} {}\n",
            fmt::format(
                "{}{}{}", command.name, command.arguments.empty() ? "" : " ", command.arguments),
            command.sentence);
    }
    out +=
        "\nkeywarden COMMAND --help says more. A key comes from KEYWARDEN_API_KEY, the gateway's\n"
        "address from KEYWARDEN_BASE_URL; on the gateway's own host neither is needed.\n";
    return out;
}

}  // namespace keywarden
