// Each change of a key stands in the audit log: what it was, who did it, what it altered.
#include "store/directory_fixture.h"

namespace keywarden {
namespace {

using DirectoryAudit = DirectoryFixture;

const ChangedBy kBob{.actor = {"user", "user_bob"}, .address = "10.0.0.9", .request_id = "r-7"};

TEST_F(DirectoryAudit, NamesEveryKindOfChange) {
    const auto set = [&](KeyStatus status) {
        return [status](Key& key) -> Result<void> {
            key.status = status;
            return {};
        };
    };
    const MintedKey made =
        *directory_->create({.id = "key_1", .team_id = "team_a", .name = "k"}, {}, false, {}, kBob);
    const auto change = [&](const std::function<Result<void>(Key&)>& alter) {
        ASSERT_TRUE(directory_->change("team_a", "key_1", std::nullopt, alter, kBob));
    };
    change([](Key& key) -> Result<void> {
        key.name = "renamed";
        return {};
    });
    ASSERT_TRUE(directory_->rotate("team_a", "key_1", std::nullopt, {}, {}, kBob));
    change(set(KeyStatus::Disabled));
    change(set(KeyStatus::Active));
    change(set(KeyStatus::Quarantined));
    change(set(KeyStatus::Active));
    change(set(KeyStatus::Revoked));

    const auto rows = store_->accounts().read_audit({.tenant = "team_a"});
    const std::vector<std::string> actions = {"key.create",
                                              "key.update",
                                              "key.rotate",
                                              "key.disable",
                                              "key.enable",
                                              "key.quarantine",
                                              "key.release",
                                              "key.revoke"};
    ASSERT_EQ(rows->size(), actions.size());
    for (size_t i = 0; i < actions.size(); ++i) {
        const std::string& row = rows->at(i).canonical;
        EXPECT_NE(row.find("\"action\":\"" + actions[i] + "\""), std::string::npos) << row;
        EXPECT_NE(row.find(R"("actor":{"id":"user_bob","type":"user"})"), std::string::npos);
        EXPECT_NE(row.find(R"("address":"10.0.0.9")"), std::string::npos);
        EXPECT_NE(row.find(R"("request_id":"r-7")"), std::string::npos);
        EXPECT_EQ(row.find(made.secret.reveal()), std::string::npos) << "a secret in the log";
    }
    EXPECT_NE(rows->at(1).canonical.find(R"("diff":{"name":["k","renamed"]})"), std::string::npos);
}

TEST_F(DirectoryAudit, WhatIsRefusedHasNoRow) {
    EXPECT_FALSE(
        directory_->create({.id = "key_1", .team_id = "team_none", .name = "k"}, {}, false));
    EXPECT_FALSE(directory_->change(
        "team_a", "key_none", std::nullopt, [](Key&) -> Result<void> { return {}; }));
    EXPECT_TRUE(store_->accounts().read_audit({.tenant = "team_a"})->empty());
}

}  // namespace
}  // namespace keywarden
