// A value that is one of some names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "admin/json_body.h"
#include "base/result.h"

namespace keywarden {

/// Takes over one of the names of the enum T, as `find` knows them. Errors: InvalidRequest, with
/// all of them.
template <class T>
Result<void> read_choice(std::string_view field,
                         const Json& value,
                         std::optional<T> (*find)(std::string_view),
                         T& out) {
    if (value.is_string()) {
        if (const auto found = find(value.get_ref<const std::string&>())) {
            out = *found;
            return {};
        }
    }
    std::string names;
    for (size_t i = 0; i < static_cast<size_t>(T::kCount); ++i) {
        names += (i > 0 ? ", \"" : "\"") + std::string(name(static_cast<T>(i))) + "\"";
    }
    return fail_field(field, "must be one of " + names);
}

}  // namespace keywarden
