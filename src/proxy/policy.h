// What policies and limits say about a call, in the order in which it meets them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"
#include "domain/ip_range.h"
#include "proxy/call.h"

namespace keywarden {

/// The address that the call comes from: the peer's, or the one that trusted proxies tell of.
std::string client_address_of(const Call& call);
/// The same as a number, as Call::client_ip has it; nothing where it is no address (the local
/// socket). Allocates nothing.
std::optional<IpAddress> client_ip_of(const Call& call);

/// Whether who sent it is believed in what it says of others.
bool is_trusted_proxy(const Call& call);

/// Before the body: the team's state, what the key's kind and its maker's role may do, and who may
/// come from where, to which endpoint. Notes how large the body may be.
/// Errors: AccountInactive, InvoiceOverdue, EndpointNotAllowed, InsufficientScope,
/// TeamAccessDenied, IpNotAllowed.
Result<void> may_come(Call* call);

/// The largest body that may be read, where the instance takes up to `own_max`.
size_t body_bytes_max(const Call& call, size_t own_max);
/// What is said about a larger one.
Error body_too_large(const Call& call, size_t own_max);

/// What holds for the caller with the model that the call is aimed at. Requires: it has a key.
PolicyReading read_policy_of(const Call& call);
/// Whether that model may be used, as it was asked for. Errors: ModelNotAllowed.
Result<void> check_target(const Call& call,
                          const PolicyReading& reading,
                          const ModelTarget& target);

/// What the call takes of limits, by estimate.
LimitRequest limit_amounts(const Call& call);

/// Once the model is known: whether it may be used, which of its tools go with it, whether its
/// provider can, and then all limits and all money of all scopes in one step. A denial takes
/// nothing; what was taken lies in `call->ticket` and `call->charge`. Errors: ModelNotAllowed,
/// ToolNotAllowed, UnsupportedByProvider, RateLimitExceeded, and the other codes of limits; those
/// of take_charge.
Result<void> admit(Call* call);

/// The limits of it alone. Errors: the codes of limits.
Result<void> take_limits_of(Call* call, const PolicyReading& reading);

/// At the end of the call: what it took by estimate becomes what it used, its place is free, and
/// its row is written. A second time it does nothing.
void settle(Call* call);

/// Notes what is left of the caller's limits, where no phase has.
void look_at_limits(Call* call);

}  // namespace keywarden
