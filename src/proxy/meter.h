// The meter: finds what a call used in the bytes of its answer as they pass.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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

    void feed(std::string_view bytes);

    const TokenUsage& usage() const { return usage_; }

private:
    enum class State : uint8_t { Searching, Colon, Brace, Inside };

    /// How much of the front of `bytes` was of use in the present state.
    size_t search(std::string_view bytes);
    size_t capture(std::string_view bytes);

    State state_ = State::Searching;
    size_t matched_ = 0;  // of the key, at the end of what was fed
    int depth_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
    std::string object_;  // what came of it, where it lies in two feeds
    TokenUsage usage_;
};

}  // namespace keywarden
