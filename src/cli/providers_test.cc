#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

class ProvidersCommand : public CommandLineTest {
protected:
    static constexpr const char* kKey = "sk-fake-0123456789abcdef-wxyz";
    static constexpr const char* kOne =
        R"({"id":"cred_1","object":"provider_credential","provider":"openai","name":"default",
            "shared":false,"preview":"sk-…wxyz","reference":null,"weight":1,"state":"active",
            "problem":null,"last_test":null})";
    static constexpr const char* kVault =
        R"({"object":"vault","master_key":"abcd","rotating":true,"sealed":5,"current":3,
            "unreadable":0,"references":1,"done":false})";
};

TEST_F(ProvidersCommand, TheKeyComesFromStandardInputAndIsNeverShown) {
    will_answer(201, kOne);
    EXPECT_EQ(run({"providers", "add", "openai", "--weight", "3"}, std::string(kKey) + "\n"), 0)
        << err_;
    EXPECT_EQ(sent_.at(0).line, "PUT /v1/account/providers");
    EXPECT_EQ(Json::parse(sent_.at(0).body),
              Json::parse(
                  R"({"provider":"openai","api_key":"sk-fake-0123456789abcdef-wxyz","weight":3})"));
    EXPECT_EQ(out_, "cred_1: openai \"default\", sk-…wxyz, active\n");
    EXPECT_FALSE((out_ + err_).contains(kKey));
}

TEST_F(ProvidersCommand, OrFromAVariable) {
    environment_.variables["MINE"] = kKey;
    will_answer(201, kOne);
    EXPECT_EQ(run({"providers", "add", "openai", "--shared", "--from-env", "MINE"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "PUT /v1/admin/providers");
    EXPECT_EQ(Json::parse(sent_.at(0).body).at("api_key"), kKey);
    EXPECT_EQ(run({"providers", "add", "openai", "--from-env", "OTHER"}), kExitBadInput);
}

TEST_F(ProvidersCommand, NeverFromAnArgument) {
    EXPECT_EQ(run({"providers", "add", "openai", kKey}), kExitBadInput);
    EXPECT_TRUE(sent_.empty());
    EXPECT_EQ(run({"providers", "add", "openai"}, "\n"), kExitBadInput);
    EXPECT_TRUE(err_.contains("standard input")) << err_;
}

TEST_F(ProvidersCommand, ReferencesTokensAndChangesNeedNoKey) {
    will_answer(200, kOne);
    EXPECT_EQ(run({"providers", "add", "openai", "--reference", "env:OPENAI"}), 0);
    EXPECT_EQ(Json::parse(sent_.at(0).body),
              Json::parse(R"({"provider":"openai","reference":"env:OPENAI"})"));
    EXPECT_EQ(run({"providers", "add", "openai", "--fernet"}, "gAAAA"), 0);
    EXPECT_EQ(Json::parse(sent_.at(1).body),
              Json::parse(R"({"provider":"openai","fernet_token":"gAAAA"})"));
    EXPECT_EQ(run({"providers", "add", "openai", "--keep", "--disable", "--cooldown", "0"}), 0);
    EXPECT_EQ(Json::parse(sent_.at(2).body),
              Json::parse(R"({"provider":"openai","enabled":false,"cooldown_s":0})"));
}

TEST_F(ProvidersCommand, AreListedByTheirPreviews) {
    will_answer(200, R"({"object":"list","data":[)" + std::string(kOne) + "]}");
    EXPECT_EQ(run({"providers", "list"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "GET /v1/account/providers");
    EXPECT_TRUE(out_.contains("sk-…wxyz")) << out_;
    EXPECT_TRUE(out_.contains("active")) << out_;
}

TEST_F(ProvidersCommand, ATestThatFailsEndsWithAFailure) {
    Json tested = Json::parse(kOne);
    tested["last_test"] = {{"ok", true}, {"status", 200}};
    will_answer(200, tested.dump());
    EXPECT_EQ(run({"providers", "test", "openai"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "POST /v1/account/providers/openai/test");
    EXPECT_EQ(out_, "openai takes it.\n");
    tested["last_test"] = {{"ok", false}, {"status", 401}};
    answers_.clear();
    will_answer(200, tested.dump());
    EXPECT_EQ(run({"providers", "test", "openai"}), kExitFailed);
    EXPECT_EQ(out_, "openai answers 401.\n");
}

TEST_F(ProvidersCommand, AreRemovedOnlyAfterAYes) {
    EXPECT_NE(run({"providers", "remove", "cred_1"}), 0);
    EXPECT_TRUE(sent_.empty());
    will_answer(200, R"({"id":"cred_1","deleted":true})");
    EXPECT_EQ(run({"providers", "remove", "cred_1", "--yes"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "DELETE /v1/account/providers/cred_1");
}

TEST_F(ProvidersCommand, ARotationGoesOnUntilItIsDone) {
    Json vault = Json::parse(kVault);
    will_answer(200, vault.dump());
    vault["current"] = 5;
    vault["rotating"] = false;
    vault["done"] = true;
    will_answer(200, vault.dump());
    EXPECT_EQ(run({"vault", "rotate"}), 0) << err_;
    EXPECT_EQ(sent_.size(), 2U);
    EXPECT_EQ(sent_.at(1).line, "POST /v1/admin/vault/rotate");
    EXPECT_TRUE(out_.contains("3 of 5")) << out_;
    EXPECT_TRUE(out_.contains("5 of 5")) << out_;
}

TEST_F(ProvidersCommand, ARotationThatCannotEndSaysSo) {
    Json vault = Json::parse(kVault);
    vault["unreadable"] = 2;
    will_answer(200, vault.dump());
    EXPECT_EQ(run({"vault", "rotate"}), kExitFailed);
    EXPECT_EQ(sent_.size(), 2U) << "the second makes no progress";
    EXPECT_TRUE(err_.contains("cannot be read")) << err_;
    EXPECT_EQ(run({"vault", "status"}), kExitFailed);
}

}  // namespace
}  // namespace keywarden
