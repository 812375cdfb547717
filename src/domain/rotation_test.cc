#include "domain/rotation.h"

#include <chrono>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow = TimePoint(std::chrono::days(20'000));

std::vector<KeySecret> secrets(size_t count) {
    std::vector<KeySecret> made(count);
    for (KeySecret& secret : made) secret.created_at = kNow;
    return made;
}

TEST(Rotation, TheGraceStartsAtTheFirstUseAndAnUnusedSecretStartsItAfterNinetyDays) {
    std::vector<KeySecret> old = secrets(1);
    ASSERT_TRUE(retire(old, {.grace = 2h}, kNow));
    EXPECT_EQ(old[0].ends_at, kNow + kUnusedSecretMax + 2h);
    std::vector<KeySecret> both = secrets(1);
    both.push_back(old[0]);
    note_use(both, 0, kNow + 1h);
    EXPECT_EQ(both[1].ends_at, kNow + 3h);
    note_use(both, 0, kNow + 9h);
    note_use(both, 0, kNow);  // by a clock that was set back
    EXPECT_EQ(both[1].ends_at, kNow + 3h) << "only the first use counts";
    EXPECT_EQ(both[0].first_used_at, kNow + 1h);
    EXPECT_EQ(both[0].last_used_at, kNow + 9h);
    EXPECT_EQ(both[0].ends_at, std::nullopt);
}

TEST(Rotation, AClockThatWasSetBackShortensNoGrace) {
    std::vector<KeySecret> both = secrets(2);
    both[1].grace = 2h;
    note_use(both, 0, kNow - 24h);
    EXPECT_EQ(both[1].ends_at, kNow + 2h);
    EXPECT_EQ(made_at(both, kNow - 24h), kNow);
    EXPECT_EQ(made_at(both, kNow + 24h), kNow + 24h);
    EXPECT_EQ(made_at({}, kNow), kNow);
}

TEST(Rotation, OfTwoGracesTheShorterHoldsAndAnEndNeverMovesOut) {
    std::vector<KeySecret> old = secrets(1);
    ASSERT_TRUE(retire(old, {.grace = 2h}, kNow));
    ASSERT_TRUE(retire(old, {.grace = 9h}, kNow + 24h));
    EXPECT_EQ(old[0].grace, 2h);
    EXPECT_EQ(old[0].ends_at, kNow + kUnusedSecretMax + 2h);
}

TEST(Rotation, AnEmergencyIsForGood) {
    std::vector<KeySecret> old = secrets(3);
    ASSERT_TRUE(retire(old, {.emergency = true}, kNow));
    for (const KeySecret& secret : old) {
        EXPECT_FALSE(is_live(secret, kNow - 24h));
        EXPECT_EQ(secret.ends_at, kNow) << "people see when it ended";
    }
}

TEST(Rotation, AFourthLiveSecretIsRefusedWithWhatToDo) {
    std::vector<KeySecret> old = secrets(3);
    const auto refused = retire(old, {}, kNow);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("Use the newest one"), std::string::npos);
    EXPECT_NE(refused.error().message.find("emergency"), std::string::npos);
    old[2].ends_at = kNow;
    EXPECT_TRUE(retire(old, {}, kNow));
}

TEST(Rotation, AGraceHasBounds) {
    std::vector<KeySecret> old = secrets(1);
    EXPECT_EQ(retire(old, {.grace = -1ns}, kNow).error().param, "grace");
    EXPECT_EQ(retire(old, {.grace = kGraceMax + 1ns}, kNow).error().param, "grace");
    EXPECT_TRUE(retire(old, {.grace = kGraceMax}, kNow));
}

TEST(Rotation, OnlyDeadSecretsAreForgotten) {
    std::vector<KeySecret> all = secrets(kSecretsKeptMax + 2);
    for (size_t i = 2; i < all.size(); ++i) all[i].ended = true;
    all.back().id = "oldest";
    forget_old(all, kNow);
    EXPECT_EQ(all.size(), kSecretsKeptMax);
    EXPECT_NE(all.back().id, "oldest");
    for (KeySecret& secret : all) secret.ended = false;
    all.resize(kSecretsKeptMax + 1);
    forget_old(all, kNow);
    EXPECT_EQ(all.size(), kSecretsKeptMax + 1);
}

TEST(Rotation, ASecretIsDeprecatedFromWhenTheNextWasMade) {
    std::vector<KeySecret> both = secrets(2);
    both[0].created_at = kNow + 5s;
    EXPECT_EQ(deprecated_at(both, 0), std::nullopt);
    EXPECT_EQ(deprecated_at(both, 1), kNow + 5s);
}

}  // namespace
}  // namespace keywarden
