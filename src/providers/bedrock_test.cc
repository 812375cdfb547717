#include "providers/bedrock.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

Result<Provider> open(std::string region, std::string key = "", std::string base_url = "") {
    return open_provider({.name = "bedrock",
                          .base_url = std::move(base_url),
                          .api_key = Secret(std::move(key)),
                          .region = std::move(region)});
}

std::string fields(std::string_view credential) {
    const Provider provider = open("eu-central-1").value();
    constexpr TimePoint kAt(std::chrono::seconds(1'795'242'605));
    const auto made = bedrock_credential_fields(
        provider, credential, {.path = "/model/m/converse", .body = sha256("{}"), .at = kAt});
    return made ? std::string(made->reveal()) : made.error().message;
}

TEST(Bedrock, ItsAddressFollowsFromItsRegion) {
    EXPECT_EQ(open("eu-central-1")->base.host, "bedrock-runtime.eu-central-1.amazonaws.com");
    EXPECT_EQ(open("cn-north-1")->base.host, "bedrock-runtime.cn-north-1.amazonaws.com.cn");
    EXPECT_EQ(open("us-east-1", "", "https://vpce.example.com")->base.host, "vpce.example.com")
        << "an endpoint of one's own";
    EXPECT_EQ(open("us-east-1")->dialect, Dialect::Bedrock);
}

TEST(Bedrock, ARegionIsAWordThatCannotNameAnotherHost) {
    for (const char* region : {"", "evil.example.com/", "a.b", "US-EAST-1", "-a", "a-", "x@y"}) {
        const auto refused = open(region);
        ASSERT_FALSE(refused) << region;
        EXPECT_NE(refused.error().message.find("region must be"), std::string::npos);
    }
    EXPECT_FALSE(is_aws_region(std::string(33, 'a')));
    EXPECT_FALSE(open_provider({.name = "groq", .region = "us-east-1"}));
}

TEST(Bedrock, AModelsIdIsOnePartOfThePath) {
    const Provider provider = open("eu-central-1", "", "https://proxy.example.com/aws/").value();
    EXPECT_EQ(bedrock_path(provider, "/model/{id}/converse", "anthropic.claude-v1:0"),
              "/aws/model/anthropic.claude-v1%3A0/converse");
    EXPECT_EQ(bedrock_path(provider,
                           "/model/{id}/converse-stream",
                           "arn:aws:bedrock:us-east-1:1:inference-profile/us.maker.m"),
              "/aws/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.maker.m/"
              "converse-stream");
}

TEST(Bedrock, ACredentialIsAnApiKeyOrAPairOfKeys) {
    EXPECT_FALSE(read_aws_credential("ABSKdGVzdA==").value());
    const AwsKeys pair = read_aws_credential("AKIDEXAMPLE:se/cr+et").value().value();
    EXPECT_EQ(pair.access_key_id, "AKIDEXAMPLE");
    EXPECT_EQ(pair.secret_access_key, "se/cr+et");
    EXPECT_EQ(pair.session_token, "");
    const Secret three = aws_credential(
        {.access_key_id = "ASIA", .secret_access_key = "s", .session_token = "t/t=="});
    EXPECT_EQ(three.reveal(), "ASIA:s:t/t==");
    EXPECT_EQ(read_aws_credential(three.reveal()).value()->session_token, "t/t==");
    for (const char* broken : {":", "x:", ":x", "x:x:", "x::x", "x:x:x:x"}) {
        EXPECT_FALSE(read_aws_credential(broken)) << broken;
        const auto refused = open("us-east-1", broken);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().message.find('x'), std::string::npos) << "not repeated";
    }
}

TEST(Bedrock, AnApiKeyGoesAsABearerAndAPairSigns) {
    EXPECT_EQ(fields("ABSKdGVzdA=="), "Authorization: Bearer ABSKdGVzdA==\r\n");
    const std::string pair = fields("AKIDEXAMPLE:secret");
    EXPECT_TRUE(pair.starts_with(
        "X-Amz-Date: 20261121T063005Z\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-central-1/bedrock/"
        "aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature="))
        << pair;
    const std::string session = fields("ASIAEXAMPLE:secret:token==");
    EXPECT_NE(session.find("X-Amz-Security-Token: token==\r\n"), std::string::npos);
    EXPECT_NE(session.find("host;x-amz-date;x-amz-security-token,"), std::string::npos);
    for (const std::string& each : {pair, session}) {
        EXPECT_EQ(each.find("secret\r\n"), std::string::npos);
        EXPECT_EQ(each.find(":secret"), std::string::npos);
    }
}

}  // namespace
}  // namespace keywarden
