#include "domain/identity.h"

#include <algorithm>
#include <string_view>

#include "base/http.h"

namespace keywarden {
namespace {

constexpr size_t kEmailMax = 254;  // RFC 5321, 4.5.3.1.3

}  // namespace

GrantedRoles roles_of_groups(const std::vector<GroupRole>& rules,
                             const std::vector<std::string>& groups) {
    GrantedRoles out;
    for (const GroupRole& rule : rules) {
        const bool is_in = std::ranges::find(groups, rule.group) != groups.end();
        out.is_in_any = out.is_in_any || is_in;
        if (rule.team_id.empty()) {
            out.is_operator = out.is_operator || is_in;
            continue;
        }
        auto team = std::ranges::find(out.teams, rule.team_id, &GrantedRoles::OfTeam::team_id);
        if (team == out.teams.end()) team = out.teams.insert(team, {.team_id = rule.team_id});
        if (!is_in || !rule.role) continue;
        const std::optional<Role> held = team->role;
        if (!held || *rule.role < *held) team->role = rule.role;
    }
    return out;
}

bool is_plain_email(const std::string& email) {
    const size_t at = email.find('@');
    return email.size() <= kEmailMax && at != std::string::npos && at > 0 &&
           at + 1 < email.size() && email.find('@', at + 1) == std::string::npos &&
           std::ranges::all_of(
               email, [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

bool is_of_domain(const std::string& email, const std::vector<std::string>& domains) {
    const size_t at = email.rfind('@');
    if (at == std::string::npos) return false;
    const std::string_view domain = std::string_view(email).substr(at + 1);
    return std::ranges::any_of(
        domains, [&](const std::string& each) { return equal_ignoring_case(each, domain); });
}

std::string without_tag(const std::string& email) {
    const size_t at = email.rfind('@');
    const size_t plus = email.find('+');
    if (plus == std::string::npos || at == std::string::npos || plus > at) return email;
    return email.substr(0, plus) + email.substr(at);
}

}  // namespace keywarden
