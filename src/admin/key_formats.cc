// GET /v1/key-formats: what our keys look like, for secret scanners. Public.
#include <algorithm>
#include <string>
#include <vector>

#include "admin/handlers.h"
#include "admin/json_body.h"

namespace keywarden {
namespace {

/// What every key of the format begins with; more than one where its shapes differ in it.
Json prefixes_of(const KeyFormat& format) {
    Json prefixes = Json::array();
    for (const std::vector<Segment>& shape : format.shapes) {
        const Segment& first = shape.front();
        if (first.kind != Segment::Kind::Literal) continue;
        if (std::ranges::find(prefixes, Json(first.text)) == prefixes.end()) {
            prefixes.push_back(first.text);
        }
    }
    return prefixes;
}

bool has_check(const KeyFormat& format) {
    return std::ranges::any_of(format.shapes.front(), [](const Segment& segment) {
        return segment.kind == Segment::Kind::Check;
    });
}

Json checksum_of(const KeyFormat& format) {
    if (!has_check(format)) return nullptr;
    return {{"algorithm", "crc32"},
            {"encoding", "base62"},
            {"alphabet", kBase62},
            {"length", 6},
            {"covers", "every character before it"}};
}

}  // namespace

Result<HttpResponse> list_key_formats(AdminContext& context, const ApiCall&) {
    Json data = Json::array();
    for (const KeyFormat& format : context.keys.formats().all()) {
        const std::string regex = KeyFormats::scanner_regex(format);
        data.push_back({{"object", "key_format"},
                        {"name", format.name},
                        {"prefixes", prefixes_of(format)},
                        {"regex", regex.empty() ? Json(nullptr) : Json(regex)},
                        {"checksum", checksum_of(format)},
                        {"mintable", format.can_be_minted},
                        {"default", format.name == context.keys.defaults().format}});
    }
    HttpResponse response = json_response(
        200,
        {{"object", "list"}, {"data", std::move(data)}, {"has_more", false}, {"next", nullptr}});
    set_header(response, "Cache-Control", "public, max-age=3600");
    return response;
}

}  // namespace keywarden
