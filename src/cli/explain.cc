// keywarden explain: what the gateway would decide about a request, and why.
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <string>
#include <vector>

#include "cli/answer.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace keywarden {
namespace {

struct Member {
    std::string_view option;
    const char* name;
};

constexpr std::array kTexts = {
    Member{"model", "model"}, Member{"endpoint", "endpoint"}, Member{"ip", "ip"}};
constexpr std::array kNumbers = {Member{"tokens-in", "tokens_in"},
                                 Member{"tokens-out", "tokens_out"},
                                 Member{"body-bytes", "body_bytes"}};

Result<Json> question_of(const Arguments& arguments) {
    Json question = Json::object();
    if (!arguments.values.empty()) question["key"] = arguments.values.front();
    for (const Member& each : kTexts) {
        if (arguments.has(each.option)) question[each.name] = arguments.get(each.option);
    }
    for (const Member& each : kNumbers) {
        if (!arguments.has(each.option)) continue;
        TRY(question[each.name], whole_number(each.option, arguments.get(each.option)));
    }
    for (const auto& [option, value] : arguments.options) {
        if (option == "tool") question["tools"].push_back(value);
    }
    return question;
}

bool is_true(const Json& object, const char* name) {
    return object.is_object() && object.contains(name) && object[name] == true;
}

std::string verdict_of(const Json& step) {
    if (is_true(step, "removes")) return "REMOVES";
    return is_true(step, "allowed") ? "allows" : "DENIES";
}

std::string why_of(const Json& step) {
    if (shown(step, "entry") != "-") return fmt::format("its entry '{}'", shown(step, "entry"));
    return shown(step, "code") == "-" ? "" : shown(step, "code");
}

void print_steps(const Json& answer, bool color, std::ostream& out) {
    std::vector<std::vector<std::string>> rows = {{"RULE", "OF", "VALUE", "SAYS", "WHY"}};
    for (const Json& step : list_of(answer, "steps")) {
        rows.push_back({shown(step, "rule"),
                        shown(step, "scope"),
                        shown(step, "value"),
                        verdict_of(step),
                        why_of(step)});
    }
    out << table(rows, color);
}

void print_limits(const Json& answer, bool color, std::ostream& out) {
    const Json limits = list_of(answer, "limits");
    if (limits.empty()) return;
    std::vector<std::vector<std::string>> rows = {
        {"LIMIT", "COUNTED IN", "SET BY", "LIMIT", "USED", "LEFT", "TAKES", "SAYS"}};
    for (const Json& limit : limits) {
        rows.push_back({shown(limit, "name"),
                        shown(limit, "scope"),
                        shown(limit, "source"),
                        shown(limit, "limit"),
                        shown(limit, "used"),
                        shown(limit, "remaining"),
                        shown(limit, "wanted"),
                        verdict_of(limit)});
    }
    out << '\n' << table(rows, color);
}

/// ", without the tools a (key), b (team)"
std::string without_removed(const Json& answer) {
    std::string text;
    for (const Json& each : list_of(answer, "removed")) {
        text += fmt::format("{}{} ({})",
                            text.empty() ? ", without the tools " : ", ",
                            shown(each, "tool"),
                            shown(each, "denied_by"));
    }
    return printable(text);
}

void print_conclusion(const Json& answer, std::ostream& out) {
    const Json key = answer.contains("key") ? answer["key"] : Json();
    out << printable(fmt::format("{} \"{}\": ", shown(key, "id"), shown(key, "name")));
    if (is_true(answer, "allowed")) {
        out << "it would be let through" << without_removed(answer) << ".\n\n";
        return;
    }
    out << printable(fmt::format("it would be refused, {}", shown(answer, "code")));
    if (shown(answer, "denied_by") != "-") {
        out << printable(fmt::format(", by the {}", shown(answer, "denied_by")));
    }
    out << printable(fmt::format(".\n{}\n\n", shown(answer, "message")));
}

}  // namespace

Result<int> run_explain(Session& session, const Arguments& arguments) {
    TRY(const Json question, question_of(arguments));
    TRY(const std::string body,
        session.call(arguments, Method::Post, "/v1/explain", dump(question)));
    TRY(const Json answer, parse_object(body));
    std::ostream& out = session.terminal.out;
    if (arguments.has("json")) {
        out << dump(answer);
        return kExitOk;
    }
    print_conclusion(answer, out);
    print_steps(answer, session.color(), out);
    print_limits(answer, session.color(), out);
    if (!list_of(answer, "not_checked").empty()) {
        out << printable(fmt::format("\nNot looked at, since nothing was said of it: {}\n",
                                     shown(answer, "not_checked")));
    }
    return kExitOk;
}

}  // namespace keywarden
