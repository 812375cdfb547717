#include <ostream>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace keywarden {

Result<int> run_models(Session& session, const Arguments& arguments) {
    TRY(const std::string body, session.call(arguments, Method::Get, "/v1/models"));
    TRY(const Json answer, parse_object(body));
    if (arguments.has("json")) {
        session.terminal.out << dump(answer);
        return kExitOk;
    }
    std::vector<std::vector<std::string>> rows = {{"MODEL", "PROVIDER"}};
    for (const Json& model : list_of(answer, "data")) {
        rows.push_back({shown(model, "id"), shown(model, "owned_by")});
    }
    session.terminal.out << table(rows, session.color());
    return kExitOk;
}

}  // namespace keywarden
