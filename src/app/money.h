// The money of a gateway that serves: prices, what is spent and held, and the journal.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "app/applier.h"
#include "app/configuration.h"
#include "app/instance.h"
#include "app/money_events.h"
#include "app/refused_calls.h"
#include "app/spike_watch.h"
#include "base/result.h"
#include "providers/provider.h"
#include "store/journal.h"
#include "store/price_directory.h"
#include "store/spend_directory.h"
#include "store/tool_trials.h"

namespace keywarden {

class Money {
public:
    /// Reads what the store and the journal say, before the first call: whatever moment a process
    /// before was ended at, every call that it let through counts once, and no hold stays open.
    /// Says in the log what was found. `trials` is told of every row that the store has. `instance`
    /// and `trials` must outlive it.
    /// Errors: StartupFailed (the journal's folder; a segment of a newer version),
    /// StoreUnavailable.
    static Result<std::unique_ptr<Money>> open(const Settings& settings,
                                               Instance& instance,
                                               std::span<const Provider> providers,
                                               size_t threads,
                                               ToolTrials& trials);
    /// Requires: whoever holds a writer of the journal has gone. Applies what is left.
    ~Money();
    Money(const Money&) = delete;
    Money& operator=(const Money&) = delete;

    SpendDirectory& spend() { return spend_; }
    PriceDirectory& prices() { return prices_; }
    Journal& journal() { return *journal_; }
    RefusedCalls& refused() { return refused_; }
    /// What was made for an Idempotency-Key before this start, oldest first. Once.
    std::vector<RepeatableCall> take_repeatable() { return std::move(repeatable_); }

    /// Looks for spikes, and writes what there is to tell: of them, of thresholds that were
    /// crossed, of tokens that have no price. Called about once a second, by one thread. Errors:
    /// the store's; what was not written comes again the next time.
    Result<void> write_events();

private:
    Money(const Settings& settings,
          Instance& instance,
          std::span<const PricedProvider> providers,
          ToolTrials& trials);
    /// A row that only the journal has.
    void count(const CallRecord& record);
    Result<void> open_journal(const Settings& settings, const std::string& dir, size_t threads);

    KeyDirectory& keys_;
    UsageStore& store_;
    ToolTrials& trials_;
    SpendDirectory spend_;
    PriceDirectory prices_;
    std::vector<RepeatableCall> repeatable_;
    MoneyEvents events_;
    RefusedCalls refused_;
    SpikeWatch spikes_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<Applier> applier_;
};

}  // namespace keywarden
