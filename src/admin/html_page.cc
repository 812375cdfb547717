#include "admin/html_page.h"

#include <fmt/core.h>

#include "admin/embedded.h"

namespace keywarden {

std::string html_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

HttpResponse html_response(const HtmlPage& page) {
    std::string html = fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{} · Keywarden</title>\n"
        "<style>{}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to content</a>\n"
        "<header><nav aria-label=\"{}\"><strong>Keywarden</strong>{}</nav></header>\n"
        "<main id=\"main\">\n{}</main>\n</body>\n</html>\n",
        page.title,
        kDocsStyle,
        page.name,
        page.links,
        page.main);
    std::string policy = fmt::format(
        "default-src 'none'; style-src '{}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
        kDocsStyleHash);
    return {.status = 200,
            .headers = {{"Content-Type", "text/html; charset=utf-8"},
                        {"Cache-Control", std::string(page.caching)},
                        {"Content-Security-Policy", std::move(policy)},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"}},
            .body = std::move(html)};
}

}  // namespace keywarden
