#include "domain/call_record.h"

namespace keywarden {

std::string_view name(CallOutcome outcome) {
    static constexpr std::array<std::string_view, static_cast<size_t>(CallOutcome::kCount)> kNames =
        {"settled", "voided", "expired"};
    return kNames.at(static_cast<size_t>(outcome));
}

std::string_view name(UsageBasis basis) {
    static constexpr std::array<std::string_view, static_cast<size_t>(UsageBasis::kCount)> kNames =
        {"exact", "counted", "estimated"};
    return kNames.at(static_cast<size_t>(basis));
}

bool stands_for_repeats(const CallRecord& record) {
    if (record.repeat_key == RepeatKey{} || record.outcome == CallOutcome::Voided) return false;
    const bool was_told = record.status > 0 && record.status < 400 && record.error.empty();
    return record.outcome == CallOutcome::Expired || was_told;
}

}  // namespace keywarden
