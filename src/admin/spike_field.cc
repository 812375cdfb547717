#include "admin/spike_field.h"

#include <algorithm>
#include <string>
#include <vector>

#include "admin/choice_field.h"
#include "admin/money_field.h"
#include "base/money.h"

namespace keywarden {
namespace {

constexpr std::string_view kAction = "action";

Result<void> read_number(const SpikeNumber& row, const Json& value, SpikeTerms& terms) {
    std::optional<int64_t>& number = terms.*row.member;
    number.reset();
    if (value.is_null()) return {};
    const std::string field = "spikes." + std::string(row.field);
    if (row.is_money) {
        TRY(const NanoUsd amount, read_money(field, value));
        if (amount.value >= row.min && amount.value <= row.max) {
            number = amount.value;
            return {};
        }
        return fail_field(field, "must be from 0 to " + format_usd({row.max}) + " dollars");
    }
    // A number above int64's own range reads as unsigned, and fails the second comparison.
    if (value.is_number_integer() && value >= row.min && value <= row.max) {
        number = value.get<int64_t>();
        return {};
    }
    return fail_field(field,
                      "must be a whole number from " + std::to_string(row.min) + " to " +
                          std::to_string(row.max) + ", or null");
}

Result<void> read_member(std::string_view name, const Json& value, SpikeTerms& terms) {
    if (name == kAction) {
        terms.action.reset();
        if (value.is_null()) return {};
        SpikeAction action{};
        TRY_VOID(read_choice("spikes.action", value, spike_action_of, action));
        terms.action = action;
        return {};
    }
    std::vector<std::string_view> known = {kAction};
    for (const SpikeNumber& row : spike_numbers()) {
        if (row.field == name) return read_number(row, value, terms);
        known.push_back(row.field);
    }
    return fail_unknown_field(name, known);
}

}  // namespace

Result<void> read_spikes(const Json& value, SpikeTerms& terms) {
    if (value.is_null()) {
        terms = {};
        return {};
    }
    if (!value.is_object()) return fail_field("spikes", "must be an object, or null");
    for (const auto& [name, member] : value.items()) TRY_VOID(read_member(name, member, terms));
    return {};
}

Json spikes_record(const SpikeTerms& terms) {
    Json record = Json::object();
    for (const SpikeNumber& row : spike_numbers()) {
        const std::optional<int64_t>& number = terms.*row.member;
        if (number) record[row.field] = row.is_money ? money({*number}) : Json(*number);
    }
    if (terms.action) record[kAction] = name(*terms.action);
    return record;
}

}  // namespace keywarden
