#include "store/credential_directory.h"

#include <array>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/id.h"
#include "store/open.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart{Nanos(0)};

Origin host(const std::string& name, uint16_t port = 443) {
    return {.tls = true, .host = name, .port = port};
}

class CredentialDirectoryTest : public testing::Test {
protected:
    void SetUp() override {
        for (const char* team : {"team_a", "team_b"}) {
            ASSERT_TRUE(store_->accounts().create_team(
                {.id = team, .name = team, .created_at = clock_.now()}, {.tenant = "test"}));
        }
        start();
    }

    void start(char master = 'm') {
        CredentialParts parts{.store = &store_->credentials(),
                              .clock = &clock_,
                              .origins = origins_,
                              .resolve = [this](std::string_view reference) -> Result<Secret> {
                                  const auto found = elsewhere_.find(std::string(reference));
                                  if (found != elsewhere_.end()) {
                                      return Secret(std::string(found->second));
                                  }
                                  return fail(ErrorCode::InvalidRequest, "it is not there");
                              }};
        parts.keys.masters.emplace_back(std::string(64, master));
        directory_ = std::make_unique<CredentialDirectory>(std::move(parts));
        ASSERT_TRUE(directory_->load());
    }

    ProviderCredential a_row(const std::string& team, const std::string& name = "default") {
        return {.id = new_id("cred"),
                .team_id = team,
                .provider = "openai",
                .name = name,
                .created_at = clock_.now()};
    }
    AuditEntry an_audit() { return {.at = clock_.now(), .tenant = "test", .action = "test"}; }
    ProviderCredential create(ProviderCredential row, const std::string& value) {
        const auto made =
            directory_->create(std::move(row), Secret(std::string(value)), an_audit());
        EXPECT_TRUE(made) << made.error().message;
        return made.value_or(ProviderCredential());
    }
    ProviderCredential create(const std::string& team, const std::string& value) {
        return create(a_row(team), value);
    }

    /// The value that a call of the team would be made with; the error's slug where there is none.
    std::string chosen(std::string_view team,
                       MonoTime now = kStart,
                       std::string_view provider = "openai") {
        const auto held = directory_->choose(team, provider, now);
        if (!held) return std::string(info(held.error().code).slug);
        if (*held == nullptr) return "the configuration's";
        const auto value = (*held)->value.reveal_to((*held)->value.origin());
        return std::string(value.value());
    }

    ManualClock clock_;
    std::unique_ptr<Store> store_ = open_store("memory:").value();
    std::vector<std::pair<std::string, Origin>> origins_ = {{"openai", host("api.openai.com")},
                                                            {"groq", host("api.groq.com")}};
    std::map<std::string, std::string> elsewhere_;
    std::unique_ptr<CredentialDirectory> directory_;
};

TEST_F(CredentialDirectoryTest, ATeamsOwnWinsOverTheOperators) {
    EXPECT_EQ(chosen("team_a"), "the configuration's");
    create("", "sk-shared");
    create("team_a", "sk-of-a");
    EXPECT_EQ(chosen("team_a"), "sk-of-a");
    EXPECT_EQ(chosen("team_b"), "sk-shared");
    EXPECT_EQ(chosen("team_a", kStart, "groq"), "the configuration's");
}

TEST_F(CredentialDirectoryTest, AllIsTheSameAfterARestart) {
    create("", "sk-shared");
    create("team_a", "sk-of-a");
    start();
    EXPECT_EQ(chosen("team_a"), "sk-of-a");
    EXPECT_EQ(chosen("team_b"), "sk-shared");
}

TEST_F(CredentialDirectoryTest, ADeletedOneIsGoneAtOnce) {
    create("", "sk-shared");
    const auto row = create("team_a", "sk-of-a");
    ASSERT_TRUE(directory_->remove("team_a", row.id, an_audit()));
    EXPECT_EQ(chosen("team_a"), "sk-shared");
    EXPECT_EQ(directory_->remove("team_a", row.id, an_audit()).error().code, ErrorCode::NotFound);
}

TEST_F(CredentialDirectoryTest, AChangeHoldsAtOnceAndKeepsWhatItDoesNotName) {
    auto row = create("team_a", "sk-first-0123456789abcdef");
    row.weight = 5;
    row.version = 2;
    row = directory_->update(row, std::nullopt, an_audit()).value();
    EXPECT_EQ(chosen("team_a"), "sk-first-0123456789abcdef");
    EXPECT_EQ(row.secret_version, 1);
    row.version = 3;
    row = directory_->update(row, Secret(std::string("sk-second-0123456789abcdef")), an_audit())
              .value();
    EXPECT_EQ(chosen("team_a"), "sk-second-0123456789abcdef");
    EXPECT_EQ(row.secret_version, 2);
    EXPECT_EQ(row.preview, "sk-…cdef");
    row.is_enabled = false;
    row.version = 4;
    ASSERT_TRUE(directory_->update(row, std::nullopt, an_audit()));
    EXPECT_EQ(chosen("team_a"), "the configuration's");
    start();
    EXPECT_EQ(chosen("team_a"), "the configuration's");
}

TEST_F(CredentialDirectoryTest, SeveralAreBalancedByWeight) {
    auto heavy = a_row("team_a", "heavy");
    heavy.weight = 3;
    create(heavy, "sk-heavy");
    create(a_row("team_a", "light"), "sk-light");
    std::map<std::string, int> counts;
    for (int i = 0; i < 4000; ++i) ++counts[chosen("team_a")];
    EXPECT_EQ(counts["sk-heavy"], 3000);
    EXPECT_EQ(counts["sk-light"], 1000);
}

TEST_F(CredentialDirectoryTest, OneThatIsUsedUpRestsAndComesBack) {
    create(a_row("team_a", "one"), "sk-one");
    create(a_row("team_a", "two"), "sk-two");
    for (const int status : {429, 401, 403}) {
        start();
        const auto first = directory_->choose("team_a", "openai", kStart).value();
        CredentialDirectory::note_answer(*first, status, Nanos(0), {}, kStart);
        const std::string other = first->name == "one" ? "sk-two" : "sk-one";
        for (int i = 0; i < 10; ++i) EXPECT_EQ(chosen("team_a", kStart + 59s), other);
        std::map<std::string, int> counts;
        for (int i = 0; i < 10; ++i) ++counts[chosen("team_a", kStart + 60s)];
        EXPECT_EQ(counts["sk-one"], 5) << status;
    }
}

TEST_F(CredentialDirectoryTest, TheProviderSaysHowLongAfter429) {
    create(a_row("team_a", "one"), "sk-one");
    create(a_row("team_a", "two"), "sk-two");
    const auto first = directory_->choose("team_a", "openai", kStart).value();
    CredentialDirectory::note_answer(*first, 429, 7s, {}, kStart);
    const std::string other = first->name == "one" ? "sk-two" : "sk-one";
    for (int i = 0; i < 4; ++i) EXPECT_EQ(chosen("team_a", kStart + 6s), other);
    EXPECT_NE(chosen("team_a", kStart + 7s), chosen("team_a", kStart + 7s));
    CredentialDirectory::note_answer(*first, 200, 7s, {}, kStart + 7s);
    EXPECT_NE(chosen("team_a", kStart + 8s), chosen("team_a", kStart + 8s));
}

TEST_F(CredentialDirectoryTest, OneWhoseCallsFailInARowRests) {
    create(a_row("team_a", "one"), "sk-one-one-one-one");
    create(a_row("team_a", "two"), "sk-two-two-two-two");
    constexpr BreakerRule kRule{.failures_max = 2, .rest = 10s};
    const auto first = directory_->choose("team_a", "openai", kStart).value();
    CredentialDirectory::note_answer(*first, 503, Nanos(0), kRule, kStart);
    CredentialDirectory::note_answer(*first, 200, Nanos(0), kRule, kStart);
    CredentialDirectory::note_answer(*first, 529, Nanos(0), kRule, kStart);
    CredentialDirectory::note_answer(*first, 500, Nanos(0), kRule, kStart);
    CredentialDirectory::note_answer(*first, 503, Nanos(0), kRule, kStart);
    EXPECT_FALSE(first->rests(kStart)) << "not in a row";
    CredentialDirectory::note_answer(*first, 503, Nanos(0), kRule, kStart);
    EXPECT_TRUE(first->rests(kStart + 9s));
    EXPECT_FALSE(first->rests(kStart + 10s));
    for (int i = 0; i < 4; ++i) {
        EXPECT_NE(directory_->choose("team_a", "openai", kStart).value()->id, first->id);
    }
}

TEST_F(CredentialDirectoryTest, WhereAllRestTheFirstToBeBackIsTaken) {
    create(a_row("team_a", "one"), "sk-one");
    create(a_row("team_a", "two"), "sk-two");
    create("", "sk-shared");
    for (int i = 0; i < 2; ++i) {
        const auto held = directory_->choose("team_a", "openai", kStart).value();
        CredentialDirectory::note_answer(*held, 429, held->name == "one" ? 9s : 5s, {}, kStart);
    }
    EXPECT_EQ(chosen("team_a", kStart + 1s), "sk-two") << "never the operator's in its place";
}

TEST_F(CredentialDirectoryTest, OneWithoutACooldownDoesNotRest) {
    auto row = a_row("team_a");
    row.cooldown = Nanos(0);
    create(row, "sk-one");
    const auto held = directory_->choose("team_a", "openai", kStart).value();
    CredentialDirectory::note_answer(*held, 429, 9s, {}, kStart);
    EXPECT_LE(held->rests_until->load(), 0);
}

TEST_F(CredentialDirectoryTest, WhatCannotBeDecryptedIsAnErrorAndToldAndNeverReplaced) {
    create("", "sk-shared");
    create("team_a", "sk-of-a");
    EXPECT_TRUE(directory_->take_problems().empty());
    start('x');  // another master key
    EXPECT_EQ(chosen("team_a"), "provider_credential_unreadable");
    EXPECT_EQ(chosen("team_b"), "provider_credential_unreadable");
    const auto problems = directory_->take_problems();
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(problems[1].team_id.empty() ? problems[0].team_id : problems[1].team_id, "team_a");
    EXPECT_TRUE(directory_->take_problems().empty()) << "once";
    create(a_row("team_a", "another"), "sk-another");
    EXPECT_EQ(chosen("team_a"), "sk-another");
}

TEST_F(CredentialDirectoryTest, AProviderThatMovedGetsNothing) {
    create("team_a", "sk-of-a");
    origins_[0].second = host("api.elsewhere.com");
    start();
    EXPECT_EQ(chosen("team_a"), "provider_credential_unreadable");
    EXPECT_TRUE(directory_->take_problems().front().problem.contains("another address"));
    auto row = store_->credentials().list_credentials("team_a")->front();
    ++row.version;
    ASSERT_TRUE(directory_->update(row, Secret(std::string("sk-of-a")), an_audit()));
    EXPECT_EQ(chosen("team_a"), "sk-of-a");
}

TEST_F(CredentialDirectoryTest, AReferenceIsReadWhereItPoints) {
    auto row = a_row("");
    row.reference = "env:KEY";
    EXPECT_EQ(directory_->create(row, Secret(), an_audit()).error().code,
              ErrorCode::InvalidRequest);
    elsewhere_["env:KEY"] = "sk-from-the-environment-1";
    const auto made = directory_->create(row, Secret(), an_audit());
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->sealed.empty());
    EXPECT_EQ(chosen("team_a"), "sk-from-the-environment-1");
    elsewhere_["env:KEY"] = "sk-from-the-environment-2";
    ASSERT_TRUE(directory_->load());
    EXPECT_EQ(chosen("team_a"), "sk-from-the-environment-2");
    elsewhere_.clear();
    EXPECT_FALSE(directory_->read(*made));
    EXPECT_EQ(chosen("team_a"), "provider_credential_unreadable");
    elsewhere_["env:KEY"] = "sk-back";
    EXPECT_TRUE(directory_->read(*made));
    EXPECT_EQ(chosen("team_a"), "sk-back");
}

TEST_F(CredentialDirectoryTest, OnlyAKeyOfAKnownProviderIsTaken) {
    auto unknown = a_row("team_a");
    unknown.provider = "nobody";
    EXPECT_EQ(directory_->create(unknown, Secret(std::string("sk")), an_audit()).error().param,
              "provider");
    EXPECT_FALSE(directory_->create(a_row("team_a"), Secret(std::string("two words")), an_audit()));
    EXPECT_FALSE(directory_->create(a_row("team_a"), Secret(), an_audit()));
    EXPECT_TRUE(store_->credentials().all_credentials()->empty());
}

TEST_F(CredentialDirectoryTest, ARotationChangesNothingThatCallsMeet) {
    for (int i = 0; i < 5; ++i)
        create(a_row("team_a", std::to_string(i)), "sk-" + std::to_string(i));
    const auto steps = [this](Vault& vault) -> Result<VaultStatus> {
        return vault.reseal(1, clock_.now());
    };
    ASSERT_TRUE(directory_->with_vault([](Vault& vault) {
        vault.add_master(Secret(std::string(64, 'n')));
        return vault.status();
    }));
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(directory_->with_vault(steps)->current, i + 1);
        std::map<std::string, int> seen;
        for (int turn = 0; turn < 5; ++turn) ++seen[chosen("team_a")];
        EXPECT_EQ(seen.size(), 5U);
    }
    start('n');
    EXPECT_TRUE(chosen("team_a").starts_with("sk-"));
    EXPECT_TRUE(directory_->take_problems().empty());
}

TEST_F(CredentialDirectoryTest, OfTenThousandRandomChoicesEachGoesToItsOwnOriginAlone) {
    const std::array origins = {host("one.example.com"),
                                host("two.example.com"),
                                host("one.example.com", 8443),
                                Origin{.host = "one.example.com", .port = 443},
                                host("two.example.com.evil.example.com")};
    origins_.clear();
    for (size_t i = 0; i < origins.size(); ++i) {
        origins_.emplace_back("p" + std::to_string(i), origins.at(i));
    }
    start();
    std::map<std::string, size_t> belongs;  // a value, and which origin it is for
    for (const char* team : {"", "team_a", "team_b"}) {
        for (size_t i = 0; i < origins.size(); ++i) {
            for (const char* name : {"x", "y"}) {
                auto row = a_row(team, name);
                row.provider = "p" + std::to_string(i);
                const std::string value = random_text(24, kBase62);
                belongs[value] = i;
                create(row, value);
            }
        }
    }
    const auto seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    int sent = 0;
    for (int round = 0; round < 10'000; ++round) {
        const std::string team = std::array{"team_a", "team_b", "team_c"}.at(random() % 3);
        const std::string provider = "p" + std::to_string(random() % origins.size());
        const auto held = directory_->choose(team, provider, kStart).value();
        const size_t destination = random() % origins.size();  // as a fallback gone wrong
        const auto value = held->value.reveal_to(origins.at(destination));
        const size_t own = std::stoul(provider.substr(1));
        ASSERT_EQ(value.has_value(), destination == own);
        if (!value) continue;
        ASSERT_EQ(belongs.at(std::string(*value)), destination);
        ++sent;
    }
    EXPECT_GT(sent, 1000);
}

TEST_F(CredentialDirectoryTest, CallsAndChangesMayMeet) {
    auto row = create("team_a", "sk-0");
    std::atomic<bool> stop = false;
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i) {
        callers.emplace_back([&] {
            while (!stop) EXPECT_TRUE(chosen("team_a").starts_with("sk-"));
        });
    }
    for (int i = 1; i < 200; ++i) {
        ++row.version;
        row = directory_->update(row, Secret("sk-" + std::to_string(i)), an_audit()).value();
    }
    stop = true;
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(chosen("team_a"), "sk-199");
}

}  // namespace
}  // namespace keywarden
