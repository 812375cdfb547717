#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/output.h"

namespace keywarden {

Result<int> run_models(Session& session, const Arguments& arguments) {
    using Json = nlohmann::json;
    TRY(const std::string body, session.call(arguments, Method::Get, "/v1/models"));
    if (arguments.has("json")) {
        session.terminal.out << body << '\n';
        return kExitOk;
    }
    const Json answer = Json::parse(body, nullptr, false);
    std::vector<std::vector<std::string>> rows = {{"MODEL", "PROVIDER"}};
    if (answer.is_object()) {
        for (const Json& model : answer.value("data", Json::array())) {
            rows.push_back({model.value("id", "-"), model.value("owned_by", "-")});
        }
    }
    session.terminal.out << table(rows, session.color());
    return kExitOk;
}

}  // namespace keywarden
