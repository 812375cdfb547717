#include "store/sqlite/sqlite_accounts.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "store/account_rules.h"
#include "store/policy_json.h"
#include "store/sqlite/account_rows.h"
#include "store/sqlite/read.h"

namespace keywarden {
namespace {

Result<std::optional<int64_t>> find_team(Database& database, std::string_view id) {
    return number_of(Query(database, "SELECT n FROM teams WHERE id = ?1", id));
}

Result<std::optional<int64_t>> find_user_number(Database& database, std::string_view id) {
    return number_of(Query(database, "SELECT n FROM users WHERE id = ?1", id));
}

/// A member's role as its number; nothing for who is none.
Result<std::optional<int64_t>> find_role(Database& database, int64_t team, int64_t user) {
    return number_of(
        Query(database, "SELECT role FROM members WHERE team = ?1 AND user = ?2", team, user));
}

constexpr auto kOwner = static_cast<int64_t>(Role::Owner);

/// Errors: InvalidRequest when `user` is the only owner.
Result<void> check_other_owner(Database& database, int64_t team, int64_t user) {
    TRY(const auto role, find_role(database, team, user));
    if (role != kOwner) return {};
    TRY(const bool other,
        has_row(Query(database,
                      "SELECT 1 FROM members WHERE team = ?1 AND user <> ?2 AND role = ?3",
                      team,
                      user,
                      kOwner)));
    if (!other) return last_owner();
    return {};
}

class SqliteAccounts final : public AccountStore {
public:
    SqliteAccounts(Connection& writer, Connection& reader) : writer_(writer), reader_(reader) {}

    // ---- teams -------------------------------------------------------------------------------

    Result<void> create_team(const Team& team, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto there, find_team(database, team.id));
            if (there) return taken("team", "id");
            TRY(const int64_t plan, plan_number(database, team.plan_id));
            return Query(database,
                         "INSERT INTO teams(id, name, created_at, plan, state, policy, "
                         "key_defaults, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)",
                         team.id,
                         team.name,
                         team.created_at,
                         plan,
                         static_cast<int64_t>(team.state),
                         policy_json(team.policy),
                         limits_json(team.key_defaults))
                .run();
        });
    }

    Result<void> update_team(const Team& team, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const int64_t plan, plan_number(database, team.plan_id));
            TRY_VOID(Query(database,
                           "UPDATE teams SET name = ?3, plan = ?4, state = ?5, policy = ?6, "
                           "key_defaults = ?7, version = ?2 WHERE id = ?1 AND version = ?2 - 1",
                           team.id,
                           team.version,
                           team.name,
                           plan,
                           static_cast<int64_t>(team.state),
                           policy_json(team.policy),
                           limits_json(team.key_defaults))
                         .run());
            if (database.changes() > 0) return {};
            TRY(const auto there, find_team(database, team.id));
            if (there) return changed_meanwhile("team");
            return no_such("team");
        });
    }

    Result<Team> get_team(std::string_view id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_one(Query(*reader_.database, KEYWARDEN_TEAM_COLUMNS_ "WHERE t.id = ?1", id),
                        read_team,
                        "team");
    }

    Result<Page<Team>> list_teams(const PageQuery& query) override {
        const std::lock_guard lock(reader_.mutex);
        Database& database = *reader_.database;
        std::optional<int64_t> after = INT64_MAX;
        if (!query.after.empty()) {
            TRY(after, find_team(database, query.after));
            if (!after) return no_such_cursor();
        }
        TRY(auto teams,
            read_all(Query(database,
                           KEYWARDEN_TEAM_COLUMNS_ "WHERE t.n < ?1 ORDER BY t.n DESC LIMIT ?2",
                           *after,
                           static_cast<int64_t>(query.limit + 1)),
                     read_team));
        return page_of(std::move(teams), query.limit);
    }

    // ---- plans -------------------------------------------------------------------------------

    Result<void> create_plan(const Plan& plan, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const int64_t count, count_of(Query(database, "SELECT count(*) FROM plans")));
            if (count >= kPlansMax) return too_many("plans", kPlansMax);
            TRY(const bool id_taken,
                has_row(Query(database, "SELECT 1 FROM plans WHERE id = ?1", plan.id)));
            if (id_taken) return taken("plan", "id");
            TRY_VOID(check_plan_name(database, plan));
            return Query(database,
                         "INSERT INTO plans(id, name, policy, key_defaults, active_keys_max, "
                         "creations_per_hour_max, spikes, version) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)",
                         plan.id,
                         plan.name,
                         policy_json(plan.policy),
                         limits_json(plan.key_defaults),
                         plan.active_keys_max,
                         plan.creations_per_hour_max,
                         write_spikes(plan.spikes))
                .run();
        });
    }

    Result<void> update_plan(const Plan& plan, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY_VOID(check_plan_name(database, plan));
            TRY_VOID(Query(database,
                           "UPDATE plans SET name = ?3, policy = ?4, key_defaults = ?5, "
                           "active_keys_max = ?6, creations_per_hour_max = ?7, spikes = ?8, "
                           "version = ?2 "
                           "WHERE id = ?1 AND version = ?2 - 1",
                           plan.id,
                           plan.version,
                           plan.name,
                           policy_json(plan.policy),
                           limits_json(plan.key_defaults),
                           plan.active_keys_max,
                           plan.creations_per_hour_max,
                           write_spikes(plan.spikes))
                         .run());
            if (database.changes() > 0) return {};
            TRY(const bool there,
                has_row(Query(database, "SELECT 1 FROM plans WHERE id = ?1", plan.id)));
            if (there) return changed_meanwhile("plan");
            return no_such("plan");
        });
    }

    Result<Plan> get_plan(std::string_view id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_one(Query(*reader_.database, KEYWARDEN_PLAN_COLUMNS_ "WHERE id = ?1", id),
                        read_plan,
                        "plan");
    }

    Result<std::vector<Plan>> list_plans() override {
        const std::lock_guard lock(reader_.mutex);
        return read_all(Query(*reader_.database, KEYWARDEN_PLAN_COLUMNS_ "ORDER BY n"), read_plan);
    }

    // ---- the instance, and models ------------------------------------------------------------

    Result<InstanceSettings> get_instance() override {
        const std::lock_guard lock(reader_.mutex);
        return instance_in(*reader_.database);
    }

    Result<void> update_instance(const InstanceSettings& settings,
                                 const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const InstanceSettings there, instance_in(database));
            if (there.version != settings.version - 1) return changed_meanwhile("instance");
            return put_value(database, std::string(kInstanceRow), write_instance(settings));
        });
    }

    Result<std::vector<ModelLimits>> list_models() override {
        const std::lock_guard lock(reader_.mutex);
        return models_in(*reader_.database);
    }

    Result<void> put_model(const ModelLimits& model, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto models, models_in(database));
            const auto there = std::ranges::find(models, model.id, &ModelLimits::id);
            const int64_t version = there == models.end() ? 0 : there->version;
            if (version != model.version - 1) return changed_meanwhile("model");
            if (version == 0 && std::ssize(models) >= kModelsLimitedMax) {
                return too_many("models with limits", kModelsLimitedMax);
            }
            return put_value(database, std::string(kModelRows) + model.id, write_model(model));
        });
    }

    // ---- apps --------------------------------------------------------------------------------

    Result<void> create_app(const App& app, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto team, find_team(database, app.team_id));
            if (!team) return no_such("team");
            TRY(const int64_t count,
                count_of(Query(database, "SELECT count(*) FROM apps WHERE team = ?1", *team)));
            if (count >= kAppsMax) return too_many("apps in a team", kAppsMax);
            TRY(const bool id_taken,
                has_row(Query(database, "SELECT 1 FROM apps WHERE id = ?1", app.id)));
            if (id_taken) return taken("app", "id");
            TRY_VOID(check_app_name(database, app, *team));
            return Query(database,
                         "INSERT INTO apps(id, team, name, policy, created_at, version) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, 1)",
                         app.id,
                         *team,
                         app.name,
                         policy_json(app.policy),
                         app.created_at)
                .run();
        });
    }

    Result<void> update_app(const App& app, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto n, app_number(database, app.team_id, app.id));
            if (!n) return no_such("app");
            TRY(const auto team, find_team(database, app.team_id));
            TRY_VOID(check_app_name(database, app, team.value_or(-1)));
            TRY_VOID(Query(database,
                           "UPDATE apps SET name = ?3, policy = ?4, version = ?2 "
                           "WHERE n = ?1 AND version = ?2 - 1",
                           *n,
                           app.version,
                           app.name,
                           policy_json(app.policy))
                         .run());
            if (database.changes() > 0) return {};
            return changed_meanwhile("app");
        });
    }

    Result<void> delete_app(std::string_view team_id,
                            std::string_view app_id,
                            const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto n, app_number(database, team_id, app_id));
            if (!n) return no_such("app");
            TRY(const int64_t keys,
                count_of(Query(
                    database, "SELECT count(*) FROM keys WHERE app = ?1 AND status <> 3", *n)));
            if (keys > 0) return app_has_keys(keys);
            TRY_VOID(Query(database, "UPDATE keys SET app = NULL WHERE app = ?1", *n).run());
            return Query(database, "DELETE FROM apps WHERE n = ?1", *n).run();
        });
    }

    Result<App> get_app(std::string_view team_id, std::string_view app_id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_one(Query(*reader_.database,
                              KEYWARDEN_APP_COLUMNS_ "WHERE a.id = ?1 AND t.id = ?2",
                              app_id,
                              team_id),
                        read_app,
                        "app");
    }

    Result<std::vector<App>> list_apps(std::string_view team_id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_all(
            Query(
                *reader_.database, KEYWARDEN_APP_COLUMNS_ "WHERE t.id = ?1 ORDER BY a.n", team_id),
            read_app);
    }

    // ---- people ------------------------------------------------------------------------------

    Result<void> create_user(const User& user, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto there, find_user_number(database, user.id));
            if (there) return taken("user", "id");
            TRY_VOID(check_email(database, user));
            return Query(database,
                         "INSERT INTO users(id, email, name, is_operator, created_at, is_disabled) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                         user.id,
                         user.email,
                         user.name,
                         int64_t{user.is_operator},
                         user.created_at,
                         int64_t{user.is_disabled})
                .run();
        });
    }

    Result<void> update_user(const User& user, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY_VOID(check_email(database, user));
            TRY_VOID(Query(database,
                           "UPDATE users SET email = ?2, name = ?3, is_operator = ?4, "
                           "is_disabled = ?5 WHERE id = ?1",
                           user.id,
                           user.email,
                           user.name,
                           int64_t{user.is_operator},
                           int64_t{user.is_disabled})
                         .run());
            if (database.changes() > 0) return {};
            return no_such("user");
        });
    }

    Result<User> get_user(std::string_view id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_one(Query(*reader_.database, KEYWARDEN_USER_COLUMNS_ "WHERE id = ?1", id),
                        read_user,
                        "user");
    }

    Result<User> find_user(std::string_view email) override {
        const std::lock_guard lock(reader_.mutex);
        return read_one(Query(*reader_.database,
                              KEYWARDEN_USER_COLUMNS_ "WHERE email = ?1 AND email <> ''",
                              email),
                        read_user,
                        "user");
    }

    Result<Page<User>> list_users(const PageQuery& query) override {
        const std::lock_guard lock(reader_.mutex);
        Database& database = *reader_.database;
        std::optional<int64_t> after = INT64_MAX;
        if (!query.after.empty()) {
            TRY(after, find_user_number(database, query.after));
            if (!after) return no_such_cursor();
        }
        TRY(auto users,
            read_all(Query(database,
                           KEYWARDEN_USER_COLUMNS_ "WHERE n < ?1 ORDER BY n DESC LIMIT ?2",
                           *after,
                           static_cast<int64_t>(query.limit + 1)),
                     read_user));
        return page_of(std::move(users), query.limit);
    }

    // ---- members -----------------------------------------------------------------------------

    Result<void> put_member(const Member& member, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto team, find_team(database, member.team_id));
            if (!team) return no_such("team");
            TRY(const auto user, find_user_number(database, member.user_id));
            if (!user) return no_such("user");
            if (member.role != Role::Owner) {
                TRY_VOID(check_other_owner(database, *team, *user));
            }
            TRY(const auto role, find_role(database, *team, *user));
            TRY(const int64_t count,
                count_of(Query(database, "SELECT count(*) FROM members WHERE team = ?1", *team)));
            if (!role && count >= kMembersMax) return too_many("members in a team", kMembersMax);
            return Query(database,
                         "INSERT INTO members(team, user, role, created_at) "
                         "VALUES (?1, ?2, ?3, ?4) "
                         "ON CONFLICT(team, user) DO UPDATE SET role = excluded.role",
                         *team,
                         *user,
                         static_cast<int64_t>(member.role),
                         member.created_at)
                .run();
        });
    }

    Result<void> delete_member(std::string_view team_id,
                               std::string_view user_id,
                               const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto team, find_team(database, team_id));
            TRY(const auto user, find_user_number(database, user_id));
            if (!team || !user) return no_such("member");
            TRY_VOID(check_other_owner(database, *team, *user));
            TRY_VOID(
                Query(database, "DELETE FROM members WHERE team = ?1 AND user = ?2", *team, *user)
                    .run());
            if (database.changes() > 0) return {};
            return no_such("member");
        });
    }

    Result<Member> get_member(std::string_view team_id, std::string_view user_id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_one(Query(*reader_.database,
                              KEYWARDEN_MEMBER_COLUMNS_ "WHERE t.id = ?1 AND u.id = ?2",
                              team_id,
                              user_id),
                        read_member,
                        "member");
    }

    Result<std::vector<Member>> list_members(std::string_view team_id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_all(
            Query(*reader_.database,
                  KEYWARDEN_MEMBER_COLUMNS_ "WHERE t.id = ?1 ORDER BY m.created_at, m.user",
                  team_id),
            read_member);
    }

    Result<std::vector<Member>> list_memberships(std::string_view user_id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_all(Query(*reader_.database,
                              KEYWARDEN_MEMBER_COLUMNS_ "WHERE u.id = ?1 ORDER BY t.n",
                              user_id),
                        read_member);
    }

    // ---- the audit log -----------------------------------------------------------------------

    Result<std::vector<AuditRow>> read_audit(const AuditQuery& query) override {
        const std::lock_guard lock(reader_.mutex);
        Database& database = *reader_.database;
        const auto limit = static_cast<int64_t>(query.limit);
        if (query.newest_first) {
            return read_all(Query(database,
                                  "SELECT seq, canonical, chain FROM audit WHERE tenant = ?1 "
                                  "AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
                                  query.tenant,
                                  query.from_seq,
                                  limit),
                            read_audit_row);
        }
        return read_all(Query(database,
                              "SELECT seq, canonical, chain FROM audit WHERE tenant = ?1 "
                              "AND seq >= ?2 ORDER BY seq LIMIT ?3",
                              query.tenant,
                              query.from_seq,
                              limit),
                        read_audit_row);
    }

    Result<std::vector<std::string>> audit_tenants() override {
        const std::lock_guard lock(reader_.mutex);
        return read_all<std::string>(
            Query(*reader_.database, "SELECT DISTINCT tenant FROM audit ORDER BY tenant"),
            [](const Query& row) -> Result<std::string> { return std::string(row.text(0)); });
    }

private:
    static Result<InstanceSettings> instance_in(Database& database) {
        Query query(database, "SELECT value FROM settings WHERE name = ?1", kInstanceRow);
        TRY(const bool row, query.next());
        if (!row) return InstanceSettings();
        return read_instance(query);
    }

    static Result<std::vector<ModelLimits>> models_in(Database& database) {
        return read_all(Query(database,
                              "SELECT substr(name, length(?1) + 1), value FROM settings "
                              "WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name",
                              kModelRows),
                        read_model);
    }

    static Result<void> put_value(Database& database,
                                  const std::string& name,
                                  const std::string& value) {
        return Query(database,
                     "INSERT INTO settings(name, value) VALUES (?1, ?2) "
                     "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                     name,
                     value)
            .run();
    }

    static Result<int64_t> plan_number(Database& database, std::string_view id) {
        TRY(const auto n, number_of(Query(database, "SELECT n FROM plans WHERE id = ?1", id)));
        if (n) return *n;
        return no_such_plan();
    }

    static Result<void> check_plan_name(Database& database, const Plan& plan) {
        TRY(const bool there,
            has_row(Query(
                database, "SELECT 1 FROM plans WHERE name = ?1 AND id <> ?2", plan.name, plan.id)));
        if (there) return taken("plan", "name");
        return {};
    }

    static Result<std::optional<int64_t>> app_number(Database& database,
                                                     std::string_view team_id,
                                                     std::string_view app_id) {
        return number_of(Query(database,
                               "SELECT n FROM apps WHERE id = ?1 "
                               "AND team = (SELECT n FROM teams WHERE id = ?2)",
                               app_id,
                               team_id));
    }

    static Result<void> check_app_name(Database& database, const App& app, int64_t team) {
        TRY(const bool there,
            has_row(Query(database,
                          "SELECT 1 FROM apps WHERE team = ?1 AND name = ?2 AND id <> ?3",
                          team,
                          app.name,
                          app.id)));
        if (there) return taken("app", "name");
        return {};
    }

    static Result<void> check_email(Database& database, const User& user) {
        TRY(const bool there,
            has_row(Query(database,
                          "SELECT 1 FROM users WHERE email = ?1 AND email <> '' AND id <> ?2",
                          user.email,
                          user.id)));
        if (there) return taken("user", "email");
        return {};
    }

    static Result<AuditRow> read_audit_row(const Query& query) {
        AuditRow row{.seq = query.integer(0), .canonical = std::string(query.text(1))};
        const std::span<const uint8_t> chain = query.bytes(2);
        if (chain.size() == row.chain.size()) std::ranges::copy(chain, row.chain.begin());
        return row;
    }

    Connection& writer_;
    Connection& reader_;
};

}  // namespace

std::unique_ptr<AccountStore> make_sqlite_accounts(Connection& writer, Connection& reader) {
    return std::make_unique<SqliteAccounts>(writer, reader);
}

}  // namespace keywarden
