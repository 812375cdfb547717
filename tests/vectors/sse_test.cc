#include "domain/sse.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

using Event = std::vector<std::string>;  // type, data, last event id

/// What a client dispatches of a stream that comes in the given parts.
std::vector<Event> dispatched(const std::vector<std::string>& parts) {
    SseSplitter splitter;
    std::vector<Event> events;
    std::string last_id;
    for (const std::string& part : parts) {
        std::string_view rest = part;
        while (true) {
            const Result<std::optional<SseEvent>> next = splitter.next(rest);
            if (!next || !*next) break;
            const SseEvent& event = **next;
            if (event.id) last_id = *event.id;
            if (!event.has_data) continue;
            const std::string type(event.type.empty() ? "message" : event.type);
            events.push_back({type, std::string(event.data), last_id});
        }
    }
    return events;
}

TEST(SseVectors, EveryCaseHoldsForEverySplitInTwo) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/sse-vectors.json");
    for (const nlohmann::json& vector : read_vectors("keywarden/sse-vectors.json")["cases"]) {
        SCOPED_TRACE(vector["name"].get<std::string>());
        const std::vector<Event> expected = vector["expected"];
        const std::string raw = vector["raw"];
        for (size_t at = 0; at <= raw.size(); ++at) {
            EXPECT_EQ(dispatched({raw.substr(0, at), raw.substr(at)}), expected)
                << "split at " << at;
        }
    }
}

}  // namespace
}  // namespace keywarden
