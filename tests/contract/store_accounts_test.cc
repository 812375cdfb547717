// Teams, plans, apps, people: what every store promises of them.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/contract/store_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

class AccountContract : public StoreContract {
protected:
    AccountStore& accounts() { return store_->accounts(); }

    static AuditEntry an_audit(std::string tenant = "team_a") {
        return {
            .at = kNow, .tenant = std::move(tenant), .actor = {"system", "test"}, .action = "test"};
    }

    App an_app(const std::string& name, const std::string& team = "team_a") {
        App app{.id = new_id("app"), .team_id = team, .name = name, .created_at = kNow};
        EXPECT_TRUE(accounts().create_app(app, an_audit()));
        return app;
    }

    User a_user(const std::string& email) {
        User user{.id = new_id("user"), .email = email, .name = "N", .created_at = kNow};
        EXPECT_TRUE(accounts().create_user(user, an_audit()));
        return user;
    }

    Result<void> put(const User& user, Role role, const std::string& team = "team_a") {
        return accounts().put_member(
            {.team_id = team, .user_id = user.id, .role = role, .created_at = kNow}, an_audit());
    }

    size_t audit_rows(const std::string& tenant = "team_a") {
        return accounts().read_audit({.tenant = tenant, .limit = 100})->size();
    }
};

INSTANTIATE_TEST_SUITE_P(Memory, AccountContract, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, AccountContract, testing::Values("sqlite:"));

Policy a_policy() {
    Policy policy;
    policy.models.deny = {*Glob::parse("gpt-4*")};
    policy.addresses.allow = {*IpRange::parse("10.0.0.0/8")};
    policy.tools.allow.emplace();
    policy.limits[LimitKind::RequestsPerMinute] = 7;
    return policy;
}

/// A key's rate is a field of its own, whatever its burst needs.
Policy a_key_policy() {
    Policy policy = a_policy();
    policy.limits[LimitKind::RequestsPerMinute].reset();
    policy.limits[LimitKind::Burst] = 3;
    return policy;
}

TEST_P(AccountContract, GivesBackATeamAsItWasChanged) {
    Team team = *accounts().get_team("team_a");
    EXPECT_EQ(team.plan_id, kDefaultPlanId);
    EXPECT_EQ(team.version, 1);
    ASSERT_TRUE(accounts().create_plan({.id = "plan_pro", .name = "Pro"}, an_audit("instance")));
    team.name = "new";
    team.plan_id = "plan_pro";
    team.state = TeamState::Suspended;
    team.policy = a_policy();
    team.key_defaults[LimitKind::RequestsPerDay] = 9;
    team.version = 2;
    team.created_at = kNow + 1h;
    ASSERT_TRUE(accounts().update_team(team, an_audit()));
    const Team got = *accounts().get_team("team_a");
    EXPECT_EQ(got.name, "new");
    EXPECT_EQ(got.plan_id, "plan_pro");
    EXPECT_EQ(got.state, TeamState::Suspended);
    EXPECT_TRUE(got.policy == a_policy());
    EXPECT_TRUE(got.key_defaults == team.key_defaults);
    EXPECT_EQ(got.version, 2);
    EXPECT_EQ(got.created_at, kNow) << "a birthday stays";
    EXPECT_EQ(accounts().update_team(team, an_audit()).error().code, ErrorCode::VersionMismatch);
    team.id = "team_none";
    EXPECT_EQ(accounts().update_team(team, an_audit()).error().code, ErrorCode::NotFound);
    EXPECT_EQ(accounts().get_team("team_none").error().code, ErrorCode::NotFound);
}

TEST_P(AccountContract, ATeamNeedsAPlanThatThereIs) {
    const Team team{.id = "team_c", .name = "C", .plan_id = "plan_none"};
    const auto refused = accounts().create_team(team, an_audit("team_c"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidRequest);
    EXPECT_EQ(refused.error().param, "plan");
    EXPECT_EQ(accounts().create_team({.id = "team_a"}, an_audit()).error().code,
              ErrorCode::InvalidRequest);
    EXPECT_EQ(audit_rows("team_c"), 0U) << "what did not happen has no row";
}

TEST_P(AccountContract, ATeamIsGivenBackAsItWasMade) {
    Team team{.id = "team_c", .name = "C", .state = TeamState::Closed, .policy = a_policy()};
    team.key_defaults[LimitKind::Burst] = 2;
    team.key_defaults[LimitKind::RequestsPerMinute] = 20;
    ASSERT_TRUE(accounts().create_team(team, an_audit("team_c")));
    const Team got = *accounts().get_team("team_c");
    EXPECT_EQ(got.state, TeamState::Closed);
    EXPECT_TRUE(got.policy == team.policy);
    EXPECT_TRUE(got.key_defaults == team.key_defaults);
    EXPECT_TRUE(accounts().get_team("team_a")->key_defaults.empty()) << "who says nothing";
}

TEST_P(AccountContract, ListsTeamsNewestFirstPageByPage) {
    auto page = accounts().list_teams({.limit = 1});
    ASSERT_TRUE(page);
    EXPECT_EQ(page->items.at(0).id, "team_b");
    page = accounts().list_teams({.after = page->next, .limit = 1});
    EXPECT_EQ(page->items.at(0).id, "team_a");
    EXPECT_EQ(page->next, "");
    EXPECT_EQ(accounts().list_teams({.after = "nobody"}).error().code, ErrorCode::InvalidRequest);
}

TEST_P(AccountContract, ThereIsADefaultPlanThatSaysNothing) {
    const Plan plan = *accounts().get_plan(kDefaultPlanId);
    EXPECT_EQ(plan.name, "Default");
    EXPECT_TRUE(plan.policy == Policy());
    EXPECT_TRUE(plan.key_defaults.empty());
    EXPECT_EQ(plan.active_keys_max, std::nullopt);
    EXPECT_EQ(accounts().list_plans()->size(), 1U);
}

TEST_P(AccountContract, GivesBackAPlanAsItWasGiven) {
    Plan plan{.id = "plan_pro", .name = "Pro", .policy = a_policy(), .active_keys_max = 50};
    plan.key_defaults[LimitKind::TokensPerMinute] = 9;
    plan.spikes = {.factor = 0, .spend_floor = 1'500'000'000, .action = SpikeAction::Quarantine};
    ASSERT_TRUE(accounts().create_plan(plan, an_audit("instance")));
    Plan got = *accounts().get_plan("plan_pro");
    EXPECT_TRUE(got.policy == plan.policy);
    EXPECT_TRUE(got.key_defaults == plan.key_defaults);
    EXPECT_TRUE(got.spikes == plan.spikes);
    EXPECT_EQ(got.active_keys_max, 50);
    EXPECT_EQ(got.creations_per_hour_max, std::nullopt);
    got.name = "Default";
    got.version = 2;
    EXPECT_EQ(accounts().update_plan(got, an_audit("instance")).error().param, "name");
    got.name = "Team";
    ASSERT_TRUE(accounts().update_plan(got, an_audit("instance")));
    EXPECT_EQ(accounts().get_plan("plan_pro")->name, "Team");
    EXPECT_EQ(accounts().update_plan(got, an_audit()).error().code, ErrorCode::VersionMismatch);
    EXPECT_EQ(accounts().create_plan({.id = "plan_x", .name = "Team"}, an_audit()).error().param,
              "name");
}

TEST_P(AccountContract, APlansCapsGoBeforeTheInstances) {
    Plan plan = *accounts().get_plan(kDefaultPlanId);
    plan.active_keys_max = 1;
    plan.version = 2;
    ASSERT_TRUE(accounts().update_plan(plan, an_audit("instance")));
    Key key = created();
    EXPECT_EQ(store_->create_key(a_key(), {kNoCaps, kNow}).error().code,
              ErrorCode::ApiKeyLimitReached);
    key.expires_at = kNow;
    key.version = 2;
    ASSERT_TRUE(store_->update_key(key, {kNoCaps, kNow}));
    created();
    key.expires_at.reset();
    key.version = 3;
    EXPECT_EQ(store_->update_key(key, {kNoCaps, kNow}).error().code, ErrorCode::ApiKeyLimitReached)
        << "a key that comes back needs its place too";
    plan.active_keys_max.reset();
    plan.creations_per_hour_max = 2;
    plan.version = 3;
    ASSERT_TRUE(accounts().update_plan(plan, an_audit("instance")));
    EXPECT_TRUE(store_->update_key(key, {kNoCaps, kNow})) << "live, at the next request";
    EXPECT_EQ(store_->create_key(a_key(), {kNoCaps, kNow}).error().code,
              ErrorCode::KeyCreationRateExceeded);
}

TEST_P(AccountContract, AnAppBelongsToItsTeamAlone) {
    App app = an_app("dev");
    app.policy = a_policy();
    app.version = 2;
    ASSERT_TRUE(accounts().update_app(app, an_audit()));
    EXPECT_TRUE(accounts().get_app("team_a", app.id)->policy == a_policy());
    EXPECT_EQ(accounts().get_app("team_b", app.id).error().code, ErrorCode::NotFound);
    App stolen = app;
    stolen.team_id = "team_b";
    stolen.version = 3;
    EXPECT_EQ(accounts().update_app(stolen, an_audit()).error().code, ErrorCode::NotFound);
    EXPECT_EQ(accounts().delete_app("team_b", app.id, an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(accounts().update_app(app, an_audit()).error().code, ErrorCode::VersionMismatch);
    EXPECT_TRUE(accounts().list_apps("team_b")->empty());
    an_app("dev", "team_b");
    EXPECT_EQ(accounts()
                  .create_app({.id = "app_x", .team_id = "team_a", .name = "dev"}, an_audit())
                  .error()
                  .param,
              "name");
    EXPECT_EQ(accounts()
                  .create_app({.id = "app_y", .team_id = "team_none", .name = "z"}, an_audit())
                  .error()
                  .code,
              ErrorCode::NotFound);
}

TEST_P(AccountContract, AnAppWithLiveKeysStays) {
    const App app = an_app("dev");
    Key key = a_key();
    key.app_id = app.id;
    key = created(key);
    EXPECT_EQ(accounts().delete_app("team_a", app.id, an_audit()).error().code,
              ErrorCode::InvalidRequest);
    key.status = KeyStatus::Revoked;
    key.version = 2;
    ASSERT_TRUE(store_->update_key(key, {kNoCaps, kNow}));
    ASSERT_TRUE(accounts().delete_app("team_a", app.id, an_audit()));
    EXPECT_EQ(store_->get_key("team_a", key.id)->app_id, "");
    EXPECT_TRUE(accounts().list_apps("team_a")->empty());
}

TEST_P(AccountContract, ATeamHasABoundedNumberOfApps) {
    for (int64_t i = 0; i < kAppsMax; ++i) an_app(std::to_string(i));
    EXPECT_EQ(accounts()
                  .create_app({.id = "app_x", .team_id = "team_a", .name = "x"}, an_audit())
                  .error()
                  .code,
              ErrorCode::InvalidRequest);
    an_app("x", "team_b");
}

TEST_P(AccountContract, TheInstanceSaysNothingUntilItIsSet) {
    InstanceSettings settings = *accounts().get_instance();
    EXPECT_TRUE(settings.policy == Policy());
    EXPECT_EQ(settings.version, 0);
    settings = {.policy = a_policy(), .version = 1};
    settings.key_defaults[LimitKind::RequestsPerDay] = 9;
    ASSERT_TRUE(accounts().update_instance(settings, an_audit("instance")));
    const InstanceSettings got = *accounts().get_instance();
    EXPECT_TRUE(got.policy == a_policy());
    EXPECT_EQ(got.key_defaults, settings.key_defaults);
    EXPECT_EQ(got.version, 1);
    EXPECT_EQ(accounts().update_instance(settings, an_audit("instance")).error().code,
              ErrorCode::VersionMismatch);
    EXPECT_EQ(accounts().read_audit({.tenant = "instance"})->size(), 1U);
}

TEST_P(AccountContract, AModelsLimitsAreKeptByItsId) {
    EXPECT_TRUE(accounts().list_models()->empty());
    ModelLimits model{.id = "p/model 'x' _%", .version = 1};
    model.limits[LimitKind::RequestsPerMinute] = 5;
    ASSERT_TRUE(accounts().put_model(model, an_audit("instance")));
    ASSERT_TRUE(accounts().put_model({.id = "a/b", .version = 1}, an_audit("instance")));
    EXPECT_EQ(accounts().put_model(model, an_audit("instance")).error().code,
              ErrorCode::VersionMismatch);
    model.version = 2;
    model.limits[LimitKind::RequestsPerMinute] = 6;
    ASSERT_TRUE(accounts().put_model(model, an_audit("instance")));
    const auto models = *accounts().list_models();
    ASSERT_EQ(models.size(), 2U);
    EXPECT_EQ(models[0].id, "a/b");
    EXPECT_EQ(models[1].id, model.id);
    EXPECT_EQ(models[1].limits, model.limits);
    EXPECT_EQ(models[1].version, 2);
    EXPECT_TRUE(accounts().get_instance()) << "rows of models are no settings of the instance";
}

TEST_P(AccountContract, AKeyRemembersItsAppItsUserItsMakerAndItsPolicy) {
    const App app = an_app("dev");
    const User user = a_user("a@example.test");
    const Key maker = created();
    Key key = a_key();
    key.app_id = app.id;
    key.user_id = user.id;
    key.maker_key_id = maker.id;
    key.policy = a_key_policy();
    key.rate_limit_rpm = 7;
    created(key);
    Key got = *store_->get_key("team_a", key.id);
    EXPECT_EQ(got.app_id, app.id);
    EXPECT_EQ(got.user_id, user.id);
    EXPECT_EQ(got.maker_key_id, maker.id);
    EXPECT_TRUE(got.policy == a_key_policy());
    EXPECT_EQ(got.rate_limit_rpm, 7);
    got.policy = {};
    got.app_id.clear();
    got.user_id.clear();
    got.maker_key_id.clear();
    got.version = 2;
    ASSERT_TRUE(store_->update_key(got, {kNoCaps, kNow}));
    got = *store_->get_key("team_a", key.id);
    EXPECT_EQ(got.app_id, "");
    EXPECT_TRUE(got.policy == Policy());
    EXPECT_EQ(got.user_id, user.id) << "nobody takes on another's role";
    EXPECT_EQ(got.maker_key_id, maker.id) << "nor sheds who made them";
}

TEST_P(AccountContract, HandsOutWhereAKeyStandsAndItsPolicy) {
    const App app = an_app("dev");
    const User user = a_user("a@example.test");
    const Key maker = created();
    Key key = a_key();
    key.app_id = app.id;
    key.user_id = user.id;
    key.maker_key_id = maker.id;
    key.policy = a_key_policy();
    key.rate_limit_rpm = 7;
    created(key);
    size_t seen = 0;
    ASSERT_TRUE(store_->for_each_hot_key([&](const HotKey& hot) {
        ++seen;
        const bool is_maker = hot.id == maker.id;
        EXPECT_EQ(hot.app_id, is_maker ? "" : app.id);
        EXPECT_EQ(hot.user_id, is_maker ? "" : user.id);
        EXPECT_EQ(hot.maker_key_id, is_maker ? "" : maker.id);
        ASSERT_EQ(hot.policy == nullptr, is_maker);
        if (!is_maker) EXPECT_TRUE(*hot.policy == a_key_policy());
    }));
    EXPECT_EQ(seen, 2U);
}

TEST_P(AccountContract, AKeyNamesNothingOfAnotherTeam) {
    const App app = an_app("dev", "team_b");
    const Key maker = created(a_key("team_b"));
    Key key = a_key();
    key.app_id = app.id;
    EXPECT_EQ(store_->create_key(key, {kNoCaps, kNow}).error().param, "app");
    key.app_id.clear();
    key.maker_key_id = maker.id;
    EXPECT_EQ(store_->create_key(key, {kNoCaps, kNow}).error().param, "maker");
    key.maker_key_id.clear();
    key.user_id = "user_none";
    EXPECT_EQ(store_->create_key(key, {kNoCaps, kNow}).error().param, "user");
    key.user_id.clear();
    key = created(key);
    key.app_id = app.id;
    key.version = 2;
    EXPECT_EQ(store_->update_key(key, {kNoCaps, kNow}).error().param, "app");
    EXPECT_EQ(store_->get_key("team_a", key.id)->version, 1);
}

TEST_P(AccountContract, AnEmailIsOnePersons) {
    User user = a_user("Ann@Example.Test");
    EXPECT_EQ(accounts().find_user("ann@example.test")->id, user.id);
    EXPECT_EQ(accounts()
                  .create_user({.id = "user_x", .email = "ANN@example.test"}, an_audit())
                  .error()
                  .param,
              "email");
    for (const char* id : {"user_1", "user_2"}) {
        EXPECT_TRUE(accounts().create_user({.id = id}, an_audit())) << "none is no email";
    }
    EXPECT_EQ(accounts().find_user("").error().code, ErrorCode::NotFound);
    user.email = "b@example.test";
    user.is_operator = true;
    ASSERT_TRUE(accounts().update_user(user, an_audit()));
    EXPECT_EQ(accounts().find_user("ann@example.test").error().code, ErrorCode::NotFound);
    EXPECT_TRUE(accounts().get_user(user.id)->is_operator);
    EXPECT_EQ(accounts().list_users({.limit = 2})->items.size(), 2U);
    EXPECT_EQ(accounts().list_users({.limit = 2})->next, "user_1");
}

TEST_P(AccountContract, MembersHaveARoleAndTheLastOwnerStays) {
    const User ann = a_user("ann@example.test");
    const User bob = a_user("bob@example.test");
    ASSERT_TRUE(put(ann, Role::Owner));
    ASSERT_TRUE(put(bob, Role::Viewer));
    EXPECT_EQ(accounts().get_member("team_a", bob.id)->role, Role::Viewer);
    EXPECT_EQ(accounts().get_member("team_a", bob.id)->email, "bob@example.test");
    EXPECT_EQ(accounts().get_member("team_b", bob.id).error().code, ErrorCode::NotFound);
    ASSERT_EQ(accounts().list_members("team_a")->size(), 2U);
    EXPECT_EQ(accounts().list_members("team_a")->at(0).user_id, ann.id);

    EXPECT_EQ(put(ann, Role::Admin).error().code, ErrorCode::InvalidRequest);
    EXPECT_EQ(accounts().delete_member("team_a", ann.id, an_audit()).error().code,
              ErrorCode::InvalidRequest);
    ASSERT_TRUE(put(bob, Role::Owner));
    EXPECT_TRUE(accounts().delete_member("team_a", ann.id, an_audit()));
    EXPECT_EQ(accounts().delete_member("team_a", ann.id, an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(put(ann, Role::Owner, "team_none").error().code, ErrorCode::NotFound);
    EXPECT_EQ(put(User{.id = "user_none"}, Role::Owner).error().code, ErrorCode::NotFound);
}

TEST_P(AccountContract, OwnersWhoLeaveAtOnceLeaveOne) {
    std::vector<User> owners;
    for (int i = 0; i < 8; ++i) {
        owners.push_back(a_user(std::to_string(i) + "@example.test"));
        ASSERT_TRUE(put(owners.back(), Role::Owner));
    }
    {
        std::vector<std::jthread> threads;
        for (const User& owner : owners) {
            threads.emplace_back(
                [&] { (void)accounts().delete_member("team_a", owner.id, an_audit()); });
        }
    }
    EXPECT_EQ(accounts().list_members("team_a")->size(), 1U);
}

TEST_P(AccountContract, OfRacingUpdatesOfATeamOneWinsEachVersion) {
    std::atomic<int> won = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                Team team = *accounts().get_team("team_a");
                team.version = 2;
                if (accounts().update_team(team, an_audit())) ++won;
            });
        }
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(accounts().get_team("team_a")->version, 2);
}

TEST_P(AccountContract, RemembersAcrossAStart) {
    if (!lasts()) GTEST_SKIP() << "a memory store forgets";
    const App app = an_app("dev");
    const User user = a_user("a@example.test");
    ASSERT_TRUE(put(user, Role::Admin));
    open();
    EXPECT_EQ(accounts().get_app("team_a", app.id)->name, "dev");
    EXPECT_EQ(accounts().get_member("team_a", user.id)->role, Role::Admin);
}

// ---- the audit log -----------------------------------------------------------------------------

TEST_P(AccountContract, EachTeamsRowsAreAChainOfTheirOwn) {
    for (int i = 0; i < 5; ++i) {
        created();
        created(a_key("team_b"));
    }
    for (const char* tenant : {"team_a", "team_b"}) {
        AuditVerifier verifier(tenant);
        const auto rows = accounts().read_audit({.tenant = tenant});
        ASSERT_TRUE(rows);
        EXPECT_EQ(rows->size(), 5U);
        for (const AuditRow& row : *rows) ASSERT_TRUE(verifier.add(row));
    }
}

TEST_P(AccountContract, RacingChangesMakeOneChain) {
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 5; ++n) created();
            });
        }
    }
    AuditVerifier verifier("team_a");
    for (const AuditRow& row : *accounts().read_audit({.tenant = "team_a"})) {
        ASSERT_TRUE(verifier.add(row));
    }
    EXPECT_EQ(verifier.head().next_seq, 40);
}

TEST_P(AccountContract, ARowTellsWhoAndWhat) {
    const Key key = a_key();
    KeyTerms terms{kNoCaps, kNow};
    terms.audit = {.actor = {"key", "key_maker"}, .address = "10.0.0.1", .request_id = "r-1"};
    ASSERT_TRUE(store_->create_key(key, terms));
    const auto rows = accounts().read_audit({.tenant = "team_a"});
    ASSERT_EQ(rows->size(), 1U);
    const std::string& row = rows->at(0).canonical;
    EXPECT_NE(row.find(R"("action":"key.create")"), std::string::npos) << row;
    EXPECT_NE(row.find(R"("actor":{"id":"key_maker","type":"key"})"), std::string::npos);
    EXPECT_NE(row.find(R"("target":{"id":")" + key.id + R"(","type":"key"})"), std::string::npos);
    EXPECT_NE(row.find(R"("address":"10.0.0.1")"), std::string::npos);
}

TEST_P(AccountContract, AChangeThatDidNotHappenHasNoRow) {
    Key key = created();
    EXPECT_FALSE(store_->create_key(key, {kNoCaps, kNow}));
    key.version = 7;
    EXPECT_FALSE(store_->update_key(key, {kNoCaps, kNow}));
    EXPECT_FALSE(accounts().delete_app("team_a", "app_none", an_audit()));
    EXPECT_FALSE(accounts().delete_member("team_a", "user_none", an_audit()));
    EXPECT_EQ(audit_rows(), 1U);
    EXPECT_EQ(*accounts().audit_tenants(), (std::vector<std::string>{"team_a", "test"}));
}

TEST_P(AccountContract, RowsAreReadFromBothEnds) {
    for (int i = 0; i < 5; ++i) created();
    const auto seqs = [&](const AuditQuery& query) {
        std::vector<int64_t> out;
        for (const AuditRow& row : *accounts().read_audit(query)) out.push_back(row.seq);
        return out;
    };
    EXPECT_EQ(seqs({.tenant = "team_a", .from_seq = 3}), (std::vector<int64_t>{3, 4}));
    EXPECT_EQ(seqs({.tenant = "team_a", .limit = 2}), (std::vector<int64_t>{0, 1}));
    EXPECT_EQ(seqs({.tenant = "team_a", .from_seq = INT64_MAX, .newest_first = true, .limit = 2}),
              (std::vector<int64_t>{4, 3}));
    EXPECT_EQ(seqs({.tenant = "team_a", .from_seq = 3, .newest_first = true}),
              (std::vector<int64_t>{2, 1, 0}));
    EXPECT_TRUE(seqs({.tenant = "team_none"}).empty());
}

}  // namespace
}  // namespace keywarden
