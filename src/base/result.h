// Result<T>, and the four macros that pass a failure up: the only macros in this project.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/error.h"

namespace keywarden {

template <class T>
using Result = std::expected<T, Error>;

// Cold: what leads to a failure is kept away from the code that runs for each call.
[[gnu::cold]] inline std::unexpected<Error> fail(ErrorCode code,
                                                 std::string message,
                                                 std::string detail = {}) {
    return std::unexpected(
        Error{.code = code, .message = std::move(message), .detail = std::move(detail)});
}

/// The same, for an error that says more than its message.
[[gnu::cold]] inline std::unexpected<Error> fail(Error error) {
    return std::unexpected(std::move(error));
}

}  // namespace keywarden

// NOLINTBEGIN(bugprone-macro-parentheses): `decl` is a declaration, so it cannot be wrapped.
#define KEYWARDEN_PASTE_(a, b) a##b
#define KEYWARDEN_NAME_(a, b) KEYWARDEN_PASTE_(a, b)
#define KEYWARDEN_TRY_(tmp, leave, decl, ...)          \
    auto tmp = (__VA_ARGS__);                          \
    if (!tmp) [[unlikely]]                             \
        leave std::unexpected(std::move(tmp).error()); \
    decl = *std::move(tmp)
#define KEYWARDEN_TRY_VOID_(leave, ...)                \
    if (auto tmp_ = (__VA_ARGS__); !tmp_) [[unlikely]] \
    leave std::unexpected(std::move(tmp_).error())
// NOLINTEND(bugprone-macro-parentheses)

/// TRY(auto key, store.find_key(hash));  leaves the function with the error, or declares `key`.
#define TRY(decl, ...) KEYWARDEN_TRY_(KEYWARDEN_NAME_(try_, __LINE__), return, decl, __VA_ARGS__)
#define TRY_VOID(...) KEYWARDEN_TRY_VOID_(return, __VA_ARGS__)
#define CO_TRY(decl, ...) \
    KEYWARDEN_TRY_(KEYWARDEN_NAME_(try_, __LINE__), co_return, decl, __VA_ARGS__)
#define CO_TRY_VOID(...) KEYWARDEN_TRY_VOID_(co_return, __VA_ARGS__)
