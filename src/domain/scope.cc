#include "domain/scope.h"

#include <array>

namespace keywarden {

std::string_view name(Scope scope) {
    static constexpr std::array<std::string_view, kScopes> kNames = {
        "instance", "model", "plan", "team", "app", "creator", "key"};
    return kNames.at(static_cast<size_t>(scope));
}

}  // namespace keywarden
