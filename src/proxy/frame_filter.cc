#include "proxy/frame_filter.h"

#include <optional>

namespace keywarden {

// Source: the events of ConverseStreamOutput, in the Bedrock Runtime API.
void look_at(const Frame& frame, UsageMeter* meter, TextCount* count) {
    const std::string_view type = frame.header(":event-type");
    if (type == "metadata") {
        meter->feed(frame.payload);
    } else if (type == "contentBlockDelta") {
        count->feed(frame.payload);
    }
}

Result<std::string_view> FrameFilter::next(std::string_view& bytes) {
    // Frames that lie in the feed go on together, in one write.
    std::string_view passed;
    while (true) {
        const std::string_view before = bytes;
        const Result<std::optional<Frame>> next = splitter_.next(bytes);
        // What is wrong with the next one is found again by whoever asks for it.
        if (!next && passed.empty()) return fail(next.error());
        const std::optional<Frame> frame = next.value_or(std::nullopt);
        if (!frame) return passed;
        look_at(*frame, meter_, count_);
        if (frame->bytes.data() != before.data()) return frame->bytes;  // the splitter's own
        passed = {passed.empty() ? before.data() : passed.data(),
                  passed.size() + frame->bytes.size()};
    }
}

Result<std::string_view> FrameFilter::rest() const {
    if (splitter_.pending().empty()) return std::string_view();
    return fail(ErrorCode::UpstreamError,
                "The provider broke off its answer.",
                "an event stream: it ends in the middle of a frame");
}

}  // namespace keywarden
