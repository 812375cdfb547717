// The prices in force, in memory: what calls are priced with, and how the operator changes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/audit.h"
#include "domain/price.h"
#include "domain/price_table.h"
#include "domain/spin_lock.h"
#include "store/usage_store.h"

namespace keywarden {

inline constexpr size_t kPricedModelBytesMax = 256;  // of an override's name

/// Threads: any, for every function.
class PriceDirectory {
public:
    /// The book alone. `estimate`: what a model without a price costs where a team says so.
    /// Requires: `store` and `book` outlive it.
    PriceDirectory(UsageStore& store,
                   const PriceBook& book,
                   std::span<const PricedProvider> providers,
                   const Price& estimate);
    PriceDirectory(const PriceDirectory&) = delete;
    PriceDirectory& operator=(const PriceDirectory&) = delete;

    /// Takes in what the operator set before. Before the first call.
    Result<void> load();

    /// The table of this instant. A call keeps it while it needs its price; changes make new ones.
    std::shared_ptr<const PriceTable> table() const;

    const Price& estimate() const { return estimate_; }

    /// Sets a price over the book, or takes it away (std::nullopt): written first, then in force
    /// when this returns. Returns the table that has it.
    /// Errors: InvalidRequest (check_price; a name that is empty, too long, or not printable ASCII
    /// without spaces), and those of UsageStore::put_price.
    Result<std::shared_ptr<const PriceTable>> put(const std::string& model,
                                                  const std::optional<Price>& price,
                                                  const AuditEntry& audit);

private:
    void publish(std::vector<ModelPrice> overrides, int64_t version);

    UsageStore& store_;
    std::shared_ptr<const PriceBookIndex> book_;
    Price estimate_;
    std::mutex changing_;
    mutable SpinLock lock_;  // of `table_`: held for a copy
    std::shared_ptr<const PriceTable> table_;
};

}  // namespace keywarden
