#include "providers/sandbox/schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "providers/sandbox/text.h"

namespace keywarden {
namespace {

constexpr size_t kDepthMax = 24;                  // deeper, a value is null
constexpr size_t kOptionalDepthMax = 8;           // deeper, only what is required
constexpr size_t kValuesMax = 4000;               // of one schema, all together
constexpr size_t kBytesMax = size_t{256} * 1024;  // of texts and copied values; then only nulls
constexpr int64_t kItemsMax = 64;
constexpr int64_t kStringMax = 4096;

constexpr std::array kFormats = {
    std::pair<std::string_view, std::string_view>{"date", "2026-01-15"},
    std::pair<std::string_view, std::string_view>{"date-time", "2026-01-15T12:00:00Z"},
    std::pair<std::string_view, std::string_view>{"time", "12:00:00Z"},
    std::pair<std::string_view, std::string_view>{"email", "sandbox@example.com"},
    std::pair<std::string_view, std::string_view>{"hostname", "sandbox.example.com"},
    std::pair<std::string_view, std::string_view>{"ipv4", "192.0.2.1"},
    std::pair<std::string_view, std::string_view>{"ipv6", "2001:db8::1"},
    std::pair<std::string_view, std::string_view>{"uri", "https://example.com/sandbox"},
    std::pair<std::string_view, std::string_view>{"uuid", "0190163d-8694-739b-aea5-966c26f8ad90"},
};

/// A number of the schema; nothing where there is none, or one that no double can hold.
std::optional<double> number_of(const Json& schema, const std::string& field) {
    const Json* value = find_field(schema, field);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const auto number = value->get<double>();
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

int64_t count_of(const Json& schema, const std::string& field, int64_t otherwise, int64_t max) {
    const double number = number_of(schema, field).value_or(static_cast<double>(otherwise));
    return static_cast<int64_t>(std::clamp(number, 0.0, static_cast<double>(max)));
}

class Maker {
public:
    Maker(const Json& root, uint64_t seed) : root_(root), numbers_(seed) {}

    OrderedJson make(const Json& schema, size_t depth);

private:
    const Json* resolve(const Json& reference) const;
    std::string type_of(const Json& schema) const;
    OrderedJson make_object(const Json& schema, size_t depth);
    OrderedJson make_array(const Json& schema, size_t depth);
    OrderedJson make_string(const Json& schema);
    OrderedJson make_number(const Json& schema, bool whole);
    OrderedJson make_merged(const Json& schema, const Json& parts, size_t depth);
    OrderedJson copy(const Json& value);

    const Json& root_;
    SeededNumbers numbers_;
    size_t values_ = 0;
    size_t bytes_ = 0;
};

/// Null unless it points into this schema.
const Json* Maker::resolve(const Json& reference) const {
    if (!reference.is_string()) return nullptr;
    const auto& text = reference.get_ref<const std::string&>();
    if (!text.starts_with('#')) return nullptr;
    try {
        const Json::json_pointer pointer(text.substr(1));
        return root_.contains(pointer) ? &root_.at(pointer) : nullptr;
    } catch (const Json::exception&) {  // a pointer that is none
        return nullptr;
    }
}

std::string Maker::type_of(const Json& schema) const {
    const Json* type = find_field(schema, "type");
    if (type != nullptr && type->is_array()) {
        const auto found = std::ranges::find_if(
            *type, [](const Json& one) { return one.is_string() && one != "null"; });
        type = found == type->end() ? nullptr : &*found;
    }
    if (type != nullptr && type->is_string()) return type->get<std::string>();
    if (schema.contains("properties")) return "object";
    if (schema.contains("items") || schema.contains("prefixItems")) return "array";
    if (schema.contains("minimum") || schema.contains("maximum")) return "number";
    return type == nullptr ? "string" : "null";
}

OrderedJson Maker::copy(const Json& value) {
    bytes_ += to_text(value).size();
    return value;
}

OrderedJson Maker::make(const Json& schema, size_t depth) {
    if (++values_ > kValuesMax || bytes_ > kBytesMax || depth > kDepthMax) return nullptr;
    if (!schema.is_object()) return nullptr;
    if (schema.contains("const")) return copy(schema["const"]);
    if (const Json* list = find_field(schema, "enum"); list != nullptr && list->is_array()) {
        return list->empty() ? OrderedJson() : copy(list->front());
    }
    if (schema.contains("default")) return copy(schema["default"]);
    if (const Json* reference = find_field(schema, "$ref")) {
        const Json* target = resolve(*reference);
        return target == nullptr ? OrderedJson() : make(*target, depth + 1);
    }
    for (const char* choice : {"anyOf", "oneOf"}) {
        const Json* list = find_field(schema, choice);
        if (list == nullptr || !list->is_array() || list->empty()) continue;
        // Deep down, the last choice: in a recursive schema it is the one that ends, mostly null.
        return make(depth > kOptionalDepthMax ? list->back() : list->front(), depth + 1);
    }
    const Json* all = find_field(schema, "allOf");
    if (all != nullptr && all->is_array()) return make_merged(schema, *all, depth);
    const std::string type = type_of(schema);
    if (type == "object") return make_object(schema, depth);
    if (type == "array") return make_array(schema, depth);
    if (type == "string") return make_string(schema);
    if (type == "integer") return make_number(schema, true);
    if (type == "number") return make_number(schema, false);
    if (type == "boolean") return true;
    return nullptr;
}

OrderedJson Maker::make_merged(const Json& schema, const Json& parts, size_t depth) {
    Json rest = schema;
    rest.erase("allOf");
    OrderedJson merged = rest.contains("type") || rest.contains("properties")
                             ? make(rest, depth + 1)
                             : OrderedJson();
    for (const Json& part : parts) {
        OrderedJson value = make(part, depth + 1);
        if (merged.is_object() && value.is_object()) {
            merged.update(value);
        } else if (merged.is_null()) {
            merged = std::move(value);
        }
    }
    return merged;
}

OrderedJson Maker::make_object(const Json& schema, size_t depth) {
    OrderedJson out = OrderedJson::object();
    const Json* properties = find_field(schema, "properties");
    const Json* required = find_field(schema, "required");
    if (properties == nullptr || !properties->is_object()) return out;
    for (const auto& [name, property] : properties->items()) {
        const bool is_required = required != nullptr && required->is_array() &&
                                 std::ranges::find(*required, Json(name)) != required->end();
        if (is_required || (depth < kOptionalDepthMax && values_ < kValuesMax / 2)) {
            out[name] = make(property, depth + 1);
        }
    }
    return out;
}

OrderedJson Maker::make_array(const Json& schema, size_t depth) {
    OrderedJson out = OrderedJson::array();
    const Json* first = find_field(schema, "prefixItems");
    if (first != nullptr && first->is_array()) {
        for (const Json& item : *first) out.push_back(make(item, depth + 1));
    }
    const int64_t min = count_of(schema, "minItems", 0, kItemsMax);
    const int64_t wanted = depth > kOptionalDepthMax ? min : std::max<int64_t>(min, 1);
    const int64_t count = std::min(wanted, count_of(schema, "maxItems", kItemsMax, kItemsMax));
    const Json* items = find_field(schema, "items");
    const Json any = {{"type", "string"}};
    const bool open = items == nullptr || !items->is_boolean() || items->get<bool>();
    while (open && std::cmp_less(out.size(), count) && values_ < kValuesMax) {
        out.push_back(make(items != nullptr && items->is_object() ? *items : any, depth + 1));
    }
    return out;
}

OrderedJson Maker::make_string(const Json& schema) {
    const Json* format = find_field(schema, "format");
    if (format != nullptr) {
        for (const auto& [name, value] : kFormats) {
            if (*format == name) return std::string(value);
        }
    }
    std::string text(make_word(numbers_));
    const auto min = static_cast<size_t>(count_of(schema, "minLength", 0, kStringMax));
    const auto max = static_cast<size_t>(count_of(schema, "maxLength", kStringMax, kStringMax));
    while (text.size() < min) text += ' ' + std::string(make_word(numbers_));
    if (text.size() > max) text.resize(max);
    bytes_ += text.size();
    return text;
}

// As near to a small number as the bounds let it be.
OrderedJson Maker::make_number(const Json& schema, bool whole) {
    constexpr double kWholeMax = 9'007'199'254'740'991;  // 2^53 - 1: exact in a double
    const double step = whole ? 1 : 0.5;
    const auto above = number_of(schema, "exclusiveMinimum");
    const auto below = number_of(schema, "exclusiveMaximum");
    double low = number_of(schema, "minimum").value_or(-kWholeMax);
    double high = number_of(schema, "maximum").value_or(kWholeMax);
    if (above) low = std::max(low, *above);
    if (below) high = std::min(high, *below);
    const double margin = whole ? 1 : std::min(step, (high - low) / 4);
    if (above) low += margin;
    if (below) high -= margin;
    if (whole) {
        low = std::ceil(low);
        high = std::floor(high);
    }
    low = std::clamp(low, -kWholeMax, kWholeMax);
    high = std::clamp(high, -kWholeMax, kWholeMax);
    double value = static_cast<double>(1 + numbers_.below(20)) * step;
    value = std::max(low, std::min(value, high));
    const double multiple = number_of(schema, "multipleOf").value_or(0);
    if (multiple > 0) {
        const double rounded = std::floor(value / multiple) * multiple;
        value = rounded < low ? rounded + multiple : rounded;
    }
    if (whole && std::abs(value) <= kWholeMax) return static_cast<int64_t>(value);
    return value;
}

}  // namespace

OrderedJson value_for_schema(const Json& schema, uint64_t seed) {
    return Maker(schema, seed).make(schema, 0);
}

}  // namespace keywarden
