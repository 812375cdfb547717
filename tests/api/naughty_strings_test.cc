// 485 strings that break things, in every field of text: stored and shown unchanged, or refused
// with a clear 400. Never a 5xx.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

constexpr const char* kFile = "naughty-strings/blns.json";

class NaughtyStrings : public ApiFixture {
protected:
    static std::vector<std::string> strings() {
        auto all = read_vectors(kFile).get<std::vector<std::string>>();
        EXPECT_GE(all.size(), 480U);
        // What the list cannot hold: NUL, bidirectional overrides, a noncharacter, many bytes.
        all.emplace_back("a\0b", 3);
        all.emplace_back(
            "\xe2\x80\xae"
            "detrevni");
        all.emplace_back("\xef\xbf\xbf");
        all.emplace_back(5000, 'x');
        return all;
    }

    /// Creates a key of this body; the record as it is read back, or null for a clear refusal.
    Json round_trip(const Json& body) {
        const Reply created = post("/v1/keys", body.dump());
        if (created.status != 201) {
            EXPECT_EQ(created.status, 400) << body.dump() << created.body;
            EXPECT_FALSE(created.json()["detail"].get<std::string>().empty());
            return nullptr;
        }
        const std::string id = created.json()["id"];
        const Reply read = get(path_of(id));
        EXPECT_EQ(read.status, 200);
        return read.json();
    }
};

TEST_F(NaughtyStrings, AreStoredUnchangedOrRefused) {
    KEYWARDEN_NEEDS_VECTORS_(kFile);
    size_t stored = 0;
    for (const std::string& text : strings()) {
        const Json named = round_trip({{"name", text}});
        if (!named.is_null()) EXPECT_EQ(named["name"], text);
        stored += named.is_null() ? 0 : 1;
        const Json described = round_trip({{"name", "a"}, {"description", text}});
        if (!described.is_null()) EXPECT_EQ(described["description"], text);
        const Json valued = round_trip({{"name", "a"}, {"metadata", {{"n", text}}}});
        if (!valued.is_null()) EXPECT_EQ(valued["metadata"]["n"], text);
        const Json keyed = round_trip({{"name", "a"}, {"metadata", {{text, "v"}}}});
        if (!keyed.is_null()) EXPECT_EQ(keyed["metadata"][text], "v");
        const Json tagged = round_trip({{"name", "a"}, {"tags", Json::array({text})}});
        if (!tagged.is_null()) EXPECT_EQ(tagged["tags"], Json::array({text}));
        const Json tools = {{"allowed", Json::array({text})}, {"denied", Json::array({text})}};
        const Json listed = round_trip({{"name", "a"}, {"toollist", tools}});
        if (!listed.is_null()) EXPECT_EQ(listed["toollist"], tools);
    }
    // Most of them are good names: the bounds are no excuse.
    EXPECT_GT(stored, 350U);
}

TEST_F(NaughtyStrings, AreNoKindFormatMomentOrNumber) {
    KEYWARDEN_NEEDS_VECTORS_(kFile);
    for (const std::string& text : strings()) {
        for (const char* field : {"kind",
                                  "format",
                                  "environment",
                                  "expires_at",
                                  "not_before",
                                  "rate_limit_rpm",
                                  "k_target_override",
                                  "toollist",
                                  "metadata",
                                  "tags"}) {
            Json body = {{"name", "a"}};
            body[field] = text;
            if (body[field] == "") continue;
            EXPECT_TRUE(round_trip(body).is_null()) << field << ": " << text;
        }
        Json body = {{"name", "a"}};
        body["\xf0\x9f\x94\x91" + text] = 1;
        EXPECT_TRUE(round_trip(body).is_null());
    }
}

TEST_F(NaughtyStrings, AreNoTroubleInPathsQueriesAndHeaders) {
    KEYWARDEN_NEEDS_VECTORS_(kFile);
    const std::string id = make_id();
    for (const std::string& text : strings()) {
        const std::vector<Header> headers = {{"If-Match", text}, {"Idempotency-Key", text}};
        EXPECT_LT(patch(id, R"({"name":"a"})", headers).status, 500) << text;
        EXPECT_LT(post(path_of(id, "/rotate"), R"({"emergency":true})", headers).status, 500)
            << text;
        EXPECT_LT(answer({.method = Method::Get, .path = "/v1/keys/" + text}).status, 500) << text;
        EXPECT_LT(answer({.method = Method::Get, .path = "/v1/keys", .query = text}).status, 500);
        EXPECT_LT(
            answer({.method = Method::Get, .path = "/v1/keys", .query = "after=" + text}).status,
            500);
        EXPECT_LT(post(path_of(id, "/rotate"), Json({{"grace", text}}).dump()).status, 500);
        EXPECT_LT(post("/v1/keys", text).status, 500) << text;
    }
}

}  // namespace
}  // namespace keywarden
