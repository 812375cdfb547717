#include "console/context.h"

namespace keywarden {

Result<std::shared_ptr<void>> WaitingSignIns::enter(std::string_view address) {
    std::string network = network_of(address);
    const std::lock_guard lock(mutex_);
    if (networks_.count(network) >= kOfAddressMax) {
        return fail({.code = ErrorCode::Overloaded,
                     .message = "Other sign-ins from this address are waiting already.",
                     .retry_after = std::chrono::seconds(1)});
    }
    return std::shared_ptr<void>(nullptr,
                                 [this, place = networks_.insert(std::move(network))](void*) {
                                     const std::lock_guard leaving(mutex_);
                                     networks_.erase(place);
                                 });
}

}  // namespace keywarden
