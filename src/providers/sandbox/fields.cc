#include "providers/sandbox/fields.h"

#include <algorithm>
#include <charconv>

#include "base/http.h"
#include "providers/sandbox.h"

namespace keywarden {
namespace {

constexpr size_t kFormPartsMax = 64;
constexpr size_t kFormFieldBytesMax = size_t{64} * 1024;
constexpr size_t kNestingMax = 128;
constexpr size_t kBoundaryMax = 70;  // RFC 2046, 5.1.1

std::unexpected<Error> bad_form(const std::string& what) {
    return fail(ErrorCode::InvalidRequest, "The body is no multipart/form-data: " + what + '.');
}

/// The value of a parameter of a header: `name="value"` or `name=value`.
std::string_view parameter(std::string_view header, std::string_view wanted) {
    for (size_t at = header.find(';'); at != std::string_view::npos; at = header.find(';')) {
        header.remove_prefix(at + 1);
        while (header.starts_with(' ')) header.remove_prefix(1);
        const std::string_view name = header.substr(0, header.find('='));
        if (!equal_ignoring_case(name, wanted) || name.size() == header.size()) continue;
        std::string_view value = header.substr(name.size() + 1);
        if (value.starts_with('"')) return value.substr(1, value.find('"', 1) - 1);
        value = value.substr(0, value.find(';'));
        while (value.ends_with(' ')) value.remove_suffix(1);
        return value;
    }
    return {};
}

Json form_value(const std::string& name, std::string_view value) {
    if (name == "stream") return value == "true";
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (name == "n" && error == std::errc() && end == value.data() + value.size()) return number;
    return std::string(value);
}

/// How deep arrays and objects lie in each other. Whatever walks a body may recurse so deep.
size_t nesting_of(std::string_view json) {
    size_t depth = 0;
    size_t deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string && c == '\\') ++i;
        if (c == '"') in_string = !in_string;
        if (in_string) continue;
        if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
        if ((c == ']' || c == '}') && depth > 0) --depth;
    }
    return deepest;
}

/// One part of a form, from behind its boundary's line to before the next boundary.
Result<void> read_part(std::string_view part, Json& out) {
    const size_t head_end = part.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return bad_form("a part has no end of its head");
    std::string_view head = part.substr(0, head_end + 2);
    const std::string_view value = part.substr(head_end + 4);
    while (!head.empty()) {
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(line.size() + 2);
        const size_t colon = line.find(':');
        if (!equal_ignoring_case(line.substr(0, colon), "content-disposition")) continue;
        std::string name(parameter(line, "name"));
        if (name.ends_with("[]")) name.resize(name.size() - 2);
        if (line.contains("filename")) {
            out[name] = {{"bytes", value.size()}};
        } else if (value.size() > kFormFieldBytesMax) {
            return bad_form("a field is too long");
        } else {
            out[name] = form_value(name, value);
        }
    }
    return {};
}

// Source: RFC 7578 and RFC 2046, section 5.1.
Result<Json> read_form(std::string_view boundary, std::string_view body) {
    if (boundary.empty() || boundary.size() > kBoundaryMax) return bad_form("it has no boundary");
    const std::string dashes = "--" + std::string(boundary);
    const std::string separator = "\r\n" + dashes;
    if (!body.starts_with(dashes)) return bad_form("it does not begin with its boundary");
    body.remove_prefix(dashes.size());
    Json out = Json::object();
    for (size_t parts = 0; !body.starts_with("--"); ++parts) {
        if (parts == kFormPartsMax) return bad_form("it has too many parts");
        const size_t end = body.find(separator);
        if (!body.starts_with("\r\n") || end == std::string_view::npos) {
            return bad_form("its last boundary is missing");
        }
        if (end > 0) TRY_VOID(read_part(body.substr(2, end - 2), out));
        body.remove_prefix(end + separator.size());
    }
    return out;
}

}  // namespace

std::unexpected<Error> bad_field(std::string_view field, std::string_view what) {
    return fail(Error{.code = ErrorCode::InvalidRequest,
                      .message = "'" + std::string(field) + "' " + std::string(what) + '.',
                      .param = std::string(field)});
}

const Json* find_field(const Json& object, const std::string& field) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(field);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<std::optional<int64_t>> read_integer(const Json& object,
                                            const std::string& field,
                                            int64_t min,
                                            int64_t max) {
    const Json* value = find_field(object, field);
    if (value == nullptr) return std::nullopt;
    const bool fits = value->is_number_integer() &&
                      (!value->is_number_unsigned() || value->get<uint64_t>() <= INT64_MAX);
    const int64_t number = fits ? value->get<int64_t>() : 0;
    if (!fits || number < min || number > max) {
        return bad_field(
            field,
            "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return number;
}

Result<bool> read_bool(const Json& object, const std::string& field) {
    const Json* value = find_field(object, field);
    if (value == nullptr) return false;
    if (!value->is_boolean()) return bad_field(field, "must be true or false");
    return value->get<bool>();
}

Result<std::string> read_string(const Json& object, const std::string& field) {
    const Json* value = find_field(object, field);
    if (value == nullptr) return std::string();
    if (!value->is_string()) return bad_field(field, "must be a string");
    return value->get<std::string>();
}

std::string to_text(const OrderedJson& value) {
    return value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string to_text(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Json> read_body(std::string_view content_type, std::string_view body) {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    if (equal_ignoring_case(type, "multipart/form-data")) {
        return read_form(parameter(content_type, "boundary"), body);
    }
    if (body.size() > kSandboxJsonBytesMax) {
        return fail(ErrorCode::RequestTooLarge,
                    "The sandbox reads JSON bodies of up to 8 MiB; other providers take 32 MiB.");
    }
    if (nesting_of(body) > kNestingMax) {
        return fail(ErrorCode::InvalidRequest, "The body is nested too deep.");
    }
    Json parsed = Json::parse(body, nullptr, false);
    if (!parsed.is_object()) {
        return fail(ErrorCode::InvalidRequest, "The body must be a JSON object.");
    }
    return parsed;
}

}  // namespace keywarden
