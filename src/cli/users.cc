// keywarden users: links for people who cannot sign in to the console.
#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <ostream>
#include <string>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/pages.h"

namespace keywarden {
namespace {

constexpr size_t kUsersMax = 1'000'000;

std::string folded(std::string text) {
    std::ranges::transform(
        text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// Makes a link and prints it, alone on its line, so that it can be taken over.
Result<int> print_link(Session& session, const Arguments& arguments, const std::string& path) {
    TRY(const std::string body, session.call(arguments, Method::Post, path, "{}"));
    TRY(const Json answer, parse_object(body));
    session.terminal.out << (arguments.has("json") ? dump(answer)
                                                   : printable(shown(answer, "link") + "\n"));
    if (answer.value("mailed", false)) session.terminal.err << "It was mailed to them, too.\n";
    const std::string problem = shown(answer, "mail_error");
    if (!problem.empty()) session.terminal.err << printable("It was not mailed: " + problem + "\n");
    return kExitOk;
}

}  // namespace

Result<int> run_users_reset_password(Session& session, const Arguments& arguments) {
    TRY(const Json users, read_pages(session, arguments, "/v1/admin/users", kUsersMax));
    const std::string wanted = folded(arguments.values.front());
    for (const Json& user : users) {
        if (folded(shown(user, "email")) != wanted && shown(user, "id") != wanted) continue;
        return print_link(session,
                          arguments,
                          fmt::format("/v1/admin/users/{}/reset-link", escape(shown(user, "id"))));
    }
    return fail(ErrorCode::NotFound,
                fmt::format("there is no user with the email '{}'", arguments.values.front()));
}

Result<int> run_users_setup_link(Session& session, const Arguments& arguments) {
    return print_link(session, arguments, "/v1/admin/setup-link");
}

}  // namespace keywarden
