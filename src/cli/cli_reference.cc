#include "cli/cli_reference.h"

#include <fmt/format.h>

#include "cli/command.h"

namespace keywarden {
namespace {

constexpr std::string_view kHead = R"(# Command line

<!-- Made from src/cli/commands.cc:
     KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/reference/reference_test -->

`keywarden COMMAND [ARGUMENTS] [OPTIONS]`

**Whom it talks to.** `KEYWARDEN_API_KEY` is the key, `KEYWARDEN_BASE_URL` the gateway's address
(`http://127.0.0.1:8080` when it is not set; an address that ends in `/v1` will do). On the
gateway's own host its operator needs neither: the socket in the data folder, found by `--data-dir`,
`KEYWARDEN_DATA_DIR`, or `./data`, is enough.

**What it prints.** Tables for people, JSON with `--json`. Keys are masked; a new secret is shown
once, alone on standard output, so that `KEY=$(keywarden keys create ci)` works. Errors go to
standard error as `CODE: message (request: id)`, followed by what to do; with `--json`, as an
object. Colour only on a terminal, and never with `NO_COLOR`.

**What it ends with.**

| exit code | meaning |
|--:|---|
| 0 | done |
| 1 | failed |
| 2 | bad input: the command line, a field, or the configuration |
| 3 | authentication: no key, or one that does not work |
| 130 | interrupted |

)";

}  // namespace

std::string cli_reference() {
    std::string out(kHead);
    for (const Command& command : all_commands()) {
        out += fmt::format("## `keywarden {}{}{}`\n\n{}\n",
                           command.name,
                           command.arguments.empty() ? "" : " ",
                           command.arguments,
                           command.sentence);
        if (!command.options.empty()) out += "\n| option | what it does |\n|---|---|\n";
        for (const Option& option : command.options) {
            out += fmt::format("| `--{}{}{}` | {} |\n",
                               option.name,
                               option.value.empty() ? "" : " ",
                               option.value,
                               option.sentence);
        }
        out += "\n";
    }
    out += "Every command takes `--json` and `--help`.\n";
    return out;
}

}  // namespace keywarden
