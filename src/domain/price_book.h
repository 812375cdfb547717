// The price book: what vendors ask for their models, as it is built into the binary.
// The data is price_book.yaml; tools/embed_price_book.py makes the table when building.
#pragma once

#include <span>
#include <string_view>

#include "domain/price.h"

namespace keywarden {

struct PriceVendor {
    std::string_view name;    // "openai": as a provider of it is called, if nothing else is said
    std::string_view label;   // "OpenAI"
    std::string_view names;   // other such names, with spaces between them
    std::string_view hosts;   // of its API, as globs with spaces between them
    std::string_view source;  // where its prices were read
    std::string_view note;    // what holds for all of them; empty: nothing
};

struct PriceBookEntry {
    std::string_view vendor;
    std::string_view model;  // as the vendor calls it; "*": whatever else it has
    Price price;
    std::string_view note;
};

struct PriceBook {
    std::string_view date;  // when the prices were looked up: "2026-11-20"
    std::span<const PriceVendor> vendors;
    std::span<const PriceBookEntry> entries;  // sorted by vendor and model
};

const PriceBook& built_in_price_book();

}  // namespace keywarden
