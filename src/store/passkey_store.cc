#include "store/passkey_store.h"

namespace keywarden {

std::unexpected<Error> passkey_taken() {
    return fail(ErrorCode::IdentityTaken, "That passkey is registered here already.");
}

}  // namespace keywarden
