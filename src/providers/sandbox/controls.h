// What a model's name asks of the sandbox: "sandbox/chunks-50+delay-20".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace keywarden {

struct SandboxControls {
    std::optional<int64_t> words{};   // of the answer
    std::optional<int64_t> chunks{};  // of a stream
    int64_t delay_ms = 0;             // between two chunks
    int64_t slow_ms = 0;              // before the first byte
    int64_t tools = 0;                // so many tool calls
    int64_t error = 0;                // the status of a chosen error
    bool echo = false;                // the answer is the last user message
    bool cut = false;                 // the connection dies half way
    bool fail = false;                // a stream ends half way in an error event
};

/// `model`: "sandbox", or "sandbox/" and controls joined by '+'; "sandbox/" may be left out.
/// Errors: ModelNotFound for anything else, with the list of controls; InvalidRequest for a number
/// out of its bounds.
Result<SandboxControls> read_controls(std::string_view model);

}  // namespace keywarden
