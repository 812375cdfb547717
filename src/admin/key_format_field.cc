// The format of a new key, as a caller names it.
#include <string>

#include "admin/key_fields.h"

namespace keywarden {
namespace {

bool has_environments(const KeyFormat& format) {
    for (const Segment& segment : format.shapes.front()) {
        if (segment.kind == Segment::Kind::Environment) return true;
    }
    return false;
}

}  // namespace

Result<void> check_format(const KeyFormats& formats, const KeyDraft& draft) {
    const KeyFormat* format = formats.find(draft.format);
    if (format == nullptr || !format->can_be_minted) {
        std::string names;
        for (const KeyFormat& each : formats.all()) {
            if (!each.can_be_minted) continue;
            names += (names.empty() ? "\"" : ", \"") + each.name + "\"";
        }
        return fail_field("format", "must be one of " + names);
    }
    if (draft.test && !has_environments(*format)) {
        return fail_field("environment", "must be \"live\": this format has no test keys");
    }
    return {};
}

}  // namespace keywarden
