#include "domain/key.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace keywarden {
namespace {

TEST(Key, NamesAreReadBackAsTheyAreWritten) {
    for (size_t i = 0; i < static_cast<size_t>(KeyKind::kCount); ++i) {
        EXPECT_EQ(key_kind_of(name(static_cast<KeyKind>(i))), static_cast<KeyKind>(i));
    }
    for (size_t i = 0; i < static_cast<size_t>(KeyStatus::kCount); ++i) {
        EXPECT_EQ(key_status_of(name(static_cast<KeyStatus>(i))), static_cast<KeyStatus>(i));
    }
    EXPECT_EQ(name(KeyState::Pending), "pending");
    EXPECT_EQ(name(KeyState::Expired), "expired");
    EXPECT_EQ(key_kind_of("Full"), std::nullopt);
    EXPECT_EQ(key_kind_of(""), std::nullopt);
    EXPECT_EQ(key_status_of("pending"), std::nullopt);  // derived, nobody sets it
}

TEST(Key, WhatAPersonDecidedBeatsTheClock) {
    const TimePoint now = from_millis(1'000'000);
    Key key;
    key.expires_at = now;
    const auto state = [&](KeyStatus status) {
        key.status = status;
        return state_at(key, now);
    };
    EXPECT_EQ(state(KeyStatus::Active), KeyState::Expired);
    EXPECT_EQ(state(KeyStatus::Disabled), KeyState::Disabled);
    EXPECT_EQ(state(KeyStatus::Quarantined), KeyState::Quarantined);
    EXPECT_EQ(state(KeyStatus::Revoked), KeyState::Revoked);
}

TEST(Key, LivesFromNotBeforeUntilJustBeforeExpiresAt) {
    const TimePoint born = from_millis(1'000);
    const TimePoint dead = from_millis(2'000);
    Key key;
    key.not_before = born;
    key.expires_at = dead;
    EXPECT_EQ(state_at(key, born - Nanos(1)), KeyState::Pending);
    EXPECT_EQ(state_at(key, born), KeyState::Active);
    EXPECT_EQ(state_at(key, dead - Nanos(1)), KeyState::Active);
    EXPECT_EQ(state_at(key, dead), KeyState::Expired);

    key.expires_at = born - Nanos(1);  // both at once: expired says more
    EXPECT_EQ(state_at(key, born - Nanos(1)), KeyState::Expired);
}

TEST(Key, ASecretIsDeadFromItsEndOn) {
    const TimePoint end = from_millis(5'000);
    KeySecret secret;
    EXPECT_TRUE(is_live(secret, end));
    secret.ends_at = end;
    EXPECT_TRUE(is_live(secret, end - Nanos(1)));
    EXPECT_FALSE(is_live(secret, end));
}

TEST(Permission, EachKindHoldsWhatItsNameSays) {
    struct Row {
        Permission permission;
        bool full;
        bool inference;
        bool management;
    };
    for (const Row& row : {Row{Permission::Public, true, true, true},
                           Row{Permission::AnyKey, true, true, true},
                           Row{Permission::Inference, true, true, false},
                           Row{Permission::KeysRead, true, false, true},
                           Row{Permission::KeysWrite, true, false, true},
                           Row{Permission::Operator, false, false, false}}) {
        const int which = static_cast<int>(row.permission);
        EXPECT_EQ(holds(KeyKind::Full, row.permission), row.full) << which;
        EXPECT_EQ(holds(KeyKind::Inference, row.permission), row.inference) << which;
        EXPECT_EQ(holds(KeyKind::Management, row.permission), row.management) << which;
    }
}

}  // namespace
}  // namespace keywarden
