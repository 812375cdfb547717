// The fields of a price as a table: for whatever reads, writes, checks, or explains one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "domain/price.h"

namespace keywarden {

enum class PriceUnit : uint8_t {
    PerMillion,  // nano-dollars a million tokens
    PerCall,     // nano-dollars
    PerImage,    // nano-dollars
    Tokens,      // a count
};

struct PriceField {
    std::string_view name;
    PriceUnit unit;
    std::variant<int64_t Price::*, std::optional<int64_t> Price::*> member;
    bool is_required;  // of what an operator sets
    std::string_view sentence;

    bool is_money() const { return unit != PriceUnit::Tokens; }
    /// Nothing where the price does not say.
    std::optional<int64_t> get(const Price& price) const;
    void set(Price& price, std::optional<int64_t> value) const;
};

/// Every field, in the order in which they are shown.
std::span<const PriceField> price_fields();

}  // namespace keywarden
