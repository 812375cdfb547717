// A secret that goes to one place only.
#pragma once

#include <string_view>
#include <utility>

#include "base/origin.h"
#include "base/result.h"
#include "base/secret.h"

namespace keywarden {

/// A provider's credential with the origin it belongs to. Whoever sends it says where to, and gets
/// the value only if that is the place: no mistake in a choice of providers can give one the
/// credential of another.
class BoundSecret {
public:
    BoundSecret() = default;
    BoundSecret(Secret value, Origin origin)
        : value_(std::move(value)), origin_(std::move(origin)) {}

    /// Nothing is to be sent.
    bool empty() const { return value_.empty(); }
    const Origin& origin() const { return origin_; }

    /// Errors: CredentialUnreadable when it belongs elsewhere.
    Result<std::string_view> reveal_to(const Origin& destination) const;

    BoundSecret clone() const { return {value_.clone(), origin_}; }

private:
    Secret value_;
    Origin origin_;
};

}  // namespace keywarden
