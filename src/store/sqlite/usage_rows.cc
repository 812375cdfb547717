#include "store/sqlite/usage_rows.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "domain/price_fields.h"
#include "store/sqlite/call_numbers.h"
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

/// The words of these numbers.
Result<std::vector<std::string>> read_words(Database& database, std::string_view text) {
    std::vector<int64_t> numbers;
    TRY_VOID(read_numbers(text, numbers));
    std::vector<std::string> words;
    for (const int64_t number : numbers) {
        TRY(std::string word, read_word(database, number));
        words.push_back(std::move(word));
    }
    return words;
}

template <size_t N>
bool fill(std::array<std::string_view, N>& views, const std::vector<std::string>& words) {
    if (words.size() > N) return false;
    std::ranges::copy(words, views.begin());
    return true;
}

}  // namespace

Result<CallRow> read_call(Database& database, const Query& row) {
    CallRecord record{.admitted_at = row.moment(13),
                      .ended_at = row.moment(14),
                      .team_id = row.text(1),
                      .app_id = row.text(2),
                      .key_id = row.text(3),
                      .user_id = row.text(4),
                      .provider = row.text(5),
                      .model = row.text(6),
                      .route = row.text(7),
                      .error = row.text(8),
                      .status = static_cast<int32_t>(row.integer(15)),
                      .attempts = static_cast<int32_t>(row.integer(16)),
                      .streamed = row.integer(17) != 0,
                      .client_left = row.integer(18) != 0,
                      .priced = row.integer(19) != 0,
                      .usage = {.input = row.maybe_integer(22),
                                .output = row.maybe_integer(23),
                                .total = row.maybe_integer(24),
                                .cached_input = row.maybe_integer(25),
                                .cache_write = row.maybe_integer(26),
                                .audio_input = row.maybe_integer(27),
                                .reasoning = row.maybe_integer(28),
                                .audio_output = row.maybe_integer(29),
                                .images = row.maybe_integer(30)},
                      .price_version = row.integer(31),
                      .held = {row.integer(32)},
                      .cost = {row.integer(33)},
                      .duration = std::chrono::microseconds(row.integer(34)),
                      .first_byte = std::chrono::microseconds(row.integer(35)),
                      .overhead = std::chrono::microseconds(row.integer(36))};
    if (row.integer(10) != 0) record.session_id = row.text(9);
    TRY(const std::vector<std::string> makers, read_words(database, row.text(11)));
    TRY(const std::vector<std::string> tags, read_words(database, row.text(12)));
    const std::span<const uint8_t> id = row.bytes(0);
    if (id.size() != record.id.size() || !fill(record.makers, makers) || !fill(record.tags, tags) ||
        !read_enum(row.integer(20), record.outcome) || !read_enum(row.integer(21), record.basis)) {
        return damaged("a call of", record.team_id);
    }
    std::ranges::copy(id, record.id.begin());
    return own(record, std::string(row.text(9)));
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
