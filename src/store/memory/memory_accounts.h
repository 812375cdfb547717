// Teams, plans, apps, people, and the audit log in memory.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "store/account_store.h"

namespace keywarden {

/// The audit log, and the lock that all parts of the store share.
struct MemoryLog {
    std::recursive_mutex mutex{};
    std::map<std::string, std::vector<AuditRow>, std::less<>> rows{};  // by tenant
    /// While Store::together runs, with the lock held: how its changes went so far.
    std::optional<Result<void>> together{};

    /// Runs `alter`, which changes nothing where it fails, and writes the row that tells of it.
    Result<void> change(const AuditEntry& audit, const std::function<Result<void>()>& alter);
};

/// How many keys that are not revoked belong to an app, and what becomes of the revoked ones.
struct AppKeys {
    std::function<int64_t(std::string_view app_id)> live;
    std::function<void(std::string_view app_id)> forget_app;
};

class MemoryAccounts final : public AccountStore {
public:
    MemoryAccounts(MemoryLog& log, AppKeys keys) : log_(log), keys_(std::move(keys)) {}

    /// For the other parts of the store, which hold the lock.
    const Team* team(std::string_view id) const;
    const Plan* plan_of(std::string_view team_id) const;
    bool has_plan(std::string_view id) const;
    bool has_app(std::string_view team_id, std::string_view app_id) const;
    bool has_user(std::string_view id) const;
    bool is_operator(std::string_view user_id) const;
    /// What makes everything as it is now again.
    std::function<void()> way_back();

    Result<void> create_team(const Team& team, const AuditEntry& audit) override;
    Result<void> update_team(const Team& team, const AuditEntry& audit) override;
    Result<Team> get_team(std::string_view id) override;
    Result<Page<Team>> list_teams(const PageQuery& query) override;

    Result<void> create_plan(const Plan& plan, const AuditEntry& audit) override;
    Result<void> update_plan(const Plan& plan, const AuditEntry& audit) override;
    Result<Plan> get_plan(std::string_view id) override;
    Result<std::vector<Plan>> list_plans() override;

    Result<InstanceSettings> get_instance() override;
    Result<void> update_instance(const InstanceSettings& settings,
                                 const AuditEntry& audit) override;
    Result<std::vector<ModelLimits>> list_models() override;
    Result<void> put_model(const ModelLimits& model, const AuditEntry& audit) override;

    Result<void> create_app(const App& app, const AuditEntry& audit) override;
    Result<void> update_app(const App& app, const AuditEntry& audit) override;
    Result<void> delete_app(std::string_view team_id,
                            std::string_view app_id,
                            const AuditEntry& audit) override;
    Result<App> get_app(std::string_view team_id, std::string_view app_id) override;
    Result<std::vector<App>> list_apps(std::string_view team_id) override;

    Result<void> create_user(const User& user, const AuditEntry& audit) override;
    Result<void> update_user(const User& user, const AuditEntry& audit) override;
    Result<User> get_user(std::string_view id) override;
    Result<User> find_user(std::string_view email) override;
    Result<Page<User>> list_users(const PageQuery& query) override;

    Result<void> put_member(const Member& member, const AuditEntry& audit) override;
    Result<void> delete_member(std::string_view team_id,
                               std::string_view user_id,
                               const AuditEntry& audit) override;
    Result<Member> get_member(std::string_view team_id, std::string_view user_id) override;
    Result<std::vector<Member>> list_members(std::string_view team_id) override;
    Result<std::vector<Member>> list_memberships(std::string_view user_id) override;

    Result<std::vector<AuditRow>> read_audit(const AuditQuery& query) override;
    Result<std::vector<std::string>> audit_tenants() override;

private:
    Member* find_member(std::string_view team_id, std::string_view user_id);
    bool is_last_owner(const Member& member) const;
    Member with_user(Member member) const;

    MemoryLog& log_;
    AppKeys keys_;
    std::vector<Team> teams_;  // each oldest first
    std::vector<Plan> plans_{{.id = std::string(kDefaultPlanId), .name = "Default"}};
    InstanceSettings instance_;
    std::map<std::string, ModelLimits> models_;
    std::vector<App> apps_;
    std::vector<User> users_;
    std::vector<Member> members_;
};

}  // namespace keywarden
