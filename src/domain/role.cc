#include "domain/role.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "domain/scope.h"

namespace keywarden {
namespace {

using enum Reach;

// Read this first: who may do what.
// clang-format off
constexpr std::array kPermissions = {
    //             permission                  name             owner admin member viewer
    PermissionInfo{Permission::Public,         "public",          Team, Team, Team, Team,
                   "Health, documents, key formats: no credential is looked at."},
    PermissionInfo{Permission::AnyKey,         "key.self",        Team, Team, Team, Team,
                   "See the calling key, its limits and rights."},
    PermissionInfo{Permission::Inference,      "inference",       Team, Team, Team, None,
                   "Call models and list them."},
    PermissionInfo{Permission::KeysRead,       "keys.read",       Team, Team, Team, Team,
                   "List and read the team's keys; never their secrets."},
    PermissionInfo{Permission::KeysWrite,      "keys.write",      Team, Team, Own,  None,
                   "Create, change, rotate, disable, quarantine, revoke keys; release: not 'own'."},
    PermissionInfo{Permission::Operator,       "operator",        None, None, None, None,
                   "Run the instance: teams, plans, prices, models, users."},
    PermissionInfo{Permission::AccountRead,    "account.read",    Team, Team, Team, Team,
                   "Read the team: its name, plan, apps, members, providers and policy."},
    PermissionInfo{Permission::UsageRead,      "usage.read",      Team, Team, Team, Team,
                   "Read usage, request rows, budgets and events."},
    PermissionInfo{Permission::BillingRead,    "billing.read",    Team, Team, None, Team,
                   "Read the balance and the ledger."},
    PermissionInfo{Permission::AuditRead,      "audit.read",      Team, Team, None, None,
                   "Read and export the audit log."},
    PermissionInfo{Permission::AppsWrite,      "apps.write",      Team, Team, None, None,
                   "Create, change and delete apps."},
    PermissionInfo{Permission::ProvidersWrite, "providers.write", Team, Team, None, None,
                   "Set and delete provider credentials."},
    PermissionInfo{Permission::PolicyWrite,    "policy.write",    Team, Team, None, None,
                   "Narrow what team and apps may do; set, raise, delete budgets; set webhooks."},
    PermissionInfo{Permission::MembersWrite,   "members.write",   Team, Team, None, None,
                   "Invite and remove members, and change roles up to one's own."},
    PermissionInfo{Permission::TeamWrite,      "team.write",      Team, None, None, None,
                   "Rename and close the team. No key holds it."},
    PermissionInfo{Permission::TeamLeave,      "team.leave",      Team, Team, Team, Team,
                   "Leave the team. No key holds it."},
    PermissionInfo{Permission::Verify,         "keys.verify",     Team, Team, Team, None,
                   "Check keys for another service: verify, authz, introspect."},
    PermissionInfo{Permission::Session,        "session",         Team, Team, Team, Team,
                   "People who have signed in: their own sessions. No key holds it."},
    PermissionInfo{Permission::Playground,     "playground",      Team, Team, Own,  None,
                   "Try models in the console under a key's policy and limits. No key holds it."},
};
// clang-format on

constexpr bool rows_follow_the_enum() {
    for (size_t i = 0; i < kPermissions.size(); ++i) {
        if (kPermissions[i].permission != static_cast<Permission>(i)) return false;
    }
    return kPermissions.size() == static_cast<size_t>(Permission::kCount);
}
static_assert(rows_follow_the_enum());

constexpr std::array<std::string_view, static_cast<size_t>(Role::kCount)> kRoleNames = {
    "owner", "admin", "member", "viewer"};

/// Who may do what a key of that kind may not.
std::string refusal_of(KeyKind kind, Permission needed) {
    if (needed == Permission::Operator) {
        return "This is for the operator of the gateway, over its socket or signed in to the "
               "console: "
               "no team's key may do it.";
    }
    if (!holds(KeyKind::Full, needed)) {
        return "This is for people who have signed in to the console: no key may do it.";
    }
    return "A key of kind '" + std::string(name(kind)) +
           "' may not do this: use one of kind 'full' or 'management'.";
}

}  // namespace

std::span<const PermissionInfo> all_permissions() { return kPermissions; }

const PermissionInfo& info(Permission permission) {
    return kPermissions.at(static_cast<size_t>(permission));
}

std::string_view name(Role role) { return kRoleNames.at(static_cast<size_t>(role)); }

std::optional<Role> role_of(std::string_view text) {
    const auto found = std::ranges::find(kRoleNames, text);
    if (found == kRoleNames.end()) return std::nullopt;
    return static_cast<Role>(found - kRoleNames.begin());
}

Reach reach(Role role, Permission permission) {
    const PermissionInfo& row = info(permission);
    switch (role) {
        case Role::Owner:
            return row.owner;
        case Role::Admin:
            return row.admin;
        case Role::Member:
            return row.member;
        case Role::Viewer:
            return row.viewer;
        case Role::kCount:
            break;
    }
    return None;
}

Reach reach(KeyKind kind, std::optional<Role> maker, Permission permission) {
    if (permission == Permission::Public || permission == Permission::AnyKey) return Team;
    if (!maker || !holds(kind, permission)) return None;
    return reach(*maker, permission);
}

Result<void> check_reach(KeyKind kind, std::optional<Role> maker, Permission needed) {
    if (reach(kind, maker, needed) != Reach::None) return {};
    if (holds(kind, needed)) {
        if (!maker) return fail_of_who_left();
        return fail(denied(ErrorCode::TeamAccessDenied,
                           Scope::Creator,
                           "This key acts for a person whose role in the team is '" +
                               std::string(name(*maker)) + "', which may not do this."));
    }
    if (needed == Permission::Inference) {
        return fail(denied(ErrorCode::EndpointNotAllowed,
                           Scope::Key,
                           "A key of kind '" + std::string(name(kind)) + "' may not call models."));
    }
    return fail(denied(ErrorCode::InsufficientScope, Scope::Key, refusal_of(kind, needed)));
}

std::unexpected<Error> fail_of_who_left() {
    return fail(denied(ErrorCode::TeamAccessDenied,
                       Scope::Creator,
                       "This key acts for a person who is not in the team any more."));
}

Result<void> check_role(std::optional<Role> role, Permission needed) {
    if (role && reach(*role, needed) != Reach::None) return {};
    return fail(denied(
        ErrorCode::TeamAccessDenied,
        Scope::Team,
        role ? "Your role in the team is '" + std::string(name(*role)) + "', which may not do this."
             : "You are not in this team any more."));
}

bool may_assign(Role by, Role to) {
    if (reach(by, Permission::MembersWrite) != Team) return false;
    return std::ranges::all_of(kPermissions, [&](const PermissionInfo& row) {
        return reach(to, row.permission) <= reach(by, row.permission);
    });
}

}  // namespace keywarden
