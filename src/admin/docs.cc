// The contract as a file and as pages: /openapi.json, /docs, /docs/errors.
#include <array>
#include <fmt/core.h>
#include <string>
#include <string_view>

#include "admin/embedded.h"
#include "admin/error_docs.h"
#include "admin/handlers.h"
#include "admin/html_page.h"

namespace keywarden {
namespace {

constexpr std::string_view kCache = "public, max-age=300";

struct Link {
    std::string_view path;
    std::string_view words;
};

constexpr std::array kLinks = {
    Link{"/docs", "API reference"},
    Link{"/docs/errors", "Errors"},
    Link{"/openapi.json", "openapi.json"},
};

/// The links to the documents; that of the page itself is marked.
std::string links_on(std::string_view path) {
    std::string out;
    for (const Link& link : kLinks) {
        out += fmt::format("\n<a href=\"{}\"{}>{}</a>",
                           link.path,
                           link.path == path ? " aria-current=\"page\"" : "",
                           link.words);
    }
    return out;
}

HttpResponse page(std::string_view path, std::string_view title, std::string_view main) {
    const std::string links = links_on(path);
    return html_response(
        {.title = title, .name = "Documents", .links = links, .main = main, .caching = kCache});
}

}  // namespace

Result<HttpResponse> read_openapi(AdminContext&, const ApiCall&) {
    return HttpResponse{.status = 200,
                        .headers = {{"Content-Type", "application/json"},
                                    {"Cache-Control", std::string(kCache)},
                                    {"Access-Control-Allow-Origin", "*"}},
                        .body = std::string(kOpenApiJson)};
}

Result<HttpResponse> read_docs(AdminContext&, const ApiCall&) {
    return page("/docs", "API reference", kReferenceHtml);
}

Result<HttpResponse> read_error_docs(AdminContext&, const ApiCall&) {
    return page("/docs/errors", "Errors", errors_html());
}

}  // namespace keywarden
