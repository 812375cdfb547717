#include "domain/key_notice.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr TimePoint kNow = TimePoint(days(20'000));
constexpr KeyNotice kNotice{.unused_after = days(90), .ahead = days(14)};

KeySecret a_secret(TimePoint made) {
    KeySecret secret;
    secret.created_at = made;
    return secret;
}

Key a_key() {
    Key key;
    key.created_at = kNow;
    key.secrets = {a_secret(kNow)};
    return key;
}

TEST(KeyNotice, ARotationIsDueAheadOfItsDayAndThenOverdue) {
    Key key = a_key();
    EXPECT_EQ(rotation_of(key, kNotice, kNow), std::nullopt);
    key.rotate_every = days(90);
    EXPECT_EQ(rotation_due_at(key), kNow + days(90));
    EXPECT_EQ(rotation_of(key, kNotice, kNow + days(76) - 1ns), RotationState::Ok);
    EXPECT_EQ(rotation_of(key, kNotice, kNow + days(76)), RotationState::Due);
    EXPECT_EQ(rotation_of(key, kNotice, kNow + days(90) - 1ns), RotationState::Due);
    EXPECT_EQ(rotation_of(key, kNotice, kNow + days(90)), RotationState::Overdue);
    key.secrets.insert(key.secrets.begin(), a_secret(kNow + days(90)));
    EXPECT_EQ(rotation_of(key, kNotice, kNow + days(90)), RotationState::Ok) << "it was rotated";
    key.rotate_every = days(4);
    EXPECT_EQ(rotation_of(key, kNotice, kNow + days(93)), RotationState::Due);
    EXPECT_EQ(rotation_of(key, kNotice, kNow + days(93) - 1ns), RotationState::Ok)
        << "no more than a quarter ahead";
}

TEST(KeyNotice, AKeyIsUnusedWhenNeitherMadeNorUsedLately) {
    Key key = a_key();
    EXPECT_FALSE(is_unused(key, kNotice, kNow + days(90) - 1ns));
    EXPECT_TRUE(is_unused(key, kNotice, kNow + days(90)));
    key.secrets.push_back(a_secret(kNow));
    key.secrets.back().last_used_at = kNow + days(5);
    EXPECT_FALSE(is_unused(key, kNotice, kNow + days(95) - 1ns)) << "an old secret counts too";
    EXPECT_TRUE(is_unused(key, kNotice, kNow + days(95)));
}

TEST(KeyNotice, AnExpiryIsTold14DaysAhead) {
    Key key = a_key();
    EXPECT_FALSE(expires_soon(key, kNotice, kNow));
    key.expires_at = kNow + days(14);
    EXPECT_TRUE(expires_soon(key, kNotice, kNow));
    EXPECT_FALSE(expires_soon(key, kNotice, kNow - 1ns));
    EXPECT_FALSE(expires_soon(key, kNotice, kNow + days(14))) << "it has";
}

TEST(KeyNotice, NothingIsSaidOfWhatIsOver) {
    Key key = a_key();
    key.rotate_every = days(30);
    key.expires_at = kNow + days(1000);
    key.status = KeyStatus::Revoked;
    EXPECT_FALSE(is_unused(key, kNotice, kNow + days(990)));
    EXPECT_FALSE(expires_soon(key, kNotice, kNow + days(990)));
    EXPECT_EQ(rotation_of(key, kNotice, kNow + days(990)), std::nullopt);
    key.status = KeyStatus::Active;
    EXPECT_TRUE(is_unused(key, kNotice, kNow + days(990)));
    EXPECT_FALSE(is_unused(key, kNotice, kNow + days(1000)));
    EXPECT_EQ(rotation_of(key, kNotice, kNow + days(1000)), std::nullopt);
}

TEST(KeyNotice, ItsStatesHaveNames) {
    EXPECT_EQ(name(RotationState::Overdue), "overdue");
    EXPECT_EQ(rotation_state_of("due"), RotationState::Due);
    EXPECT_EQ(rotation_state_of("never"), std::nullopt);
}

}  // namespace
}  // namespace keywarden
