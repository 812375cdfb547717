// The meter: finds what a call used in the bytes of its answer as they pass.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error_body.h"
#include "domain/usage.h"

namespace keywarden {

/// Whether the bytes hold a `"usage"` that is not null: cheap, for events that mostly do not.
bool tells_usage(std::string_view bytes);

/// Looks for `"usage": {…}` wherever the bytes are cut, in a JSON body or a stream alike, without
/// parsing anything else; the last one found counts. Text that a model wrote cannot be taken for
/// it: within a JSON string its quotes are escaped.
class UsageMeter {
public:
    static constexpr size_t kObjectBytesMax = 4'096;  // a longer one is not read

    /// Whose answer is fed. In Anthropic's and Bedrock's a model writes JSON too (the input of a
    /// tool), so that only a usage counts which stands in the answer's object or, in Anthropic's,
    /// right in a member of it; and caches are told apart from the input. A stream of Anthropic's
    /// tells in parts. Before the first feed.
    void expect(Dialect dialect) {
        is_anthropic_ = dialect == Dialect::Anthropic;
        caches_are_apart_ = is_anthropic_ || dialect == Dialect::Bedrock;
        level_max_ = is_anthropic_ ? 2 : 1;
    }

    void feed(std::string_view bytes);

    const TokenUsage& usage() const { return usage_; }

    /// Whether a stream that has ended here has told all: Anthropic's tells at its beginning too.
    bool has_told_end() const { return tellings_ > (is_anthropic_ ? 1 : 0); }

private:
    enum class State : uint8_t { Searching, Colon, Brace, Inside };

    /// How much of the front of `bytes` was of use in the present state.
    size_t search(std::string_view bytes);
    size_t search_at_top(std::string_view bytes);
    size_t capture(std::string_view bytes);
    void take(const TokenUsage& told);

    State state_ = State::Searching;
    size_t matched_ = 0;  // of the key, at the end of what was fed
    int depth_ = 0;
    int level_ = 0;  // of brackets, where they are followed outside of the object too
    int tellings_ = 0;
    int level_max_ = 0;  // where a usage may stand
    bool is_anthropic_ = false;
    bool caches_are_apart_ = false;
    bool in_string_ = false;
    bool escaped_ = false;
    std::string object_;  // what came of it, where it lies in two feeds
    TokenUsage told_;     // as it was, all parts together
    TokenUsage usage_;
};

}  // namespace keywarden
