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

}  // namespace keywarden
