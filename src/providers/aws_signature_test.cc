#include "providers/aws_signature.h"

#include <array>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";  // AWS's example
constexpr TimePoint kAt(std::chrono::seconds(1'795'242'605));                     // 06:30:05

AwsSignature signed_with(std::string_view secret, TimePoint at, std::string_view body) {
    const std::array head = {AwsField{"Content-Type", "application/json"},
                             AwsField{"host", "bedrock-runtime.eu-central-1.amazonaws.com"},
                             AwsField{"x-amz-security-token", "a/session+token=="},
                             AwsField{"X-Amz-Date", "20261121T063005Z"}};
    return aws_sign({.method = "POST",
                     .path = "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
                     .head = head,
                     .body = sha256(body)},
                    {.access_key_id = "AKIDEXAMPLE",
                     .secret_access_key = secret,
                     .region = "eu-central-1",
                     .service = "bedrock",
                     .at = at});
}

// The signature is botocore's 1.43.11 for the same request.
TEST(AwsSignature, SignsACallOfBedrockAsBotocoreDoes) {
    const AwsSignature made = signed_with(kSecret, kAt, R"({"messages":[]})");
    EXPECT_EQ(made.authorization,
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-central-1/bedrock/aws4_request, "
              "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
              "Signature=be4d0fa7767815d9a76c41d81601078b7dd18c1ff6387653be1b3d584628fe3a");
    EXPECT_NE(made.canonical_request.find("-v1%253A0/converse\n"), std::string::npos)
        << "the path is encoded as it goes out, and once more";
}

TEST(AwsSignature, BindsTheBodyTheSecretAndTheMoment) {
    const std::string first = signed_with(kSecret, kAt, "{}").signature;
    EXPECT_NE(signed_with(kSecret, kAt, "{ }").signature, first);
    EXPECT_NE(signed_with("another", kAt, "{}").signature, first);
    EXPECT_NE(signed_with(kSecret, kAt + std::chrono::seconds(1), "{}").signature, first);
    EXPECT_EQ(signed_with(kSecret, kAt, "{}").signature, first);
}

TEST(AwsSignature, NothingThatIsMadeShowsTheSecret) {
    const AwsSignature made = signed_with(kSecret, kAt, "{}");
    for (const std::string& text :
         {made.canonical_request, made.string_to_sign, made.authorization}) {
        EXPECT_EQ(text.find(kSecret), std::string::npos);
    }
}

TEST(AwsSignature, WritesMomentsWithoutSeparators) {
    EXPECT_EQ(aws_date(kAt), "20261121T063005Z");
    EXPECT_EQ(aws_date(kAt + std::chrono::milliseconds(999)), "20261121T063005Z");
    EXPECT_EQ(aws_date(TimePoint()), "19700101T000000Z");
}

TEST(AwsSignature, APartOfAPathKeepsOnlyWhatIsUnreserved) {
    EXPECT_EQ(aws_encoded("anthropic.claude-3_x~v1:0"), "anthropic.claude-3_x~v1%3A0");
    EXPECT_EQ(aws_encoded("a/b c\xc3\xa9%"), "a%2Fb%20c%C3%A9%25");
}

}  // namespace
}  // namespace keywarden
