// keywarden prices: what models cost, and how the operator changes it.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/money_text.h"
#include "cli/output.h"
#include "domain/price_fields.h"

namespace keywarden {
namespace {

/// The columns of a list; all fields are in `prices MODEL` and in --json.
constexpr std::array<std::string_view, 4> kColumns = {
    "input", "cached_input", "output", "long_input"};

std::vector<std::string> row_of(const Json& price, std::string_view from) {
    std::vector<std::string> row = {shown(price, "model"), shown(price, from)};
    for (const std::string_view column : kColumns) row.push_back(shown(price, column));
    return row;
}

std::string list_text(const Json& prices, std::string_view from, bool color) {
    std::vector<std::vector<std::string>> rows = {{"MODEL",
                                                   from == "origin" ? "SET BY" : "PROVIDER",
                                                   "INPUT $/M",
                                                   "CACHED $/M",
                                                   "OUTPUT $/M",
                                                   "LONG INPUT $/M"}};
    for (const Json& price : prices) rows.push_back(row_of(price, from));
    return table(rows, color);
}

/// One price, a field a line.
std::string price_text(const Json& price, bool color) {
    std::vector<std::vector<std::string>> rows = {{"FIELD", "VALUE"}};
    for (const char* const name : {"model", "provider", "origin", "vendor"}) {
        if (price.contains(name)) rows.push_back({name, shown(price, name)});
    }
    for (const PriceField& field : price_fields()) {
        const std::string name(field.name);
        if (price.contains(name)) rows.push_back({name, shown(price, name)});
    }
    if (price.contains("note")) rows.push_back({"note", shown(price, "note")});
    return table(rows, color);
}

std::string target_of(std::string_view model) { return model_path("/v1/admin/prices", model); }

/// What the team's list says of a model: for callers who are not the operator.
Result<Json> find_listed(const Json& prices, const std::string& model) {
    for (const Json& price : prices) {
        if (shown(price, "model") == model) return price;
    }
    return fail(ErrorCode::ModelNotFound,
                "The model '" + model + "' is not listed: see `keywarden models`.");
}

Result<Json> ask(Session& session, const Arguments& arguments, const std::string& target) {
    TRY(const std::string body, session.call(arguments, Method::Get, target));
    return parse_object(body);
}

/// "input=2.50" as a member of a body: a number of tokens, or dollars as text.
Result<void> add_field(const std::string& text, Json& body) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        return fail(ErrorCode::InvalidRequest,
                    "'" + text + "': expected FIELD=AMOUNT, such as input=2.50");
    }
    const std::string name = text.substr(0, equals);
    const std::string value = text.substr(equals + 1);
    const auto fields = price_fields();
    const auto field = std::ranges::find(fields, std::string_view(name), &PriceField::name);
    if (field != fields.end() && !field->is_money()) {
        TRY(body[name], whole_number(name, value));
    } else {
        body[name] = value;  // what it is, the gateway says
    }
    return {};
}

}  // namespace

Result<int> run_prices(Session& session, const Arguments& arguments) {
    std::ostream& out = session.terminal.out;
    const bool wants_all = arguments.has("all");
    TRY(const GatewayAddress gateway, session.gateway(arguments));
    const bool is_operator = !gateway.unix_socket.empty();
    if (!arguments.values.empty() && is_operator) {
        TRY(const Json price, ask(session, arguments, target_of(arguments.values.front())));
        out << (arguments.has("json") ? dump(price) : price_text(price, session.color()));
        return kExitOk;
    }
    TRY(const Json answer,
        ask(session, arguments, wants_all ? "/v1/admin/prices" : "/v1/account/prices"));
    const Json prices = list_of(answer, "data");
    if (!arguments.values.empty()) {
        TRY(const Json price, find_listed(prices, arguments.values.front()));
        out << (arguments.has("json") ? dump(price) : price_text(price, session.color()));
    } else if (arguments.has("json")) {
        out << dump(answer);
    } else {
        out << list_text(prices, wants_all ? "origin" : "provider", session.color());
        const int64_t markup = count_of(answer, "markup_basis_points");
        if (markup > 0) {
            out << fmt::format("Your team pays {}.{:02} % on top.\n", markup / 100, markup % 100);
        }
    }
    return kExitOk;
}

Result<int> run_prices_set(Session& session, const Arguments& arguments) {
    const std::string& model = arguments.values.front();
    Json body = Json::object();
    for (size_t i = 1; i < arguments.values.size(); ++i) {
        TRY_VOID(add_field(arguments.values[i], body));
    }
    TRY(const std::string answer,
        session.call(arguments, Method::Put, target_of(model), body.dump()));
    TRY(const Json price, parse_object(answer));
    session.terminal.out << (arguments.has("json") ? dump(price)
                                                   : price_text(price, session.color()));
    return kExitOk;
}

Result<int> run_prices_reset(Session& session, const Arguments& arguments) {
    const std::string& model = arguments.values.front();
    TRY(const std::string body, session.call(arguments, Method::Delete, target_of(model)));
    TRY(const Json answer, parse_object(body));
    if (arguments.has("json")) {
        session.terminal.out << dump(answer);
    } else {
        session.terminal.out << "The price of " << printable(model) << " is set no more.\n";
    }
    return kExitOk;
}

}  // namespace keywarden
