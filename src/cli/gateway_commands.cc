// The commands about the gateway in this binary itself: app/ does the work, here it is shown.
#include <fmt/format.h>
#include <ostream>

#include "base/version.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace keywarden {
namespace {

struct GradeRow {
    std::string_view name;
    std::string_view color;
};
constexpr GradeRow kGrades[] = {{"good", "\033[32m"}, {"warning", "\033[33m"}, {"bad", "\033[31m"}};

}  // namespace

Result<int> run_serve(Session& session, const Arguments& arguments) {
    return session.host.serve(arguments, session.terminal);
}

Result<int> run_init(Session& session, const Arguments& arguments) {
    TRY_VOID(session.host.init(arguments, session.terminal));
    return kExitOk;
}

Result<int> run_config_show(Session& session, const Arguments& arguments) {
    TRY(const auto settings, session.host.show_configuration(arguments));
    if (arguments.has("json")) {
        Json out = Json::array();
        for (const ShownSetting& each : settings) {
            out.push_back({{"name", each.name}, {"value", each.value}, {"origin", each.origin}});
        }
        session.terminal.out << dump(out);
        return kExitOk;
    }
    std::vector<std::vector<std::string>> rows = {{"SETTING", "VALUE", "FROM"}};
    for (const ShownSetting& each : settings) rows.push_back({each.name, each.value, each.origin});
    session.terminal.out << table(rows, session.color());
    return kExitOk;
}

Result<int> run_config_check(Session& session, const Arguments& arguments) {
    TRY_VOID(session.host.check_configuration(arguments));
    session.terminal.out << (arguments.has("json") ? "{\"ok\":true}\n"
                                                   : "The configuration is right.\n");
    return kExitOk;
}

Result<int> run_doctor(Session& session, const Arguments& arguments) {
    const std::vector<Finding> findings = session.host.examine(arguments);
    bool is_well = true;
    Json list = Json::array();
    std::string text;
    for (const Finding& each : findings) {
        const GradeRow& grade = kGrades[static_cast<size_t>(each.grade)];
        is_well = is_well && each.grade != Finding::Grade::Bad;
        list.push_back({{"grade", grade.name},
                        {"what", each.what},
                        {"found", each.found},
                        {"advice", each.advice}});
        text += fmt::format("{}{:<8}{} {:<14} {}\n",
                            session.color() ? grade.color : "",
                            grade.name,
                            session.color() ? "\033[0m" : "",
                            each.what,
                            printable(each.found));
        if (!each.advice.empty()) text += fmt::format("{:24}{}\n", "", printable(each.advice));
    }
    session.terminal.out << (arguments.has("json") ? dump({{"ok", is_well}, {"findings", list}})
                                                   : text);
    return is_well ? kExitOk : kExitFailed;
}

Result<int> run_version(Session& session, const Arguments& arguments) {
    session.terminal.out << (arguments.has("json")
                                 ? fmt::format("{{\"version\":\"{}\"}}\n", version())
                                 : fmt::format("keywarden {}\n", version()));
    return kExitOk;
}

}  // namespace keywarden
