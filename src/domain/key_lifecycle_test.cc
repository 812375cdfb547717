#include "domain/key_lifecycle.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

constexpr auto kDisable = KeyAction::Disable;
constexpr auto kEnable = KeyAction::Enable;
constexpr auto kQuarantine = KeyAction::Quarantine;
constexpr auto kRelease = KeyAction::Release;
constexpr auto kActive = KeyStatus::Active;
constexpr auto kDisabled = KeyStatus::Disabled;
constexpr auto kQuarantined = KeyStatus::Quarantined;
constexpr auto kRevoked = KeyStatus::Revoked;

/// The status it becomes, or "refused".
std::string become(KeyAction action, KeyStatus status) {
    const auto next = status_after(action, status);
    if (!next) EXPECT_EQ(next.error().param, "status");
    return next ? std::string(name(*next)) : "refused";
}

TEST(KeyLifecycle, EachStatusIsLeftByItsOwnWay) {
    EXPECT_EQ(become(kDisable, kActive), "disabled");
    EXPECT_EQ(become(kEnable, kDisabled), "active");
    EXPECT_EQ(become(kQuarantine, kActive), "quarantined");
    EXPECT_EQ(become(kRelease, kQuarantined), "active");
    EXPECT_EQ(become(kEnable, kQuarantined), "refused");
    EXPECT_EQ(become(kDisable, kQuarantined), "refused");
    EXPECT_EQ(become(kRelease, kDisabled), "refused");
    EXPECT_EQ(become(kQuarantine, kDisabled), "refused");
}

TEST(KeyLifecycle, NoRevokedKeyComesBack) {
    for (const KeyAction action : {kDisable, kEnable, kQuarantine, kRelease}) {
        EXPECT_EQ(become(action, kRevoked), "refused");
    }
}

TEST(KeyLifecycle, AnActionHasAName) {
    EXPECT_EQ(name(kQuarantine), "quarantine");
    EXPECT_EQ(name(kRelease), "release");
}

RC_GTEST_PROP(KeyLifecycle, TwiceIsOnceWhateverTheStatus, ()) {
    const auto any = [](auto last) { return *rc::gen::inRange(0, static_cast<int>(last)); };
    const auto action = static_cast<KeyAction>(any(KeyAction::kCount));
    const auto status = static_cast<KeyStatus>(any(KeyStatus::kCount));
    const auto once = status_after(action, status);
    if (once) {
        const auto twice = status_after(action, *once);
        RC_ASSERT(twice.has_value());
        RC_ASSERT(*twice == *once);
    }
}

}  // namespace
}  // namespace keywarden
