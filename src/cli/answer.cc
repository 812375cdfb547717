#include "cli/answer.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace keywarden {

Result<Json> parse_object(std::string_view body) {
    Json out = Json::parse(body, nullptr, false);
    if (out.is_object()) return out;
    return fail(ErrorCode::GatewayUnreachable,
                "what answered is no gateway: it sent no JSON object");
}

Json list_of(const Json& object, std::string_view name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_array() ? *found : Json::array();
}

std::string shown(const Json& object, std::string_view name) {
    if (!object.is_object()) return "-";
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return "-";
    if (found->is_string()) return found->get<std::string>();
    const auto is_text = [](const Json& each) { return each.is_string(); };
    if (found->is_array() && std::ranges::all_of(*found, is_text)) {
        return fmt::format("{}", fmt::join(found->get<std::vector<std::string>>(), ", "));
    }
    if (found->is_object() && found->contains("name") && found->contains("id")) {
        return fmt::format("{} ({})", shown(*found, "name"), shown(*found, "id"));
    }
    return found->dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_';
        out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string dump(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string model_path(std::string_view path, std::string_view model) {
    std::string target(path);
    for (size_t start = 0; start <= model.size();) {
        const size_t end = std::min(model.find('/', start), model.size());
        target += "/" + escape(model.substr(start, end - start));
        start = end + 1;
    }
    return target;
}

}  // namespace keywarden
