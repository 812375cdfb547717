#include <fmt/format.h>
#include <ostream>
#include <set>

#include "cli/commands.h"

namespace keywarden {
namespace {

/// What may follow `prefix` ("", or "keys "), each once.
std::vector<std::string> words_after(std::string_view prefix) {
    std::vector<std::string> out;
    for (const Command& command : all_commands()) {
        if (!command.name.starts_with(prefix)) continue;
        const std::string_view rest = command.name.substr(prefix.size());
        std::string word(rest.substr(0, rest.find(' ')));
        if (out.empty() || out.back() != word) out.push_back(std::move(word));
    }
    return out;
}

/// "keys", "config": the first words that have a second.
std::set<std::string> groups() {
    std::set<std::string> out;
    for (const Command& command : all_commands()) {
        if (const size_t space = command.name.find(' '); space != command.name.npos) {
            out.emplace(command.name.substr(0, space));
        }
    }
    return out;
}

std::vector<std::string> options_of(const Command& command) {
    std::vector<std::string> out;
    for (const auto options : {command.options, common_options()}) {
        for (const Option& option : options) out.push_back(fmt::format("--{}", option.name));
    }
    return out;
}

std::string bash_script() {
    std::string cases;
    for (const std::string& group : groups()) {
        cases += fmt::format(
            "    {}) words=\"{}\" ;;\n", group, fmt::join(words_after(group + " "), " "));
    }
    std::string options;
    for (const Command& command : all_commands()) {
        options += fmt::format(
            "    \"{}\"*) words=\"{}\" ;;\n", command.name, fmt::join(options_of(command), " "));
    }
    return fmt::format(R"(# in ~/.bashrc: source <(keywarden completion bash)
_keywarden() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" words=""
  local typed="${{COMP_WORDS[*]:1:COMP_CWORD-1}}"
  if [[ $current == -* ]]; then
    case "$typed" in
{}    esac
  else
    case "$typed" in
    "") words="{}" ;;
{}    completion) words="bash zsh fish" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _keywarden keywarden
)",
                       options,
                       fmt::join(words_after(""), " "),
                       cases);
}

std::string fish_script() {
    std::string out = "# keywarden completion fish > ~/.config/fish/completions/keywarden.fish\n";
    const auto add = [&](std::string_view condition, std::string_view what) {
        out += fmt::format("complete -c keywarden -f -n '{}' {}\n", condition, what);
    };
    add("__fish_use_subcommand", fmt::format("-a '{}'", fmt::join(words_after(""), " ")));
    for (const std::string& group : groups()) {
        const auto words = words_after(group + " ");
        add(fmt::format("__fish_seen_subcommand_from {0}; and not __fish_seen_subcommand_from {1}",
                        group,
                        fmt::join(words, " ")),
            fmt::format("-a '{}'", fmt::join(words, " ")));
    }
    for (const Command& command : all_commands()) {
        const size_t space = command.name.find(' ');
        std::string condition =
            fmt::format("__fish_seen_subcommand_from {}", command.name.substr(0, space));
        if (space != command.name.npos) {
            condition +=
                fmt::format("; and __fish_seen_subcommand_from {}", command.name.substr(space + 1));
        }
        for (const std::string& option : options_of(command)) {
            add(condition, fmt::format("-l {}", option.substr(2)));
        }
    }
    return out;
}

}  // namespace

Result<int> run_completion(Session& session, const Arguments& arguments) {
    const std::string& shell = arguments.values.front();
    std::ostream& out = session.terminal.out;
    if (shell == "bash") {
        out << bash_script();
    } else if (shell == "zsh") {
        out << "# in ~/.zshrc: source <(keywarden completion zsh); zsh runs what is made for bash\n"
            << "(( $+functions[compdef] )) || { autoload -U +X compinit && compinit; }\n"
            << "autoload -U +X bashcompinit && bashcompinit\n"
            << bash_script();
    } else if (shell == "fish") {
        out << fish_script();
    } else {
        return fail(ErrorCode::InvalidRequest,
                    fmt::format("expected bash, zsh, or fish, got '{}'", shell));
    }
    return kExitOk;
}

}  // namespace keywarden
