#include "proxy/sse_filter.h"

#include <array>
#include <utility>

#include "base/json/scan.h"

namespace keywarden {
namespace {

/// The whole events at the front of `bytes`, which begin with one.
std::string_view whole_events(std::string_view bytes) {
    constexpr std::string_view kEnd = "\n\n";
    const size_t at = bytes.rfind(kEnd);
    return at == std::string_view::npos ? std::string_view() : bytes.substr(0, at + kEnd.size());
}

}  // namespace

bool is_usage_chunk(std::string_view data) {
    static constexpr std::array<std::string_view, 2> kNames = {"choices", "usage"};
    std::array<JsonMember, 2> found;
    if (!data.starts_with('{') || !find_json_members(data, kNames, found)) return false;
    const auto& [choices, usage] = found;
    if (usage.type != JsonType::Object || choices.type != JsonType::Array) return false;
    const std::string_view list = choices.text_of(data);
    return list.find_first_not_of(" \t\r\n", 1) == list.size() - 1;
}

Result<std::string_view> SseFilter::next(std::string_view& bytes) {
    // The usual case: whole events, none of which can be the one to leave out. They need not be
    // told apart, and go on in one write.
    if (splitter_.pending().empty()) {
        const std::string_view events = whole_events(bytes);
        const bool tells = tells_usage(events);
        if (!events.empty() && (!tells || !drops_usage_)) {
            count_->feed(events);
            if (tells) meter_->feed(events);
            bytes.remove_prefix(events.size());
            return events;
        }
    }
    TRY(const std::optional<SseEvent> event, splitter_.next(bytes));
    if (!event) return std::string_view();
    count_->feed(event->bytes);
    if (!tells_usage(event->bytes)) return event->bytes;
    meter_->feed(event->bytes);
    if (drops_usage_ && is_usage_chunk(event->data)) return std::string_view();
    return event->bytes;
}

}  // namespace keywarden
