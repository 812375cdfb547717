#include "admin/document_entries.h"

#include <fmt/format.h>

#include "admin/account_record.h"
#include "admin/key_fields.h"
#include "base/nearest_name.h"

namespace keywarden {
namespace {

bool fits_in_an_id(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::unexpected<Error> at(std::string_view path, std::unexpected<Error> failure) {
    std::string& param = failure.error().param;
    param = param.empty() ? std::string(path) : fmt::format("{}.{}", path, param);
    return failure;
}

Result<std::vector<Entry>> entries_of(const Json& list,
                                      std::string_view path,
                                      std::string_view field,
                                      std::string_view naming) {
    if (!list.is_array()) {
        auto wrong = fail_field(field, "must be a list; [] is an empty one");
        return path.empty() ? wrong : at(path, std::move(wrong));
    }
    std::vector<Entry> entries;
    for (const Json& json : list) {
        Entry& entry = entries.emplace_back();
        entry.json = &json;
        entry.path =
            fmt::format("{}{}{}[{}]", path, path.empty() ? "" : ".", field, entries.size() - 1);
        if (!json.is_object()) {
            return at(entry.path, fail(ErrorCode::InvalidRequest, "An entry must be an object."));
        }
        if (!json.contains(naming)) {
            return at(entry.path, fail_field(naming, "is required"));
        }
        TRY(entry.name, at(entry.path, read_line(naming, json.at(naming), kEmailMax)));
        if (!json.contains("id")) continue;
        TRY(entry.id, at(entry.path, read_line("id", json.at("id"), kKeyNameMax)));
    }
    return entries;
}

std::unexpected<Error> no_such_name(std::string_view field,
                                    std::string_view what,
                                    std::string_view name,
                                    std::span<const std::string_view> known) {
    const std::string_view shown = name.substr(0, kNearestNameMax);
    std::string message = fmt::format("There is no {} '{}'.", what, shown);
    if (const std::string_view meant = nearest_name(shown, known); !meant.empty()) {
        message += fmt::format(" Did you mean '{}'?", meant);
    }
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = std::move(message),
                 .param = std::string(field)});
}

Result<void> check_new_id(std::string_view prefix, const Entry& entry, size_t length_max) {
    if (entry.id.empty()) return {};
    const bool fits = entry.id.size() > prefix.size() + 1 && entry.id.size() <= length_max &&
                      entry.id.starts_with(prefix) && entry.id[prefix.size()] == '_' &&
                      std::ranges::all_of(entry.id, fits_in_an_id);
    if (fits) return {};
    return at(entry.path,
              fail_field("id",
                         fmt::format("is none that is there, and a new one is '{}_' with letters "
                                     "and digits, {} characters at most",
                                     prefix,
                                     length_max)));
}

}  // namespace keywarden
