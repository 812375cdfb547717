// The query of a list: paging, and what to leave out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/key.h"
#include "domain/key_notice.h"

namespace keywarden {

inline constexpr size_t kListLimitDefault = 20;
inline constexpr size_t kListLimitMax = 100;

/// The state of an active key of which a budget is used up: derived where keys are shown.
inline constexpr std::string_view kExhausted = "exhausted";

struct ListQuery {
    size_t limit = kListLimitDefault;
    std::string after{};  // a cursor: the `next` of the page before
    std::optional<KeyState> status{};
    std::optional<bool> exhausted{};  // of active ones: only those whose budget is used up, or not
    std::optional<RotationState> rotation{};
    bool unused = false;        // only those
    bool expires_soon = false;  // only those
    std::string search{};       // as KeyQuery has it
};

/// Strict like a body: an unknown or repeated parameter is an error.
/// Errors: UnknownField, InvalidRequest.
Result<ListQuery> read_list_query(std::string_view query);

}  // namespace keywarden
