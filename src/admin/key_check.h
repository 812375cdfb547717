// Whether a key may do what another service asks of it: what verify, authz, and introspect share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/context.h"
#include "admin/json_body.h"
#include "base/result.h"
#include "domain/caller.h"
#include "domain/ip_range.h"
#include "domain/key.h"
#include "domain/limit_kind.h"
#include "domain/limiter.h"
#include "domain/permission.h"
#include "store/key_directory.h"

namespace keywarden {

inline constexpr int64_t kCostMax = 1'000'000'000;
inline constexpr size_t kCostsMax = 5;  // limits that one request names

/// What is asked of a key. What is absent, or empty, is not looked at.
struct KeyDemand {
    std::vector<Permission> permissions{};
    std::optional<IpAddress> address{};
    std::string endpoint{};  // a plain path (is_plain_path)
    std::string model{};
    bool tools = false;  // they were told
    Limits costs{};      // rates only; taken when all else lets the key through
    /// A list of endpoints that cannot be held against anything denies.
    bool needs_endpoint = false;
};

/// The key of a presented secret, if it is one of the team: to all others it is unknown, whatever
/// state it is in, and it takes as long to say so.
/// Errors: InvalidApiKey, AuthUnavailable.
Result<PresentedKey> find_key(AdminContext& context,
                              std::string_view presented,
                              std::string_view team_id);

/// The key that a question is about; empty: the calling one. Another one needs keys.read.
/// Errors: InvalidRequest, InsufficientScope, TeamAccessDenied, NotFound.
Result<Key> key_asked_about(AdminContext& context, const Caller& caller, const std::string& id);

/// What limits of models know it by.
ModelName model_name(const AdminContext& context, const ModelTarget& target);

/// Whether `key` may do that now, in the order in which a call would meet it. Takes `costs` last.
/// Errors: those of its state, its team's, and its maker's; of lists; of limits; ModelNotFound.
Result<void> meet(AdminContext& context, const Caller& key, const KeyDemand& demand);

/// The lists that narrow what the key may do, and that `demand` says nothing about.
std::vector<std::string_view> lists_not_met(AdminContext& context,
                                            const Caller& key,
                                            const KeyDemand& demand);

/// The permissions that the key holds now, by their names.
std::vector<std::string_view> permissions_of(AdminContext& context, const Caller& key);

/// What a refusal says, into an answer that is none itself: its code, message, and facts.
void tell_refusal(const Error& error, Json& answer);

/// What the key has left of its rates, scope by scope.
Json rates_of(AdminContext& context, const Caller& key);
Json limit_record(const LimitUse& use);

/// Whether a path has one meaning only: it begins with a slash, and has no escapes, empty or dotted
/// segments (but for a slash at its end), and nothing invisible.
bool is_plain_path(std::string_view path);

/// Errors: InvalidRequest, with what could have been meant.
Result<Permission> permission_called(std::string_view field, std::string_view name);

/// Takes one named cost over. Errors: InvalidRequest, with what could have been meant.
Result<void> add_cost(std::string_view field, std::string_view name, int64_t cost, Limits& costs);

}  // namespace keywarden
