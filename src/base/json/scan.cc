#include "base/json/scan.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include <simdjson.h>

// simdjson's first stage marks where each token begins, checks UTF-8, and that strings are closed
// and hold no control characters: the part that is worth its vector code. The grammar is checked
// here, over those marks, because simdjson's lazy parser skips what it is not asked for, and its
// other one builds a tree that nobody needs.

namespace keywarden {
namespace {

constexpr size_t kEscapedNameMax = kJsonNameMax * 6 + 2;
constexpr size_t kKeptCapacity = size_t{256} << 10U;  // of a thread's index, between documents

using Marker = simdjson::internal::dom_parser_implementation;

/// The thread's index of tokens, big enough for `length` bytes.
Marker& marker_for(size_t length) {
    thread_local std::unique_ptr<Marker> marker;
    thread_local size_t capacity = 0;
    const bool too_small = length > capacity;
    const bool wasteful = capacity > kKeptCapacity && length <= kKeptCapacity;
    if (marker == nullptr || too_small || wasteful) {
        marker.reset();
        capacity = std::max(kKeptCapacity, length);
        const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, 1, marker);
        if (error != simdjson::SUCCESS) throw std::bad_alloc();
    }
    return *marker;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view token) {
    size_t i = 0;
    const auto digits = [&] {
        const size_t from = i;
        while (i < token.size() && is_digit(token[i])) ++i;
        return i > from;
    };
    if (token[i] == '-') ++i;
    if (i < token.size() && token[i] == '0') {
        ++i;
    } else if (!digits()) {
        return false;
    }
    if (i < token.size() && token[i] == '.') {
        ++i;
        if (!digits()) return false;
    }
    if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
        ++i;
        if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
        if (!digits()) return false;
    }
    return i == token.size();
}

bool is_scalar(std::string_view token) {
    switch (token[0]) {
        case 't':
            return token == "true";
        case 'f':
            return token == "false";
        case 'n':
            return token == "null";
        default:
            return is_number(token);
    }
}

JsonType type_of(char first) {
    switch (first) {
        case '{':
            return JsonType::Object;
        case '[':
            return JsonType::Array;
        case '"':
            return JsonType::String;
        case 't':
        case 'f':
            return JsonType::Bool;
        case 'n':
            return JsonType::Null;
        default:
            return JsonType::Number;
    }
}

int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The code unit of four hexadecimal digits at `at`, or -1.
int code_unit(std::string_view text, size_t at) {
    if (at + 4 > text.size()) return -1;
    int unit = 0;
    for (size_t i = at; i < at + 4; ++i) {
        const int digit = hex_digit(text[i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/// The first byte of the first broken escape, or npos. Backslashes outside of strings are left to
/// the grammar.
size_t broken_escape(std::string_view text) {
    for (size_t at = text.find('\\'); at != std::string_view::npos;) {
        const char c = at + 1 < text.size() ? text[at + 1] : '\0';
        if (c == 'u') {
            if (code_unit(text, at + 2) < 0) return at;
            at += 6;
        } else if (c != '\0' && std::strchr("\"\\/bfnrt", c) != nullptr) {
            at += 2;
        } else {
            return at;
        }
        // Escapes come in clusters: look at the next byte before calling for a vector search.
        if (at >= text.size() || text[at] != '\\') at = text.find('\\', at);
    }
    return std::string_view::npos;
}

/// Which of `names` a reader that ignores case would take `text` for, as Go's encoding/json does:
/// two letters beyond ASCII fold into it (U+017F to s, U+212A to k). Nothing: none.
std::string_view name_in_other_case(std::string_view text,
                                    std::span<const std::string_view> names) {
    const auto folds = [](char c) {
        return static_cast<uint8_t>(c) >= 0x80 || (c >= 'A' && c <= 'Z');
    };
    if (std::ranges::none_of(text, folds)) return {};  // nearly always
    std::array<char, kJsonNameMax> folded;
    size_t size = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        if (size == folded.size()) return {};
        char c = text[i];
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
        if (text.substr(i).starts_with("\u017f")) {
            c = 's';
            i += 1;
        } else if (text.substr(i).starts_with("\u212a")) {
            c = 'k';
            i += 2;
        }
        folded[size++] = c;
    }
    const auto found = std::ranges::find(names, std::string_view(folded.data(), size));
    return found == names.end() ? std::string_view() : *found;
}

/// Walks over the tokens of one document. Each `check_` returns the token after what it checked,
/// or null, with `wrong_` and `what_` set.
class Grammar {
public:
    Grammar(std::string_view text, const uint32_t* tokens, size_t count, OtherCase other_case)
        : text_(text.data()),
          length_(text.size()),
          tokens_(tokens),
          end_(tokens + count),
          other_case_(other_case) {}

    Result<void> find(std::span<const std::string_view> names, std::span<JsonMember> found) {
        // The last token closes an object, so that whatever else runs out of tokens meets it: only
        // closing brackets have to look whether they were the last.
        if (text_[end_[-1]] != '}') return broken(end_[-1], "it ends too early");
        const uint32_t* at = tokens_ + 1;
        uint32_t previous_end = 0;
        JsonMember* previous = nullptr;
        if (text_[*at] == '}') return end_of_document(at + 1);
        for (;;) {
            if (text_[*at] != '"') return broken(*at, "a member's name is expected");
            const ByteRange key{*at, end_of_token(at)};
            if (text_[at[1]] != ':') return broken(at[1], "a ':' is expected");
            const uint32_t* const value = at + 2;
            at = check_value(value);
            if (at == nullptr) return broken(wrong_, what_);
            const ByteRange bytes{*value, end_of_token(at - 1)};

            if (previous != nullptr) previous->next_begin = key.begin;
            const std::string_view name = plain_name(key);
            const auto index = static_cast<size_t>(std::ranges::find(names, name) - names.begin());
            if (index == names.size() && other_case_ == OtherCase::IsRefused) {
                const std::string_view meant = name_in_other_case(name, names);
                if (!meant.empty()) return miswritten(name, meant);
            }
            previous = index < names.size() ? &found[index] : nullptr;
            if (previous != nullptr) {
                if (previous->present) return repeated(names[index]);
                *previous = {.present = true,
                             .type = type_of(text_[bytes.begin]),
                             .key = key,
                             .value = bytes,
                             .previous_end = previous_end};
            }
            previous_end = bytes.end;
            if (text_[*at] == '}') return end_of_document(at + 1);
            if (text_[*at] != ',') return broken(*at, "a ',' or '}' is expected");
            ++at;
        }
    }

    /// Requires: `find` was fine.
    void count(JsonTextCount& counted) const {
        std::array<bool, 256> begins{};  // what a string begins with that may be one of them
        begins['\\'] = true;
        for (const std::string_view text : counted.texts) begins[byte(text.front())] = true;
        for (const uint32_t* at = tokens_; at != end_; ++at) {
            if (text_[*at] != '"' || !begins[byte(text_[*at + 1])]) continue;
            const std::string_view text = plain_name({*at, end_of_token(at)});
            if (std::ranges::find(counted.texts, text) != counted.texts.end()) ++counted.count;
        }
    }

private:
    static unsigned char byte(char c) { return static_cast<unsigned char>(c); }

    static std::unexpected<Error> broken(size_t at, std::string_view what) {
        return fail(ErrorCode::InvalidRequest,
                    "The body is not valid JSON: at byte " + std::to_string(at) + " " +
                        std::string(what) + ".");
    }

    static std::unexpected<Error> repeated(std::string_view name) {
        return fail(Error{.code = ErrorCode::InvalidRequest,
                          .message = "The field '" + std::string(name) + "' is given twice.",
                          .param = std::string(name)});
    }

    static std::unexpected<Error> miswritten(std::string_view name, std::string_view meant) {
        return fail(Error{.code = ErrorCode::InvalidRequest,
                          .message = "The field '" + std::string(meant) +
                                     "' must be written so, not '" + std::string(name) + "'.",
                          .param = std::string(meant)});
    }

    Result<void> end_of_document(const uint32_t* at) const {
        if (at == end_) return {};
        return broken(*at, "there is more after the end of the object");
    }

    /// Where the token at `at` ends: before the space in front of the next one.
    uint32_t end_of_token(const uint32_t* at) const {
        size_t end = at + 1 == end_ ? length_ : at[1];
        while (is_space(text_[end - 1])) --end;
        return static_cast<uint32_t>(end);
    }

    const uint32_t* wrong(const uint32_t* at, std::string_view what) {
        wrong_ = at == end_ ? length_ : *at;
        what_ = what;
        return nullptr;
    }

    /// One value with all that is in it. Kept in one loop over locals, for speed: this is where a
    /// 40 KB request spends its time.
    const uint32_t* check_value(const uint32_t* at) {
        const char* const text = text_;
        size_t depth = 1;  // of containers around the value; the top-level object is the first
        bool in_object = is_object_[0] = true;
        for (;;) {
            const char first = text[*at];
            if (first == '"') {
                ++at;
            } else if (first == '{' || first == '[') {
                if (depth == kJsonDepthMax) return wrong(at, "it is nested too deeply");
                const bool is_object = first == '{';
                const char next = text[at[1]];
                if (next != (is_object ? '}' : ']')) {
                    in_object = is_object;
                    is_object_[depth++] = is_object;
                    ++at;
                    if (is_object && !check_key(at)) return nullptr;
                    continue;
                }
                at += 2;
                if (at == end_) return wrong(at, "it ends too early");
            } else {
                if (!is_scalar({text + *at, end_of_token(at) - *at})) {
                    return wrong(at, "a value is expected");
                }
                ++at;
            }
            for (;;) {  // after a value
                if (depth == 1) return at;
                const char c = text[*at++];
                if (c == ',') {
                    if (in_object && !check_key(at)) return nullptr;
                    break;
                }
                if (c != (in_object ? '}' : ']')) {
                    return wrong(
                        at - 1,
                        in_object ? "a ',' or '}' is expected" : "a ',' or ']' is expected");
                }
                in_object = is_object_[--depth - 1];
                if (at == end_) return wrong(at, "it ends too early");
            }
        }
    }

    /// A name and its colon; moves `at` to the value.
    bool check_key(const uint32_t*& at) {
        if (text_[*at] == '"' && text_[at[1]] == ':') [[likely]] {
            at += 2;
            return true;
        }
        if (text_[*at] != '"') return wrong(at, "a member's name is expected") != nullptr;
        return wrong(at + 1, "a ':' is expected") != nullptr;
    }

    /// A string, unescaped; empty for one that none of those looked for can be.
    std::string_view plain_name(ByteRange key) const {
        const std::string_view text(text_ + key.begin, key.size());
        if (text.size() > kEscapedNameMax) return {};
        if (text.find('\\') == std::string_view::npos) return text.substr(1, text.size() - 2);
        thread_local std::string unescaped;
        return json_text(text, unescaped).value_or(std::string_view());
    }

    const char* text_;
    size_t length_;
    const uint32_t* tokens_;
    const uint32_t* end_;
    OtherCase other_case_;
    std::array<bool, kJsonDepthMax> is_object_;  // the container at each depth
    size_t wrong_ = 0;
    std::string_view what_;
};

std::string_view reason(simdjson::error_code error) {
    switch (error) {
        case simdjson::UTF8_ERROR:
            return "The body is not valid UTF-8.";
        case simdjson::UNCLOSED_STRING:
            return "The body is not valid JSON: a string is not closed.";
        case simdjson::UNESCAPED_CHARS:
            return "The body is not valid JSON: a string holds a control character.";
        default:
            return "The body is empty; a JSON object is expected.";
    }
}

void append_utf8(std::string& out, uint32_t code) {
    const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xc0 | (code >> 6));
        return put(0x80 | (code & 0x3f));
    }
    if (code < 0x10000) {
        put(0xe0 | (code >> 12));
    } else {
        put(0xf0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3f));
    }
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
}

/// Appends what the escape at `at` means, and moves past it. False for a lone surrogate.
bool unescape_one(std::string_view text, size_t& at, std::string& out) {
    static constexpr std::string_view kShort = "\"\\/bfnrt";
    static constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
    if (const size_t i = kShort.find(text[at + 1]); i != std::string_view::npos) {
        out += kMeaning[i];
        at += 2;
        return true;
    }
    auto code = static_cast<uint32_t>(code_unit(text, at + 2));
    at += 6;
    if (code >= 0xdc00 && code <= 0xdfff) return false;
    if (code >= 0xd800 && code <= 0xdbff) {
        if (text.substr(at, 2) != "\\u") return false;
        const auto low = static_cast<uint32_t>(code_unit(text, at + 2));
        if (low < 0xdc00 || low > 0xdfff) return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    }
    append_utf8(out, code);
    return true;
}

}  // namespace

std::string_view name(JsonType type) {
    static constexpr std::array<std::string_view, 6> kNames = {
        "null", "a boolean", "a number", "a string", "an array", "an object"};
    return kNames.at(static_cast<size_t>(type));
}

Result<void> find_json_members(std::string_view text,
                               std::span<const std::string_view> names,
                               std::span<JsonMember> found,
                               OtherCase other_case,
                               JsonTextCount* counted) {
    assert(found.size() == names.size());
    std::ranges::fill(found, JsonMember{});
    if (text.empty()) return fail(ErrorCode::InvalidRequest, std::string(reason(simdjson::EMPTY)));
    if (text.size() > kJsonBytesMax) {
        return fail(ErrorCode::RequestTooLarge, "The body is too big.");
    }
    Marker& marker = marker_for(text.size());
    const auto error = marker.stage1(
        reinterpret_cast<const uint8_t*>(text.data()), text.size(), simdjson::stage1_mode::regular);
    if (error != simdjson::SUCCESS) {
        return fail(ErrorCode::InvalidRequest, std::string(reason(error)));
    }
    const uint32_t* const tokens = marker.structural_indexes.get();
    if (text[*tokens] != '{') {
        return fail(ErrorCode::InvalidRequest, "The body must be a JSON object.");
    }
    if (const size_t at = broken_escape(text); at != std::string_view::npos) {
        return fail(
            ErrorCode::InvalidRequest,
            "The body is not valid JSON: at byte " + std::to_string(at) + " an escape is broken.");
    }
    Grammar grammar(text, tokens, marker.n_structural_indexes, other_case);
    TRY_VOID(grammar.find(names, found));
    if (counted != nullptr) grammar.count(*counted);
    return {};
}

std::optional<std::string_view> json_text(std::string_view value, std::string& scratch) {
    const std::string_view inside = value.substr(1, value.size() - 2);
    size_t at = inside.find('\\');
    if (at == std::string_view::npos) return inside;
    scratch.assign(inside.substr(0, at));
    while (at < inside.size()) {
        if (inside[at] != '\\') {
            scratch += inside[at++];
        } else if (!unescape_one(inside, at, scratch)) {
            return std::nullopt;
        }
    }
    return scratch;
}

std::optional<int64_t> json_integer(std::string_view value) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
    return number;
}

}  // namespace keywarden
