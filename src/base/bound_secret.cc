#include "base/bound_secret.h"

namespace keywarden {

Result<std::string_view> BoundSecret::reveal_to(const Origin& destination) const {
    if (destination == origin_) return value_.reveal();
    return fail(ErrorCode::CredentialUnreadable,
                "The provider's credential belongs to another address, and was not sent.");
}

}  // namespace keywarden
