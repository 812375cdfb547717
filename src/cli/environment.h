// What surrounds the process: its variables and its terminal, as values that a test can make up.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>

namespace keywarden {

/// The variables the process was started with. Only app/ reads the real ones.
struct Environment {
    std::map<std::string, std::string, std::less<>> variables{};

    /// Empty when the variable is not set: nothing here tells the two apart.
    std::string_view get(std::string_view name) const {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string_view() : std::string_view(found->second);
    }
};

/// Where a command reads and writes.
struct Terminal {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool in_is_terminal = false;
    bool out_is_terminal = false;
    bool err_is_terminal = false;
};

}  // namespace keywarden
