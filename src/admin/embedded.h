// What the build puts into the binary: made from openapi.yaml and docs.css by tools/embed_docs.py.
#pragma once

#include <string_view>

namespace keywarden {

extern const std::string_view kOpenApiJson;
extern const std::string_view kReferenceHtml;  // the inside of <main>
extern const std::string_view kDocsStyle;
extern const std::string_view kDocsStyleHash;  // "sha256-…", for the Content-Security-Policy

}  // namespace keywarden
