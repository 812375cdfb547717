// The money of a gateway that serves: prices, what is spent and held, and the journal.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "app/applier.h"
#include "app/configuration.h"
#include "app/instance.h"
#include "app/money_events.h"
#include "base/result.h"
#include "providers/provider.h"
#include "store/journal.h"
#include "store/price_directory.h"
#include "store/spend_directory.h"

namespace keywarden {

inline constexpr std::string_view kJournalFolderName = "journal";

class Money {
public:
    /// Reads what the store and the journal say, before the first call: whatever moment a process
    /// before was ended at, every call that it let through counts once, and no hold stays open.
    /// Says in the log what was found. `instance` must outlive it.
    /// Errors: StartupFailed (the journal's folder; a segment of a newer version),
    /// StoreUnavailable.
    static Result<std::unique_ptr<Money>> open(const Settings& settings,
                                               Instance& instance,
                                               std::span<const Provider> providers,
                                               size_t threads);
    /// Requires: whoever holds a writer of the journal has gone. Applies what is left.
    ~Money();
    Money(const Money&) = delete;
    Money& operator=(const Money&) = delete;

    SpendDirectory& spend() { return spend_; }
    PriceDirectory& prices() { return prices_; }
    Journal& journal() { return *journal_; }

    /// Writes what there is to tell: thresholds that were crossed, tokens that have no price.
    /// Called about once a second. Errors: the store's; what was not written comes again the next
    /// time.
    Result<void> write_events();

private:
    Money(const Settings& settings, UsageStore& store, std::span<const PricedProvider> providers);
    Result<void> open_journal(const Settings& settings, const std::string& dir, size_t threads);

    UsageStore& store_;
    SpendDirectory spend_;
    PriceDirectory prices_;
    MoneyEvents events_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<Applier> applier_;
};

}  // namespace keywarden
