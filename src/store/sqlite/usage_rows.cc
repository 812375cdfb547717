#include "store/sqlite/usage_rows.h"

#include <algorithm>
#include <deque>
#include <utility>

#include <nlohmann/json.hpp>

#include "domain/price_fields.h"
#include "store/sqlite/words.h"
#include "store/usage_rules.h"

namespace keywarden {
namespace {

using Json = nlohmann::json;

std::unexpected<Error> damaged(std::string_view what, std::string_view id) {
    return fail(ErrorCode::StoreUnavailable,
                "The database is damaged: restore a backup.",
                std::string(what) + " " + std::string(id) + " cannot be read");
}

template <class T>
bool read_enum(int64_t number, T& value) {
    if (number < 0 || number >= static_cast<int64_t>(T::kCount)) return false;
    value = static_cast<T>(number);
    return true;
}

}  // namespace

Result<CallRow> read_call(Database& database, const StoredCall& call) {
    CallRecord record = call.record;
    const CallNumbers& n = call.numbers;
    std::deque<std::string> words;  // they stay where they are
    const auto read = [&](std::string_view& text, int64_t number) -> Result<void> {
        TRY(words.emplace_back(), read_word(database, number));
        text = words.back();
        return {};
    };
    TRY_VOID(read(record.team_id, n.team));
    TRY_VOID(read(record.app_id, n.app));
    TRY_VOID(read(record.key_id, n.key));
    TRY_VOID(read(record.user_id, n.user));
    TRY_VOID(read(record.provider, n.provider));
    TRY_VOID(read(record.model, n.model));
    TRY_VOID(read(record.route, n.route));
    TRY_VOID(read(record.error, n.error));
    for (size_t i = 0; i < n.makers.size(); ++i) TRY_VOID(read(record.makers.at(i), n.makers[i]));
    for (size_t i = 0; i < n.tags.size(); ++i) TRY_VOID(read(record.tags.at(i), n.tags[i]));
    Query session(database, "SELECT id FROM call_sessions WHERE n = ?1", call.session);
    TRY(const bool is_there, session.next());
    if (!is_there) return damaged("the session of a call of", record.team_id);
    if (call.named_session) record.session_id = session.text(0);
    return own(record, std::string(session.text(0)));
}

Result<LedgerEntry> read_ledger_entry(const Query& row) {
    LedgerEntry entry{.id = std::string(row.text(0)),
                      .team_id = std::string(row.text(1)),
                      .amount = {row.integer(3)},
                      .reason = std::string(row.text(6)),
                      .actor = std::string(row.text(5)),
                      .at = row.moment(4)};
    if (!read_enum(row.integer(2), entry.kind)) return damaged("the ledger's", entry.id);
    return entry;
}

Result<Budget> read_budget(const Query& row) {
    Budget budget{.id = std::string(row.text(0)),
                  .team_id = std::string(row.text(1)),
                  .name = std::string(row.text(2)),
                  .target = std::string(row.text(4)),
                  .amount = {row.integer(5)},
                  .blocks = row.integer(7) != 0,
                  .thresholds = {},
                  .created_at = row.moment(11),
                  .version = row.integer(12)};
    const std::span<const uint8_t> thresholds = row.bytes(8);
    if (!read_enum(row.integer(3), budget.scope) || !read_enum(row.integer(6), budget.period) ||
        thresholds.size() > budget.thresholds.size()) {
        return damaged("budget", budget.id);
    }
    std::ranges::copy(thresholds, budget.thresholds.begin());
    if (const auto amount = row.maybe_integer(9)) {
        budget.raise = {.amount = {*amount}, .until = row.moment(10)};
    }
    return budget;
}

Result<UsageEvent> read_event(const Query& row) {
    return UsageEvent{.id = std::string(row.text(0)),
                      .team_id = std::string(row.text(1)),
                      .kind = std::string(row.text(2)),
                      .target = std::string(row.text(3)),
                      .at = row.moment(4),
                      .body = std::string(row.text(5))};
}

Result<CreditAccount> read_credit(const Query& row, int first) {
    CreditAccount account{
        .terms = {.credit_limit = {row.integer(first + 3)},
                  .markup_basis_points = static_cast<int32_t>(row.integer(first + 5)),
                  .clamps_output = row.integer(first + 6) != 0,
                  .time_zone = std::string(row.text(first + 7)),
                  .version = row.integer(first + 8)},
        .credited = {row.integer(first)},
        .spent = {row.integer(first + 1)}};
    if (!read_enum(row.integer(first + 2), account.terms.mode) ||
        !read_enum(row.integer(first + 4), account.terms.unpriced)) {
        return damaged("the terms", "of a team");
    }
    return account;
}

std::string price_text(const Price& price) {
    Json json = Json::object();
    for (const PriceField& field : price_fields()) {
        if (const auto value = field.get(price)) json[std::string(field.name)] = *value;
    }
    return json.dump();
}

Result<Price> read_price(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return damaged("the price", text);
    Price price;
    for (const auto& [name, value] : json.items()) {
        const auto field = std::ranges::find(price_fields(), name, &PriceField::name);
        if (field == price_fields().end() || !value.is_number_integer()) {
            return damaged("the price", text);
        }
        field->set(price, value.get<int64_t>());
    }
    return price;
}

}  // namespace keywarden
