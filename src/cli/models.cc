#include <fmt/format.h>
#include <ostream>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace keywarden {
namespace {

Result<Json> ask(Session& session, const Arguments& arguments, const std::string& target) {
    TRY(const std::string body, session.call(arguments, Method::Get, target));
    return parse_object(body);
}

/// "openai/gpt-4o, groq/llama": in their order.
std::string targets_of(const Json& route) {
    std::string out;
    for (const Json& target : list_of(route, "targets")) {
        if (!target.is_string()) continue;
        out += (out.empty() ? "" : ", ") + printable(target.get<std::string>());
    }
    return out;
}

}  // namespace

Result<int> run_models(Session& session, const Arguments& arguments) {
    TRY(const Json answer, ask(session, arguments, "/v1/models"));
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

Result<int> run_models_show(Session& session, const Arguments& arguments) {
    const std::string& id = arguments.values.front();
    TRY(const Json model, ask(session, arguments, model_path("/v1/models", id)));
    if (arguments.has("json")) {
        session.terminal.out << dump(model);
        return kExitOk;
    }
    std::vector<std::vector<std::string>> rows = {
        {"FIELD", "VALUE"}, {"model", shown(model, "id")}, {"provider", shown(model, "owned_by")}};
    const auto add = [&](const Json& from, const char* name, const char* label) {
        if (from.contains(name)) rows.push_back({label, shown(from, name)});
    };
    add(model, "privacy", "privacy");
    add(model, "context_window", "context tokens");
    add(model, "max_output_tokens", "output tokens");
    if (const auto price = model.find("price"); price != model.end() && price->is_object()) {
        add(*price, "input", "input, $ per million tokens");
        add(*price, "cached_input", "cached input");
        add(*price, "output", "output");
    }
    if (const auto route = model.find("route"); route != model.end() && route->is_object()) {
        rows.push_back({"strategy", shown(*route, "strategy")});
        rows.push_back({"targets", targets_of(*route)});
    }
    session.terminal.out << table(rows, session.color());
    return kExitOk;
}

Result<int> run_routes(Session& session, const Arguments& arguments) {
    TRY(const Json answer, ask(session, arguments, "/v1/models"));
    Json routes = Json::array();
    std::vector<std::vector<std::string>> rows = {{"ROUTE", "STRATEGY", "TARGETS"}};
    for (const Json& model : list_of(answer, "data")) {
        const auto route = model.find("route");
        if (route == model.end() || !route->is_object()) continue;
        routes.push_back(model);
        rows.push_back({shown(model, "id"), shown(*route, "strategy"), targets_of(*route)});
    }
    if (arguments.has("json")) {
        session.terminal.out << dump({{"object", "list"}, {"data", std::move(routes)}});
    } else if (rows.size() == 1) {
        session.terminal.out << "There are no routes; docs/guide/fallbacks.md says "
                                "how to make one.\n";
    } else {
        session.terminal.out << table(rows, session.color());
    }
    return kExitOk;
}

}  // namespace keywarden
