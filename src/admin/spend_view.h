// The budgets of a team as its keys meet them: which bind a key, and what is left of each.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "admin/context.h"
#include "admin/json_body.h"
#include "base/result.h"
#include "domain/budget.h"
#include "domain/call_bound.h"
#include "domain/key.h"
#include "domain/model_rules.h"
#include "store/spend_directory.h"

namespace keywarden {

/// Of one moment: make one for each request.
class SpendView {
public:
    /// With the budgets of the team's plan. Errors: those of the store.
    static Result<SpendView> of(AdminContext& context, std::string_view team_id);

    /// All that bind the key, also those of a model, which bind only its calls.
    Result<Json> budgets_of(const Key& key) const;

    /// Whether nothing is left of a budget that refuses every call of the key.
    bool is_exhausted(const Key& key) const;

    /// Puts `exhausted` into the record of an active key that is.
    void mark(const Key& key, Json& record) const;

    struct Entry {
        Budget budget{};
        BudgetState state{};
    };
    /// Those that bind calls of the key; with a `model` ("provider/model"), also those of it.
    std::vector<Entry> binding(const Key& key, std::string_view model = {}) const;

private:
    explicit SpendView(AdminContext& context) : context_(&context) {}

    AdminContext* context_;
    std::vector<Entry> entries_{};
};

/// Whether a budget is about this very key, and not about its team: of its own, of a key that made
/// it, of its app, or of one of its tags.
bool is_own_budget(const Budget& budget,
                   const Key& key,
                   std::span<const std::string_view> maker_ids);

/// A step of an explanation.
using ToldStep = std::function<void(
    std::string_view rule, std::string_view scope, std::string_view value, Result<void> result)>;

/// A call of `key` whose cost is asked about.
struct CostQuestion {
    const Key& key;
    const Caller& caller;
    std::string_view provider;
    std::string_view model;
    std::string_view upstream_model{};  // as its provider calls it
    CallAsked asked{};
};

/// Tells what the price, the balance, and each budget say of it, and returns what it would hold.
/// Takes nothing. Errors: those of the store.
Result<NanoUsd> explain_money(AdminContext& context,
                              const CostQuestion& question,
                              const ToldStep& tell);

}  // namespace keywarden
