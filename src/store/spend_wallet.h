// A team's money in memory: its accounts, under one lock. Private to spend_directory.cc.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/units.h"
#include "domain/budget.h"
#include "domain/calendar.h"
#include "domain/call_record.h"
#include "domain/spend_account.h"
#include "domain/spin_lock.h"
#include "store/spend_directory.h"

namespace keywarden {

// Wallets, accounts, and keys are never freed and stay where they are: calls point at them.
// "Locked" means: to be touched under the wallet's lock only, where nobody waits or allocates.

/// A budget where it holds, and which of its thresholds were told of.
struct BudgetWatch {
    Budget budget{};  // locked; changed by a swap
    WalletAccount* account = nullptr;

    /// Locked. Notes which thresholds are behind. Returns whether there is anything to take.
    bool look(const PeriodStarts& starts, TimePoint at);

    struct Crossing {
        int percent = 0;
        NanoUsd amount{};
        NanoUsd spent{};
        TimePoint at{};
        TimePoint period_start{};
    };
    std::array<Crossing, kThresholdsMax> crossings{};  // locked: not taken yet
    size_t crossings_count = 0;                        // locked
    TimePoint noted_in{};                              // locked: the period of `noted`
    int noted = 0;                                     // locked: the highest that was told of
};

struct WalletAccount {
    const SpendScope scope;
    const std::string target;             // as of Budget
    SpendAccount sums{};                  // locked
    std::vector<BudgetWatch*> watches{};  // locked; changed by a swap
};

/// A key, and where it was met last: what its next call finds without looking for it.
struct SpendKey {
    const std::string id;
    SpendWallet* const wallet;
    WalletAccount* const account;  // null: of nobody's key, the operator

    // Locked:
    WalletAccount* app = nullptr;
    std::array<WalletAccount*, kCallMakersMax> makers{};
    std::array<WalletAccount*, kCallTagsMax> tags{};
    size_t tags_count = 0;
    std::array<WalletAccount*, 4> models{};  // asked for last
    size_t models_next = 0;
};

struct SpendWallet {
    SpendWallet(std::string_view team_id, std::atomic<bool>& any_crossed)
        : id(team_id), any_crossed_(any_crossed) {}

    const std::string id;  // of the team
    SpinLock lock;

    // Locked:
    PeriodCalendar calendar;
    WalletAccount team{.scope = SpendScope::Team, .target = {}};
    NanoUsd credited{};
    CreditMode mode = CreditMode::Unlimited;
    NanoUsd credit_limit{};
    CallTerms terms{};

    /// Who calls without a key.
    SpendKey nobody{.id = {}, .wallet = this, .account = nullptr};

    /// Counts a cost, and notes what thresholds it crosses. Locked.
    void spend(std::span<WalletAccount* const> spenders, NanoUsd cost, TimePoint ended_at);

    /// Finds an account, or makes it. May wait and allocate: not under the lock.
    WalletAccount& account(SpendScope scope, std::string_view target);

    // Under the directory's lock of changes:
    BillingTerms billing{};
    std::string plan_id{};
    std::vector<std::unique_ptr<BudgetWatch>> watches{};

    /// All that there are. Not under the lock.
    std::vector<WalletAccount*> accounts();

private:
    struct Name {
        SpendScope scope;
        std::string_view target;
        friend bool operator==(const Name&, const Name&) = default;
    };
    struct NameHash {
        size_t operator()(const Name& name) const {
            return std::hash<std::string_view>()(name.target) * 8 + static_cast<size_t>(name.scope);
        }
    };

    std::atomic<bool>& any_crossed_;
    std::shared_mutex accounts_lock_;
    std::unordered_map<Name, std::unique_ptr<WalletAccount>, NameHash> accounts_;
};

/// What a team may spend in all, and what of it is left. Locked.
NanoUsd credit_of(const SpendWallet& wallet);
NanoUsd credit_left(SpendWallet& wallet);

/// Keys by where the key directory counts for them: found without a lock.
class SpendKeySlots {
public:
    SpendKeySlots() = default;
    ~SpendKeySlots();
    SpendKeySlots(const SpendKeySlots&) = delete;
    SpendKeySlots& operator=(const SpendKeySlots&) = delete;

    SpendKey* find(uint32_t slot) const;
    void put(uint32_t slot, SpendKey& key);

private:
    using Slot = std::atomic<SpendKey*>;
    static constexpr size_t kChunk = size_t{1} << 13U;
    static constexpr size_t kSlotsMax = size_t{1} << 23U;  // keys beyond it are looked for by name
    std::array<std::atomic<Slot*>, kSlotsMax / kChunk> chunks_{};
};

}  // namespace keywarden
