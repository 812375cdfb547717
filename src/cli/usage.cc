// keywarden usage: what was used, day by day or by who and what, and what it cost.
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

constexpr size_t kBarWidth = 24;
constexpr std::array<std::string_view, 6> kFilters = {
    "from", "until", "key", "app", "model", "provider"};
constexpr std::array<std::string_view, 4> kSplits = {"key", "app", "model", "provider"};

/// "billing service (key_…)", "openai/gpt-4o"; what has no name any more is its id.
std::string name_of(const Json& line, std::string_view split) {
    const auto found = line.find(split);
    if (found == line.end() || found->is_null()) return split == "key" ? "the operator" : "none";
    if (!found->is_object()) return shown(line, split);
    return found->contains("name") ? shown(line, split) : shown(*found, "id");
}

/// What bars show: money, or calls where nothing cost anything.
int64_t weight_of(const Json& line, bool by_cost) {
    return by_cost ? usd_of(line, "cost_usd").value : count_of(line, "calls");
}

void add_row(Rows& rows, std::string name, const Json& sums, std::string chart) {
    rows.push_back({std::move(name),
                    shown_count(sums, "calls"),
                    shown_count(sums, "failed_calls"),
                    shown_count(sums, "input_tokens"),
                    shown_count(sums, "output_tokens"),
                    shown_usd(sums, "cost_usd"),
                    std::move(chart)});
}

/// The table with its chart, and the sum of it all.
void print_lines(Session& session, const Json& answer, std::string_view split) {
    const Json lines = list_of(answer, "data");
    const Json total = answer.contains("total") ? answer["total"] : Json::object();
    const bool by_cost = usd_of(total, "cost_usd").value > 0;
    int64_t most = 0;
    for (const Json& line : lines) most = std::max(most, weight_of(line, by_cost));
    std::string head(split.empty() ? "day" : split);
    std::ranges::transform(head, head.begin(), [](char c) { return static_cast<char>(c - 32); });
    Rows rows = {{head, "CALLS", "FAILED", "IN", "OUT", "COST", ""}};
    for (const Json& line : lines) {
        add_row(rows,
                split.empty() ? shown(line, "date") : name_of(line, split),
                line,
                bar(weight_of(line, by_cost), most, kBarWidth));
    }
    add_row(rows, "total", total, "");
    session.terminal.out << table(rows, session.color());
    if (const int64_t unpriced = count_of(total, "unpriced_calls"); unpriced > 0) {
        session.terminal.err << fmt::format("{} calls had no price: they are counted as $0.00.\n",
                                            grouped(unpriced));
    }
    if (shown(answer, "has_more") == "true") {
        session.terminal.err << "There are more: narrow the span, or see --json.\n";
    }
}

}  // namespace

Result<int> run_usage(Session& session, const Arguments& arguments) {
    const std::string_view split = arguments.get("by");
    if (arguments.has("by") && std::ranges::find(kSplits, split) == kSplits.end()) {
        return fail(ErrorCode::InvalidRequest, "--by: expected key, app, model, or provider");
    }
    const bool as_csv = arguments.has("csv");
    const std::string target =
        split.empty() ? "/v1/account/usage/daily" : fmt::format("/v1/account/usage/by-{}", split);
    std::string query = query_of(arguments, kFilters);
    if (as_csv) query += query.empty() ? "?format=csv" : "&format=csv";
    TRY(const std::string body, session.call(arguments, Method::Get, target + query));
    if (as_csv) {
        session.terminal.out << body;
        return kExitOk;
    }
    TRY(const Json answer, parse_object(body));
    if (arguments.has("json")) {
        session.terminal.out << dump(answer);
    } else {
        print_lines(session, answer, split);
    }
    return kExitOk;
}

}  // namespace keywarden
