#include "store/account_rules.h"

#include <algorithm>
#include <fmt/core.h>

namespace keywarden {

std::string folded_email(std::string_view email) {
    std::string folded(email);
    std::ranges::transform(folded, folded.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return folded;
}

std::unexpected<Error> no_such(std::string_view what) {
    return fail(ErrorCode::NotFound, fmt::format("There is no such {}.", what));
}

std::unexpected<Error> taken(std::string_view what, std::string_view field) {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = fmt::format("There is a {} with that {} already.", what, field),
                 .param = std::string(field)});
}

std::unexpected<Error> too_many(std::string_view what, int64_t most) {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = fmt::format("There may be at most {} {}.", most, what),
                 .facts = {{"limit", most}}});
}

std::unexpected<Error> changed_meanwhile(std::string_view what) {
    return fail(ErrorCode::VersionMismatch,
                fmt::format("The {} was changed meanwhile. Read it again.", what));
}

std::unexpected<Error> no_such_plan() {
    return fail(
        {.code = ErrorCode::InvalidRequest, .message = "There is no such plan.", .param = "plan"});
}

std::unexpected<Error> no_such_part(std::string_view field) {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = fmt::format("The team has no such {}.", field),
                 .param = std::string(field)});
}

std::unexpected<Error> last_owner() {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = "This is the team's last owner: make another member an owner first.",
                 .param = "role"});
}

std::unexpected<Error> app_has_keys(int64_t count) {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = fmt::format("The app still has {} API keys: revoke them, or move them "
                                        "to another app.",
                                        count),
                 .facts = {{"keys", count}}});
}

std::unexpected<Error> no_such_cursor() {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = "The cursor is none that this list has given.",
                 .param = "after"});
}

std::unexpected<Error> identity_taken() {
    return fail(ErrorCode::IdentityTaken, "That identity is linked to an account here already.");
}

std::unexpected<Error> last_way_in() {
    return fail(ErrorCode::LastWayIn, "It is the only way left to sign in to this account.");
}

Result<void> part_of(Result<void>& whole, const std::function<Result<void>()>& changes) {
    if (!whole) return whole;
    const Result<void> done = changes();
    if (whole && !done) whole = done;
    return whole;
}

}  // namespace keywarden
