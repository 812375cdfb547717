#include "cli/commands.h"

#include <algorithm>
#include <array>

#include "cli/key_options.h"

namespace keywarden {
namespace {

constexpr Option kConfig = {"config", "FILE", "The configuration; else $KEYWARDEN_CONFIG, if set."};
constexpr Option kSocketDir = {
    "data-dir", "DIR", "Talk to this host's gateway over the socket in DIR, as its operator."};
constexpr Option kYes = {"yes", "", "Do not ask."};

constexpr Option kServing[] = {
    kConfig,
    {"data-dir", "DIR", "Where the database and the keys of the gateway live (data_dir)."},
    {"listen", "HOST:PORT", "Where to listen (server.listen)."},
    {"threads", "N", "How many threads serve calls; 0: one a processor (server.threads)."},
    {"set", "NAME=VALUE", "Any other setting, such as log.level=debug. May be repeated."},
};
constexpr Option kAsking[] = {kSocketDir};
constexpr Option kListing[] = {
    kSocketDir,
    {"status",
     "STATUS",
     "Only active, pending, expired, disabled, quarantined, revoked, or exhausted ones."},
    {"rotation", "STATE", "Only keys whose rotation is ok, due, or overdue."},
    {"unused", "", "Only keys that nobody has used for a while (keys.unused_after)."},
    {"expires-soon", "", "Only keys that expire soon (keys.notice_ahead)."},
    {"search", "TEXT", "Only keys that have it in their name, their id, or how they are shown."},
};
template <size_t kOwn, size_t kMore>
constexpr std::array<Option, kOwn + kMore> with(const std::array<Option, kOwn>& own,
                                                const std::array<Option, kMore>& more) {
    std::array<Option, kOwn + kMore> all{};
    std::ranges::copy(own, all.begin());
    std::ranges::copy(more, all.begin() + kOwn);
    return all;
}

constexpr auto kCreating = with(
    std::array{
        kSocketDir,
        Option{"kind", "KIND", "full (the default), inference, or management."},
        Option{"user", "ID", "The member of the team whose key it shall be."},
        Option{"format", "FORMAT", "The key's format; else the instance's default."},
        Option{"test", "", "A key of the test environment (kw_test_…)."},
    },
    kKeyOptions);
constexpr auto kUpdating = with(
    std::array{
        kSocketDir,
        Option{"name", "NAME", "Another name."},
        Option{"clear",
               "FIELD",
               "Take away a field, a list, or a limit: expires_at, models, limits.burst."},
    },
    kKeyOptions);
constexpr Option kRotating[] = {
    kSocketDir,
    {"grace", "DURATION", "How long the old secret lives on after the new one's first use: 24h."},
    {"emergency", "", "End the old secret at once."},
    kYes,
};
constexpr Option kImporting[] = {
    kSocketDir,
    {"from", "SOURCE", "Whose columns they are: keywarden (the default), litellm, or one-api."},
    {"team", "ID", "Whose keys they become, as the operator; else those of the caller's team."},
    {"dry-run", "", "Only say what would become of them."},
};
constexpr Option kEnding[] = {kSocketDir, kYes};
constexpr Option kNewTeam[] = {kSocketDir,
                               {"plan", "ID", "The plan that it is on; else the default one."}};
constexpr Option kStarting[] = {
    kSocketDir,
    {"limit", "NAME=N", "A limit, such as requests_per_day=5000. May be repeated."},
    {"clear", "NAME", "A limit that the plan, or the instance, says again. May be repeated."},
};
constexpr Option kPricing[] = {
    kSocketDir,
    {"all", "", "All that was set and the whole price book, as the operator."},
};
constexpr Option kShared = {"shared", "", "Those that all teams share, as the operator."};
constexpr Option kCrediting[] = {
    kSocketDir,
    kShared,
    {"name", "NAME", "What to call it, of several for one provider; else default."},
    {"from-env", "VARIABLE", "Take the key from this variable; else from standard input."},
    {"reference",
     "PLACE",
     "Where the key is kept, as the operator: env:NAME, file:/PATH, vault:MOUNT/PATH#FIELD."},
    {"fernet", "", "What comes is a Fernet token that holds the key (vault.fernet_keys_file)."},
    {"keep", "", "Keep the key that is there: change only what else is named."},
    {"weight", "N", "Its share of the calls, where there are several: 1 to 1000."},
    {"cooldown", "SECONDS", "How long it rests after a 429, a 401, or a 403; else 60."},
    {"disable", "", "Take it out of service."},
    {"enable", "", "Take it into service again."},
};
constexpr Option kOfProviders[] = {kSocketDir, kShared};
constexpr Option kRemoving[] = {kSocketDir, kShared, kYes};
constexpr Option kChatting[] = {
    kSocketDir,
    {"model", "ID", "The model to ask; else sandbox."},
    {"system", "TEXT", "What to tell the model before the prompt."},
};

constexpr Option kExplaining[] = {
    kSocketDir,
    {"model", "ID", "The model that is asked for."},
    {"endpoint", "PATH", "Such as /v1/embeddings, or 'POST /v1/keys'; else chat, for a model."},
    {"ip", "ADDRESS", "Where the request comes from; else lists of addresses are not looked at."},
    {"tool", "NAME", "A tool that it sends. May be repeated."},
    {"tokens-in", "N", "Its input; else a quarter of --body-bytes."},
    {"tokens-out", "N", "The most output that it asks for."},
    {"body-bytes", "N", "How long its body is."},
};
constexpr Option kExplainingTools[] = {
    kSocketDir,
    {"endpoint", "PATH", "Where it would be sent, such as /v1/messages; else chat completions."},
    {"key", "ID", "The key that would send it; else the calling one."},
};
constexpr Option kFrom = {"from", "DAY", "Since when: a day of the team's time zone, or a moment."};
constexpr Option kUntil = {
    "until", "DAY", "Until when: a day, which counts, or a moment; else now."};
constexpr Option kOfKey = {"key", "ID", "Only calls of this key."};
constexpr Option kOfApp = {"app", "ID", "Only calls of this app."};
constexpr Option kOfModel = {"model", "ID", "Only calls of this model: provider/model, or its id."};
constexpr Option kCsv = {"csv", "", "Print CSV."};
constexpr Option kUsing[] = {
    kSocketDir,
    {"by", "WHAT", "A line each key, app, model, or provider, not each day."},
    kFrom,
    kUntil,
    kOfKey,
    kOfApp,
    kOfModel,
    {"provider", "NAME", "Only calls that this provider answered."},
    kCsv,
};
constexpr Option kOfSession = {"session", "ID", "Only calls of this session."};
constexpr Option kOfStatus = {"status", "STATUS", "Only those that failed, or were ok."};
constexpr Option kRequesting[] = {
    kSocketDir,
    kFrom,
    kUntil,
    kOfKey,
    kOfApp,
    kOfModel,
    kOfSession,
    kOfStatus,
    {"limit", "N", "How many at most; else 50, or of CSV 10,000."},
    kCsv,
};
constexpr Option kTailing[] = {
    kSocketDir,
    kOfKey,
    kOfApp,
    kOfModel,
    kOfSession,
    kOfStatus,
    {"limit", "N", "How many of those that are there already; else 10."},
};
constexpr Option kLedger[] = {
    kSocketDir,
    {"limit", "N", "How many at most; else 50."},
    kCsv,
};
constexpr Option kPaying[] = {
    kSocketDir,
    {"reason", "TEXT", "Why: an invoice's number. Refunds and corrections need one."},
    {"kind", "KIND", "topup (the default), grant, refund, or correction."},
};
constexpr Option kVerifying[] = {
    kSocketDir,
    {"instance", "", "The instance's log: plans, people, settings, prices, as the operator."},
};
constexpr Option kPlans = {"plans", "", "Those of plans, as the operator."};
constexpr Option kBudgeting[] = {kSocketDir, kPlans};
constexpr Option kThresholds = {
    "thresholds", "LIST", "At which percents to raise an event: 50,75,100."};
constexpr Option kOnlyTell = {"only-tell", "", "Refuse nothing when it is used up."};
constexpr Option kNewBudget[] = {
    kSocketDir,
    {"scope", "SCOPE", "team (the default), app, key, model, or tag; plan, as the operator."},
    {"target", "ID", "Which app, key, model, tag, or plan."},
    {"period", "PERIOD", "day, week, month (the default), or total."},
    kThresholds,
    kOnlyTell,
};
constexpr Option kBudgetChange[] = {
    kSocketDir,
    {"name", "NAME", "Another name."},
    {"amount", "DOLLARS", "Another amount."},
    kThresholds,
    kOnlyTell,
    {"block", "", "Refuse calls that do not fit."},
    kPlans,
};
constexpr Option kRaising[] = {
    kSocketDir,
    {"until", "DAY", "When it ends: a day, which counts, or a moment."},
    {"end", "", "End the raise that is there."},
};
constexpr Option kDeleting[] = {kSocketDir, kPlans, kYes};

constexpr Option kOperators = {"operator", "", "The operator's, who hears of all teams."};
constexpr Option kHooking[] = {kSocketDir, kOperators};
constexpr Option kNewHook[] = {
    kSocketDir,
    {"event", "KIND", "Only events of this kind. May be repeated."},
    kOperators,
};
constexpr Option kHookChange[] = {
    kSocketDir,
    {"url", "URL", "Another address."},
    {"event", "KIND", "Only events of this kind from now on. May be repeated."},
    {"all-events", "", "Events of all kinds."},
    {"pause", "", "Send nothing; what happens meanwhile waits."},
    {"resume", "", "Send what has waited, and go on."},
    kOperators,
};
constexpr Option kUnhooking[] = {kSocketDir, kOperators, kYes};

constexpr Option kApplying[] = {
    kSocketDir,
    {"file", "FILE", "What the gateway is to become; - reads standard input.", 'f'},
    {"dry-run", "", "Only show what would change."},
    {"prune", "", "End what a list in the file does not name: revoke keys, delete apps."},
    {"secrets-out", "FILE", "Where secrets of new keys go, mode 0600; - is standard output."},
    kYes,
};

constexpr size_t kWordsMax = 1'000;
constexpr size_t kPriceFieldsMax = 20;  // and a few more than there are

// clang-format off
constexpr Command kCommands[] = {
    // name, arguments, fewest, most, options, function; and what it does
    {"serve", "", 0, 0, kServing, run_serve,
     "Serve until SIGTERM; the first start makes what is missing."},
    {"init", "", 0, 0, kServing, run_init,
     "Make what a first start makes, print the first key, and end."},
    {"keys list", "", 0, 0, kListing, run_keys_list,
     "List the keys of the team."},
    {"keys create", "NAME", 1, 1, kCreating, run_keys_create,
     "Create a key; its secret is the only thing on standard output."},
    {"keys import", "FILE", 1, 1, kImporting, run_keys_import,
     "Take over keys made elsewhere, by SHA-256 hashes: JSON or CSV, - is standard input."},
    {"keys show", "ID", 1, 1, kAsking, run_keys_show,
     "Show one key."},
    {"keys update", "ID", 1, 1, kUpdating, run_keys_update,
     "Change a key; a list that is named replaces the one that is there."},
    {"keys rotate", "ID", 1, 1, kRotating, run_keys_rotate,
     "Give a key a new secret; the old one lives on for a while."},
    {"keys disable", "ID", 1, 1, kAsking, run_keys_disable,
     "Make a key refuse every call until it is enabled."},
    {"keys enable", "ID", 1, 1, kAsking, run_keys_enable,
     "Let a disabled key work again."},
    {"keys quarantine", "ID", 1, 1, kAsking, run_keys_quarantine,
     "Hold a key back until a person has looked at it."},
    {"keys release", "ID", 1, 1, kAsking, run_keys_release,
     "Let a quarantined key work again."},
    {"keys revoke", "ID", 1, 1, kEnding, run_keys_revoke,
     "End a key for good."},
    {"apply", "", 0, 0, kApplying, run_apply,
     "Make teams, plans, apps, and keys what a file says: show what changes, ask, and do it."},
    {"export", "", 0, 0, kAsking, run_export,
     "Write what the gateway is as a file that apply takes."},
    {"audit verify", "", 0, 0, kVerifying, run_audit_verify,
     "Recompute the chain of the team's audit log, and show its head."},
    {"usage", "", 0, 0, kUsing, run_usage,
     "Show what was used and what it cost, this month by day, or by key, app, model, provider."},
    {"requests list", "", 0, 0, kRequesting, run_requests_list,
     "List calls, the last ones first."},
    {"requests show", "ID", 1, 1, kAsking, run_requests_show,
     "Show one call, by the X-Request-Id of its answer."},
    {"requests tail", "", 0, 0, kTailing, run_requests_tail,
     "Show calls as they end, until Ctrl-C."},
    {"balance", "", 0, 0, kAsking, run_balance,
     "Show what the team has, what running calls hold, and what can be spent."},
    {"topup", "TEAM AMOUNT", 2, 2, kPaying, run_topup,
     "Add to a team's balance, as the operator."},
    {"ledger list", "", 0, 0, kLedger, run_ledger_list,
     "List what was paid in."},
    {"ledger verify", "", 0, 0, kAsking, run_ledger_verify,
     "Recompute every balance and every sum from the rows, as the operator."},
    {"budgets list", "", 0, 0, kBudgeting, run_budgets_list,
     "List budgets, with what is left of them."},
    {"budgets create", "NAME AMOUNT", 2, 2, kNewBudget, run_budgets_create,
     "Create a budget: of the team, or of a part of it."},
    {"budgets update", "ID", 1, 1, kBudgetChange, run_budgets_update,
     "Change a budget, from the next call on."},
    {"budgets raise", "ID [AMOUNT]", 1, 2, kRaising, run_budgets_raise,
     "Give a budget more for a while."},
    {"budgets delete", "ID", 1, 1, kDeleting, run_budgets_delete,
     "Delete a budget."},
    {"tools top", "", 0, 0, kAsking, run_tools_top,
     "Show how often the team's tools were offered, sent on, and called."},
    {"tools health", "", 0, 0, kAsking, run_tools_health,
     "Show which tools say too little, are alike, or were missed."},
    {"tools explain", "FILE", 1, 1, kExplainingTools, run_tools_explain,
     "Say why each tool of a request, as JSON, would be kept or left out; - is standard input."},
    {"webhooks list", "", 0, 0, kHooking, run_webhooks_list,
     "List where events are sent, and how that goes."},
    {"webhooks add", "URL", 1, 1, kNewHook, run_webhooks_add,
     "Send events there; the secret that they are signed with goes to standard output."},
    {"webhooks test", "ID", 1, 1, kHooking, run_webhooks_test,
     "Send a webhook an event of the kind webhook.test, now."},
    {"webhooks update", "ID", 1, 1, kHookChange, run_webhooks_update,
     "Change where a webhook's events go, and which; or pause it."},
    {"webhooks rotate", "ID", 1, 1, kHooking, run_webhooks_rotate,
     "Give a webhook a new secret; for a day both sign."},
    {"webhooks remove", "ID", 1, 1, kUnhooking, run_webhooks_remove,
     "Send no more events there."},
    {"whoami", "", 0, 0, kAsking, run_whoami,
     "Say which key this is, and what it may do."},
    {"explain", "[ID]", 0, 1, kExplaining, run_explain,
     "Say what would come of a request, rule by rule, of this key or of another of the team."},
    {"models", "", 0, 0, kAsking, run_models,
     "List the models that the key may use."},
    {"models list", "", 0, 0, kAsking, run_models,
     "The same."},
    {"models show", "MODEL", 1, 1, kAsking, run_models_show,
     "Show a model, or where a route goes."},
    {"models price", "MODEL", 1, 1, kAsking, run_prices,
     "Show all of what a model costs, as prices MODEL does."},
    {"routes", "", 0, 0, kAsking, run_routes,
     "List the routes that the key may use: model ids behind which several models stand."},
    {"prices", "[MODEL]", 0, 1, kPricing, run_prices,
     "Show what the models cost, or all of one price."},
    {"prices set", "MODEL FIELD=AMOUNT…", 2, kPriceFieldsMax, kAsking, run_prices_set,
     "Set a price, as the operator: input=2.50 output=10.00, in dollars a million tokens."},
    {"prices reset", "MODEL", 1, 1, kAsking, run_prices_reset,
     "Go back to the price book's price, as the operator."},
    {"providers add", "PROVIDER", 1, 1, kCrediting, run_providers_add,
     "Set a credential for a provider, or change the one of that name. The key is never an "
     "argument: it comes from standard input or a variable."},
    {"providers list", "", 0, 0, kOfProviders, run_providers_list,
     "List credentials for providers, by previews of them."},
    {"providers test", "ID", 1, 1, kOfProviders, run_providers_test,
     "Ask the provider whether it takes the credential: by its id, or the provider's name."},
    {"providers remove", "ID", 1, 1, kRemoving, run_providers_remove,
     "Remove a credential, by its id or the provider's name."},
    {"vault status", "", 0, 0, kAsking, run_vault_status,
     "Say how providers' credentials are sealed, and whether all can be read, as the operator."},
    {"vault rotate", "", 0, 0, kAsking, run_vault_rotate,
     "Change the master key and all data keys while calls go on, as the operator."},
    {"teams list", "", 0, 0, kAsking, run_teams_list,
     "List the teams, as the operator."},
    {"teams show", "[ID]", 0, 1, kAsking, run_teams_show,
     "Show the team, or another one, as the operator."},
    {"teams create", "NAME", 1, 1, kNewTeam, run_teams_create,
     "Create a team, as the operator."},
    {"teams rename", "ID NAME", 2, 2, kAsking, run_teams_rename,
     "Give a team another name, as the operator."},
    {"teams defaults", "[ID]", 0, 1, kStarting, run_teams_defaults,
     "Say what keys of the team start with that name no limit; of another team, as the operator."},
    {"teams close", "ID", 1, 1, kEnding, run_teams_close,
     "Close a team, as the operator: its keys stop; its ledger, audit log and usage are kept."},
    {"teams reopen", "ID", 1, 1, kAsking, run_teams_reopen,
     "Open a team again that was closed or stopped, as the operator."},
    {"users setup-link", "", 0, 0, kAsking, run_users_setup_link,
     "Print a new link that makes the first operator of the console, while there is none."},
    {"users reset-password", "EMAIL", 1, 1, kAsking, run_users_reset_password,
     "Print a link with which that user sets a new password, as the operator."},
    {"chat", "[PROMPT]", 0, kWordsMax, kChatting, run_chat,
     "Ask a model; without a prompt, or with -, standard input is read."},
    {"config show", "", 0, 0, kServing, run_config_show,
     "Show every setting, and where its value comes from."},
    {"config check", "", 0, 0, kServing, run_config_check,
     "Say whether `serve` would take the configuration."},
    {"doctor", "", 0, 0, kServing, run_doctor,
     "Look for what is wrong with this set-up and its providers, and say what to do."},
    {"completion", "bash|zsh|fish", 1, 1, {}, run_completion,
     "Print a script that completes commands in a shell."},
    {"version", "", 0, 0, {}, run_version,
     "Say which version this is."},
};
// clang-format on

}  // namespace

std::span<const Command> all_commands() { return kCommands; }

}  // namespace keywarden
