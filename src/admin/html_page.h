// Pages that load nothing from anywhere and run nothing: the documents, and the public status.
#pragma once

#include <string>
#include <string_view>

#include "base/http.h"

namespace keywarden {

/// As text within HTML, or a quoted attribute.
std::string html_escaped(std::string_view text);

struct HtmlPage {
    std::string_view title;    // HTML
    std::string_view name;     // of its navigation
    std::string_view links;    // of its navigation, HTML
    std::string_view main;     // HTML
    std::string_view caching;  // its Cache-Control
};

/// The page as an answer, with a policy that lets it do nothing.
HttpResponse html_response(const HtmlPage& page);

}  // namespace keywarden
