// What the gateway remembers of teams, plans, apps, people, and of who changed what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/account.h"
#include "domain/audit.h"

namespace keywarden {

/// One page of a list, newest first. `next` is empty on the last page.
template <class T>
struct Page {
    std::vector<T> items;
    std::string next;
};

struct PageQuery {
    std::string after{};  // the `next` of the page before; empty: from the newest
    size_t limit = 20;    // 1 to 100
};

/// Rows of a chain from `from_seq` on, oldest first; or, with `newest_first`, down from the one
/// before `from_seq`.
struct AuditQuery {
    std::string tenant;
    int64_t from_seq = 0;
    bool newest_first = false;
    size_t limit = 100;
};

inline constexpr int64_t kAppsMax = 100;      // of a team
inline constexpr int64_t kMembersMax = 1000;  // of a team
inline constexpr int64_t kPlansMax = 100;
inline constexpr int64_t kModelsLimitedMax = 1000;

/// Each change comes with the row of the audit log that tells of it, and both are one transaction:
/// a change whose row cannot be written does not happen. `audit.seq` is given by the store.
///
/// An update is taken if the version that is there is one less than the one that comes.
/// Safe to call from any thread. Every call either happened or did not.
/// Errors of all: StoreUnavailable; of reads and changes of what is not there, or is another
/// team's: NotFound; of updates: VersionMismatch; of what goes beyond a bound, or has the id, name,
/// or email of another: InvalidRequest.
class AccountStore {
public:
    virtual ~AccountStore() = default;

    /// Errors: InvalidRequest also when there is no such plan.
    virtual Result<void> create_team(const Team& team, const AuditEntry& audit) = 0;
    virtual Result<void> update_team(const Team& team, const AuditEntry& audit) = 0;
    virtual Result<Team> get_team(std::string_view id) = 0;
    virtual Result<Page<Team>> list_teams(const PageQuery& query) = 0;

    virtual Result<void> create_plan(const Plan& plan, const AuditEntry& audit) = 0;
    virtual Result<void> update_plan(const Plan& plan, const AuditEntry& audit) = 0;
    virtual Result<Plan> get_plan(std::string_view id) = 0;
    /// All of them, oldest first.
    virtual Result<std::vector<Plan>> list_plans() = 0;

    /// As it was set last; one that says nothing, of version 0, where it never was.
    virtual Result<InstanceSettings> get_instance() = 0;
    virtual Result<void> update_instance(const InstanceSettings& settings,
                                         const AuditEntry& audit) = 0;
    /// Those that were ever set, by their ids.
    virtual Result<std::vector<ModelLimits>> list_models() = 0;
    virtual Result<void> put_model(const ModelLimits& model, const AuditEntry& audit) = 0;

    virtual Result<void> create_app(const App& app, const AuditEntry& audit) = 0;
    virtual Result<void> update_app(const App& app, const AuditEntry& audit) = 0;
    /// Keys that are revoked lose their app.
    /// Errors: InvalidRequest when a key that is not revoked belongs to it.
    virtual Result<void> delete_app(std::string_view team_id,
                                    std::string_view app_id,
                                    const AuditEntry& audit) = 0;
    virtual Result<App> get_app(std::string_view team_id, std::string_view app_id) = 0;
    /// All of a team's, oldest first.
    virtual Result<std::vector<App>> list_apps(std::string_view team_id) = 0;

    /// Emails are compared without regard to the case of ASCII letters.
    virtual Result<void> create_user(const User& user, const AuditEntry& audit) = 0;
    /// Replaces name, email, is_operator, and is_disabled.
    virtual Result<void> update_user(const User& user, const AuditEntry& audit) = 0;
    virtual Result<User> get_user(std::string_view id) = 0;
    virtual Result<User> find_user(std::string_view email) = 0;
    virtual Result<Page<User>> list_users(const PageQuery& query) = 0;

    /// Adds a member, or gives one another role. The last owner stays one.
    /// Errors: NotFound (no such team, or user); InvalidRequest for the last owner.
    virtual Result<void> put_member(const Member& member, const AuditEntry& audit) = 0;
    virtual Result<void> delete_member(std::string_view team_id,
                                       std::string_view user_id,
                                       const AuditEntry& audit) = 0;
    virtual Result<Member> get_member(std::string_view team_id, std::string_view user_id) = 0;
    /// All of a team's, in the order in which they came.
    virtual Result<std::vector<Member>> list_members(std::string_view team_id) = 0;
    /// What one person is, in every team that they are in, oldest team first.
    virtual Result<std::vector<Member>> list_memberships(std::string_view user_id) = 0;

    virtual Result<std::vector<AuditRow>> read_audit(const AuditQuery& query) = 0;
    /// The tenants that have rows.
    virtual Result<std::vector<std::string>> audit_tenants() = 0;
};

}  // namespace keywarden
