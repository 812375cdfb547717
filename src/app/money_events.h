// What the money of calls has to tell people, until it is written into the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "domain/call_record.h"
#include "domain/spike.h"
#include "store/spend_directory.h"
#include "store/usage_store.h"

namespace keywarden {

/// Threads: any.
class MoneyEvents {
public:
    static constexpr size_t kWaitingMax = 10'000;   // events; more are dropped, the oldest first
    static constexpr size_t kUnpricedMax = 10'000;  // models and teams told of; then all again

    /// "budget.threshold": so much of a budget is spent. What is told again, after a start or with
    /// another time zone, has the same id: the store has it once.
    void note(const ThresholdCrossed& crossed);

    /// "key.spike": the same, for a key, what of it, and an hour.
    void note(const KeySpike& spike);

    /// "usage.unpriced", once a day for a team and a model: tokens were used that cost nothing,
    /// since the model has no price. `rows` are in the store.
    void note(std::span<const CallRecord> rows);

    /// The next one drives out the oldest: time to write.
    bool is_full();
    /// Writes what waits, oldest first. Errors: the store's; the rest is written the next time.
    Result<void> write(UsageStore& store);

private:
    void add(UsageEvent event);

    std::mutex mutex_;
    std::vector<UsageEvent> waiting_;
    // Those of which it was told: team, provider, model, day.
    std::set<std::tuple<std::string, std::string, std::string, int64_t>, std::less<>> unpriced_;
};

}  // namespace keywarden
