// What an attempt to sign in elsewhere is held to before any provider is asked.
#include "console/sso.h"

#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(SsoForm, IsReadStrictly) {
    const auto fields = read_form("code=a%2Fb+c&state=&empty");
    ASSERT_TRUE(fields);
    EXPECT_EQ(field_of(*fields, "code"), "a/b c");
    EXPECT_TRUE(fields->contains("state"));
    EXPECT_EQ(field_of(*fields, "other"), "");
    for (const char* wrong :
         {"code=a&code=b", "code=%", "code=%zz", "code=%00", "a%0d=b", "c%6fde=a&code=b"}) {
        EXPECT_FALSE(read_form(wrong)) << wrong;
    }
    std::string many;
    for (size_t i = 0; i <= kFormFieldsMax; ++i) many += "f" + std::to_string(i) + "=1&";
    EXPECT_FALSE(read_form(many));
}

TEST(SsoNext, IsAPageOfOurOwnOrNone) {
    for (const char* page : {"/", "/keys", "/keys?state=active&x=%7B%7D", "/keys/key_1"}) {
        EXPECT_TRUE(is_own_page(page)) << page;
    }
    for (const char* page : {"",
                             "//evil",
                             "https:evil",
                             "/\\evil",
                             "\\\\evil",
                             "javascript:alert(1)",
                             "/\r\nx",
                             "/a b",
                             "/../x",
                             "/a/../../b",
                             "/x//evil",
                             "evil",
                             "/auth/logout",
                             "/a#b",
                             "/\xc3\xa4",
                             "/\"<>"}) {
        EXPECT_FALSE(is_own_page(page)) << page;
    }
    EXPECT_FALSE(is_own_page("/" + std::string(2000, 'a')));
}

SsoAttempt an_attempt(MonoTime now) { return {.provider = "corp", .begun_at = now}; }

TEST(SsoAttempt, IsFinishedOnceAndInTime) {
    OneTimeAttempts<SsoAttempt> attempts(kSsoAttemptKept);
    const MonoTime now{};
    attempts.put("one", an_attempt(now));
    EXPECT_FALSE(attempts.take("another", now));
    EXPECT_TRUE(attempts.take("one", now));
    EXPECT_FALSE(attempts.take("one", now));
    attempts.put("late", an_attempt(now));
    EXPECT_FALSE(attempts.take("late", now + kSsoAttemptKept));
}

TEST(SsoAttempt, AreBoundedTheFirstGoes) {
    OneTimeAttempts<SsoAttempt> attempts(kSsoAttemptKept);
    const MonoTime now{};
    for (size_t i = 0; i <= OneTimeAttempts<SsoAttempt>::kMax; ++i) {
        attempts.put(std::to_string(i), an_attempt(now));
    }
    EXPECT_FALSE(attempts.take("0", now));
    EXPECT_TRUE(attempts.take("1", now));
}

TEST(SeenName, IsNewOnceWhileItMatters) {
    SeenNames names;
    const MonoTime now{};
    EXPECT_TRUE(names.add("a", now, minutes(1)));
    EXPECT_FALSE(names.add("a", now + seconds(59), minutes(1)));
    EXPECT_TRUE(names.add("a", now + minutes(1), minutes(1)));
}

TEST(SeenName, NothingIsTakenForNewWhereThereIsNoRoomToRememberIt) {
    SeenNames names;
    const MonoTime now{};
    for (size_t i = 0; i < SeenNames::kMax; ++i) {
        ASSERT_TRUE(names.add(std::to_string(i), now, minutes(1)));
    }
    EXPECT_FALSE(names.add("more", now, minutes(1)));
    EXPECT_TRUE(names.add("more", now + minutes(1), minutes(1)));
}

TEST(SessionToken, IsThereOnce) {
    SessionTokens tokens;
    tokens.put("s", Secret("a token of nobody"));
    EXPECT_EQ(tokens.take("s").reveal(), "a token of nobody");
    EXPECT_TRUE(tokens.take("s").empty());
    tokens.put("long", Secret(std::string(SessionTokens::kBytesMax + 1, 'a')));
    EXPECT_TRUE(tokens.take("long").empty());
}

TEST(Endpoint, IsHttpsOrOfAnIssuerOnThisMachine) {
    const Url far{.tls = true, .host = "id.example.com", .port = 443};
    const Url near{.tls = false, .host = "127.0.0.1", .port = 3000};
    EXPECT_TRUE(check_endpoint("https://other.example.com/token?p=1", far));
    EXPECT_TRUE(check_endpoint("http://127.0.0.1:3000/token", near));
    for (const char* wrong : {"http://id.example.com/token",
                              "http://127.0.0.1/token",
                              "",
                              "token",
                              "file:///etc/passwd",
                              "javascript:x",
                              "https://a:b@x.test/",
                              "https://id.example.com/x?a=\r\nb",
                              "https://id.example.com/#x"}) {
        EXPECT_FALSE(check_endpoint(wrong, far)) << wrong;
    }
    EXPECT_FALSE(check_endpoint("http://10.0.0.1/token", near));
}

}  // namespace
}  // namespace keywarden
