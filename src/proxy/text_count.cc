#include "proxy/text_count.h"

#include <algorithm>
#include <array>
#include <cstdint>

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

constexpr size_t kTextKeyMax = std::ranges::max(kTextKeys, {}, &std::string_view::size).size();

/// A bit for what a key of theirs ends with, which rules most others out.
constexpr uint32_t bit_of(char c) { return uint32_t{1} << (static_cast<unsigned char>(c) % 32); }
constexpr uint32_t kTextKeyEnds = [] {
    uint32_t ends = 0;
    for (const std::string_view key : kTextKeys) ends |= bit_of(key.back());
    return ends;
}();

/// Where the quote stands that ends a key before a colon, from `from` on, or npos.
size_t find_key_end(std::string_view bytes, size_t from) {
    constexpr size_t kStep = sizeof(Bytes16);
    for (; from + kStep + 1 <= bytes.size(); from += kStep) {
        const char* const at = bytes.data() + from;
        const size_t first = first_set((load16(at) == '"') & (load16(at + 1) == ':'));
        if (first < kStep) return from + first;
    }
    return bytes.find("\":", from);
}

/// Whether the key that ends with `before_quote` is one of them.
bool is_text_key(std::string_view before_quote) {
    if (before_quote.empty() || (kTextKeyEnds & bit_of(before_quote.back())) == 0) return false;
    const char* const end = before_quote.data() + before_quote.size();
    const char* begin = end;
    const char* const nearest = end - std::min(before_quote.size(), kTextKeyMax + 1);
    while (begin > nearest && begin[-1] != '"') --begin;
    return begin > nearest &&
           std::ranges::find(kTextKeys, std::string_view(begin, end)) != kTextKeys.end();
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
