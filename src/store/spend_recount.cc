// A team's sums as the store has them, put into memory: after its time zone has changed.
#include <array>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "store/spend_directory_impl.h"

namespace keywarden {
namespace {

struct Stored {
    PeriodStarts starts{};
    std::array<NanoUsd, kPeriods> spent{};
};

}  // namespace

Result<void> SpendDirectory::Impl::recount(std::string_view team_id, UsageStore& store) {
    std::map<std::pair<SpendScope, std::string>, Stored> stored;
    TRY_VOID(store.for_each_spend([&](const SpendTotals& totals) {
        if (totals.team_id != team_id) return;
        stored[{totals.scope, std::string(totals.target)}] = {totals.starts, totals.spent};
    }));
    const std::lock_guard changing(changes_);
    SpendWallet& team = wallet(team_id);
    for (const auto& [name, sums] : stored) team.account(name.first, name.second);
    const auto accounts = team.accounts();
    std::vector<std::pair<WalletAccount*, const Stored*>> all;
    for (WalletAccount* account : accounts) {
        static const Stored kNothing;
        const auto found = stored.find({account->scope, account->target});
        all.emplace_back(account, found == stored.end() ? &kNothing : &found->second);
    }
    const TimePoint now = clock_.now();
    const std::lock_guard lock(team.lock);
    const PeriodStarts starts = team.calendar.starts(now);
    for (const auto& [account, sums] : all) {
        account->sums.recount(sums->starts, sums->spent, starts);
    }
    for (const auto& watch : team.watches) {
        watch->noted_in = {};
        if (watch->look(starts, now)) any_crossed_ = true;
    }
    return {};
}

Result<void> SpendDirectory::recount(std::string_view team_id, UsageStore& store) {
    return impl_->recount(team_id, store);
}

}  // namespace keywarden
