#include "providers/chat/json.h"

#include <utility>

#include "base/json/scan.h"

namespace keywarden::chat {

std::unexpected<Error> bad_field(std::string_view field, std::string_view what) {
    return fail(
        Error{.code = ErrorCode::InvalidRequest,
              .message = "The field '" + std::string(field) + "' " + std::string(what) + '.',
              .param = std::string(field)});
}

const Json* find_field(const Json& object, std::string_view field) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(field);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<std::optional<int64_t>> read_count(const Json& object, std::string_view field) {
    const Json* value = find_field(object, field);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_integer() || *value < 0 || *value > INT64_MAX) {
        return bad_field(field, "must be a whole number");
    }
    return value->get<int64_t>();
}

Result<bool> read_bool(const Json& object, std::string_view field) {
    const Json* value = find_field(object, field);
    if (value == nullptr) return false;
    if (!value->is_boolean()) return bad_field(field, "must be true or false");
    return value->get<bool>();
}

Result<std::string> read_string(const Json& object, std::string_view field) {
    const Json* value = find_field(object, field);
    if (value == nullptr) return std::string();
    if (!value->is_string()) return bad_field(field, "must be a string");
    return value->get<std::string>();
}

Result<std::string> read_number(const Json& object, std::string_view field) {
    const Json* value = find_field(object, field);
    if (value == nullptr) return std::string();
    if (!value->is_number()) return bad_field(field, "must be a number");
    return to_text(*value);
}

std::string text_in(const Json& object, std::string_view field) {
    const Json* value = find_field(object, field);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::string to_text(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json parse_object(std::string_view text) {
    if (!find_json_members(text, {}, {})) return nullptr;
    Json value = Json::parse(text, nullptr, false);
    return value.is_object() ? std::move(value) : Json(nullptr);
}

Json object_of(std::string_view text) {
    Json value = parse_object(text);
    return value.is_object() ? std::move(value) : Json::object();
}

Json parse_value(std::string_view text) {
    Json value = Json::parse(text, nullptr, false);
    return value.is_discarded() ? Json(nullptr) : std::move(value);
}

}  // namespace keywarden::chat
