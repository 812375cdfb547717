#include "base/json/body.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/nearest_name.h"

namespace keywarden {
namespace {

bool is_json_type(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
    return equal_ignoring_case(type, "application/json") ||
           (type.size() > 5 && equal_ignoring_case(type.substr(type.size() - 5), "+json"));
}

/// "line 2, column 7": columns count bytes, from 1.
std::string place(std::string_view body, size_t byte) {
    const std::string_view before = body.substr(0, std::min(byte > 0 ? byte - 1 : 0, body.size()));
    const auto line = 1 + std::ranges::count(before, '\n');
    const size_t start = before.rfind('\n');
    const size_t column =
        start == std::string_view::npos ? before.size() : before.size() - start - 1;
    return "line " + std::to_string(line) + ", column " + std::to_string(column + 1);
}

/// What the parser's own rules let pass and ours do not.
class Watch {
public:
    /// False: the parser leaves out the value that begins here.
    bool see(int depth, Json::parse_event_t event, const Json& parsed) {
        using Event = Json::parse_event_t;
        if (event == Event::object_start) members_.emplace_back();
        if (event == Event::object_end) members_.pop_back();
        if (event == Event::key) {
            const auto& name = parsed.get_ref<const std::string&>();
            if (!members_.back().insert(name).second && twice_.empty()) twice_ = name;
        }
        const bool begins = event == Event::object_start || event == Event::array_start;
        if (!begins || depth < kBodyDepthMax) return true;
        too_deep_ = true;
        return false;
    }

    bool too_deep() const { return too_deep_; }
    const std::string& twice() const { return twice_; }

private:
    std::vector<std::set<std::string>> members_;
    std::string twice_;
    bool too_deep_ = false;
};

Result<Json> parse(std::string_view body) {
    Watch watch;
    Json parsed;
    try {
        parsed = Json::parse(body, [&watch](int depth, Json::parse_event_t event, Json& value) {
            return watch.see(depth, event, value);
        });
    } catch (const Json::parse_error& error) {
        return fail(ErrorCode::InvalidRequest,
                    "The body is not valid JSON: " + place(body, error.byte) + ".");
    } catch (const Json::exception&) {
        return fail(ErrorCode::InvalidRequest,
                    "The body is not valid JSON: a number in it is too large.");
    }
    if (watch.too_deep()) {
        return fail(ErrorCode::InvalidRequest, "The body nests too many objects and arrays.");
    }
    if (!watch.twice().empty()) return fail_field(watch.twice(), "is there twice");
    return parsed;
}

}  // namespace

Result<Json> read_object(const HttpRequest& request, Body body) {
    if (request.body.empty() && body == Body::Optional) return Json::object();
    const std::string_view type = request.header("Content-Type");
    if (!request.body.empty() && !type.empty() && !is_json_type(type)) {
        return fail(ErrorCode::UnsupportedMediaType,
                    "The body must be JSON: send 'Content-Type: application/json'.");
    }
    TRY(Json parsed, parse(request.body));
    if (!parsed.is_object()) {
        return fail(ErrorCode::InvalidRequest, "The body must be a JSON object.");
    }
    return parsed;
}

Result<void> refuse_body(const HttpRequest& request) {
    TRY(const Json object, read_object(request, Body::Optional));
    return read_fields<const HttpRequest>(object, {}, request);
}

std::unexpected<Error> fail_field(std::string_view field, std::string_view what_is_wrong) {
    const std::string name(field.substr(0, kNearestNameMax));
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = "'" + name + "' " + std::string(what_is_wrong) + ".",
                 .param = name});
}

std::unexpected<Error> fail_unknown_field(std::string_view field,
                                          std::span<const std::string_view> known) {
    const std::string name(field.substr(0, kNearestNameMax));
    std::string message = "There is no field '" + name + "' here.";
    const std::string_view meant = nearest_name(name, known);
    Error error = {.code = ErrorCode::UnknownField, .message = {}, .param = name};
    if (!meant.empty()) {
        message += " Did you mean '" + std::string(meant) + "'?";
        error.facts.push_back({"suggestion", std::string(meant)});
    }
    error.message = std::move(message);
    return fail(std::move(error));
}

std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void set_header(HttpResponse& response, std::string_view header, std::string_view value) {
    for (Header& each : response.headers) {
        if (!equal_ignoring_case(each.name, header)) continue;
        each.value = value;
        return;
    }
    response.headers.push_back({std::string(header), std::string(value)});
}

HttpResponse json_response(int status, const Json& body) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
            .body = dump(body)};
}

}  // namespace keywarden
