#include "admin/list_query.h"

#include <string>

#include <gtest/gtest.h>

#include "store/store.h"

namespace keywarden {
namespace {

/// The param of the refusal, or "ok".
std::string verdict(std::string_view query) {
    const Result<ListQuery> got = read_list_query(query);
    return got ? "ok" : got.error().param;
}

TEST(ListQuery, NothingAskedIsTheFirstTwenty) {
    const ListQuery got = read_list_query("").value();
    EXPECT_EQ(got.limit, 20U);
    EXPECT_EQ(got.after, "");
    EXPECT_EQ(got.status, std::nullopt);
}

TEST(ListQuery, ReadsAllThree) {
    const ListQuery got = read_list_query("limit=100&after=a%2Fb&status=revoked").value();
    EXPECT_EQ(got.limit, 100U);
    EXPECT_EQ(got.after, "a/b");
    EXPECT_EQ(got.status, KeyState::Revoked);
}

TEST(ListQuery, ALimitIsOneToAHundred) {
    EXPECT_EQ(verdict("limit=1"), "ok");
    for (const char* wrong : {"0", "101", "-1", "ten", "1.5", "1x", "99999999999999999999"}) {
        EXPECT_EQ(verdict("limit=" + std::string(wrong)), "limit") << wrong;
    }
}

TEST(ListQuery, WhatIsSearchedForIsBounded) {
    EXPECT_EQ(read_list_query("search=a%20b").value().search, "a b");
    EXPECT_EQ(verdict("search=" + std::string(kKeySearchMax, 'x')), "ok");
    EXPECT_EQ(verdict("search=" + std::string(kKeySearchMax + 1, 'x')), "search");
}

TEST(ListQuery, AStatusIsWhatACallerMeets) {
    for (const char* status :
         {"active", "pending", "expired", "disabled", "quarantined", "revoked"}) {
        EXPECT_EQ(verdict("status=" + std::string(status)), "ok");
    }
    EXPECT_EQ(verdict("status=ACTIVE"), "status");
}

TEST(ListQuery, AnUnknownParameterIsAnErrorWithASuggestion) {
    const auto got = read_list_query("limt=5");
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::UnknownField);
    EXPECT_NE(got.error().message.find("'limit'"), std::string::npos);
}

TEST(ListQuery, AParameterTwiceIsRefused) { EXPECT_EQ(verdict("limit=1&limit=2"), "limit"); }

TEST(ListQuery, ABrokenCursorIsNotTheFirstPage) {
    EXPECT_EQ(verdict("after=%zz"), "after");
    EXPECT_EQ(verdict("after="), "after");
    EXPECT_EQ(verdict("after"), "after");
}

TEST(ListQuery, StrayAmpersandsAreNoMatter) { EXPECT_EQ(verdict("&limit=1&&after=x&"), "ok"); }

}  // namespace
}  // namespace keywarden
