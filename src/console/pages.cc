// The console's files: one page for every address, and what it loads.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "console/handlers.h"

namespace keywarden {
namespace {

constexpr std::string_view kAssets = "assets/";
constexpr size_t kPageDepthMax = 16;

// Nothing inline, nothing from elsewhere; markup is made only by code that says how.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

constexpr std::string_view kWithoutConsole =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Keywarden</title>\n</head>\n"
    "<body>\n<main>\n<h1>Keywarden is running</h1>\n"
    "<p>This binary was built without the console, because Node.js was not there. The gateway, its "
    "API and the command line are complete.</p>\n"
    "<p>To have the console here: install Node.js 18 or later with npm "
    "(<code>apt-get install nodejs npm</code>), run <code>./dev build</code> again, and restart "
    "the gateway.</p>\n"
    "<ul>\n<li><a href=\"docs\">API reference</a></li>\n"
    "<li><a href=\"docs/errors\">Errors</a></li>\n<li><a href=\"health\">Health</a></li>\n</ul>\n"
    "</main>\n</body>\n</html>\n";

HttpResponse file_response(std::string_view type, std::string_view caching, std::string body) {
    return {.status = 200,
            .headers = {{"Content-Type", std::string(type)},
                        {"Cache-Control", std::string(caching)},
                        {"Content-Security-Policy", std::string(kPolicy)},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"}},
            .body = std::move(body)};
}

/// Whether `Accept-Encoding` names gzip, and not to refuse it.
bool takes_gzip(std::string_view accepted) {
    while (!accepted.empty()) {
        const std::string_view entry = accepted.substr(0, accepted.find(','));
        accepted.remove_prefix(std::min(entry.size() + 1, accepted.size()));
        std::string plain;
        std::ranges::copy_if(
            entry, std::back_inserter(plain), [](char c) { return c != ' ' && c != '\t'; });
        const std::string_view name = std::string_view(plain).substr(0, plain.find(';'));
        if (!equal_ignoring_case(name, "gzip")) continue;
        const std::string_view weight = std::string_view(plain).substr(name.size());
        return weight.find_first_not_of(";qQ=0.") != std::string_view::npos || weight.empty();
    }
    return false;
}

/// The page, whose files lie `depth` folders above the address that it is shown at. So it works
/// under whatever prefix a proxy takes off, and needs no <base>.
std::string at_depth(std::string_view page, size_t depth) {
    constexpr std::string_view kBeside = "=\"./";
    std::string up = depth == 0 ? "./" : "";
    for (size_t i = 0; i < depth; ++i) up += "../";
    std::string out;
    for (;;) {
        const size_t found = page.find(kBeside);
        out += page.substr(0, found);
        if (found == std::string_view::npos) return out;
        out.append("=\"").append(up);
        page.remove_prefix(found + kBeside.size());
    }
}

}  // namespace

Result<HttpResponse> read_page(ConsoleContext& context, const ApiCall& call) {
    if (context.files.empty()) {
        return file_response("text/html; charset=utf-8", "no-cache", std::string(kWithoutConsole));
    }
    const std::string_view path = call.values.empty() ? "/" : std::string_view(call.values.at(0));
    const auto slashes = static_cast<size_t>(std::ranges::count(path, '/'));
    if (slashes > kPageDepthMax) {
        return fail(ErrorCode::NotFound, "There is nothing at this address.");
    }
    const WebFile& index = context.files.front();
    return file_response(
        index.type, "no-cache", at_depth(index.body, slashes == 0 ? 0 : slashes - 1));
}

Result<HttpResponse> read_asset(ConsoleContext& context, const ApiCall& call) {
    const std::string name = std::string(kAssets) + call.values.at(0);
    const auto file = std::ranges::find(context.files, name, &WebFile::name);
    if (file == context.files.end()) {
        return fail(ErrorCode::NotFound, "There is nothing at this address.");
    }
    const bool packs = !file->gzip.empty() && takes_gzip(call.request.header("accept-encoding"));
    HttpResponse response = file_response(file->type,
                                          "public, max-age=31536000, immutable",
                                          std::string(packs ? file->gzip : file->body));
    response.headers.push_back({"Vary", "Accept-Encoding"});
    if (packs) response.headers.push_back({"Content-Encoding", "gzip"});
    return response;
}

}  // namespace keywarden
