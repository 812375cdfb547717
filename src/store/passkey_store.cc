#include "store/passkey_store.h"

namespace keywarden {

PasskeyStore& passkeys_of(Store& store) { return dynamic_cast<PasskeyStore&>(store.sign_ins()); }

std::unexpected<Error> passkey_taken() {
    return fail(ErrorCode::IdentityTaken, "That passkey is registered here already.");
}

}  // namespace keywarden
