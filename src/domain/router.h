// The one router: which route a method and a path mean.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "domain/route.h"

namespace keywarden {

struct RouteMatch {
    enum class Kind : uint8_t { Found, NoSuchPath, NoSuchMethod };
    Kind kind = Kind::NoSuchPath;
    size_t route = 0;                   // the index of the row; NoSuchMethod: of one of that path
    std::vector<std::string> values{};  // Found: of the path's {names}, decoded, in order
    std::string_view allow{};           // NoSuchMethod: "GET, POST"; lives as long as the router
};

/// Paths are compared byte for byte: no case folding, no slash too many or too few, no escapes in
/// the literal parts. So one path has one meaning, here and for every check that asks for it.
class Router {
public:
    /// Errors: StartupFailed when two rows have the same method and path, or a path is malformed.
    static Result<Router> open(const std::vector<RouteFacts>& routes);

    /// `path` is the request's target without its query, as it was sent. A literal row beats one
    /// with {names}, and the row with the longer literal beginning beats the other.
    /// A value is never empty, `.` or `..`, and holds no control characters; that of a `{name}`
    /// holds no slash, escaped or not, unless the row says that it may. For `{name+}`, and where a
    /// `{name}` has slashes, the same holds for each of its segments. That of `{name*}` is the rest
    /// as it was sent, and may be empty.
    /// No method: one that we do not know, so no row has it.
    /// Allocates nothing for literal rows. Threads: any.
    RouteMatch match(std::optional<Method> method, std::string_view path) const;

private:
    static constexpr size_t kMethods = static_cast<size_t>(Method::kCount);
    static constexpr int kNone = -1;

    /// The rows of one path.
    struct Rows {
        std::array<int, kMethods> by_method{kNone, kNone, kNone, kNone, kNone, kNone, kNone};
        std::string allow{};
    };
    struct Pattern {
        std::vector<std::string> segments;  // as written, "{name}" included
        bool has_slashes = false;           // RouteFacts::names_have_slashes
        Rows rows{};
    };

    RouteMatch choose(const Rows& rows, std::optional<Method> method) const;

    struct Hash {
        using is_transparent = void;  // so that a view is looked up without a copy
        size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    std::unordered_map<std::string, Rows, Hash, std::equal_to<>> literal_;
    std::vector<Pattern> patterns_;  // the more specific ones first
};

}  // namespace keywarden
