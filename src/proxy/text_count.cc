#include "proxy/text_count.h"

#include <algorithm>
#include <array>

#include "base/bytes16.h"

namespace keywarden {
namespace {

constexpr size_t kBytesAToken = 4;
constexpr std::array<std::string_view, 10> kTextKeys = {"content",
                                                        "text",
                                                        "delta",
                                                        "arguments",
                                                        "reasoning_content",
                                                        "reasoning",
                                                        "refusal",
                                                        "partial_json",
                                                        "thinking",
                                                        "input"};  // of a tool, at Bedrock

/// Where the quote stands that ends a key before a colon, from `from` on, or npos.
size_t find_key_end(std::string_view bytes, size_t from) {
    constexpr size_t kStep = sizeof(Bytes16);
    for (; from + kStep + 1 <= bytes.size(); from += kStep) {
        const char* const at = bytes.data() + from;
        if (!any_set((load16(at) == '"') & (load16(at + 1) == ':'))) continue;
        return bytes.find("\":", from);
    }
    return bytes.find("\":", from);
}

bool is_text_key(std::string_view before_quote) {
    return std::ranges::any_of(kTextKeys, [before_quote](std::string_view key) {
        return before_quote.size() > key.size() && before_quote.ends_with(key) &&
               before_quote[before_quote.size() - key.size() - 1] == '"';
    });
}

/// The size of the string that begins at `from`, up to its quote or the end of the bytes.
size_t string_size(std::string_view bytes, size_t from) {
    size_t at = from;
    while (at < bytes.size() && bytes[at] != '"') at += bytes[at] == '\\' ? 2 : 1;
    return std::min(at, bytes.size()) - from;
}

}  // namespace

void TextCount::feed(std::string_view bytes) {
    size_t at = find_key_end(bytes, 0);
    for (; at != std::string_view::npos; at = find_key_end(bytes, at)) {
        const std::string_view key = bytes.substr(0, at);
        at += 2;
        if (!is_text_key(key)) continue;
        while (at < bytes.size() && bytes[at] == ' ') ++at;
        if (at == bytes.size() || bytes[at] != '"') continue;
        const size_t size = string_size(bytes, at + 1);
        at = std::min(at + 1 + size, bytes.size());
        if (size == 0) continue;
        bytes_ += size;
        ++pieces_;
    }
}

int64_t TextCount::tokens() const {
    return static_cast<int64_t>(std::max(pieces_, (bytes_ + kBytesAToken - 1) / kBytesAToken));
}

}  // namespace keywarden
