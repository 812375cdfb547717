#include "domain/audit.h"

#include "base/crypto.h"
#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

class AuditVerify : public CommandLineTest {
protected:
    /// The export of a log of `count` rows.
    std::string log(int count, std::string_view tenant = "team_1") {
        std::string out;
        for (int i = 0; i < count; ++i) {
            const AuditRow row = next_row(head_,
                                          {.tenant = std::string(tenant),
                                           .actor = {"user", "user_1"},
                                           .action = "key.create",
                                           .target = {"key", "key_1"}});
            head_ = chained(head_, row.canonical);
            out += Json({{"canonical", row.canonical}, {"chain", to_hex(row.chain)}}).dump() + "\n";
        }
        return out;
    }

    void SetUp() override {
        CommandLineTest::SetUp();
        will_answer(200, R"({"id":"team_1","object":"team"})");
    }

    AuditHead head_;
};

TEST_F(AuditVerify, WalksTheWholeLogAndShowsItsHead) {
    will_answer(200, log(3));
    will_answer(200, log(2));
    will_answer(200, "");
    EXPECT_EQ(run({"audit", "verify", "--json"}), 0) << err_;
    const Json told = Json::parse(out_);
    EXPECT_EQ(told["rows"], 5);
    EXPECT_EQ(told["head"], to_hex(head_.chain));
    ASSERT_EQ(sent_.size(), 4U);
    EXPECT_EQ(sent_[2].line, "GET /v1/account/audit/export?from=3");
}

TEST_F(AuditVerify, NamesTheFirstRowThatWasAltered) {
    std::string rows = log(3);
    rows.replace(rows.rfind("user_1"), 6, "user_2");
    will_answer(200, rows);
    EXPECT_EQ(run({"audit", "verify"}), kExitFailed);
    EXPECT_NE(err_.find("row 2"), err_.npos) << err_;
    EXPECT_EQ(out_, "");
}

TEST_F(AuditVerify, AnotherTeamsLogIsNotTheirs) {
    answers_.clear();
    will_answer(200, R"({"id":"team_2","object":"team"})");
    will_answer(200, log(1));
    EXPECT_NE(run({"audit", "verify"}), 0);
    EXPECT_NE(err_.find("row 0"), err_.npos) << err_;
}

TEST_F(AuditVerify, TheInstancesLogIsTheOperators) {
    answers_.clear();
    will_answer(200, log(2, "instance"));
    will_answer(200, "");
    EXPECT_EQ(run({"audit", "verify", "--instance"}), 0) << err_;
    EXPECT_TRUE(out_.starts_with("2 rows")) << out_;
    ASSERT_EQ(sent_.size(), 2U);
    EXPECT_EQ(sent_[0].line, "GET /v1/admin/audit/export?from=0");
}

TEST_F(AuditVerify, ATeamsRowsAreNotTheInstances) {
    answers_.clear();
    will_answer(200, log(1));
    EXPECT_NE(run({"audit", "verify", "--instance"}), 0);
    EXPECT_NE(err_.find("row 0"), err_.npos) << err_;
}

TEST_F(AuditVerify, AnEmptyLogIsIntact) {
    will_answer(200, "");
    EXPECT_EQ(run({"audit", "verify"}), 0);
    EXPECT_TRUE(out_.starts_with("0 rows")) << out_;
}

TEST_F(AuditVerify, WhatIsNoExportIsAnError) {
    will_answer(200, "{\"canonical\":\"{}\",\"chain\":\"xyz\"}\n");
    EXPECT_NE(run({"audit", "verify"}), 0);
}

}  // namespace
}  // namespace keywarden
