#include "admin/price_record.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "domain/price_fields.h"

namespace keywarden {
namespace {

Result<int64_t> read_amount(const PriceField& field, const Json& value) {
    if (!value.is_string()) {
        return fail_field(field.name, "must be dollars as text, such as \"2.50\"");
    }
    const Result<NanoUsd> amount = parse_usd(value.get_ref<const std::string&>());
    if (!amount) return fail_field(field.name, "must be dollars as text, such as \"2.50\"");
    return amount->value;
}

Result<int64_t> read_count(const PriceField& field, const Json& value) {
    if (!value.is_number_integer() || value < 0 || value > kTokensMax) {
        return fail_field(field.name,
                          "must be a number of tokens up to " + std::to_string(kTokensMax));
    }
    return value.get<int64_t>();
}

std::string shown(const PriceField& field, int64_t value) {
    return field.is_money() ? format_usd({value}) : std::to_string(value);
}

/// A tier is a bound and two prices; the rest may be left out.
Result<void> check_tier(const Json& object) {
    const auto says = [&object](std::string_view name) {
        return object.contains(name) && !object.at(std::string(name)).is_null();
    };
    const bool has_tier = std::ranges::any_of(price_fields(), [&](const PriceField& field) {
        return field.name.starts_with("long_") && says(field.name);
    });
    if (!has_tier) return {};
    for (const std::string_view part : {"long_context_above", "long_input", "long_output"}) {
        if (!says(part)) {
            return fail_field(part, "is required with the other prices of long calls");
        }
    }
    return {};
}

}  // namespace

Result<Price> read_price(const Json& object) {
    Price price;
    for (const auto& [name, value] : object.items()) {
        const auto known = price_fields();
        const auto field = std::ranges::find(known, std::string_view(name), &PriceField::name);
        if (field == known.end()) {
            std::vector<std::string_view> names;
            for (const PriceField& each : known) names.push_back(each.name);
            return fail_unknown_field(name, names);
        }
        if (value.is_null()) continue;
        TRY(const int64_t read,
            field->is_money() ? read_amount(*field, value) : read_count(*field, value));
        field->set(price, read);
    }
    for (const PriceField& field : price_fields()) {
        if (!field.is_required) continue;
        const auto there = object.find(std::string(field.name));
        if (there == object.end() || there->is_null()) return fail_field(field.name, "is required");
    }
    TRY_VOID(check_tier(object));
    TRY_VOID(check_price(price));
    return price;
}

void add_price(const Price& price, Json& record) {
    for (const PriceField& field : price_fields()) {
        const std::optional<int64_t> value = field.get(price);
        if (!value) continue;
        const std::string name(field.name);
        if (field.is_money()) {
            record[name] = format_usd({*value});
        } else {
            record[name] = *value;
        }
    }
}

std::string_view name(PriceOrigin origin) {
    return origin == PriceOrigin::Book ? "book" : "operator";
}

Json price_record(const PricedModel& priced) {
    Json record = {{"object", "price"}, {"model", priced.model}, {"origin", name(priced.origin)}};
    if (!priced.vendor.empty()) record["vendor"] = priced.vendor;
    add_price(priced.price, record);
    if (!priced.note.empty()) record["note"] = priced.note;
    return record;
}

AuditFacts audit_facts(const Price& price) {
    AuditFacts facts;
    for (const PriceField& field : price_fields()) {
        if (const std::optional<int64_t> value = field.get(price)) {
            facts.emplace_back(std::string(field.name), shown(field, *value));
        }
    }
    return facts;
}

}  // namespace keywarden
