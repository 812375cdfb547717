#include "cli/import_file.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace keywarden {
namespace {

const std::string kHash = to_hex(sha256("sk-made-by-litellm-000001"));

TEST(ImportFile, OurOwnNamesPassInJsonAndCsv) {
    const std::string json = R"({"keys":[{"hash":")" + kHash +
                             R"(","name":"ci","rate_limit_rpm":7,"tags":["a"],"app":null}]})";
    const std::string csv =
        "hash,name,rate_limit_rpm,tags,app\n" + kHash + ",ci,7,\"[\"\"a\"\"]\",\n";
    const Json expected = {{"hash", kHash}, {"name", "ci"}, {"rate_limit_rpm", 7}, {"tags", {"a"}}};
    EXPECT_EQ(read_import_file(json, "keywarden").value().items, std::vector{expected});
    EXPECT_EQ(read_import_file(csv, "keywarden").value().items, std::vector{expected});
}

TEST(ImportFile, APlainSecretDoesNotLeaveIt) {
    const auto file = read_import_file("key,name\nsk-a-secret-in-plain-0001,x\n", "keywarden");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->items[0]["hash"], to_hex(sha256("sk-a-secret-in-plain-0001")));
    EXPECT_EQ(file->items[0]["display"], "…0001");
    EXPECT_EQ(file->items[0].dump().find("secret-in"), std::string::npos);
}

TEST(ImportFile, LiteLlmsTableIsUnderstood) {
    const std::string csv =
        "token,key_name,key_alias,expires,rpm_limit,tpm_limit,max_parallel_requests,models,blocked,"
        "team_id,user_id,spend\n" +
        kHash +
        ",sk-...0001,prod,2099-12-31 23:59:59.5,10,2000,3,\"{gpt-4o,\"\"claude-3\"\"}\",f," +
        "t1,u1,0.5\n" + kHash + ",sk-...0002,,,,,,{all-team-models},,,,0\n" + kHash +
        ",sk-...0003,off,,,,,{},t,,,0\n";
    const auto file = read_import_file(csv, "litellm");
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_EQ(file->items.size(), 2U);
    EXPECT_EQ(file->left_out, 1U);
    EXPECT_EQ(file->ignored, std::vector<std::string>{"spend"});
    EXPECT_EQ(file->items[0], Json::parse(R"({"hash":")" + kHash + R"(","name":"prod",
        "display":"sk-...0001","expires_at":"2099-12-31T23:59:59.500Z","rate_limit_rpm":10,
        "policy":{"limits":{"tokens_per_minute":2000,"concurrent_requests":3},
                  "models":{"allow":["gpt-4o","claude-3"]}},
        "metadata":{"litellm_team_id":"t1","litellm_user_id":"u1"}})"));
    EXPECT_EQ(file->items[1],
              (Json{{"hash", kHash}, {"display", "sk-...0002"}, {"name", "imported sk-...0002"}}));
}

TEST(ImportFile, OneApisTableIsUnderstoodAndHashedHere) {
    const auto file = read_import_file(
        R"([{"id":1,"key":"abcdefghijklmnopqrstuvwxyz0123","name":"a","status":1,"expired_time":-1},
            {"id":2,"key":"bbcdefghijklmnopqrstuvwxyz0123","name":"b","status":2,"expired_time":0},
            {"id":3,"key":"cbcdefghijklmnopqrstuvwxyz0123","name":"c","status":1,
             "expired_time":4102444799,"models":"gpt-4o,gpt-4"}])",
        "one-api");
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_EQ(file->items.size(), 2U);
    EXPECT_EQ(file->items[0]["hash"], to_hex(sha256("sk-abcdefghijklmnopqrstuvwxyz0123")));
    EXPECT_FALSE(file->items[0].contains("expires_at"));
    EXPECT_EQ(file->items[1]["expires_at"], "2099-12-31T23:59:59.000Z");
    EXPECT_EQ(file->items[1]["policy"]["models"]["allow"], (Json{"gpt-4o", "gpt-4"}));
}

TEST(ImportFile, WhatIsWrongIsPlaced) {
    const auto message = [](std::string_view text, std::string_view source = "keywarden") {
        const auto file = read_import_file(text, source);
        return file ? std::string("taken") : file.error().message;
    };
    EXPECT_EQ(
        message("hash,nmae\na,b\n"),
        "key 1: 'nmae' is no column of our own; tables of others need --from, such as litellm");
    EXPECT_EQ(message("hash,name\na\n"), "row 2 has 1 cells, and the first row names 2");
    EXPECT_EQ(message("hash,rate_limit_rpm\na,many\n"),
              "key 1: 'rate_limit_rpm' is no whole number");
    EXPECT_EQ(message("token,expires\na,soon\n", "litellm"), "key 1: 'expires' is no moment");
    EXPECT_EQ(message("hash,name\n"), "has no keys");
    EXPECT_EQ(message(""), "has no keys");
    EXPECT_EQ(message("[1]"), "is no JSON list of objects");
    EXPECT_EQ(message("{\"a\":"), "is no JSON list of objects");
    EXPECT_EQ(message("[]", "elsewhere"), "--from: must be keywarden, litellm, or one-api");
}

}  // namespace
}  // namespace keywarden
