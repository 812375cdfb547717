#include "admin/document_team.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "admin/account_fields.h"
#include "admin/account_record.h"
#include "admin/document_entries.h"
#include "admin/sign_ins.h"
#include "base/id.h"
#include "domain/rights.h"
#include "store/account_rules.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 1> kAppOthers = {"id"};
constexpr size_t kIdMax = 64;

struct MemberDraft {
    std::string email{};
    std::optional<Role> role{};
};

constexpr std::array kMemberFields = {
    Field<MemberDraft>{"email",
                       [](const Json& value, MemberDraft& draft) -> Result<void> {
                           TRY(draft.email, read_email(value));
                           return {};
                       }},
    Field<MemberDraft>{"role",
                       [](const Json& value, MemberDraft& draft) -> Result<void> {
                           TRY(draft.role, read_role(value));
                           return {};
                       }},
};

/// The list of that name, or null where the entry says nothing of it.
const Json* list_in(const Json& entry, std::string_view field) {
    return entry.contains(field) ? &entry.at(field) : nullptr;
}

template <class T>
const T* find_id(const std::vector<T>& things, std::string_view id) {
    const auto found = std::ranges::find(things, id, &T::id);
    return found == things.end() ? nullptr : &*found;
}

}  // namespace

User& user_with(Reading& to, std::string_view email) {
    const std::string folded = folded_email(email);
    for (User& user : to.wanted.users) {
        if (!user.email.empty() && folded_email(user.email) == folded) return user;
    }
    return to.wanted.users.emplace_back(
        User{.id = new_id("user"), .email = std::string(email), .created_at = to.context.now});
}

Result<void> check_below(const Policy& policy, const Policy& before, const Ceiling& ceiling) {
    Policy looked_at;
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const bool is_new = policy.limits[row.kind] != before.limits[row.kind] ||
                            ceiling.now.limits[row.kind] != ceiling.before.limits[row.kind];
        if (is_new) looked_at.limits[row.kind] = policy.limits[row.kind];
    }
    return check_ceiling(looked_at, ceiling.now, ceiling.scope, "policy");
}

Result<void> check_under_instance(const Policy& policy, const Policy& before, const Reading& to) {
    return check_below(policy,
                       before,
                       {.now = to.wanted.settings.policy,
                        .before = to.current.settings.policy,
                        .scope = Scope::Instance});
}

Result<void> check_under_team(const Policy& policy,
                              const Policy& before,
                              const Team& team,
                              const Reading& to) {
    static const Plan kNoPlan;
    static const Team kNoTeam;
    const Team* const old_team = find_id(to.current.teams, team.id);
    const Plan* const plan = find_id(to.wanted.plans, team.plan_id);
    const Plan* const old_plan = find_id(to.current.plans, (old_team ? *old_team : team).plan_id);
    TRY_VOID(check_under_instance(policy, before, to));
    TRY_VOID(check_below(policy,
                         before,
                         {.now = (plan != nullptr ? *plan : kNoPlan).policy,
                          .before = (old_plan != nullptr ? *old_plan : kNoPlan).policy,
                          .scope = Scope::Plan}));
    return check_below(policy,
                       before,
                       {.now = team.policy,
                        .before = (old_team != nullptr ? *old_team : kNoTeam).policy,
                        .scope = Scope::Team});
}

Result<void> read_members(const Json& entry,
                          const std::string& path,
                          const Team& team,
                          Reading& to) {
    const Json* const list = list_in(entry, "members");
    if (list == nullptr) return {};
    TRY(const auto entries, entries_of(*list, path, "members", "email"));
    std::set<std::string> named;
    for (const Entry& each : entries) {
        MemberDraft draft;
        TRY_VOID(at(each.path, read_fields<MemberDraft>(*each.json, kMemberFields, draft)));
        if (!draft.role) return at(each.path, fail_field("role", "is required"));
        const User user = user_with(to, draft.email);
        if (!named.insert(user.id).second) {
            return at(each.path, fail_field("email", "is there twice"));
        }
        const auto is_they = [&](const Member& member) {
            return member.team_id == team.id && member.user_id == user.id;
        };
        const auto known = std::ranges::find_if(to.wanted.members, is_they);
        if (known != to.wanted.members.end()) {
            known->role = *draft.role;
            continue;
        }
        const bool is_new =
            std::ranges::find(to.current.users, user.id, &User::id) == to.current.users.end();
        if (!is_new && to.context.sign_ins != nullptr) {
            TRY_VOID(at(each.path, check_is_no_stranger(*to.context.sign_ins, user.id)));
        }
        to.wanted.members.push_back({.team_id = team.id,
                                     .user_id = user.id,
                                     .role = *draft.role,
                                     .created_at = to.context.now,
                                     .email = user.email,
                                     .name = user.name});
    }
    if (!to.prune) return {};
    std::erase_if(to.wanted.members, [&](const Member& member) {
        return member.team_id == team.id && !member.email.empty() &&
               !named.contains(member.user_id);
    });
    return {};
}

Result<void> read_apps(const Json& entry, const std::string& path, const Team& team, Reading& to) {
    const Json* const list = list_in(entry, "apps");
    if (list == nullptr) return {};
    TRY(const auto entries, entries_of(*list, path, "apps"));
    std::vector<const App*> there;
    for (const App& app : to.current.apps) {
        if (app.team_id == team.id) there.push_back(&app);
    }
    TRY(const auto found,
        match(
            entries,
            there,
            [](const App& app) { return std::string_view(app.id); },
            [](const App& app) { return std::string_view(app.name); }));
    std::set<std::string> named;
    std::map<std::string, std::string> ids;  // by name
    for (size_t i = 0; i < entries.size(); ++i) {
        const Entry& each = entries[i];
        const App* const old = found[i];
        App app{.id = each.id, .team_id = team.id, .created_at = to.context.now};
        if (old != nullptr) {
            app = {.id = old->id,
                   .team_id = team.id,
                   .created_at = old->created_at,
                   .version = old->version};
        } else {
            TRY_VOID(check_new_id("app", each, kIdMax));
        }
        if (app.id.empty()) app.id = new_id("app");
        TRY_VOID(at(each.path, read_fields<App>(*each.json, app_fields(), app, kAppOthers)));
        const Policy before = old != nullptr ? old->policy : Policy();
        TRY_VOID(at(each.path, check_under_team(app.policy, before, team, to)));
        if (!ids.emplace(app.name, app.id).second) {
            return at(each.path, fail_field("name", "is another app's of the team"));
        }
        named.insert(app.id);
        put_back(to.wanted.apps, std::move(app));
    }
    if (!to.prune) return {};
    std::erase_if(to.wanted.apps, [&](const App& app) {
        return app.team_id == team.id && !named.contains(app.id);
    });
    return {};
}

}  // namespace keywarden
