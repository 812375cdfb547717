#include "base/error.h"

#include <array>
#include <cstddef>

namespace keywarden {
namespace {

using enum ErrorCode;
using enum Fault;

constexpr std::string_view kInvalid = "invalid_request_error";
constexpr std::string_view kQuota = "insufficient_quota";
constexpr std::string_view kPermission = "permission_error";
constexpr std::string_view kRate = "rate_limit_error";
constexpr std::string_view kServer = "server_error";
constexpr std::string_view kAuth = "authentication_error";
constexpr std::string_view kBilling = "billing_error";
constexpr std::string_view kMissing = "not_found_error";
constexpr std::string_view kApi = "api_error";

// clang-format off
constexpr std::array kErrors = {
    //        code                 slug                        status  OpenAI type  Anthropic type
    ErrorInfo{InvalidRequest, "invalid_request", 400, kInvalid, kInvalid, Caller, false,
              "Correct the field that the message names and send the request again."},
    ErrorInfo{UnknownField, "unknown_field", 400, kInvalid, kInvalid, Caller, false,
              "Remove the field, or use the name that the message suggests."},
    ErrorInfo{UnsupportedByProvider, "unsupported_by_provider", 400, kInvalid, kInvalid, Caller,
              false, "Use a model whose provider can do it, or leave out what the message names."},
    ErrorInfo{LogoutTokenInvalid, "logout_token_invalid", 400, kInvalid, kInvalid, Caller, false,
              "Have the identity provider send a logout token for this client, once."},
    ErrorInfo{ApiKeyLimitReached, "api_key_limit_reached", 400, kInvalid, kInvalid, Caller, false,
              "Revoke a key that is no longer used, or upgrade your plan."},
    ErrorInfo{MissingApiKey, "missing_api_key", 401, kInvalid, kAuth, Caller, false,
              "Send the key as 'Authorization: Bearer ...'."},
    ErrorInfo{InvalidApiKey, "invalid_api_key", 401, kInvalid, kAuth, Caller, false,
              "Check that the whole key was copied and that it is a key of this gateway."},
    ErrorInfo{ExpiredApiKey, "expired_api_key", 401, kInvalid, kAuth, Caller, false,
              "Create or rotate to a new key, or move the key's expires_at."},
    ErrorInfo{RevokedApiKey, "revoked_api_key", 401, kInvalid, kAuth, Caller, false,
              "Create a new key: a revoked one cannot be brought back."},
    ErrorInfo{DisabledApiKey, "disabled_api_key", 401, kInvalid, kAuth, Caller, false,
              "Ask whoever disabled the key to enable it, or use another."},
    ErrorInfo{SessionRequired, "session_required", 401, kInvalid, kAuth, Caller, false,
              "Sign in to the console: there is no session, or it has ended."},
    ErrorInfo{InvalidSignIn, "invalid_sign_in", 401, kInvalid, kAuth, Caller, false,
              "Check email and password; an operator can make a new link to set a password."},
    ErrorInfo{SecondFactorRequired, "second_factor_required", 401, kInvalid, kAuth, Caller, false,
              "Send 'code' too: the six digits of the authenticator, or a recovery code."},
    ErrorInfo{InsufficientCredits, "insufficient_credits", 402, kQuota, kBilling, Caller, false,
              "Top up the team's balance."},
    ErrorInfo{InvoiceOverdue, "invoice_overdue", 402, kQuota, kBilling, Caller, false,
              "Settle the open invoice."},
    ErrorInfo{AccountInactive, "account_inactive", 403, kPermission, kPermission, Caller, false,
              "Ask the operator to activate the team."},
    ErrorInfo{ModelNotAllowed, "model_not_allowed", 403, kPermission, kPermission, Caller, false,
              "Use a model that GET /v1/models lists, or have the key's models extended."},
    ErrorInfo{EndpointNotAllowed, "endpoint_not_allowed", 403, kPermission, kPermission, Caller,
              false, "Use a key whose kind and endpoints cover this route."},
    ErrorInfo{ToolNotAllowed, "tool_not_allowed", 403, kPermission, kPermission, Caller, false,
              "Remove the tool from the request, or have the key's tool list extended."},
    ErrorInfo{IpNotAllowed, "ip_not_allowed", 403, kPermission, kPermission, Caller, false,
              "Call from an address that the key allows."},
    ErrorInfo{TeamAccessDenied, "team_access_denied", 403, kPermission, kPermission, Caller, false,
              "Ask an owner of the team for a role that may do this, or the operator to do it."},
    ErrorInfo{InsufficientScope, "insufficient_scope", 403, kPermission, kPermission, Caller, false,
              "Use a key or a sign-in that may do it: the message says what this one lacks."},
    ErrorInfo{CsrfFailed, "csrf_failed", 403, kPermission, kPermission, Caller, false,
              "Send the change from a page of this gateway, with the session's X-Keywarden-Csrf."},
    ErrorInfo{InvalidLink, "invalid_link", 403, kPermission, kPermission, Caller, false,
              "Ask for a new link: it was used, has expired, or was replaced by a newer one."},
    ErrorInfo{SsoStateInvalid, "sso_state_invalid", 403, kPermission, kPermission, Caller, false,
              "Begin the sign-in again, and finish it in the same browser within ten minutes."},
    ErrorInfo{SsoDenied, "sso_denied", 403, kPermission, kPermission, Caller, false,
              "Ask whoever runs the identity provider why it refuses this sign-in."},
    ErrorInfo{SsoNoAccount, "sso_no_account", 403, kPermission, kPermission, Caller, false,
              "Ask for an invitation, or link the identity on the page of your account."},
    ErrorInfo{NotFound, "not_found", 404, kInvalid, kMissing, Caller, false,
              "Check the address and the id."},
    ErrorInfo{ModelNotFound, "model_not_found", 404, kInvalid, kMissing, Caller, false,
              "Use a model that GET /v1/models lists."},
    ErrorInfo{MethodNotAllowed, "method_not_allowed", 405, kInvalid, kInvalid, Caller, false,
              "Use a method that the Allow header lists."},
    ErrorInfo{RequestTimeout, "request_timeout", 408, kInvalid, kInvalid, Caller, true,
              "Send the whole request without long pauses."},
    ErrorInfo{IdempotencyInProgress, "idempotency_in_progress", 409, kInvalid, kInvalid, Caller,
              true, "Wait for the first request with this Idempotency-Key to be answered."},
    ErrorInfo{IdempotencyAnswerGone, "idempotency_answer_gone", 409, kInvalid, kInvalid, Caller,
              false, "Look up first_request_id; use a new Idempotency-Key to ask, and pay, again."},
    ErrorInfo{VersionMismatch, "version_mismatch", 412, kInvalid, kInvalid, Caller, false,
              "Read the object again and repeat the change with its new ETag."},
    ErrorInfo{IdentityTaken, "identity_taken", 409, kInvalid, kInvalid, Caller, false,
              "Sign in with that identity, or unlink it there first."},
    ErrorInfo{LastWayIn, "last_way_in", 409, kInvalid, kInvalid, Caller, false,
              "Link another identity, or have a password, before unlinking this one."},
    ErrorInfo{RequestTooLarge, "request_too_large", 413, kInvalid, "request_too_large", Caller,
              false, "Send a smaller request."},
    ErrorInfo{UnsupportedMediaType, "unsupported_media_type", 415, kInvalid, kInvalid, Caller,
              false, "Send the content type that the route takes, not compressed."},
    ErrorInfo{ExpectationFailed, "expectation_failed", 417, kInvalid, kInvalid, Caller, false,
              "Send no Expect header, or 'Expect: 100-continue'."},
    ErrorInfo{IdempotencyMismatch, "idempotency_mismatch", 422, kInvalid, kInvalid, Caller, false,
              "Use a new Idempotency-Key for a different request."},
    ErrorInfo{RateLimitExceeded, "rate_limit_exceeded", 429, kRate, kRate, Caller, true,
              "Wait for the seconds in Retry-After, or have the limit raised."},
    ErrorInfo{ConcurrencyLimitExceeded, "concurrency_limit_exceeded", 429, kRate, kRate, Caller,
              true, "Wait for a running call to end."},
    ErrorInfo{QuotaExceeded, "quota_exceeded", 429, kRate, kRate, Caller, true,
              "Wait for the quota to reset, or upgrade your plan."},
    ErrorInfo{BudgetExceeded, "budget_exceeded", 429, kRate, kRate, Caller, true,
              "Wait for the budget to reset, or have it raised."},
    ErrorInfo{KeyCreationRateExceeded, "key_creation_rate_exceeded", 429, kRate, kRate, Caller,
              true, "Wait for the seconds in Retry-After before creating another key."},
    ErrorInfo{KeyQuarantined, "key_quarantined", 429, kRate, kRate, Caller, false,
              "Have a person look at the key and release it."},
    ErrorInfo{TooManyFailedAttempts, "too_many_failed_attempts", 429, kRate, kRate, Caller, true,
              "Stop sending wrong keys from this address; it opens again by itself."},
    ErrorInfo{HeadersTooLarge, "headers_too_large", 431, kInvalid, kInvalid, Caller, false,
              "Send fewer or shorter headers."},
    ErrorInfo{InternalError, "internal_error", 500, kServer, kApi, Gateway, true,
              "Try again; if it stays, give the request id to the operator."},
    ErrorInfo{CredentialUnreadable, "provider_credential_unreadable", 500, kServer, kApi, Gateway,
              false, "Have the credential set anew; the operator can run keywarden doctor."},
    ErrorInfo{UpstreamError, "upstream_error", 502, kServer, kApi, Upstream, true,
              "Try again; the provider did not answer as it should."},
    ErrorInfo{SsoTokenInvalid, "sso_token_invalid", 502, kServer, kApi, Upstream, false,
              "Ask the operator: the audit log says what did not hold in the provider's answer."},
    ErrorInfo{SsoUnavailable, "sso_unavailable", 502, kServer, kApi, Upstream, true,
              "Try again later, or sign in another way; the operator finds the cause in the log."},
    ErrorInfo{ProviderCredentialsRejected, "provider_credentials_rejected", 502, kServer, kApi,
              Upstream, false, "Have the operator check the provider's credential."},
    ErrorInfo{AuthUnavailable, "auth_unavailable", 503, kServer, kApi, Gateway, true,
              "Wait for the seconds in Retry-After: keys cannot be checked just now."},
    ErrorInfo{StoreUnavailable, "store_unavailable", 503, kServer, kApi, Gateway, true,
              "Try again; nothing was changed. The operator can run keywarden doctor."},
    ErrorInfo{LedgerUnavailable, "ledger_unavailable", 503, kServer, kApi, Gateway, true,
              "Wait for the seconds in Retry-After: what a call costs cannot be written down now."},
    ErrorInfo{Overloaded, "overloaded", 503, kServer, "overloaded_error", Gateway, true,
              "Wait for the seconds in Retry-After."},
    ErrorInfo{UpstreamTimeout, "upstream_timeout", 504, kServer, "timeout_error", Upstream, true,
              "Try again, or ask for less in one call."},
    ErrorInfo{HttpVersionNotSupported, "http_version_not_supported", 505, kInvalid, kInvalid,
              Caller, false, "Speak HTTP/1.1 to the gateway, or put a proxy before it that does."},
    ErrorInfo{InvalidConfig, "invalid_config", 0, kServer, kApi, Gateway, false,
              "Correct the setting that the message names; see docs/reference/config.md."},
    ErrorInfo{StartupFailed, "startup_failed", 0, kServer, kApi, Gateway, false,
              "Run keywarden doctor."},
    ErrorInfo{GatewayUnreachable, "gateway_unreachable", 0, kServer, kApi, Gateway, true,
              "Check that the gateway runs and that KEYWARDEN_BASE_URL is its address."},
};
// clang-format on

constexpr bool rows_follow_the_enum() {
    for (size_t i = 0; i < kErrors.size(); ++i) {
        if (kErrors[i].code != static_cast<ErrorCode>(i)) return false;
    }
    return kErrors.size() == static_cast<size_t>(ErrorCode::kCount);
}
static_assert(rows_follow_the_enum());

}  // namespace

const ErrorInfo& info(ErrorCode code) { return kErrors.at(static_cast<size_t>(code)); }

std::span<const ErrorInfo> all_errors() { return kErrors; }

}  // namespace keywarden
