// Who a person is elsewhere: at an identity provider of the configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "domain/role.h"

namespace keywarden {

inline constexpr int64_t kIdentitiesMax = 20;  // of a person

/// Issuer and subject say who it is, and nothing else does: an email may be anybody's.
struct Identity {
    std::string id{};
    std::string user_id{};
    std::string issuer{};
    std::string subject{};
    std::string email{};  // as the provider said when it was linked: for people to read
    TimePoint created_at{};
};

/// What members of a group at the provider are here.
struct GroupRole {
    std::string group{};
    std::string team_id{};       // empty: it makes operators
    std::optional<Role> role{};  // of the team
};

/// The part of a sign-in that groups decide.
struct GrantedRoles {
    bool is_in_any = false;  // of the groups that are named
    bool is_operator = false;
    struct OfTeam {
        std::string team_id{};
        std::optional<Role> role{};  // nothing: none any more
    };
    std::vector<OfTeam> teams{};  // every team that is named, once
};

/// What somebody in these groups is: in a team the highest of the roles that are theirs.
GrantedRoles roles_of_groups(const std::vector<GroupRole>& rules,
                             const std::vector<std::string>& groups);

/// Whether the email's domain is one of them, without regard to case; and the email plain enough to
/// be told apart from others: ASCII, one '@', no quotes.
bool is_of_domain(const std::string& email, const std::vector<std::string>& domains);
bool is_plain_email(const std::string& email);

/// "ann@example.com" of "ann+keys@example.com": many providers deliver both to one person.
std::string without_tag(const std::string& email);

}  // namespace keywarden
