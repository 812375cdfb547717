// keywarden vault: the keys that seal providers' credentials.
#include <fmt/format.h>
#include <ostream>
#include <string>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/money_text.h"
#include "cli/output.h"

namespace keywarden {
namespace {

constexpr int kStepsMax = 1'000'000;

std::string told(const Json& vault) {
    return fmt::format(
        "master key {}{}: {} of {} credentials sealed with it, {} cannot be read; "
        "{} are kept elsewhere\n",
        shown(vault, "master_key"),
        shown(vault, "rotating") == "true" ? ", being taken on" : "",
        shown(vault, "current"),
        shown(vault, "sealed"),
        shown(vault, "unreadable"),
        shown(vault, "references"));
}

}  // namespace

Result<int> run_vault_status(Session& session, const Arguments& arguments) {
    TRY(const std::string body, session.call(arguments, Method::Get, "/v1/admin/vault"));
    TRY(const Json vault, parse_object(body));
    session.terminal.out << (arguments.has("json") ? dump(vault) : printable(told(vault)));
    return shown(vault, "unreadable") == "0" ? kExitOk : kExitFailed;
}

Result<int> run_vault_rotate(Session& session, const Arguments& arguments) {
    int64_t before = -1;
    for (int step = 0; step < kStepsMax; ++step) {
        TRY(const std::string body,
            session.call(arguments, Method::Post, "/v1/admin/vault/rotate", "{}"));
        TRY(const Json vault, parse_object(body));
        const bool is_done = shown(vault, "done") == "true";
        const int64_t current = count_of(vault, "current");
        if (!arguments.has("json")) session.terminal.out << printable(told(vault)) << std::flush;
        if (is_done && arguments.has("json")) session.terminal.out << dump(vault);
        if (is_done) return kExitOk;
        if (current == before) break;
        before = current;
    }
    return fail(ErrorCode::CredentialUnreadable,
                "the rotation cannot end: some credentials cannot be read. Set them anew or remove "
                "them (keywarden providers list), then run this again. Both keys are kept.");
}

}  // namespace keywarden
