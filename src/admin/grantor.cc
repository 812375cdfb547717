#include "admin/grantor.h"

namespace keywarden {

Result<std::optional<Grant>> grantor_of(AdminContext& context, const Caller& caller) {
    if (caller.is_operator) return std::nullopt;
    const auto key = context.keys.store().get_key(caller.team_id, caller.key_id());
    if (!key && key.error().code == ErrorCode::NotFound) {
        return fail(ErrorCode::InternalError, "The calling key could not be read.");
    }
    if (!key) return std::unexpected(key.error());
    return grant_of(*key);
}

}  // namespace keywarden
