// No change without its row: the audit log of a database that refuses to be written.
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "store/sqlite/database.h"
#include "store/sqlite/sqlite_store.h"

namespace keywarden {
namespace {

namespace fs = std::filesystem;

class AuditLog : public testing::Test {
protected:
    AuditLog() {
        std::string made = (fs::temp_directory_path() / "kw_audit_XXXXXX").string();
        folder_ = mkdtemp(made.data());
        store_ = *open_sqlite_store(path());
        EXPECT_TRUE(accounts().create_team({.id = "team_1", .name = "A"}, audit_));
        EXPECT_TRUE(
            accounts().create_app({.id = "app_1", .team_id = "team_1", .name = "a"}, audit_));
        for (const char* id : {"user_1", "user_2"}) {
            EXPECT_TRUE(accounts().create_user({.id = id, .name = "before"}, audit_));
            EXPECT_TRUE(accounts().put_member(
                {.team_id = "team_1", .user_id = id, .role = Role::Owner}, audit_));
        }
        EXPECT_TRUE(store_->create_key(key_, {}));
    }
    ~AuditLog() override { fs::remove_all(folder_); }

    std::string path() const { return (folder_ / "kw.db").string(); }
    AccountStore& accounts() { return store_->accounts(); }

    /// What is run beside the store, on a connection of its own.
    Result<void> run(const std::string& sql) {
        return (*Database::open(path(), Database::Mode::ReadWrite))->run(sql);
    }

    /// All that there is but for the log, as one text.
    std::string everything() {
        std::string out;
        const auto file = *Database::open(path(), Database::Mode::QueryOnly);
        Query rows(*file,
                   "SELECT group_concat(t, '|') FROM ("
                   "SELECT id || name || state || version AS t FROM teams UNION ALL "
                   "SELECT id || name || version FROM plans UNION ALL "
                   "SELECT id || name || version FROM apps UNION ALL "
                   "SELECT id || name || email FROM users UNION ALL "
                   "SELECT team || '-' || user || role FROM members UNION ALL "
                   "SELECT id || name || status || version FROM keys)");
        EXPECT_TRUE(*rows.next());
        return std::string(rows.text(0));
    }

    fs::path folder_;
    std::unique_ptr<Store> store_;
    const AuditEntry audit_{.tenant = "team_1", .actor = {"system", "test"}, .action = "test"};
    const Key key_{.id = "key_1", .team_id = "team_1", .name = "k"};
};

TEST_F(AuditLog, AChangeWhoseRowCannotBeWrittenDoesNotHappen) {
    ASSERT_TRUE(
        run("CREATE TRIGGER disk_is_full BEFORE INSERT ON audit "
            "BEGIN SELECT raise(ABORT, 'full'); END"));
    const std::string before = everything();
    Key changed = key_;
    changed.name = "after";
    changed.version = 2;
    Team team = *accounts().get_team("team_1");
    team.state = TeamState::Suspended;
    team.version = 2;
    Plan plan = *accounts().get_plan(kDefaultPlanId);
    plan.name = "after";
    plan.version = 2;
    App app = *accounts().get_app("team_1", "app_1");
    app.name = "after";
    app.version = 2;
    const std::vector<std::function<Result<void>()>> changes = {
        [&] { return store_->create_key({.id = "key_2", .team_id = "team_1", .name = "k"}, {}); },
        [&] { return store_->update_key(changed, {}); },
        [&] { return accounts().create_team({.id = "team_2", .name = "B"}, audit_); },
        [&] { return accounts().update_team(team, audit_); },
        [&] { return accounts().create_plan({.id = "plan_2", .name = "Pro"}, audit_); },
        [&] { return accounts().update_plan(plan, audit_); },
        [&] {
            return accounts().create_app({.id = "app_2", .team_id = "team_1", .name = "b"}, audit_);
        },
        [&] { return accounts().update_app(app, audit_); },
        [&] { return accounts().delete_app("team_1", "app_1", audit_); },
        [&] { return accounts().create_user({.id = "user_3", .name = "c"}, audit_); },
        [&] { return accounts().update_user({.id = "user_1", .name = "after"}, audit_); },
        [&] { return accounts().put_member({.team_id = "team_1", .user_id = "user_1"}, audit_); },
        [&] { return accounts().delete_member("team_1", "user_1", audit_); },
    };
    for (size_t i = 0; i < changes.size(); ++i) {
        const Result<void> done = changes[i]();
        ASSERT_FALSE(done) << "change " << i;
        EXPECT_EQ(done.error().code, ErrorCode::StoreUnavailable) << done.error().message;
        EXPECT_EQ(everything(), before) << "change " << i;
    }
    ASSERT_TRUE(run("DROP TRIGGER disk_is_full"));
    for (size_t i = 0; i < changes.size(); ++i) {
        EXPECT_TRUE(changes[i]()) << "with its row change " << i << " happens";
    }
    EXPECT_NE(everything(), before);
}

TEST_F(AuditLog, IsOnlyAddedTo) {
    EXPECT_FALSE(run("UPDATE audit SET canonical = '{}' WHERE seq = 0"));
    EXPECT_FALSE(run("DELETE FROM audit"));
    AuditVerifier verifier("team_1");
    for (const AuditRow& row : *accounts().read_audit({.tenant = "team_1"})) {
        EXPECT_TRUE(verifier.add(row));
    }
    EXPECT_EQ(verifier.head().next_seq, 7);
}

TEST_F(AuditLog, AlteredBehindItsBackItIsFoundOut) {
    ASSERT_TRUE(
        run("DROP TRIGGER audit_is_not_altered;"
            "UPDATE audit SET canonical = replace(canonical, 'test', 'tset') "
            "WHERE seq = 2"));
    AuditVerifier verifier("team_1");
    Result<void> verified;
    for (const AuditRow& row : *accounts().read_audit({.tenant = "team_1"})) {
        if (verified) verified = verifier.add(row);
    }
    ASSERT_FALSE(verified);
    EXPECT_NE(verified.error().message.find("row 2"), std::string::npos);
}

}  // namespace
}  // namespace keywarden
