#include "domain/call_id.h"

namespace keywarden {

RequestId text_of(const CallId& id) { return uuid_text(id); }

std::optional<CallId> call_id_of(std::string_view text) {
    const std::optional<CallId> id = parse_uuid(text);
    if (!id || text_of(*id).view() != text) return std::nullopt;  // upper case is another text
    return id;
}

}  // namespace keywarden
