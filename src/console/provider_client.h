// Asking an identity provider over HTTPS: where one may go, for how long, and how much is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/json/body.h"
#include "base/result.h"
#include "console/identity_provider.h"

namespace keywarden {

struct ProviderRequest {
    std::string method = "GET";
    std::string url{};
    std::vector<Header> headers{};
    std::string body{};
};

/// One answer of status 200, which is a JSON object. Redirects are not followed.
/// Errors: SsoUnavailable, whose detail begins with `what`: "discovery", "jwks", ….
Result<Json> ask_identity_provider(const IdentityProviderTerms& terms,
                                   const ProviderRequest& request,
                                   std::string_view what);

std::unexpected<Error> provider_unavailable(std::string detail);

/// As a query or a form writes it. Source: WHATWG URL, application/x-www-form-urlencoded.
std::string form_encoded(std::string_view text);

}  // namespace keywarden
