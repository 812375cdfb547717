// What of a provider's stream of binary frames goes on to the client.
#pragma once

#include <string_view>

#include "base/event_stream.h"
#include "base/result.h"
#include "proxy/meter.h"
#include "proxy/text_count.h"

namespace keywarden {

/// What a frame of ConverseStream says of usage goes to `meter`, and what a model wrote to `count`.
void look_at(const Frame& frame, UsageMeter* meter, TextCount* count);

/// Passes whole frames on, as they are, once their checksums are right: one that is damaged, and
/// one that is cut off, is held back, so that a frame that tells of it can follow.
class FrameFilter {
public:
    /// Both must outlive the filter: see look_at.
    FrameFilter(UsageMeter* meter, TextCount* count) : meter_(meter), count_(count) {}

    /// As SseFilter. Errors: those of FrameSplitter.
    Result<std::string_view> next(std::string_view& bytes);

    /// At the clean end of the stream: nothing is left. Errors: UpstreamError when a frame is.
    Result<std::string_view> rest() const;

private:
    UsageMeter* meter_;
    TextCount* count_;
    FrameSplitter splitter_;
};

}  // namespace keywarden
