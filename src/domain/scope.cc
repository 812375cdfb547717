#include "domain/scope.h"

#include <array>
#include <utility>

namespace keywarden {

std::string_view name(Scope scope) {
    static constexpr std::array<std::string_view, kScopes> kNames = {
        "instance", "model", "plan", "team", "app", "creator", "key"};
    return kNames.at(static_cast<size_t>(scope));
}

Error denied(ErrorCode code, Scope by, std::string message) {
    return {.code = code,
            .message = std::move(message),
            .facts = {{"denied_by", std::string(name(by))}}};
}

}  // namespace keywarden
