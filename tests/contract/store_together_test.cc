// Several changes as one: what every store promises of Store::together.
#include <atomic>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tests/contract/store_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

class TogetherContract : public StoreContract {
protected:
    AccountStore& accounts() { return store_->accounts(); }

    static AuditEntry an_audit(std::string tenant = "team_a") {
        return {
            .at = kNow, .tenant = std::move(tenant), .actor = {"system", "test"}, .action = "test"};
    }

    Result<void> add_key(const Key& key = a_key()) {
        return store_->create_key(key, {kNoCaps, kNow});
    }
    Result<void> add_app(const std::string& name) {
        return accounts().create_app(
            {.id = new_id("app"), .team_id = "team_a", .name = name, .created_at = kNow},
            an_audit());
    }

    /// Everything that a change could have left behind, as one text.
    std::string everything() {
        std::string out;
        for (const char* team : {"team_a", "team_b"}) {
            const Team found = *accounts().get_team(team);
            out += found.name + " v" + std::to_string(found.version);
            for (const App& app : *accounts().list_apps(team)) out += " app " + app.name;
            for (const Member& each : *accounts().list_members(team)) out += " m " + each.user_id;
            for (const Key& key : store_->list_keys({.team_id = team, .limit = 100})->keys) {
                out += " key " + key.id + " v" + std::to_string(key.version) + " " + key.name;
            }
            out += rows_of(team);
        }
        for (const Plan& plan : *accounts().list_plans()) out += " plan " + plan.name;
        for (const User& user : accounts().list_users({})->items) out += " user " + user.id;
        return out + rows_of("instance");
    }

    std::string rows_of(const std::string& tenant) {
        std::string out = " rows of " + tenant + ":";
        for (const AuditRow& row : *accounts().read_audit({.tenant = tenant})) {
            out += " " + to_hex(row.chain).substr(0, 8);
        }
        return out;
    }

    /// One change of each kind.
    Result<void> change_everything() {
        Team team = *accounts().get_team("team_b");
        team.name = "renamed";
        ++team.version;
        TRY_VOID(accounts().update_team(team, an_audit("team_b")));
        TRY_VOID(accounts().create_team({.id = "team_c", .name = "C"}, an_audit("team_c")));
        TRY_VOID(accounts().create_plan({.id = "plan_p", .name = "P"}, an_audit("instance")));
        TRY_VOID(accounts().create_user({.id = "user_1", .email = "a@x"}, an_audit("instance")));
        TRY_VOID(accounts().put_member({.team_id = "team_a", .user_id = "user_1"}, an_audit()));
        TRY_VOID(add_app("one"));
        TRY_VOID(add_key());
        Key key = old_;
        key.name = "another name";
        ++key.version;
        return store_->update_key(key, {kNoCaps, kNow});
    }

    void SetUp() override {
        StoreContract::SetUp();
        old_ = created();
    }

    Key old_;
};

INSTANTIATE_TEST_SUITE_P(Memory, TogetherContract, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, TogetherContract, testing::Values("sqlite:"));

TEST_P(TogetherContract, WhatSucceedsIsThereWithARowForEach) {
    ASSERT_TRUE(store_->together([&] { return change_everything(); }));
    if (lasts()) open();
    EXPECT_EQ(accounts().get_team("team_b")->name, "renamed");
    EXPECT_TRUE(accounts().get_team("team_c"));
    EXPECT_EQ(accounts().list_plans()->size(), 2U);
    EXPECT_EQ(accounts().list_members("team_a")->size(), 1U);
    EXPECT_EQ(accounts().list_apps("team_a")->size(), 1U);
    EXPECT_EQ(store_->get_key("team_a", old_.id)->name, "another name");
    EXPECT_EQ(store_->list_keys({.team_id = "team_a"})->keys.size(), 2U);
    for (const char* tenant : {"team_a", "team_b", "team_c", "instance"}) {
        AuditVerifier verifier(tenant);
        for (const AuditRow& row : *accounts().read_audit({.tenant = tenant})) {
            EXPECT_TRUE(verifier.add(row));
        }
        EXPECT_GT(verifier.head().next_seq, 0) << tenant;
    }
    EXPECT_EQ(accounts().read_audit({.tenant = "team_a"})->size(), 5U);
}

TEST_P(TogetherContract, AFailureInTheMiddleLeavesNothing) {
    ASSERT_TRUE(add_app("taken"));
    const std::string before = everything();
    const auto failed = store_->together([&]() -> Result<void> {
        TRY_VOID(change_everything());
        TRY_VOID(add_app("taken"));
        return add_key();
    });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().param, "name");
    EXPECT_EQ(everything(), before);
    if (lasts()) open();
    EXPECT_EQ(everything(), before);
    ASSERT_TRUE(store_->together([&] { return change_everything(); })) << "nothing is in the way";
}

TEST_P(TogetherContract, EachChangeMayBeTheOneThatFails) {
    const std::string before = everything();
    for (int good = 0; good < 6; ++good) {
        const auto failed = store_->together([&]() -> Result<void> {
            for (int i = 0; i < good; ++i) {
                TRY_VOID(i % 2 == 0 ? add_app(std::to_string(i)) : add_key());
            }
            return good % 2 == 0 ? add_key(old_) : accounts().delete_app("team_a", "x", an_audit());
        });
        EXPECT_FALSE(failed) << good;
        EXPECT_EQ(everything(), before) << good;
    }
}

TEST_P(TogetherContract, WithinAnotherIsAPartOfThatOne) {
    ASSERT_TRUE(store_->together([&]() -> Result<void> {
        TRY_VOID(store_->together([&] { return add_app("inner"); }));
        return add_app("outer");
    }));
    EXPECT_EQ(accounts().list_apps("team_a")->size(), 2U);
    const std::string before = everything();
    const auto failed = store_->together([&]() -> Result<void> {
        TRY_VOID(add_app("one"));
        EXPECT_FALSE(store_->together([&] { return add_app("one"); }));
        EXPECT_FALSE(add_app("two"));
        return {};
    });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().param, "name");
    EXPECT_EQ(everything(), before);
}

TEST_P(TogetherContract, ASettingThatIsPutIsAPartOfIt) {
    ASSERT_TRUE(store_->put_setting("of_a_test", "before"));
    EXPECT_FALSE(store_->together([&]() -> Result<void> {
        TRY_VOID(store_->put_setting("of_a_test", "after"));
        return accounts().delete_app("team_a", "none", an_audit());
    }));
    EXPECT_EQ(*store_->get_setting("of_a_test"), "before");
}

TEST_P(TogetherContract, AFailureThatIsNotPassedOnCountsAllTheSame) {
    const std::string before = everything();
    const auto failed = store_->together([&]() -> Result<void> {
        TRY_VOID(add_app("one"));
        EXPECT_FALSE(add_app("one"));
        EXPECT_FALSE(add_app("two")) << "after a failure nothing goes on";
        return {};
    });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().param, "name");
    EXPECT_EQ(everything(), before);
}

TEST_P(TogetherContract, AChangeOfMindLeavesNothing) {
    const std::string before = everything();
    const auto refused = store_->together([&]() -> Result<void> {
        TRY_VOID(change_everything());
        return fail(ErrorCode::VersionMismatch, "thought better of it");
    });
    EXPECT_EQ(refused.error().code, ErrorCode::VersionMismatch);
    EXPECT_EQ(everything(), before);
    EXPECT_TRUE(store_->together([]() -> Result<void> { return {}; })) << "nothing at all is fine";
    EXPECT_EQ(everything(), before);
    EXPECT_TRUE(add_app("later")) << "and single changes go on as before";
}

TEST_P(TogetherContract, OthersWaitAndDoNotMixIn) {
    std::atomic<bool> inside = false;
    std::atomic<bool> is_done = false;
    std::thread other([&] {
        while (!inside) std::this_thread::yield();
        EXPECT_TRUE(add_app("the other's"));
        EXPECT_TRUE(is_done);
    });
    const auto failed = store_->together([&]() -> Result<void> {
        TRY_VOID(add_app("mine"));
        inside = true;
        for (int i = 0; i < 1000; ++i) std::this_thread::yield();
        is_done = true;
        return fail(ErrorCode::InvalidRequest, "no");
    });
    other.join();
    EXPECT_FALSE(failed);
    const auto apps = *accounts().list_apps("team_a");
    ASSERT_EQ(apps.size(), 1U) << "what failed took nobody's change with it";
    EXPECT_EQ(apps.front().name, "the other's");
}

TEST_P(TogetherContract, ManyAtOnceAreAsManyAsThereAre) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 10; ++i) {
                const auto done = store_->together([&]() -> Result<void> {
                    TRY_VOID(add_key());
                    TRY_VOID(add_key());
                    if (i % 2 == 0) return {};
                    return fail(ErrorCode::InvalidRequest, std::to_string(t));
                });
                EXPECT_EQ(done.has_value(), i % 2 == 0);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(store_->list_keys({.team_id = "team_a", .limit = 100})->keys.size(), 41U);
}

TEST_P(TogetherContract, AProcessThatDiesHalfwayLeavesNothing) {
    if (!lasts()) return;
    const std::string before = everything();
    store_.reset();
    const pid_t child = fork();
    if (child == 0) {
        open();
        (void)store_->together([&]() -> Result<void> {
            if (!change_everything()) _exit(1);
            _exit(42);
        });
        _exit(2);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(WEXITSTATUS(status), 42) << "it died where it should have";
    open();
    EXPECT_EQ(everything(), before);
}

TEST_P(TogetherContract, TheRateIsLeftAsideOnlyWhereTheTermsSaySo) {
    const KeyCaps caps{.active_keys_max = 4, .creations_per_hour_max = 1};
    const KeyTerms held{.caps = caps, .now = kNow};
    const KeyTerms free{.caps = caps, .now = kNow, .rate_holds = false};
    EXPECT_EQ(store_->create_key(a_key(), held).error().code, ErrorCode::KeyCreationRateExceeded);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(store_->create_key(a_key(), free));
    EXPECT_EQ(store_->create_key(a_key(), free).error().code, ErrorCode::ApiKeyLimitReached)
        << "the cap holds";
}

}  // namespace
}  // namespace keywarden
