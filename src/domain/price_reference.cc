#include "domain/price_reference.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <string_view>

#include "base/money.h"
#include "domain/price_book.h"
#include "domain/price_fields.h"

namespace keywarden {
namespace {

constexpr std::string_view kHead = R"(# Prices

<!-- Made from src/domain/price_book.yaml and price_fields.cc:
     KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/reference/reference_test -->

What vendors ask for their models, as this version of the gateway knows it. [What a call costs and
why](../guide/what-a-call-costs.md) says how a price is found, and how to set one of your own.

**Looked up on {date}.** These are list prices: a promotion that ends, an off-peak hour, a batch,
and a free tier are not in here. They were copied by hand, some from announcements and copies of the
pages named below, and may be wrong or out of date: compare them with your bill.

## Fields

Amounts are dollars with up to nine decimal places, written as text. A price of your own names
`input` and `output`; the rest may be left out.

| field | dollars per | what it is |
|---|---|---|
)";

constexpr std::array<std::string_view, 5> kColumns = {
    "input", "cached_input", "cache_write", "output", "output_tokens_max"};

std::string_view unit_of(const PriceField& field) {
    switch (field.unit) {
        case PriceUnit::PerMillion:
            return "million tokens";
        case PriceUnit::PerCall:
            return "call";
        case PriceUnit::PerImage:
            return "image";
        case PriceUnit::Tokens:
            break;
    }
    return "(a number of tokens)";
}

std::string value_of(const PriceField& field, const Price& price) {
    const std::optional<int64_t> value = field.get(price);
    if (!value) return {};
    return field.is_money() ? format_usd({*value}) : fmt::format("{}", *value);
}

const PriceField& field_called(std::string_view name) {
    return *std::ranges::find(price_fields(), name, &PriceField::name);
}

bool is_column(const PriceField& field) {
    return std::ranges::find(kColumns, field.name) != kColumns.end() ||
           field.name == "context_tokens_max";  // it bounds calls, and nobody pays for it
}

/// What has no column of its own: "long_context_above 272000, long_input 16.00".
std::string others_of(const PriceBookEntry& entry) {
    std::string out;
    for (const PriceField& field : price_fields()) {
        if (is_column(field)) continue;
        const std::string value = value_of(field, entry.price);
        if (value.empty()) continue;
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", field.name, value);
    }
    if (!entry.note.empty()) out += fmt::format("{}{}", out.empty() ? "" : ". ", entry.note);
    return out;
}

}  // namespace

std::string prices_reference() {
    const PriceBook& book = built_in_price_book();
    std::string out(kHead);
    out.replace(out.find("{date}"), 6, book.date);
    for (const PriceField& field : price_fields()) {
        out += fmt::format("| `{}` | {} | {} |\n", field.name, unit_of(field), field.sentence);
    }
    for (const PriceVendor& vendor : book.vendors) {
        out += fmt::format("\n## {}\n\nFrom {}.{}{}\n\n| model |",
                           vendor.label,
                           vendor.source,
                           vendor.note.empty() ? "" : " ",
                           vendor.note);
        for (const std::string_view column : kColumns) out += fmt::format(" {} |", column);
        out += " beside that |\n|---|---|---|---|---|---|---|\n";
        for (const PriceBookEntry& entry : book.entries) {
            if (entry.vendor != vendor.name) continue;
            out += fmt::format("| `{}` |", entry.model);
            for (const std::string_view column : kColumns) {
                out += fmt::format(" {} |", value_of(field_called(column), entry.price));
            }
            out += fmt::format(" {} |\n", others_of(entry));
        }
    }
    return out;
}

}  // namespace keywarden
