// keywarden balance, topup, ledger: what a team has, and what was paid in.
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

constexpr size_t kListed = 50;

}  // namespace

Result<int> run_balance(Session& session, const Arguments& arguments) {
    TRY(const std::string body, session.call(arguments, Method::Get, "/v1/account/balance"));
    TRY(const Json balance, parse_object(body));
    if (arguments.has("json")) {
        session.terminal.out << dump(balance);
        return kExitOk;
    }
    Rows rows = {{"balance", shown_usd(balance, "balance_usd")},
                 {"held by running calls", shown_usd(balance, "held_usd")}};
    if (shown(balance, "mode") == "postpaid") {
        rows.push_back({"credit limit", shown_usd(balance, "credit_limit_usd")});
    }
    const std::string spendable = shown_usd(balance, "spendable_usd");
    rows.push_back({"can be spent", spendable == "-" ? "without a bound" : spendable});
    rows.push_back({"mode", shown(balance, "mode")});
    session.terminal.out << table(rows, false);
    return kExitOk;
}

Result<int> run_topup(Session& session, const Arguments& arguments) {
    Json body = {{"team", arguments.values.at(0)},
                 {"kind", arguments.has("kind") ? arguments.get("kind") : "topup"},
                 {"amount_usd", arguments.values.at(1)}};
    if (arguments.has("reason")) body["reason"] = arguments.get("reason");
    TRY(const std::string answer,
        session.call(arguments,
                     Method::Post,
                     "/v1/admin/credits",
                     body.dump(-1, ' ', false, Json::error_handler_t::replace)));
    TRY(const Json credit, parse_object(answer));
    if (arguments.has("json")) {
        session.terminal.out << dump(credit);
    } else {
        session.terminal.out << printable(fmt::format("{}: {} of {} for {}.\n",
                                                      shown(credit, "id"),
                                                      shown(credit, "kind"),
                                                      shown_usd(credit, "amount_usd"),
                                                      shown(credit, "team")));
    }
    return kExitOk;
}

Result<int> run_ledger_list(Session& session, const Arguments& arguments) {
    if (arguments.has("csv")) {
        TRY(const std::string body,
            session.call(arguments, Method::Get, "/v1/account/ledger?format=csv"));
        session.terminal.out << body;
        return kExitOk;
    }
    TRY(const size_t limit, rows_asked(arguments, kListed));
    TRY(const Json all, read_pages(session, arguments, "/v1/account/ledger", limit));
    if (arguments.has("json")) {
        session.terminal.out << dump({{"object", "list"}, {"data", all}});
        return kExitOk;
    }
    Rows rows = {{"AT", "KIND", "AMOUNT", "REASON", "BY", "ID"}};
    for (const Json& credit : all) {
        rows.push_back({shown(credit, "created_at"),
                        shown(credit, "kind"),
                        shown_usd(credit, "amount_usd"),
                        shown(credit, "reason"),
                        shown(credit, "actor"),
                        shown(credit, "id")});
    }
    session.terminal.out << (all.empty() ? "Nothing was paid in yet.\n"
                                         : table(rows, session.color()));
    return kExitOk;
}

Result<int> run_ledger_verify(Session& session, const Arguments& arguments) {
    TRY(const std::string body, session.call(arguments, Method::Post, "/v1/admin/ledger/verify"));
    TRY(const Json found, parse_object(body));
    const Json differences = list_of(found, "differences");
    const bool agrees = shown(found, "agrees") == "true";
    if (arguments.has("json")) {
        session.terminal.out << dump(found);
    } else {
        session.terminal.out << fmt::format(
            "{} requests of {} teams: {}\n",
            shown_count(found, "requests"),
            shown_count(found, "teams"),
            agrees ? "every balance and every sum is what its rows come to."
                   : "what is kept differs from what the rows come to.");
        for (const Json& each : differences) {
            if (each.is_string()) session.terminal.out << printable(each.get<std::string>() + "\n");
        }
    }
    return agrees ? kExitOk : kExitFailed;
}

}  // namespace keywarden
