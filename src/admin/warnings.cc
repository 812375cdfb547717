#include "admin/warnings.h"

namespace keywarden {

void warn_of_policy(const AdminContext& context,
                    const Policy& before,
                    const Policy& after,
                    Json& answer) {
    if (before == after) return;
    const auto sentences = policy_warnings(after, context.names);
    if (!sentences.empty()) answer["warnings"] = sentences;
}

}  // namespace keywarden
