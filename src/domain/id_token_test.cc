// What an ID token and a logout token must say: each claim by itself.
#include "domain/id_token.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const TimePoint kNow = TimePoint(hours(24 * 365 * 55));

TokenTerms terms() {
    return {.issuer = "https://id.example.com",
            .client_id = "keywarden",
            .nonce = "once",
            .access_token_hash = "half",
            .code_hash = "code"};
}

TokenClaims claims() {
    return {.issuer = "https://id.example.com",
            .subject = "ann",
            .audiences = {"keywarden"},
            .expires_at = kNow + seconds(300),
            .issued_at = kNow,
            .nonce = "once"};
}

std::string flaw(const std::function<void(TokenClaims&)>& change, TokenTerms wanted = terms()) {
    TokenClaims changed = claims();
    change(changed);
    return std::string(flaw_of_id_token(changed, wanted, kNow).value_or(""));
}

TEST(IdToken, HoldsWhereEveryClaimDoes) {
    EXPECT_EQ(flaw([](TokenClaims&) {}), "");
    EXPECT_EQ(flaw([](TokenClaims& token) {
                  token.access_token_hash = "half";
                  token.code_hash = "code";
                  token.authorized_party = "keywarden";
                  token.audiences = {"another", "keywarden"};
                  token.not_before = kNow + kTokenClockLeeway;
                  token.issued_at = kNow + kTokenClockLeeway;
                  token.expires_at = kNow - kTokenClockLeeway + seconds(1);
                  token.subject = std::string(kSubjectBytesMax, 'a');
              }),
              "");
}

TEST(IdToken, IsOfThatIssuerToTheLetterAndForThisClient) {
    for (const char* other : {"", "https://id.example.com/", "https://ID.example.com"}) {
        EXPECT_EQ(flaw([&](TokenClaims& token) { token.issuer = other; }), "iss") << other;
    }
    EXPECT_EQ(flaw([](TokenClaims& token) { token.audiences = {}; }), "aud");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.audiences = {"Keywarden"}; }), "aud");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.audiences = {"keywarden", "x"}; }), "azp");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.authorized_party = "x"; }), "azp");
}

TEST(IdToken, HoldsInItsTimeGiveOrTakeTheLeeway) {
    EXPECT_EQ(flaw([](TokenClaims& token) { token.expires_at = kNow - kTokenClockLeeway; }), "exp");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.expires_at.reset(); }), "exp");
    EXPECT_EQ(
        flaw([](TokenClaims& token) { token.issued_at = kNow + kTokenClockLeeway + seconds(1); }),
        "iat");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.issued_at.reset(); }), "iat");
    EXPECT_EQ(
        flaw([](TokenClaims& token) { token.not_before = kNow + kTokenClockLeeway + seconds(1); }),
        "nbf");
}

TEST(IdToken, AnswersThisSignInAndComesWithThisToken) {
    EXPECT_EQ(flaw([](TokenClaims& token) { token.nonce.reset(); }), "nonce");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.nonce = "before"; }), "nonce");
    TokenTerms without = terms();
    without.nonce.clear();
    EXPECT_EQ(flaw([](TokenClaims& token) { token.nonce = ""; }, without), "nonce");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.access_token_hash = ""; }), "at_hash");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.code_hash = "half"; }), "c_hash");
}

TEST(IdToken, OfASignInThatIsTooOldOrDoesNotSayIsRefusedWhereThatIsAsked) {
    TokenTerms fresh = terms();
    fresh.age_max = seconds(300);
    EXPECT_EQ(flaw([](TokenClaims&) {}, fresh), "auth_time");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.signed_in_at = kNow - seconds(360); }, fresh),
              "");
    EXPECT_EQ(flaw([](TokenClaims& token) { token.signed_in_at = kNow - seconds(361); }, fresh),
              "auth_time");
}

TEST(IdToken, NamesSomebody) {
    for (const std::string& subject :
         {std::string(), std::string(kSubjectBytesMax + 1, 'a'), std::string("a\nb")}) {
        EXPECT_EQ(flaw([&](TokenClaims& token) { token.subject = subject; }), "sub");
    }
}

std::string logout_flaw(const std::function<void(TokenClaims&)>& change) {
    TokenClaims changed = claims();
    changed.nonce.reset();
    changed.token_id = "logout-1";
    changed.is_logout = true;
    change(changed);
    return std::string(flaw_of_logout_token(changed, terms(), kNow).value_or(""));
}

TEST(LogoutToken, HoldsWhereEveryClaimDoes) {
    EXPECT_EQ(logout_flaw([](TokenClaims&) {}), "");
    EXPECT_EQ(logout_flaw([](TokenClaims& token) {
                  token.subject.clear();
                  token.provider_session = "s";
              }),
              "");
}

TEST(LogoutToken, IsNoIdTokenAndNoOldOne) {
    EXPECT_EQ(logout_flaw([](TokenClaims& token) { token.is_logout = false; }), "events");
    EXPECT_EQ(logout_flaw([](TokenClaims& token) { token.nonce = "once"; }), "nonce");
    EXPECT_EQ(logout_flaw([](TokenClaims& token) { token.token_id.clear(); }), "jti");
    EXPECT_EQ(logout_flaw([](TokenClaims& token) { token.subject.clear(); }), "sub");
    EXPECT_EQ(logout_flaw([](TokenClaims& token) { token.issuer = "x"; }), "iss");
    EXPECT_EQ(logout_flaw([](TokenClaims& token) { token.audiences = {"x"}; }), "aud");
    EXPECT_EQ(logout_flaw([](TokenClaims& token) { token.expires_at.reset(); }), "exp");
    EXPECT_EQ(logout_flaw([](TokenClaims& token) {
                  token.issued_at = kNow - kLogoutTokenAge - kTokenClockLeeway - seconds(1);
              }),
              "iat");
}

}  // namespace
}  // namespace keywarden
