// The files of the console as the build put them into the binary: made from web/dist by
// tools/embed_web.py.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace keywarden {

struct WebFile {
    std::string_view name;  // "index.html", "assets/index-4f2a.js"
    std::string_view type;
    std::string_view body;
    std::string_view gzip;  // the same, compressed; empty where that saves nothing
};

/// index.html first. Empty: this binary was built without the console.
std::span<const WebFile> web_files();

}  // namespace keywarden
