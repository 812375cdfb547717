#include "admin/error_docs.h"

#include <fmt/core.h>
#include <string_view>

#include "admin/html_page.h"
#include "base/error.h"
#include "base/http.h"

namespace keywarden {
namespace {

constexpr std::string_view kIntroduction =
    "Every refusal says what is wrong, names one of these codes, and carries the request id that "
    "the operator finds in the log. Codes are never renamed; new ones may be added. An error that "
    "may be retried as it is says so here; wait for the seconds in Retry-After where that header "
    "is sent.";

constexpr std::string_view kCommandLine =
    "These never travel over HTTP: the command line prints them.";

std::string_view who_acts(Fault fault) {
    switch (fault) {
        case Fault::Caller:
            return "the caller";
        case Fault::Upstream:
            return "the provider";
        case Fault::Gateway:
            return "the operator";
    }
    return "";
}

std::string_view yes_no(bool value) { return value ? "yes" : "no"; }

std::string status_text(int status) { return fmt::format("{} {}", status, reason_phrase(status)); }

template <class Each>
void for_each_error(bool over_http, Each each) {
    for (const ErrorInfo& row : all_errors()) {
        if ((row.http_status != 0) == over_http) each(row);
    }
}

}  // namespace

std::string errors_markdown() {
    std::string out = fmt::format(
        "<!-- Made from src/base/error.cc; do not edit. -->\n# Errors\n\n{}\n\n"
        "| HTTP | code | who acts | retry |\n|---|---|---|---|\n",
        kIntroduction);
    for_each_error(true, [&out](const ErrorInfo& row) {
        out += fmt::format("| {} | [`{}`](#{}) | {} | {} |\n",
                           row.http_status,
                           row.slug,
                           row.slug,
                           who_acts(row.fault),
                           yes_no(row.retryable));
    });
    for_each_error(true, [&out](const ErrorInfo& row) {
        out += fmt::format(
            "\n## {}\n\nHTTP {}. `type` is `{}` on OpenAI routes, `{}` on Anthropic "
            "routes.\n\n{}\n",
            row.slug,
            status_text(row.http_status),
            row.openai_type,
            row.anthropic_type,
            row.help);
    });
    out += fmt::format("\n## On the command line\n\n{}\n\n", kCommandLine);
    for_each_error(false, [&out](const ErrorInfo& row) {
        out += fmt::format("- `{}`: {}\n", row.slug, row.help);
    });
    return out;
}

std::string errors_html() {
    std::string out = fmt::format(
        "<h1>Errors</h1>\n<p>{}</p>\n<nav aria-label=\"Codes\">\n<h2>Codes</h2>\n<ul>\n",
        kIntroduction);
    for_each_error(true, [&out](const ErrorInfo& row) {
        out += fmt::format(
            "<li><a href=\"#{0}\">{0}</a> <small>{1}</small></li>\n", row.slug, row.http_status);
    });
    out += "</ul>\n</nav>\n";
    for_each_error(true, [&out](const ErrorInfo& row) {
        out += fmt::format(
            "<section id=\"{0}\"><h2><a href=\"#{0}\"><code>{0}</code></a></h2>\n"
            "<p class=\"facts\">HTTP {1} · up to {2} · {3}<br>OpenAI type "
            "<code>{4}</code> · Anthropic type <code>{5}</code></p>\n"
            "<p>{6}</p></section>\n",
            row.slug,
            status_text(row.http_status),
            who_acts(row.fault),
            row.retryable ? "may be retried" : "not to be retried as it is",
            row.openai_type,
            row.anthropic_type,
            html_escaped(row.help));
    });
    out += fmt::format("<h2>On the command line</h2>\n<p>{}</p>\n<ul>\n", kCommandLine);
    for_each_error(false, [&out](const ErrorInfo& row) {
        out += fmt::format(
            "<li id=\"{0}\"><code>{0}</code>: {1}</li>\n", row.slug, html_escaped(row.help));
    });
    return out + "</ul>\n";
}

}  // namespace keywarden
