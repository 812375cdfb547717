// keywarden budgets: so much money in so much time.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <string>
#include <vector>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/money_text.h"
#include "cli/output.h"
#include "cli/pages.h"

namespace keywarden {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr size_t kBarWidth = 10;
constexpr std::string_view kBudgets = "/v1/account/budgets";
constexpr std::string_view kPlanBudgets = "/v1/admin/budgets";

/// The team's, or, as the operator, those of plans.
std::string_view family_of(const Arguments& arguments) {
    const bool is_of_plans = arguments.has("plans") || arguments.get("scope") == "plan";
    return is_of_plans ? kPlanBudgets : kBudgets;
}

std::string path_of(const Arguments& arguments, std::string_view action = {}) {
    return fmt::format("{}/{}{}", family_of(arguments), escape(arguments.values.front()), action);
}

/// "50,75,100".
Result<Json> percents_of(std::string_view text) {
    Json list = Json::array();
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), one.size() + 1));
        TRY(const int64_t percent, whole_number("thresholds", one));
        list.push_back(percent);
    }
    return list;
}

/// Options that are fields of a body.
Result<Json> body_of(const Arguments& arguments) {
    Json body = Json::object();
    for (const char* name : {"name", "scope", "target", "period"}) {
        if (arguments.has(name)) body[name] = arguments.get(name);
    }
    if (arguments.has("amount")) body["amount_usd"] = arguments.get("amount");
    if (arguments.has("only-tell")) body["blocks"] = false;
    if (arguments.has("block")) body["blocks"] = true;
    if (arguments.has("thresholds")) {
        TRY(body["thresholds"], percents_of(arguments.get("thresholds")));
    }
    return body;
}

Result<Json> send(const Session& session,
                  const Arguments& arguments,
                  Method method,
                  std::string path,
                  const Json& body) {
    TRY(const std::string answer,
        session.call(arguments,
                     method,
                     std::move(path),
                     body.is_null() ? std::string()
                                    : body.dump(-1, ' ', false, Json::error_handler_t::replace)));
    return parse_object(answer);
}

/// "$3.20 of $50.00 a month", with a raise and what is left of it.
std::string told(const Json& budget) {
    const std::string period = shown(budget, "period");
    std::string text = fmt::format("{} \"{}\": {} {}",
                                   shown(budget, "id"),
                                   shown(budget, "name"),
                                   shown_usd(budget, "amount_usd"),
                                   period == "total" ? "in all" : "a " + period);
    if (const auto raise = budget.find("raise"); raise != budget.end() && raise->is_object()) {
        text += fmt::format(
            ", {} more until {}", shown_usd(*raise, "amount_usd"), shown(*raise, "until"));
    }
    if (const auto state = budget.find("state"); state != budget.end() && state->is_object()) {
        text += fmt::format("; {} of it is left", shown_usd(*state, "remaining_usd"));
    }
    return text + ".\n";
}

int print_budget(Session& session, const Arguments& arguments, const Json& budget) {
    session.terminal.out << (arguments.has("json") ? dump(budget) : printable(told(budget)));
    return kExitOk;
}

std::string target_of(const Json& budget) {
    const std::string name = shown(budget, "target_name");
    return name == "-" ? shown(budget, "target") : name;
}

std::vector<std::string> row_of(const Json& budget) {
    const Json state = budget.contains("state") ? budget["state"] : Json();
    const bool is_live = state.is_object();
    return {shown(budget, "id"),
            shown(budget, "name"),
            shown(budget, "scope"),
            target_of(budget),
            is_live ? shown_usd(state, "limit_usd") : shown_usd(budget, "amount_usd"),
            shown(budget, "period"),
            is_live ? shown_usd(state, "spent_usd") : "-",
            is_live ? shown_usd(state, "held_usd") : "-",
            is_live ? shown_usd(state, "remaining_usd") : "-",
            is_live ? shown(state, "percent") + "%" : "-",
            is_live ? bar(count_of(state, "percent"), 100, kBarWidth) : "",
            is_live ? shown(state, "resets_at") : "-",
            shown(budget, "blocks") == "false" ? "only tells" : ""};
}

}  // namespace

Result<int> run_budgets_list(Session& session, const Arguments& arguments) {
    TRY(const Json answer,
        send(session, arguments, Method::Get, std::string(family_of(arguments)), Json()));
    if (arguments.has("json")) {
        session.terminal.out << dump(answer);
        return kExitOk;
    }
    Rows rows = {{"ID",
                  "NAME",
                  "SCOPE",
                  "TARGET",
                  "LIMIT",
                  "PERIOD",
                  "SPENT",
                  "HELD",
                  "LEFT",
                  "USED",
                  "",
                  "RESETS",
                  ""}};
    const Json all = list_of(answer, "data");
    for (const Json& budget : all) rows.push_back(row_of(budget));
    session.terminal.out << (all.empty() ? "No budgets: keywarden budgets create NAME AMOUNT "
                                           "makes one.\n"
                                         : table(rows, session.color()));
    return kExitOk;
}

Result<int> run_budgets_create(Session& session, const Arguments& arguments) {
    TRY(Json body, body_of(arguments));
    body["name"] = arguments.values.at(0);
    body["amount_usd"] = arguments.values.at(1);
    TRY(const Json budget,
        send(session, arguments, Method::Post, std::string(family_of(arguments)), body));
    return print_budget(session, arguments, budget);
}

Result<int> run_budgets_update(Session& session, const Arguments& arguments) {
    TRY(const Json body, body_of(arguments));
    if (body.empty()) return fail(ErrorCode::InvalidRequest, "nothing to change was named");
    TRY(const Json budget, send(session, arguments, Method::Patch, path_of(arguments), body));
    return print_budget(session, arguments, budget);
}

Result<int> run_budgets_raise(Session& session, const Arguments& arguments) {
    Json body;
    Method method = Method::Delete;
    if (!arguments.has("end")) {
        if (arguments.values.size() < 2 || !arguments.has("until")) {
            return fail(ErrorCode::InvalidRequest, "an AMOUNT and --until are needed, or --end");
        }
        body = {{"amount_usd", arguments.values.at(1)}, {"until", arguments.get("until")}};
        method = Method::Post;
    }
    TRY(const Json budget, send(session, arguments, method, path_of(arguments, "/raise"), body));
    return print_budget(session, arguments, budget);
}

Result<int> run_budgets_delete(Session& session, const Arguments& arguments) {
    TRY_VOID(confirm(session,
                     arguments,
                     fmt::format("Delete the budget {}? What it bound is bound no more.",
                                 arguments.values.front())));
    TRY(const Json answer, send(session, arguments, Method::Delete, path_of(arguments), Json()));
    session.terminal.out << (arguments.has("json")
                                 ? dump(answer)
                                 : printable(shown(answer, "id") + " is deleted.\n"));
    return kExitOk;
}

}  // namespace keywarden
