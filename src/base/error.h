// Every way a request can fail, and what each way means to a caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace keywarden {

/// Adding one: a line here and a row in error.cc. The build fails if either is missing.
/// A slug is part of the public API and is never renamed.
enum class ErrorCode : uint8_t {
    InvalidRequest,
    UnknownField,
    UnsupportedByProvider,
    LogoutTokenInvalid,
    ApiKeyLimitReached,
    MissingApiKey,
    InvalidApiKey,
    ExpiredApiKey,
    RevokedApiKey,
    DisabledApiKey,
    SessionRequired,
    InvalidSignIn,
    SecondFactorRequired,
    InsufficientCredits,
    InvoiceOverdue,
    AccountInactive,
    ModelNotAllowed,
    EndpointNotAllowed,
    ToolNotAllowed,
    IpNotAllowed,
    TeamAccessDenied,
    InsufficientScope,
    CsrfFailed,
    InvalidLink,
    SsoStateInvalid,
    SsoDenied,
    SsoNoAccount,
    NotFound,
    ModelNotFound,
    MethodNotAllowed,
    RequestTimeout,
    IdempotencyInProgress,
    IdempotencyAnswerGone,
    VersionMismatch,
    IdentityTaken,
    LastWayIn,
    RequestTooLarge,
    UnsupportedMediaType,
    ExpectationFailed,
    IdempotencyMismatch,
    RateLimitExceeded,
    ConcurrencyLimitExceeded,
    QuotaExceeded,
    BudgetExceeded,
    KeyCreationRateExceeded,
    KeyQuarantined,
    TooManyFailedAttempts,
    HeadersTooLarge,
    InternalError,
    CredentialUnreadable,
    UpstreamError,
    SsoTokenInvalid,
    SsoUnavailable,
    ProviderCredentialsRejected,
    AuthUnavailable,
    StoreUnavailable,
    LedgerUnavailable,
    Overloaded,
    UpstreamTimeout,
    HttpVersionNotSupported,
    InvalidConfig,
    StartupFailed,
    GatewayUnreachable,
    kCount,
};

/// Who has to act for the failure to stop. Logs, metrics, and alerts are grouped by it.
enum class Fault : uint8_t { Caller, Upstream, Gateway };

struct ErrorInfo {
    ErrorCode code;
    std::string_view slug;            // stable, part of the public API
    int http_status;                  // 0: never sent over HTTP (start-up, command line)
    std::string_view openai_type;     // error.type on OpenAI routes
    std::string_view anthropic_type;  // error.type on Anthropic routes
    Fault fault;
    bool retryable;
    std::string_view help;  // what the caller can do about it: one sentence, for documents and CLI
};

const ErrorInfo& info(ErrorCode code);

/// All rows, in the order of the enum.
std::span<const ErrorInfo> all_errors();

/// One named value of an error's `details`: a limit, what is used, when it resets.
struct Fact {
    std::string name;
    std::variant<int64_t, std::string> value;
};

struct Error {
    ErrorCode code = ErrorCode::InternalError;
    std::string message{};  // shown to the caller; never a secret, a host, or a query
    std::string detail{};   // logged only
    std::string param{};    // the field or header that is wrong, if one is
    std::chrono::nanoseconds retry_after{};  // zero: not said
    std::vector<Fact> facts{};               // shown to the caller
};

}  // namespace keywarden
