#include "store/memory/memory_accounts.h"

#include <algorithm>
#include <ranges>

#include "store/account_rules.h"
#include "store/key_rules.h"

namespace keywarden {
namespace {

template <class T>
T* find_id(std::vector<T>& items, std::string_view id) {
    const auto found = std::ranges::find(items, id, &T::id);
    return found == items.end() ? nullptr : &*found;
}

template <class T>
const T* find_id(const std::vector<T>& items, std::string_view id) {
    const auto found = std::ranges::find(items, id, &T::id);
    return found == items.end() ? nullptr : &*found;
}

/// Puts the next version of a thing in the place of the one that is there.
template <class T>
Result<void> replace(T* stored, const T& next, std::string_view what) {
    if (stored == nullptr) return no_such(what);
    if (stored->version != next.version - 1) return changed_meanwhile(what);
    *stored = next;
    return {};
}

template <class T>
Result<Page<T>> page_of(const std::vector<T>& items, const PageQuery& query) {
    size_t end = items.size();
    if (!query.after.empty()) {
        const T* after = find_id(items, query.after);
        if (after == nullptr) return no_such_cursor();
        end = static_cast<size_t>(after - items.data());
    }
    Page<T> page;
    for (const T& item : items | std::views::take(end) | std::views::reverse) {
        if (page.items.size() == query.limit) {
            page.next = page.items.back().id;
            break;
        }
        page.items.push_back(item);
    }
    return page;
}

}  // namespace

Result<void> MemoryLog::change(const AuditEntry& audit,
                               const std::function<Result<void>()>& alter) {
    const std::lock_guard lock(mutex);
    if (together && !*together) return *together;
    const Result<void> altered = alter();
    if (together) together = altered;
    TRY_VOID(altered);
    std::vector<AuditRow>& chain = rows[audit.tenant];
    AuditHead head;
    if (!chain.empty()) head = {.next_seq = chain.back().seq + 1, .chain = chain.back().chain};
    chain.push_back(next_row(head, audit));
    return {};
}

const Team* MemoryAccounts::team(std::string_view id) const { return find_id(teams_, id); }

const Plan* MemoryAccounts::plan_of(std::string_view team_id) const {
    const Team* found = team(team_id);
    return found == nullptr ? nullptr : find_id(plans_, found->plan_id);
}

bool MemoryAccounts::has_plan(std::string_view id) const { return find_id(plans_, id) != nullptr; }

bool MemoryAccounts::has_app(std::string_view team_id, std::string_view app_id) const {
    const App* app = find_id(apps_, app_id);
    return app != nullptr && app->team_id == team_id;
}

bool MemoryAccounts::has_user(std::string_view id) const { return find_id(users_, id) != nullptr; }

bool MemoryAccounts::is_operator(std::string_view user_id) const {
    const User* const user = find_id(users_, user_id);
    return user != nullptr && user->is_operator;
}

std::function<void()> MemoryAccounts::way_back() {
    return [this,
            teams = teams_,
            plans = plans_,
            instance = instance_,
            models = models_,
            apps = apps_,
            users = users_,
            members = members_] {
        teams_ = teams;
        plans_ = plans;
        instance_ = instance;
        models_ = models;
        apps_ = apps;
        users_ = users;
        members_ = members;
    };
}

// ---- teams -------------------------------------------------------------------------------------

Result<void> MemoryAccounts::create_team(const Team& team, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (find_id(teams_, team.id) != nullptr) return taken("team", "id");
        if (find_id(plans_, team.plan_id) == nullptr) return no_such_plan();
        teams_.push_back(team);
        teams_.back().created_at = in_millis(team.created_at);
        teams_.back().version = 1;
        return {};
    });
}

Result<void> MemoryAccounts::update_team(const Team& team, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (find_id(plans_, team.plan_id) == nullptr) return no_such_plan();
        Team* stored = find_id(teams_, team.id);
        Team next = team;
        if (stored != nullptr) next.created_at = stored->created_at;
        return replace(stored, next, "team");
    });
}

Result<Team> MemoryAccounts::get_team(std::string_view id) {
    const std::lock_guard lock(log_.mutex);
    const Team* found = team(id);
    if (found == nullptr) return no_such("team");
    return *found;
}

Result<Page<Team>> MemoryAccounts::list_teams(const PageQuery& query) {
    const std::lock_guard lock(log_.mutex);
    return page_of(teams_, query);
}

// ---- plans -------------------------------------------------------------------------------------

Result<void> MemoryAccounts::create_plan(const Plan& plan, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (std::ssize(plans_) >= kPlansMax) return too_many("plans", kPlansMax);
        for (const Plan& each : plans_) {
            if (each.id == plan.id) return taken("plan", "id");
            if (each.name == plan.name) return taken("plan", "name");
        }
        plans_.push_back(plan);
        plans_.back().version = 1;
        return {};
    });
}

Result<void> MemoryAccounts::update_plan(const Plan& plan, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        for (const Plan& each : plans_) {
            if (each.id != plan.id && each.name == plan.name) return taken("plan", "name");
        }
        return replace(find_id(plans_, plan.id), plan, "plan");
    });
}

Result<Plan> MemoryAccounts::get_plan(std::string_view id) {
    const std::lock_guard lock(log_.mutex);
    const Plan* found = find_id(plans_, id);
    if (found == nullptr) return no_such("plan");
    return *found;
}

Result<std::vector<Plan>> MemoryAccounts::list_plans() {
    const std::lock_guard lock(log_.mutex);
    return plans_;
}

// ---- the instance, and models
// --------------------------------------------------------------------

Result<InstanceSettings> MemoryAccounts::get_instance() {
    const std::lock_guard lock(log_.mutex);
    return instance_;
}

Result<void> MemoryAccounts::update_instance(const InstanceSettings& settings,
                                             const AuditEntry& audit) {
    return log_.change(audit, [&] { return replace(&instance_, settings, "instance"); });
}

Result<std::vector<ModelLimits>> MemoryAccounts::list_models() {
    const std::lock_guard lock(log_.mutex);
    std::vector<ModelLimits> models;
    for (const auto& [id, model] : models_) models.push_back(model);
    return models;
}

Result<void> MemoryAccounts::put_model(const ModelLimits& model, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const auto found = models_.find(model.id);
        if (found != models_.end()) return replace(&found->second, model, "model");
        if (model.version != 1) return changed_meanwhile("model");
        if (std::ssize(models_) >= kModelsLimitedMax) {
            return too_many("models with limits", kModelsLimitedMax);
        }
        models_.emplace(model.id, model);
        return {};
    });
}

// ---- apps --------------------------------------------------------------------------------------

Result<void> MemoryAccounts::create_app(const App& app, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (team(app.team_id) == nullptr) return no_such("team");
        if (std::ranges::count(apps_, app.team_id, &App::team_id) >= kAppsMax) {
            return too_many("apps in a team", kAppsMax);
        }
        for (const App& each : apps_) {
            if (each.id == app.id) return taken("app", "id");
            if (each.team_id == app.team_id && each.name == app.name) return taken("app", "name");
        }
        apps_.push_back(app);
        apps_.back().created_at = in_millis(app.created_at);
        apps_.back().version = 1;
        return {};
    });
}

Result<void> MemoryAccounts::update_app(const App& app, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (!has_app(app.team_id, app.id)) return no_such("app");
        for (const App& each : apps_) {
            if (each.id == app.id || each.team_id != app.team_id) continue;
            if (each.name == app.name) return taken("app", "name");
        }
        App* stored = find_id(apps_, app.id);
        App next = app;
        next.created_at = stored->created_at;
        return replace(stored, next, "app");
    });
}

Result<void> MemoryAccounts::delete_app(std::string_view team_id,
                                        std::string_view app_id,
                                        const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (!has_app(team_id, app_id)) return no_such("app");
        if (const int64_t keys = keys_.live(app_id); keys > 0) return app_has_keys(keys);
        keys_.forget_app(app_id);
        std::erase_if(apps_, [&](const App& app) { return app.id == app_id; });
        return {};
    });
}

Result<App> MemoryAccounts::get_app(std::string_view team_id, std::string_view app_id) {
    const std::lock_guard lock(log_.mutex);
    if (!has_app(team_id, app_id)) return no_such("app");
    return *find_id(apps_, app_id);
}

Result<std::vector<App>> MemoryAccounts::list_apps(std::string_view team_id) {
    const std::lock_guard lock(log_.mutex);
    std::vector<App> apps;
    std::ranges::copy_if(
        apps_, std::back_inserter(apps), [&](const App& app) { return app.team_id == team_id; });
    return apps;
}

// ---- people ------------------------------------------------------------------------------------

Result<void> MemoryAccounts::create_user(const User& user, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (has_user(user.id)) return taken("user", "id");
        for (const User& each : users_) {
            if (!user.email.empty() && folded_email(each.email) == folded_email(user.email)) {
                return taken("user", "email");
            }
        }
        users_.push_back(user);
        users_.back().created_at = in_millis(user.created_at);
        return {};
    });
}

Result<void> MemoryAccounts::update_user(const User& user, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        for (const User& each : users_) {
            if (each.id == user.id || user.email.empty()) continue;
            if (folded_email(each.email) == folded_email(user.email)) return taken("user", "email");
        }
        User* stored = find_id(users_, user.id);
        if (stored == nullptr) return no_such("user");
        stored->email = user.email;
        stored->name = user.name;
        stored->is_operator = user.is_operator;
        stored->is_disabled = user.is_disabled;
        return {};
    });
}

Result<User> MemoryAccounts::get_user(std::string_view id) {
    const std::lock_guard lock(log_.mutex);
    const User* found = find_id(users_, id);
    if (found == nullptr) return no_such("user");
    return *found;
}

Result<User> MemoryAccounts::find_user(std::string_view email) {
    const std::lock_guard lock(log_.mutex);
    for (const User& user : users_) {
        if (!email.empty() && folded_email(user.email) == folded_email(email)) return user;
    }
    return no_such("user");
}

Result<Page<User>> MemoryAccounts::list_users(const PageQuery& query) {
    const std::lock_guard lock(log_.mutex);
    return page_of(users_, query);
}

// ---- members -----------------------------------------------------------------------------------

Result<void> MemoryAccounts::put_member(const Member& member, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (team(member.team_id) == nullptr) return no_such("team");
        if (!has_user(member.user_id)) return no_such("user");
        if (Member* stored = find_member(member.team_id, member.user_id)) {
            if (member.role != Role::Owner && is_last_owner(*stored)) return last_owner();
            stored->role = member.role;
            return {};
        }
        if (std::ranges::count(members_, member.team_id, &Member::team_id) >= kMembersMax) {
            return too_many("members in a team", kMembersMax);
        }
        members_.push_back(member);
        members_.back().created_at = in_millis(member.created_at);
        return {};
    });
}

Result<void> MemoryAccounts::delete_member(std::string_view team_id,
                                           std::string_view user_id,
                                           const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const Member* stored = find_member(team_id, user_id);
        if (stored == nullptr) return no_such("member");
        if (is_last_owner(*stored)) return last_owner();
        members_.erase(members_.begin() + (stored - members_.data()));
        return {};
    });
}

Result<Member> MemoryAccounts::get_member(std::string_view team_id, std::string_view user_id) {
    const std::lock_guard lock(log_.mutex);
    const Member* stored = find_member(team_id, user_id);
    if (stored == nullptr) return no_such("member");
    return with_user(*stored);
}

Result<std::vector<Member>> MemoryAccounts::list_members(std::string_view team_id) {
    const std::lock_guard lock(log_.mutex);
    std::vector<Member> members;
    for (const Member& member : members_) {
        if (member.team_id == team_id) members.push_back(with_user(member));
    }
    return members;
}

Result<std::vector<Member>> MemoryAccounts::list_memberships(std::string_view user_id) {
    const std::lock_guard lock(log_.mutex);
    std::vector<Member> members;
    for (const Team& team : teams_) {
        for (const Member& member : members_) {
            if (member.user_id == user_id && member.team_id == team.id) {
                members.push_back(with_user(member));
            }
        }
    }
    return members;
}

// ---- the audit log -----------------------------------------------------------------------------

Result<std::vector<AuditRow>> MemoryAccounts::read_audit(const AuditQuery& query) {
    const std::lock_guard lock(log_.mutex);
    std::vector<AuditRow> rows;
    const auto found = log_.rows.find(query.tenant);
    if (found == log_.rows.end()) return rows;
    const auto take = [&](const AuditRow& row) {
        const bool wanted =
            query.newest_first ? row.seq < query.from_seq : row.seq >= query.from_seq;
        if (wanted && rows.size() < query.limit) rows.push_back(row);
    };
    if (query.newest_first) {
        std::ranges::for_each(found->second | std::views::reverse, take);
    } else {
        std::ranges::for_each(found->second, take);
    }
    return rows;
}

Result<std::vector<std::string>> MemoryAccounts::audit_tenants() {
    const std::lock_guard lock(log_.mutex);
    std::vector<std::string> tenants;
    for (const auto& [tenant, rows] : log_.rows) tenants.push_back(tenant);
    return tenants;
}

Member* MemoryAccounts::find_member(std::string_view team_id, std::string_view user_id) {
    const auto found = std::ranges::find_if(members_, [&](const Member& member) {
        return member.team_id == team_id && member.user_id == user_id;
    });
    return found == members_.end() ? nullptr : &*found;
}

bool MemoryAccounts::is_last_owner(const Member& member) const {
    if (member.role != Role::Owner) return false;
    return std::ranges::none_of(members_, [&](const Member& other) {
        return other.team_id == member.team_id && other.user_id != member.user_id &&
               other.role == Role::Owner;
    });
}

Member MemoryAccounts::with_user(Member member) const {
    if (const User* user = find_id(users_, member.user_id)) {
        member.email = user->email;
        member.name = user->name;
    }
    return member;
}

}  // namespace keywarden
