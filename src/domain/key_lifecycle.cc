#include "domain/key_lifecycle.h"

#include <array>
#include <cstddef>
#include <string>

namespace keywarden {
namespace {

using enum KeyStatus;

constexpr std::string_view kDisabled = "is disabled: it is brought back by enabling it";
constexpr std::string_view kHeld = "is quarantined: a person has to release the key";
constexpr std::string_view kOff =
    "is disabled, so the key answers to nobody: only one that works can be held back";
constexpr std::string_view kOver = "is revoked, which is final: create a new one instead";

struct Row {
    KeyAction action;
    std::string_view name;
    KeyStatus to;
    // From each status but Revoked: nothing where it may, or else why not.
    std::string_view disabled{};
    std::string_view quarantined{};
};

// clang-format off
constexpr std::array kRows = {
    Row{.action = KeyAction::Disable, .name = "disable", .to = Disabled, .quarantined = kHeld},
    Row{.action = KeyAction::Enable, .name = "enable", .to = Active, .quarantined = kHeld},
    Row{.action = KeyAction::Quarantine, .name = "quarantine", .to = Quarantined, .disabled = kOff},
    Row{.action = KeyAction::Release, .name = "release", .to = Active, .disabled = kDisabled},
};
// clang-format on

constexpr bool rows_follow_the_enum() {
    for (size_t i = 0; i < kRows.size(); ++i) {
        if (kRows[i].action != static_cast<KeyAction>(i)) return false;
    }
    return kRows.size() == static_cast<size_t>(KeyAction::kCount);
}
static_assert(rows_follow_the_enum());

std::string_view why_not(const Row& row, KeyStatus status) {
    switch (status) {
        case Disabled:
            return row.disabled;
        case Quarantined:
            return row.quarantined;
        case Revoked:
            return kOver;
        default:
            return {};
    }
}

}  // namespace

std::string_view name(KeyAction action) { return kRows.at(static_cast<size_t>(action)).name; }

Result<KeyStatus> status_after(KeyAction action, KeyStatus status) {
    const Row& row = kRows.at(static_cast<size_t>(action));
    if (status == row.to) return status;
    const std::string_view reason = why_not(row, status);
    if (reason.empty()) return row.to;
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = "'status' " + std::string(reason) + ".",
                 .param = "status"});
}

}  // namespace keywarden
