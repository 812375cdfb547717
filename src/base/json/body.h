// Bodies of our own routes: strict JSON in, JSON out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/http.h"
#include "base/result.h"

namespace keywarden {

/// Members keep the order in which they are written, so that answers read well.
using Json = nlohmann::ordered_json;

/// Arrays and objects inside one another; no body of ours needs more than four.
inline constexpr int kBodyDepthMax = 16;

enum class Body : uint8_t {
    Required,
    Optional,  // an absent one reads as `{}`
};

/// The body as a JSON object. Refuses what parsers differ about: a member twice, bytes that are
/// not UTF-8, lone surrogates, comments, text after the end.
/// Errors: UnsupportedMediaType when the Content-Type names something other than JSON;
/// InvalidRequest with the place (line, column) otherwise.
Result<Json> read_object(const HttpRequest& request, Body body);

/// For routes that take no body: it must be absent or `{}`.
Result<void> refuse_body(const HttpRequest& request);

/// A row of a body's fields: what it is called, and how its value is taken over into a `Draft`.
template <class Draft>
struct Field {
    std::string_view name;
    Result<void> (*read)(const Json& value, Draft& draft);
};

/// An error about one field: InvalidRequest, with `field` as its param.
std::unexpected<Error> fail_field(std::string_view field, std::string_view what_is_wrong);

/// UnknownField, with the nearest of `known` as a suggestion.
std::unexpected<Error> fail_unknown_field(std::string_view field,
                                          std::span<const std::string_view> known);

/// Takes each member of `object` over by its row. `others` may be there too: the caller reads them.
/// Errors: UnknownField; whatever a row's `read` returns.
template <class Draft>
Result<void> read_fields(const Json& object,
                         std::span<const Field<Draft>> fields,
                         Draft& draft,
                         std::span<const std::string_view> others = {}) {
    for (const auto& [name, value] : object.items()) {
        const Field<Draft>* row = nullptr;
        for (const Field<Draft>& field : fields) {
            if (field.name == name) row = &field;
        }
        if (row != nullptr) {
            TRY_VOID(row->read(value, draft));
            continue;
        }
        std::vector<std::string_view> known(others.begin(), others.end());
        if (std::ranges::find(known, name) != known.end()) continue;
        for (const Field<Draft>& field : fields) known.push_back(field.name);
        return fail_unknown_field(name, known);
    }
    return {};
}

/// An answer that no cache keeps: what is about keys is for one reader.
HttpResponse json_response(int status, const Json& body);

/// The value as text; bytes that are not UTF-8 become U+FFFD.
std::string dump(const Json& value);

/// Replaces the header, or adds it.
void set_header(HttpResponse& response, std::string_view header, std::string_view value);

}  // namespace keywarden
