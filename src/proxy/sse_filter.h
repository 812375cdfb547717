// What of a provider's event stream goes on to the client.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "domain/sse.h"
#include "proxy/meter.h"
#include "proxy/text_count.h"

namespace keywarden {

/// Passes whole events on, as they are, and leaves out the chunk that only tells the usage if the
/// client did not ask for it. An event of which only a part came is held back, so that after
/// whatever goes wrong an error event can follow.
class SseFilter {
public:
    /// What events say of usage goes to `meter`, and what a model wrote to `count`: both must
    /// outlive the filter.
    SseFilter(UsageMeter* meter, TextCount* count, bool drops_usage)
        : meter_(meter), count_(count), drops_usage_(drops_usage) {}

    /// Moves `bytes` behind what was looked at and returns what goes on of it: call it until
    /// `bytes` is empty. May be empty. The view lives until the next call, and as long as `bytes`.
    /// Errors: those of SseSplitter.
    Result<std::string_view> next(std::string_view& bytes);

    /// What is left at the clean end of the stream: an event without its empty line.
    std::string_view rest() const { return splitter_.pending(); }

private:
    UsageMeter* meter_;
    TextCount* count_;
    bool drops_usage_;
    SseSplitter splitter_;
};

/// Whether an event's data is the chunk that stream_options.include_usage adds: a usage, and an
/// empty list of choices.
bool is_usage_chunk(std::string_view data);

}  // namespace keywarden
