#include "proxy/sse_filter.h"

#include <array>
#include <utility>

#include "base/json/scan.h"

namespace keywarden {

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
    // The usual case: whole events came, and none of them can be the one to leave out. Then nothing
    // has to be split.
    if (splitter_.pending().empty() && bytes.ends_with("\n\n")) {
        const bool tells = tells_usage(bytes);
        if (tells && !drops_usage_) meter_->feed(bytes);
        if (!tells || !drops_usage_) return std::exchange(bytes, {});
    }
    TRY(const std::optional<SseEvent> event, splitter_.next(bytes));
    if (!event) return std::string_view();
    if (!tells_usage(event->bytes)) return event->bytes;
    meter_->feed(event->bytes);
    if (drops_usage_ && is_usage_chunk(event->data)) return std::string_view();
    return event->bytes;
}

}  // namespace keywarden
