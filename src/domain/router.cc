#include "domain/router.h"

#include <algorithm>
#include <utility>

namespace keywarden {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    for (size_t at = 1; at <= path.size();) {
        const size_t end = std::min(path.find('/', at), path.size());
        segments.emplace_back(path.substr(at, end - at));
        at = end + 1;
    }
    return segments;
}

bool is_name(std::string_view segment) { return segment.starts_with('{'); }
bool is_raw(std::string_view segment) { return segment.ends_with("*}"); }
bool is_rest(std::string_view segment) { return segment.ends_with("+}") || is_raw(segment); }

bool is_well_formed(std::string_view path) {
    if (!path.starts_with('/')) return false;
    if (path == "/") return true;
    const std::vector<std::string> segments = segments_of(path);
    for (size_t i = 0; i < segments.size(); ++i) {
        const std::string& segment = segments[i];
        if (segment.empty() || is_name(segment) != segment.ends_with('}')) return false;
        if (is_rest(segment) && i + 1 != segments.size()) return false;
    }
    return true;
}

/// Literal beginnings first, the longest one first; then `{name}` before `{name+}`.
bool more_specific(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        const auto rank = [](const std::string& segment) {
            return is_name(segment) ? (is_rest(segment) ? 2 : 1) : 0;
        };
        if (rank(a[i]) != rank(b[i])) return rank(a[i]) < rank(b[i]);
    }
    return a.size() > b.size();
}

/// One segment, decoded, is fit to be a value or a part of one.
bool is_clean(std::string_view segment) {
    return !segment.empty() && segment != "." && segment != "..";
}

bool decode(std::string_view raw, bool may_have_slashes, std::string& out) {
    if (!percent_decode(raw, out)) return false;
    for (size_t at = 0; at <= out.size();) {
        const size_t end = std::min(out.find('/', at), out.size());
        if (end < out.size() && !may_have_slashes) return false;
        if (!is_clean(std::string_view(out).substr(at, end - at))) return false;
        at = end + 1;
    }
    return true;
}

/// Whether the path has the pattern's form; then also the decoded values.
bool fits(const std::vector<std::string>& pattern,
          bool has_slashes,
          std::string_view path,
          std::vector<std::string>& values) {
    values.clear();
    for (const std::string& segment : pattern) {
        if (!path.starts_with('/')) return false;
        path.remove_prefix(1);
        const size_t end = is_rest(segment) ? path.size() : std::min(path.find('/'), path.size());
        const std::string_view raw = path.substr(0, end);
        path.remove_prefix(end);
        if (!is_name(segment)) {
            if (raw != segment) return false;
            continue;
        }
        if (is_raw(segment)) {
            values.emplace_back(raw);
            continue;
        }
        if (!decode(raw, has_slashes || is_rest(segment), values.emplace_back())) return false;
    }
    return path.empty();
}

}  // namespace

Result<Router> Router::open(const std::vector<RouteFacts>& routes) {
    Router router;
    for (size_t i = 0; i < routes.size(); ++i) {
        const RouteFacts& route = routes[i];
        const auto broken = [&](std::string_view what) {
            return fail(ErrorCode::StartupFailed,
                        "The route " + std::string(name(route.method)) + " " +
                            std::string(route.path) + " " + std::string(what) + ".");
        };
        if (!is_well_formed(route.path)) return broken("is malformed");
        Rows* rows = nullptr;
        if (route.path.find('{') == std::string_view::npos) {
            rows = &router.literal_[std::string(route.path)];
        } else {
            const std::vector<std::string> segments = segments_of(route.path);
            const auto same = [&](const Pattern& pattern) { return pattern.segments == segments; };
            auto found = std::ranges::find_if(router.patterns_, same);
            if (found == router.patterns_.end()) {
                found = router.patterns_.insert(
                    found, Pattern{.segments = segments, .has_slashes = route.names_have_slashes});
            }
            rows = &found->rows;
        }
        int& row = rows->by_method.at(static_cast<size_t>(route.method));
        if (row != kNone) return broken("is there twice");
        row = static_cast<int>(i);
        if (!rows->allow.empty()) rows->allow += ", ";
        rows->allow +=
            route.method == Method::Get ? std::string_view("GET, HEAD") : name(route.method);
    }
    std::ranges::sort(router.patterns_, more_specific, &Pattern::segments);
    return router;
}

RouteMatch Router::choose(const Rows& rows, std::optional<Method> method) const {
    // HEAD is GET without the body, which the server leaves out (RFC 9110, section 9.3.2).
    if (method == Method::Head) method = Method::Get;
    const int row = method ? rows.by_method.at(static_cast<size_t>(*method)) : kNone;
    if (row == kNone) {
        const auto other = std::ranges::find_if(rows.by_method, [](int i) { return i != kNone; });
        return {.kind = RouteMatch::Kind::NoSuchMethod,
                .route = static_cast<size_t>(*other),
                .allow = rows.allow};
    }
    return {.kind = RouteMatch::Kind::Found, .route = static_cast<size_t>(row)};
}

RouteMatch Router::match(std::optional<Method> method, std::string_view path) const {
    if (const auto found = literal_.find(path); found != literal_.end()) {
        return choose(found->second, method);
    }
    std::vector<std::string> values;
    for (const Pattern& pattern : patterns_) {
        if (!fits(pattern.segments, pattern.has_slashes, path, values)) continue;
        RouteMatch match = choose(pattern.rows, method);
        match.values = std::move(values);
        return match;
    }
    return {};
}

}  // namespace keywarden
