#include "proxy/meter.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/json/scan.h"

namespace keywarden {
namespace {

constexpr std::string_view kKey = R"("usage")";

/// Where the key begins, from `from` on, or npos. Most quotes in JSON begin something else, so a
/// search that stops at each of them is slow.
size_t find_key(std::string_view bytes, size_t from) {
    const void* at = ::memmem(bytes.data() + from, bytes.size() - from, kKey.data(), kKey.size());
    if (at == nullptr) return std::string_view::npos;
    return static_cast<size_t>(static_cast<const char*>(at) - bytes.data());
}

bool is_structure(char c) { return c == '"' || c == '\\' || c == '{' || c == '}'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::optional<int64_t> count_of(std::string_view text, const JsonMember& member) {
    if (member.type != JsonType::Number) return std::nullopt;
    const auto number = json_integer(member.text_of(text));
    return number && *number >= 0 ? number : std::nullopt;
}

/// A count that stands in an object within the usage.
std::optional<int64_t> detail(std::string_view text,
                              const JsonMember& details,
                              std::string_view name) {
    if (details.type != JsonType::Object) return std::nullopt;
    const std::string_view inside = details.text_of(text);
    JsonMember found;
    if (!find_json_members(inside, {&name, 1}, {&found, 1})) return std::nullopt;
    return count_of(inside, found);
}

}  // namespace

TokenUsage read_usage(std::string_view object) {
    static constexpr std::array<std::string_view, 9> kNames = {
        "prompt_tokens",
        "input_tokens",
        "completion_tokens",
        "output_tokens",
        "total_tokens",
        "prompt_tokens_details",
        "input_tokens_details",
        "completion_tokens_details",
        "output_tokens_details",
    };
    std::array<JsonMember, kNames.size()> found;
    if (!find_json_members(object, kNames, found)) return {};
    const auto either = [&](std::optional<int64_t> a, std::optional<int64_t> b) {
        return a ? a : b;
    };
    TokenUsage usage;
    usage.input = either(count_of(object, found[0]), count_of(object, found[1]));
    usage.output = either(count_of(object, found[2]), count_of(object, found[3]));
    usage.total = count_of(object, found[4]);
    usage.cached_input = either(detail(object, found[5], "cached_tokens"),
                                detail(object, found[6], "cached_tokens"));
    usage.reasoning = either(detail(object, found[7], "reasoning_tokens"),
                             detail(object, found[8], "reasoning_tokens"));
    return usage;
}

bool tells_usage(std::string_view bytes) {
    for (size_t at = find_key(bytes, 0); at != std::string_view::npos; at = find_key(bytes, at)) {
        at += kKey.size();
        size_t value = bytes.find_first_not_of(" \t\r\n", at);
        if (value == std::string_view::npos || bytes[value] != ':') continue;
        value = bytes.find_first_not_of(" \t\r\n", value + 1);
        if (value == std::string_view::npos || bytes[value] != 'n') return true;
    }
    return false;
}

void UsageMeter::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        switch (state_) {
            case State::Searching:
                bytes.remove_prefix(search(bytes));
                break;
            case State::Colon:
            case State::Brace:
                if (!is_space(bytes.front())) {
                    const char wanted = state_ == State::Colon ? ':' : '{';
                    if (bytes.front() != wanted) {
                        state_ = State::Searching;
                        break;
                    }
                    if (state_ == State::Brace) {
                        state_ = State::Inside;
                        break;  // the brace is part of the object
                    }
                    state_ = State::Brace;
                }
                bytes.remove_prefix(1);
                break;
            case State::Inside:
                bytes.remove_prefix(capture(bytes));
        }
    }
}

size_t UsageMeter::search(std::string_view bytes) {
    // First the key that the last feed ended in the middle of.
    size_t used = 0;
    while (matched_ > 0 && used < bytes.size()) {
        if (bytes[used] != kKey[matched_]) {
            matched_ = 0;
            break;
        }
        ++used;
        if (++matched_ == kKey.size()) {
            matched_ = 0;
            state_ = State::Colon;
            return used;
        }
    }
    if (matched_ > 0) return used;
    const size_t at = find_key(bytes, used);
    if (at != std::string_view::npos) {
        state_ = State::Colon;
        return at + kKey.size();
    }
    // Only its first and last byte are quotes, so at most one beginning can be at the end.
    const size_t quote = bytes.find_last_of('"');
    if (quote != std::string_view::npos && quote >= used && kKey.starts_with(bytes.substr(quote))) {
        matched_ = bytes.size() - quote;
    }
    return bytes.size();
}

size_t UsageMeter::capture(std::string_view bytes) {
    size_t at = 0;
    bool ended = false;
    while (at < bytes.size() && !ended) {
        if (!escaped_ && !is_structure(bytes[at])) {
            ++at;
            continue;
        }
        const char c = bytes[at++];
        if (escaped_) {
            escaped_ = false;
        } else if (in_string_) {
            escaped_ = c == '\\';
            in_string_ = c != '"';
        } else if (c == '"') {
            in_string_ = true;
        } else if (c == '{') {
            ++depth_;
        } else if (c == '}') {
            ended = --depth_ == 0;
        }
    }
    const bool too_long = object_.size() + at > kObjectBytesMax;
    if (ended && !too_long) {
        if (!object_.empty()) object_.append(bytes.substr(0, at));
        const TokenUsage found = read_usage(object_.empty() ? bytes.substr(0, at) : object_);
        if (!found.empty()) usage_ = found;
    } else if (!too_long) {
        object_.append(bytes.substr(0, at));
    }
    if (ended || too_long) {
        object_.clear();
        depth_ = 0;
        in_string_ = escaped_ = false;
        state_ = State::Searching;
    }
    return at;
}

}  // namespace keywarden
