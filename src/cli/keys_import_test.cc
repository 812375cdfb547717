#include "base/crypto.h"
#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

using KeysImportTest = CommandLineTest;

const std::string kHash = to_hex(sha256("sk-made-elsewhere-01"));

TEST_F(KeysImportTest, SendsHashesAndSaysWhatBecameOfThem) {
    host_.files["keys.csv"] = "key,name\nsk-made-elsewhere-01,a\nsk-made-elsewhere-02,b\n";
    will_answer(200, R"({"imported":1,"duplicates":0,"failed":1,"data":[
        {"index":0,"status":"imported","id":"key_1"},
        {"index":1,"status":"refused","name":"b","error":{"code":"x","message":"too many"}}]})");
    EXPECT_EQ(run({"keys", "import", "keys.csv"}), kExitFailed);
    EXPECT_EQ(sent_[0].line, "POST /v1/keys/import");
    EXPECT_EQ(sent_[0].body.find("sk-made"), std::string::npos) << "no secret leaves the machine";
    EXPECT_EQ(Json::parse(sent_[0].body)["keys"][0]["hash"], kHash);
    EXPECT_EQ(out_, "1 imported, 0 here already, 1 not taken.\n");
    EXPECT_NE(err_.find("key 2 \"b\": refused: too many\n"), err_.npos) << err_;
}

TEST_F(KeysImportTest, ManyGoInPiecesWithTheirPlaceInTheFile) {
    Json rows = Json::array();
    for (int i = 0; i < 250; ++i) rows.push_back({{"hash", kHash}, {"name", std::to_string(i)}});
    host_.files["keys.json"] = rows.dump();
    will_answer(200, R"({"imported":0,"duplicates":1,"failed":0,"data":[
        {"index":0,"status":"duplicate","error":{"message":"here"}}]})");
    EXPECT_EQ(run({"keys", "import", "keys.json", "--json"}), 0) << "here already is no failure";
    ASSERT_EQ(sent_.size(), 3U);
    EXPECT_EQ(Json::parse(sent_[2].body)["keys"].size(), 50U);
    const Json told = Json::parse(out_);
    EXPECT_EQ(told["duplicates"], 3);
    EXPECT_EQ(told["data"][2]["index"], 2);
    EXPECT_EQ(err_, "");
    EXPECT_EQ(run({"keys", "import", "keys.json"}), 0);
    EXPECT_NE(err_.find("200 of 250\n"), err_.npos) << err_;
}

TEST_F(KeysImportTest, OptionsSayWhoseAndWhetherAtAll) {
    will_answer(200, R"({"imported":1,"duplicates":0,"failed":0,"data":[{}]})");
    const std::string csv =
        "token,key_alias,blocked,spend\n" + kHash + ",a,f,1\n" + kHash + ",b,t,1\n";
    EXPECT_EQ(
        run({"keys", "import", "-", "--from", "litellm", "--team", "team/1", "--dry-run"}, csv), 0);
    EXPECT_EQ(sent_[0].line, "POST /v1/admin/teams/team%2F1/keys/import");
    EXPECT_EQ(Json::parse(sent_[0].body)["dry_run"], true);
    EXPECT_EQ(Json::parse(sent_[0].body)["keys"].size(), 1U);
    EXPECT_EQ(err_, "Not taken over: spend.\n");
    EXPECT_EQ(out_,
              "1 would be imported, 0 here already, 0 not taken, 1 left out as switched off.\n");
}

TEST_F(KeysImportTest, AFileThatIsWrongIsRefusedBeforeAnythingIsSent) {
    host_.files["bad.csv"] = "hash,nmae\na,b\n";
    EXPECT_EQ(run({"keys", "import", "bad.csv"}), kExitBadInput);
    EXPECT_NE(err_.find("bad.csv: key 1: 'nmae'"), err_.npos) << err_;
    EXPECT_EQ(run({"keys", "import", "none.csv"}), kExitBadInput);
    EXPECT_TRUE(sent_.empty());
}

}  // namespace
}  // namespace keywarden
