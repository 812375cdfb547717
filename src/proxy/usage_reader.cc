#include "proxy/usage_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>

#include "domain/price.h"

namespace keywarden {
namespace {

using Count = std::optional<int64_t> TokenUsage::*;

struct Name {
    std::string_view text;
    Count count;
};

// Where both of a pair are there, the one that comes first in the object counts.
constexpr std::array kCounts = {Name{"prompt_tokens", &TokenUsage::input},
                                Name{"completion_tokens", &TokenUsage::output},
                                Name{"total_tokens", &TokenUsage::total},
                                Name{"input_tokens", &TokenUsage::input},
                                Name{"output_tokens", &TokenUsage::output},
                                // Anthropic's, which are not part of its input_tokens:
                                Name{"cache_read_input_tokens", &TokenUsage::cached_input},
                                Name{"cache_creation_input_tokens", &TokenUsage::cache_write},
                                // Bedrock's, whose caches are apart as well:
                                Name{"inputTokens", &TokenUsage::input},
                                Name{"outputTokens", &TokenUsage::output},
                                Name{"totalTokens", &TokenUsage::total},
                                Name{"cacheReadInputTokens", &TokenUsage::cached_input},
                                Name{"cacheWriteInputTokens", &TokenUsage::cache_write},
                                // DeepSeek's, and what stands in the place of details elsewhere:
                                Name{"prompt_cache_hit_tokens", &TokenUsage::cached_input}};

/// A member of the usage that has counts of its own.
struct Details {
    std::string_view text;
    std::span<const Name> counts;
};
constexpr std::array kInputDetails = {Name{"cached_tokens", &TokenUsage::cached_input},
                                      Name{"audio_tokens", &TokenUsage::audio_input},
                                      Name{"cache_write_tokens", &TokenUsage::cache_write},
                                      Name{"cache_creation_tokens", &TokenUsage::cache_write}};
constexpr std::array kCacheCreation = {  // Anthropic's; its five minutes are the rest
    Name{"ephemeral_1h_input_tokens", &TokenUsage::cache_write_1h}};
constexpr std::array kOutputDetails = {Name{"reasoning_tokens", &TokenUsage::reasoning},
                                       Name{"audio_tokens", &TokenUsage::audio_output},
                                       Name{"thinking_tokens", &TokenUsage::reasoning}};
constexpr std::array<Details, 5> kDetails = {{{"prompt_tokens_details", kInputDetails},
                                              {"cache_creation", kCacheCreation},
                                              {"completion_tokens_details", kOutputDetails},
                                              {"input_tokens_details", kInputDetails},
                                              {"output_tokens_details", kOutputDetails}}};

/// Each member function moves past what it is named after, and is false where that is not there.
class Reader {
public:
    explicit Reader(std::string_view bytes)
        : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

    UsageReading read() {
        const bool whole = object([this](std::string_view name) { return member(name); });
        if (!whole) return {};
        return {.usage = usage_, .size = static_cast<size_t>(at_ - begin_)};
    }

private:
    bool member(std::string_view name) {
        for (const Name& each : kCounts) {
            if (each.text == name) return count(usage_.*each.count);
        }
        for (const Details& each : kDetails) {
            if (each.text != name || !next_is('{')) continue;
            return object([this, &each](std::string_view inner) {
                for (const Name& detail : each.counts) {
                    if (detail.text == inner) {
                        return count(usage_.*detail.count);
                    }
                }
                return value();
            });
        }
        if (name == "cacheDetails" && take('[')) return cache_details();
        return value();
    }

    /// Bedrock's, after the bracket: what it wrote into its cache, for how long each.
    bool cache_details() {
        if (take(']')) return true;
        do {
            if (next_is('{') ? !cache_detail() : !value()) return false;
        } while (take(','));
        return take(']');
    }

    /// Those for five minutes are the rest of cache_write.
    bool cache_detail() {
        std::optional<int64_t> tokens;
        std::string_view lifetime;
        const bool whole = object([&](std::string_view name) {
            if (name == "inputTokens") return count(tokens);
            return name == "ttl" && next_is('"') ? string(lifetime) : value();
        });
        if (!whole) return false;
        if (tokens && lifetime == "1h") {
            const int64_t before = std::min(usage_.cache_write_1h.value_or(0), kTokensMax);
            usage_.cache_write_1h = before + std::min(*tokens, kTokensMax);
        }
        return true;
    }

    template <class Member>
    bool object(Member read_member) {
        if (!take('{')) return false;
        if (take('}')) return true;
        do {
            std::string_view name;
            if (!string(name) || !take(':') || !read_member(name)) return false;
        } while (take(','));
        return take('}');
    }

    /// A whole number that is not negative goes to `into`, unless one is there; all else is passed.
    bool count(std::optional<int64_t>& into) {
        skip_space();
        int64_t number = 0;
        const auto [end, error] = std::from_chars(at_, end_, number);
        const bool whole = error == std::errc() && end < end_ &&
                           (*end == ',' || *end == '}' || *end == ' ' || *end == '\n');
        if (!whole || number < 0) return value();
        if (!into) into = number;
        at_ = end;
        return true;
    }

    /// Any value. What is in it is not checked, but for its quotes and brackets.
    bool value() {
        int depth = 0;
        uint32_t braces = 0;  // a bit for each depth: whether it is an object
        static_assert(kUsageDepthMax <= 32);
        std::string_view ignored;
        do {
            skip_space();
            if (at_ == end_) return false;
            switch (*at_) {
                case '"':
                    if (!string(ignored)) return false;
                    break;
                case '{':
                case '[':
                    if (++depth > kUsageDepthMax) return false;
                    braces = braces << 1U | (*at_++ == '{' ? 1U : 0U);
                    break;
                case '}':
                case ']':
                    if (--depth < 0 || (braces & 1U) != (*at_++ == '}' ? 1U : 0U)) return false;
                    braces >>= 1U;
                    break;
                case ',':
                case ':':
                    if (depth == 0) return false;
                    ++at_;
                    break;
                default:
                    while (at_ < end_ && !ends_scalar(*at_)) ++at_;
            }
        } while (depth > 0);
        return true;
    }

    bool string(std::string_view& inside) {
        if (!take('"')) return false;
        const char* const from = at_;
        for (;;) {
            at_ = std::find(at_, end_, '"');
            if (at_ == end_) return false;
            ++at_;
            if (!is_escaped(from, at_ - 1)) break;
        }
        inside = {from, static_cast<size_t>(at_ - 1 - from)};
        return true;
    }

    /// Whether an odd number of backslashes stands before `at`.
    static bool is_escaped(const char* from, const char* at) {
        const char* plain = at;
        while (plain > from && plain[-1] == '\\') --plain;
        return (at - plain) % 2 != 0;
    }
    static bool ends_scalar(char c) {
        return c == ',' || c == '}' || c == ']' || c == ':' || c == '"' || c == '{' || c == '[' ||
               is_space(c);
    }
    static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

    void skip_space() {
        while (at_ < end_ && is_space(*at_)) ++at_;
    }
    bool next_is(char c) {
        skip_space();
        return at_ < end_ && *at_ == c;
    }
    bool take(char c) {
        if (!next_is(c)) return false;
        ++at_;
        return true;
    }

    const char* begin_;
    const char* at_;
    const char* end_;
    TokenUsage usage_{};
};

}  // namespace

UsageReading read_usage(std::string_view bytes) { return Reader(bytes).read(); }

}  // namespace keywarden
