#include "domain/policy_reference.h"

#include <string_view>

#include "base/error.h"
#include "domain/limit_kind.h"
#include "domain/policy.h"
#include "domain/role.h"

namespace keywarden {
namespace {

constexpr std::string_view kPermissionsHead = R"(# Permissions

<!-- Made from src/domain/role.cc and permission.cc:
     KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/reference/reference_test -->

Every route carries one of these. A person holds what their role in the team holds. A key holds what
its kind holds, as far as the role of whoever made it reaches **now**: who becomes a viewer has keys
that only read, and who leaves the team has keys that do nothing. `own` is what one made oneself.
Nobody gives a role, or a key, more than they hold.

| permission | owner | admin | member | viewer | `full` | `inference` | `management` | |
|---|---|---|---|---|---|---|---|---|
)";

constexpr std::string_view kLimitsHead = R"(# Limits and lists

<!-- Made from src/domain/limit_kind.cc and policy.cc:
     KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/reference/reference_test -->

A policy can stand on the instance, a plan, a team, an app, and a key; every part of it is optional.
A call must pass all of them, so each scope can only narrow what the wider ones let through. What
denies a call is named: `denied_by`. Whoever made a key narrows it too (`creator`). A model has
limits only, counted over all who use it.

A key that names no limit has the default of its team (`key_defaults`), or else of its plan, or of
the instance. A limit that is set beyond what a wider scope sets is refused, and so is one that is
more than whoever sets it holds.

## Limits

All scopes are checked and taken in one step; a denied request takes nothing. A minute and a day are
windows that slide: no 60 seconds, and no 24 hours, ever hold more requests; tokens may go beyond by
what an estimate was too low: input is a token for each four bytes of a JSON body, output what the
request asks for at most, and nothing where it names no bound. Where several limits deny, the one
that takes longest to pass is named, so that whoever waits as told gets in.

| field | in headers | from | to | a denial is | |
|---|---|--:|--:|---|---|
)";

constexpr std::string_view kListsHead = R"(
A request that could not pass even with nothing used is `request_too_large`: waiting does not help.

## Lists

Each has an `allow` and a `deny` list. No `allow` list is no restriction; an empty one lets nothing
through; `deny` beats `allow`. `*` is any text, `?` any one character. A tool that no list lets
through is taken out of a call ([tools](tools.md)): only a call that insists on it is denied.

| field | a denial is |
|---|---|
)";

constexpr std::string_view kSelection = R"(
## The selection of tools

`tool_selection` says whether calls go on with only those of their tools that matter
([guide](../guide/fewer-tools.md)). It denies nothing.

| field | values | of several scopes |
|---|---|---|
| `mode` | `off`, `shadow`, `auto`, `on` | the nearest that says one; who made a key has no say |
| `at_most` | as `mode` | all of them hold |
| `cache_policy` | `auto`, `select`, `mask`, `leave` ([tools](tools.md)) | as `mode`; else `auto` |
| `keep_max` | 1 to 128 | the smallest holds; of a key, `k_target_override` is this number |
| `target_percent` | 50 to 99: what `auto` asks for | the largest holds; else 97 |
| `pinned` | names of tools, up to 64 | those of all |
| `private_models` | `true`, `false` | team, plan, or instance say `true`, and none `false` |
)";

std::string cell(Reach reach) {
    if (reach == Reach::None) return "";
    return reach == Reach::Own ? "own" : "yes";
}

std::string cell(bool held) { return held ? "yes" : ""; }

std::string code_text(ErrorCode code) {
    const ErrorInfo& row = info(code);
    return std::to_string(row.http_status) + " `" + std::string(row.slug) + "`";
}

}  // namespace

std::string permissions_markdown() {
    std::string out(kPermissionsHead);
    for (const PermissionInfo& row : all_permissions()) {
        out += "| `" + std::string(row.name) + "` ";
        for (const Reach reach : {row.owner, row.admin, row.member, row.viewer}) {
            out += "| " + cell(reach) + " ";
        }
        for (const KeyKind kind : {KeyKind::Full, KeyKind::Inference, KeyKind::Management}) {
            out += "| " + cell(holds(kind, row.permission)) + " ";
        }
        out += "| " + std::string(row.help) + " |\n";
    }
    return out;
}

std::string limits_markdown() {
    std::string out(kLimitsHead);
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const std::string header =
            row.short_name.empty() ? "" : "`" + std::string(row.short_name) + "`";
        out += "| `" + std::string(row.field) + "` | " + header + " | 1 | " +
               std::to_string(row.largest) + " | " + code_text(row.code) + " | " +
               std::string(row.help) + " |\n";
    }
    out += kListsHead;
    for (const PolicyRuleInfo& row : all_policy_rules()) {
        out += "| `" + std::string(row.field) + "` | " + code_text(row.code) + " |\n";
    }
    out += kSelection;
    return out;
}

}  // namespace keywarden
