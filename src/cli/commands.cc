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
    {"status", "STATUS", "Only active, pending, expired, disabled, quarantined, or revoked ones."},
    {"rotation", "STATE", "Only keys whose rotation is ok, due, or overdue."},
    {"unused", "", "Only keys that nobody has used for a while (keys.unused_after)."},
    {"expires-soon", "", "Only keys that expire soon (keys.notice_ahead)."},
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
constexpr Option kPricing[] = {
    kSocketDir,
    {"all", "", "All that was set and the whole price book, as the operator."},
};
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
    {"audit verify", "", 0, 0, kAsking, run_audit_verify,
     "Recompute the chain of the team's audit log, and show its head."},
    {"whoami", "", 0, 0, kAsking, run_whoami,
     "Say which key this is, and what it may do."},
    {"explain", "[ID]", 0, 1, kExplaining, run_explain,
     "Say what would come of a request, rule by rule, of this key or of another of the team."},
    {"models", "", 0, 0, kAsking, run_models,
     "List the models that the key may use."},
    {"prices", "[MODEL]", 0, 1, kPricing, run_prices,
     "Show what the models cost, or all of one price."},
    {"prices set", "MODEL FIELD=AMOUNT…", 2, kPriceFieldsMax, kAsking, run_prices_set,
     "Set a price, as the operator: input=2.50 output=10.00, in dollars a million tokens."},
    {"prices reset", "MODEL", 1, 1, kAsking, run_prices_reset,
     "Go back to the price book's price, as the operator."},
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
