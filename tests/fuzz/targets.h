// The fuzz targets: each reads bytes of a stranger as the gateway does, and ends the process where
// a promise about them is broken.
#pragma once

#include <cstdlib>
#include <string_view>

namespace keywarden {

void fuzz_chat(std::string_view input);
void fuzz_chunked(std::string_view input);
void fuzz_event_stream(std::string_view input);
void fuzz_http_head(std::string_view input);
void fuzz_json(std::string_view input);
void fuzz_key(std::string_view input);
void fuzz_sandbox(std::string_view input);
void fuzz_sse(std::string_view input);
void fuzz_tools(std::string_view input);
void fuzz_url(std::string_view input);
void fuzz_usage(std::string_view input);
void fuzz_yaml(std::string_view input);

/// For the promises: assert would be left out of a release.
inline void must(bool promise) {
    if (!promise) std::abort();
}

/// Longer inputs are not also fed byte by byte: that would be slow, and finds nothing more.
inline constexpr size_t kByteByByteMax = 4096;

}  // namespace keywarden
