// What may be said of a key on the command line, and the body that says it to the gateway.
#pragma once

#include <array>
#include <string_view>

#include "base/result.h"
#include "cli/answer.h"
#include "cli/command.h"

namespace keywarden {

/// Of `keys create` and `keys update`.
inline constexpr std::array kKeyOptions = {
    Option{"description", "TEXT", "What the key is for."},
    Option{"app", "ID", "The app that it belongs to."},
    Option{"not-before", "MOMENT", "From when on it works."},
    Option{"expires-at", "MOMENT", "When it ends, such as 2027-01-31T00:00:00Z."},
    Option{"rotate-every", "DURATION", "Remind of a rotation when the secret is that old: 90d."},
    Option{"rate-limit-rpm", "N", "Requests a minute; else the default of its team or plan."},
    Option{"limit", "NAME=N", "A limit, such as requests_per_day=5000. May be repeated."},
    Option{"model", "GLOB", "A model that it may use. May be repeated, as all lists may."},
    Option{"deny-model", "GLOB", "A model that it may not use; this beats --model."},
    Option{"endpoint", "GLOB", "An endpoint that it may call, such as '/v1/chat/*'."},
    Option{"deny-endpoint", "GLOB", "An endpoint that it may not call."},
    Option{"provider", "NAME", "A provider that it may use."},
    Option{"deny-provider", "NAME", "A provider that it may not use."},
    Option{"privacy-class", "CLASS", "standard, zdr, or tee: what may become of its prompts."},
    Option{"ip-range", "CIDR", "From where it works, such as 192.0.2.0/24."},
    Option{"deny-ip-range", "CIDR", "From where it does not."},
    Option{"tool", "GLOB", "A tool that may reach a model, such as 'github_*'."},
    Option{"deny-tool", "GLOB", "A tool that may not; this beats --tool."},
    Option{"no-tools", "", "No tool at all may."},
    Option{"tool-selection",
           "MODE",
           "off, shadow, auto, or on: whether only tools that matter go on."},
    Option{"tool-cache-policy",
           "POLICY",
           "auto, select, mask, or leave: what becomes of the other tools."},
    Option{"tools-target-percent", "N", "What auto asks for: 97 of 100 answers miss nothing."},
    Option{"keep-tools-max", "N", "Tools that the selection keeps at most."},
    Option{"pin-tool", "NAME", "A tool that the selection never leaves out."},
    Option{"tag", "WORD", "A tag."},
};

/// Takes what was given over into a body of the API. A list that is named replaces the one that is
/// there. Errors: InvalidRequest.
Result<void> add_key_options(const Arguments& arguments, Json& body);

/// Takes "requests_per_day=5000" over into `limits`. Errors: InvalidRequest.
Result<void> add_limit(std::string_view text, Json& limits);

}  // namespace keywarden
