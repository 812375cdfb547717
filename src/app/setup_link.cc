#include "app/setup_link.h"

#include <fmt/format.h>

#include "base/id.h"
#include "domain/audit_facts.h"
#include "domain/web_session.h"

namespace keywarden {
namespace {

constexpr std::string_view kShownSetting = "setup_link_shown";

}  // namespace

Result<std::optional<Secret>> make_setup_token(Instance& instance, const Clock& clock) {
    SignInStore& sign_ins = instance.store->sign_ins();
    TRY(const bool has_operator, sign_ins.has_operator());
    if (has_operator) return std::nullopt;
    Secret token = new_web_token();
    const TimePoint now = clock.now();
    const SignInLink link{.id = new_id("link"),
                          .purpose = LinkPurpose::Setup,
                          .digest = web_token_digest(token.reveal()),
                          .created_at = now,
                          .ends_at = now + kSetupLinkKept};
    TRY_VOID(sign_ins.put_link(link,
                               audit_entry({.actor = {"system", "startup"}},
                                           kInstanceTenant,
                                           "setup_link.create",
                                           {"link", link.id},
                                           now)));
    return token;
}

Result<void> show_setup_link(Instance& instance,
                             const std::string& base_url,
                             bool as_json,
                             bool is_seen,
                             std::ostream& out) {
    const bool is_first = !instance.store->get_setting(kShownSetting);
    if (!is_first && !is_seen) return {};
    TRY(const auto token, make_setup_token(instance, system_clock()));
    if (!token) return {};
    // Behind '#', so that it reaches no server's log.
    const std::string link = fmt::format("{}/setup#token={}", base_url, token->reveal());
    if (as_json) {
        out << fmt::format("{{\"setup_url\":\"{}\"}}\n", link);
    } else {
        out << fmt::format(
            "To sign in to the console, make the first operator. This link works once, for 24 "
            "hours:\n\n    {}\n\n",
            link);
    }
    if (!out.flush()) {
        return fail(ErrorCode::StartupFailed,
                    "the set-up link could not be printed: standard output is closed or full");
    }
    return instance.store->put_setting(kShownSetting, "true");
}

}  // namespace keywarden
