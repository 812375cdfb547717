// Roles: which member of a team may do what, and what is left of it in the keys they make.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "domain/key.h"
#include "domain/permission.h"

namespace keywarden {

enum class Role : uint8_t { Owner, Admin, Member, Viewer, kCount };

/// How far a permission reaches.
enum class Reach : uint8_t {
    None,
    Own,   // what one made oneself
    Team,  // everything of the team
};

/// What a person, or a key of theirs, may do. One row for each Permission.
struct PermissionInfo {
    Permission permission;
    std::string_view name;  // "keys.write"
    Reach owner;
    Reach admin;
    Reach member;
    Reach viewer;
    std::string_view help;  // one sentence, for documents
};

/// Adding a permission: its row in role.cc, and that of the kinds of key in permission.cc.
std::span<const PermissionInfo> all_permissions();
const PermissionInfo& info(Permission permission);

std::string_view name(Role role);  // "owner", …
std::optional<Role> role_of(std::string_view text);

Reach reach(Role role, Permission permission);

/// A key acts with at most the rights of who made it: what its kind holds, as far as its maker's
/// role reaches now. `maker` empty: they have left the team, and their keys hold nothing but
/// Public and AnyKey (so that GET /v1/key can say why).
/// An operator's keys are an owner's.
Reach reach(KeyKind kind, std::optional<Role> maker, Permission permission);

/// The same as an answer to whoever called.
/// Errors: TeamAccessDenied where the maker's role falls short, or they have left; where the kind
/// does, EndpointNotAllowed for Inference and InsufficientScope for all else.
Result<void> check_reach(KeyKind kind, std::optional<Role> maker, Permission needed);

/// What check_reach says of a key whose maker has left the team.
std::unexpected<Error> fail_of_who_left();

/// The same to a person who has signed in. Errors: TeamAccessDenied.
Result<void> check_role(std::optional<Role> role, Permission needed);

/// Whether `by` may give the role `to`, or take it away: nobody hands out, or judges, more than
/// they hold. Implies Permission::MembersWrite.
bool may_assign(Role by, Role to);

}  // namespace keywarden
