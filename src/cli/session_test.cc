#include "cli/session.h"

#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

using SessionTest = CommandLineTest;

constexpr const char* kKey = R"({"id":"key_1","name":"ci","status":"active"})";

TEST_F(SessionTest, TheEnvironmentIsAllThatCiNeeds) {
    will_answer(200, kKey);
    EXPECT_EQ(run({"whoami"}), 0);
    ASSERT_EQ(sent_.size(), 1U);
    EXPECT_EQ(sent_[0].base_url, "http://127.0.0.1:8080");
    EXPECT_EQ(sent_[0].line, "GET /v1/key");
    EXPECT_EQ(sent_[0].key, "Bearer not-a-real-key");
}

TEST_F(SessionTest, AnAddressMadeForAnSdkWillDo) {
    will_answer(200, kKey);
    for (const char* url : {"https://gate.example:1/v1",
                            "https://gate.example:1/v1/",
                            "https://gate.example:1/",
                            "https://gate.example:1"}) {
        environment_.variables["KEYWARDEN_BASE_URL"] = url;
        EXPECT_EQ(run({"whoami"}), 0);
        EXPECT_EQ(sent_.back().base_url, "https://gate.example:1") << url;
    }
}

TEST_F(SessionTest, AFolderThatIsNamedBeatsTheEnvironment) {
    will_answer(200, kKey);
    EXPECT_EQ(run({"whoami", "--data-dir", "/srv/k"}), 0);
    EXPECT_EQ(sent_[0].unix_socket, "/srv/k/keywarden.sock");
    EXPECT_EQ(sent_[0].key, "");
}

TEST_F(SessionTest, OnTheGatewaysHostTheSocketIsFound) {
    environment_.variables.erase("KEYWARDEN_API_KEY");
    will_answer(200, kKey);
    socket_ = "data/keywarden.sock";
    EXPECT_EQ(run({"whoami"}), 0);
    EXPECT_EQ(sent_.back().unix_socket, "data/keywarden.sock");
    socket_ = "/srv/k/keywarden.sock";
    environment_.variables["KEYWARDEN_DATA_DIR"] = "/srv/k";
    EXPECT_EQ(run({"whoami"}), 0);
    EXPECT_EQ(sent_.back().unix_socket, "/srv/k/keywarden.sock");
}

TEST_F(SessionTest, AnAddressOfAnotherHostIsNeverTheSocketOfThisOne) {
    environment_.variables.erase("KEYWARDEN_API_KEY");
    environment_.variables["KEYWARDEN_BASE_URL"] = "https://gate.example";
    socket_ = "data/keywarden.sock";
    EXPECT_EQ(run({"whoami"}), kExitAuthentication);
    EXPECT_TRUE(sent_.empty());
}

TEST_F(SessionTest, WithoutAKeyItSaysWhatToSet) {
    environment_.variables.erase("KEYWARDEN_API_KEY");
    EXPECT_EQ(run({"whoami"}), kExitAuthentication);
    EXPECT_TRUE(err_.starts_with("MISSING_API_KEY: KEYWARDEN_API_KEY is not set")) << err_;
    EXPECT_NE(err_.find("Set KEYWARDEN_API_KEY"), err_.npos) << err_;
    EXPECT_EQ(err_.find("Authorization"), err_.npos) << "nobody writes headers here";
    EXPECT_EQ(out_, "");
}

struct Refusal {
    int status;
    std::string body;
    int exit_code;
    std::string_view error;
};

TEST_F(SessionTest, EveryErrorShapeIsOneLineAndWhatToDo) {
    const Refusal cases[] = {
        {401,
         R"({"error":{"message":"That key is not known.","type":"invalid_request_error",)"
         R"("code":"invalid_api_key","param":null}})",
         kExitAuthentication,
         "INVALID_API_KEY: That key is not known. (request: 0199-request)\n"
         "Check that the whole key was copied and that it is a key of this gateway.\n"},
        {404,
         R"({"type":"x","title":"Not found","status":404,"code":"not_found",)"
         R"("detail":"There is no such key."})",
         kExitFailed,
         "NOT_FOUND: There is no such key. (request: 0199-request)\n"
         "Check the address and the id.\n"},
        {400,
         R"({"error":{"code":"INVALID_REQUEST","message":"'name' must be a string"}})",
         kExitBadInput,
         "INVALID_REQUEST: 'name' must be a string (request: 0199-request)\n"
         "Correct the field that the message names and send the request again.\n"},
        {400,
         R"({"error":{"message":"Too long.","code":"context_length_exceeded"}})",
         kExitBadInput,
         "CONTEXT_LENGTH_EXCEEDED: Too long. (request: 0199-request)\n"},
        {502,
         "<html>Bad gateway</html>",
         kExitFailed,
         "UPSTREAM_ERROR: the answer was 502 Bad Gateway: <html>Bad gateway</html> "
         "(request: 0199-request)\n"
         "Try again; the provider did not answer as it should.\n"},
    };
    for (const Refusal& each : cases) {
        answers_.clear();
        will_answer(each.status, each.body);
        EXPECT_EQ(run({"whoami"}), each.exit_code);
        EXPECT_EQ(err_, each.error);
        EXPECT_EQ(out_, "");
    }
}

TEST_F(SessionTest, ErrorsAreJsonWhenAskedFor) {
    will_answer(401, R"({"error":{"message":"No.","code":"revoked_api_key"}})");
    EXPECT_EQ(run({"whoami", "--json"}), kExitAuthentication);
    const Json error = Json::parse(err_)["error"];
    EXPECT_EQ(error["code"], "revoked_api_key");
    EXPECT_EQ(error["message"], "No.");
    EXPECT_EQ(error["request_id"], "0199-request");
    EXPECT_EQ(error["help"], info(ErrorCode::RevokedApiKey).help);
}

TEST_F(SessionTest, AGatewayThatIsNotThereIsNoAuthenticationError) {
    unreachable_ = true;
    EXPECT_EQ(run({"whoami"}), kExitFailed);
    EXPECT_TRUE(err_.starts_with("GATEWAY_UNREACHABLE: no gateway answers at "));
}

TEST_F(SessionTest, WhatIsNoGatewayIsSaidToBeNone) {
    for (const char* body : {"<html>", "[1]", "", "\"text\""}) {
        answers_.clear();
        will_answer(200, body);
        EXPECT_EQ(run({"whoami"}), kExitFailed) << body;
        EXPECT_TRUE(err_.starts_with("GATEWAY_UNREACHABLE: ")) << err_;
    }
}

TEST_F(SessionTest, HelpIsForPeopleAndMisuseForStandardError) {
    EXPECT_EQ(run({"--help"}), 0);
    EXPECT_TRUE(out_.starts_with("usage: keywarden COMMAND"));
    EXPECT_EQ(run({"keys", "create", "--help"}), 0);
    EXPECT_TRUE(out_.starts_with("usage: keywarden keys create NAME"));
    EXPECT_EQ(run({"keys", "--help"}), 0);
    EXPECT_TRUE(out_.starts_with("usage: keywarden keys COMMAND"));
    EXPECT_NE(out_.find("keys revoke ID"), out_.npos);
    EXPECT_EQ(out_.find("whoami "), out_.npos);
    EXPECT_EQ(run({}), kExitBadInput);
    EXPECT_EQ(out_, "");
    EXPECT_EQ(run({"nonsense"}), kExitBadInput);
    EXPECT_EQ(err_, "INVALID_REQUEST: there is no command 'nonsense'\nRun keywarden --help.\n");
    EXPECT_EQ(run({"keys", "show"}), kExitBadInput);
    EXPECT_EQ(err_,
              "INVALID_REQUEST: usage: keywarden keys show ID\nRun keywarden keys show --help.\n");
    EXPECT_TRUE(sent_.empty());
}

TEST(ExitCode, FollowsTheTableOfErrors) {
    for (const ErrorInfo& row : all_errors()) {
        const int code = exit_code_of(row.code);
        EXPECT_EQ(code == kExitAuthentication, row.http_status == 401) << row.slug;
    }
    EXPECT_EQ(exit_code_of(ErrorCode::InvalidConfig), kExitBadInput);
    EXPECT_EQ(exit_code_of(ErrorCode::StartupFailed), kExitFailed);
}

}  // namespace
}  // namespace keywarden
