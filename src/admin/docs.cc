// The contract as a file and as pages: /openapi.json, /docs, /docs/errors.
#include <array>
#include <fmt/core.h>
#include <string>
#include <string_view>

#include "admin/embedded.h"
#include "admin/error_docs.h"
#include "admin/handlers.h"

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

/// A page that loads nothing from anywhere and runs nothing.
HttpResponse page(std::string_view path, std::string_view title, std::string_view main) {
    std::string html = fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{} · Keywarden</title>\n"
        "<style>{}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to content</a>\n"
        "<header><nav aria-label=\"Documents\"><strong>Keywarden</strong>{}</nav></header>\n"
        "<main id=\"main\">\n{}</main>\n</body>\n</html>\n",
        title,
        kDocsStyle,
        links_on(path),
        main);
    std::string policy = fmt::format(
        "default-src 'none'; style-src '{}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
        kDocsStyleHash);
    return {.status = 200,
            .headers = {{"Content-Type", "text/html; charset=utf-8"},
                        {"Cache-Control", std::string(kCache)},
                        {"Content-Security-Policy", std::move(policy)},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"}},
            .body = std::move(html)};
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
