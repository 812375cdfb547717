#include "app/money.h"

#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "domain/price_book.h"

namespace keywarden {
namespace {

std::vector<PricedProvider> priced(std::span<const Provider> providers) {
    std::vector<PricedProvider> out;
    for (const Provider& provider : providers) out.push_back({provider.name, provider.base.host});
    return out;
}

void say_recovery(const JournalRecovery& recovery) {
    if (recovery.rows > 0 || recovery.holds_closed > 0) {
        log(LogLevel::Info,
            "ledger.recovered",
            {{"rows", recovery.rows},
             {"holds_closed", recovery.holds_closed},
             {"duration_us", int64_t{recovery.duration / std::chrono::microseconds(1)}}});
    }
}

SpikeRule spike_rule(const Settings& settings) {
    return {.factor = settings.spikes_factor,
            .factor_elsewhere = settings.spikes_factor_elsewhere,
            .spend_floor = settings.spikes_spend_floor,
            .token_floor = settings.spikes_token_floor,
            .refusals = settings.spikes_refusals,
            .action = spike_action_of(settings.spikes_action).value_or(SpikeAction::Event)};
}

}  // namespace

Money::Money(const Settings& settings,
             Instance& instance,
             std::span<const PricedProvider> providers,
             ToolTrials& trials)
    : keys_(*instance.directory),
      store_(instance.store->usage()),
      trials_(trials),
      spend_(system_clock()),
      prices_(store_,
              built_in_price_book(),
              providers,
              Price{.input = settings.estimate_input_price.value,
                    .output = settings.estimate_output_price.value}),
      spikes_({.spending = &spend_,
               .keys = &keys_,
               .refused = &refused_,
               .events = &events_,
               .rule = spike_rule(settings)}) {}

Money::~Money() { keys_.tell(nullptr); }

Result<std::unique_ptr<Money>> Money::open(const Settings& settings,
                                           Instance& instance,
                                           std::span<const Provider> providers,
                                           size_t threads,
                                           ToolTrials& trials) {
    std::unique_ptr<Money> money(new Money(settings, instance, priced(providers), trials));
    TRY_VOID(money->spend_.load(money->store_));
    TRY_VOID(trials.load(money->store_));
    money->keys_.tell(&money->spend_);
    TRY_VOID(money->prices_.load());
    TRY_VOID(money->open_journal(settings, instance.dir.file(kJournalName), threads));
    return money;
}

Result<void> Money::open_journal(const Settings& settings, const std::string& dir, size_t threads) {
    TRY(const std::vector<JournalPosition> applied, store_.journal_positions());
    TRY_VOID(store_.for_each_repeatable(
        [this](const RepeatableCall& call) { repeatable_.push_back(call); }));
    const bool survives_power = settings.ledger_durability == "power";
    TRY(journal_,
        Journal::open(
            {.dir = dir,
             .writers = threads,
             .bytes_max = static_cast<size_t>(settings.ledger_journal_bytes_max),
             .durability = survives_power ? Durability::Power : Durability::Process},
            applied,
            [this](const CallRecord& record) { count(record); },
            system_clock().now()));
    say_recovery(journal_->recovery());
    applier_ = std::make_unique<Applier>(
        ApplierParts{.journal = journal_.get(),
                     .store = &store_,
                     .calls_kept = settings.ledger_calls_kept,
                     .on_applied = [this](std::span<const CallRecord> rows) {
                         events_.note(rows);
                         trials_.note(rows);
                     }});
    applier_->start();
    return {};
}

void Money::count(const CallRecord& record) {
    spend_.count(record);
    if (!stands_for_repeats(record)) return;
    repeatable_.push_back({record.repeat_key, record.id, record.ended_at});
}

Result<void> Money::write_events() {
    Result<void> written;
    for (const ThresholdCrossed& crossed : spend_.take_crossed()) {
        // A start tells again of all that are behind: none of them may drive out a new one.
        if (events_.is_full()) written = events_.write(store_);
        events_.note(crossed);
    }
    const Result<void> looked = spikes_.look();
    written = events_.write(store_);
    TRY_VOID(written);
    return looked;
}

}  // namespace keywarden
