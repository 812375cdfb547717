#include "proxy/meter.h"

#include <algorithm>

#include "base/bytes16.h"
#include "domain/price.h"
#include "proxy/usage_reader.h"

namespace keywarden {
namespace {

constexpr std::string_view kKey = R"("usage")";

/// Whether `"us` may begin at one of the sixteen bytes, of which eighteen can be read.
bool may_begin(const char* at) {
    return any_set((load16(at) == '"') & (load16(at + 1) == 'u') & (load16(at + 2) == 's'));
}

/// Where the key begins, from `from` on, or npos. Most quotes in JSON begin something else, so a
/// search that stops at each of them is slow: sixteen places are looked at in one step.
size_t find_key(std::string_view bytes, size_t from) {
    constexpr size_t kStep = sizeof(Bytes16);
    for (; from + kStep + 2 <= bytes.size(); from += kStep) {
        if (!may_begin(bytes.data() + from)) continue;
        const size_t found = bytes.substr(0, from + kStep + kKey.size() - 1).find(kKey, from);
        if (found != std::string_view::npos) return found;
    }
    return bytes.find(kKey, from);
}

/// The first quote or backslash from `from` on, or the end.
size_t find_quote(std::string_view bytes, size_t from) {
    constexpr size_t kStep = sizeof(Bytes16);
    for (; from + kStep <= bytes.size(); from += kStep) {
        const Bytes16 some = load16(bytes.data() + from);
        if (any_set((some == '"') | (some == '\\'))) break;
    }
    return std::min(bytes.find_first_of("\"\\", from), bytes.size());
}

bool is_structure(char c) { return c == '"' || c == '\\' || c == '{' || c == '}'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

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
                bytes.remove_prefix(caches_are_apart_ ? search_at_top(bytes) : search(bytes));
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

size_t UsageMeter::search_at_top(std::string_view bytes) {
    size_t at = 0;
    while (at < bytes.size()) {
        const char c = bytes[at];
        if (!in_string_) {
            in_string_ = c == '"';
            matched_ = in_string_ && level_ <= level_max_ ? 1 : 0;
            if (c == '{' || c == '[') ++level_;
            if (c == '}' || c == ']') level_ = std::max(0, level_ - 1);
            ++at;
        } else if (escaped_) {
            escaped_ = false;
            ++at;
        } else if (matched_ > 0 && c == kKey[matched_]) {
            ++at;
            if (++matched_ < kKey.size()) continue;
            matched_ = 0;
            in_string_ = false;
            state_ = State::Colon;
            return at;
        } else {
            matched_ = 0;
            at = find_quote(bytes, at);
            if (at == bytes.size()) break;
            escaped_ = bytes[at] == '\\';
            in_string_ = escaped_;
            ++at;
        }
    }
    return at;
}

void UsageMeter::take(const TokenUsage& told) {
    ++tellings_;
    if (!caches_are_apart_) {
        usage_ = told;
        return;
    }
    for (const auto count : {&TokenUsage::input,
                             &TokenUsage::output,
                             &TokenUsage::total,
                             &TokenUsage::cached_input,
                             &TokenUsage::cache_write,
                             &TokenUsage::cache_write_1h,
                             &TokenUsage::reasoning}) {
        if (told.*count) told_.*count = told.*count;
    }
    usage_ = told_;
    if (!usage_.input) return;
    for (const auto cache : {told_.cached_input, told_.cache_write}) {
        *usage_.input =
            std::min(*usage_.input, kTokensMax) + std::min(cache.value_or(0), kTokensMax);
    }
}

size_t UsageMeter::capture(std::string_view bytes) {
    if (depth_ == 0) {  // at its brace: mostly the rest of it is here too
        const UsageReading reading = read_usage(bytes.substr(0, kObjectBytesMax));
        if (reading.size > 0) {
            if (!reading.usage.empty()) take(reading.usage);
            state_ = State::Searching;
            return reading.size;
        }
    }
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
        object_.append(bytes.substr(0, at));
        const TokenUsage found = read_usage(object_).usage;
        if (!found.empty()) take(found);
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
