// GET /v1/key-formats: what our keys look like, for secret scanners. Public.
#include <algorithm>
#include <string>
#include <vector>

#include "admin/handlers.h"
#include "admin/json_body.h"

namespace keywarden {
namespace {

/// What keys of a shape begin with, up to the first character that is drawn: one for each
/// environment, where the shape has them.
std::vector<std::string> beginnings_of(const std::vector<Segment>& shape) {
    std::vector<std::string> beginnings = {""};
    for (const Segment& segment : shape) {
        if (segment.kind == Segment::Kind::Literal) {
            for (std::string& each : beginnings) each += segment.text;
        } else if (segment.kind == Segment::Kind::Environment) {
            beginnings = {beginnings.front() + "live", beginnings.front() + "test"};
        } else {
            break;
        }
    }
    return beginnings;
}

/// The beginnings of all shapes, each once; none for a format that may begin with anything.
Json prefixes_of(const KeyFormat& format) {
    Json prefixes = Json::array();
    for (const std::vector<Segment>& shape : format.shapes) {
        for (const std::string& each : beginnings_of(shape)) {
            const bool is_new = std::ranges::find(prefixes, Json(each)) == prefixes.end();
            if (is_new && !each.empty()) prefixes.push_back(each);
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
