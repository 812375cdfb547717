// What becomes of people's sessions when what they may do changes.
#pragma once

#include <string>
#include <string_view>

#include "admin/context.h"
#include "base/json/body.h"
#include "base/result.h"
#include "base/units.h"
#include "domain/route.h"
#include "store/policy_directory.h"
#include "store/sign_in_store.h"

namespace keywarden {

/// They must sign in again, everywhere, from the next request on. Errors: StoreUnavailable.
Result<void> end_sessions_of(AdminContext& context, std::string_view user_id);

/// Nobody has proved whose the email is of somebody who signs in: what comes with a role is for who
/// gets a link. Errors: InvalidRequest, with `email` as its param; StoreUnavailable.
Result<void> check_is_no_stranger(SignInStore& sign_ins, std::string_view user_id);

/// The role holds from the next request on; if it is another one than before, sessions end.
/// Errors: StoreUnavailable.
Result<void> put_role(AdminContext& context, const MemberRole& role, bool is_other);

/// Where browsers find the console: as configured, or else as whoever asks found it. What a link
/// begins with.
std::string console_base(const AdminContext& context, const ApiCall& call);

/// A mail about a link, but for the link.
struct LinkMail {
    std::string to{};
    std::string subject{};
    std::string reason{};  // why it comes, a sentence
    std::string deed{};    // what opening the link does: "to join"
    Nanos kept{};          // how long it works
};

/// What to add to an answer that shows `link`: the link, and where there is a mail server, whether
/// it took the mail, and why not. Blocks while it is asked.
Json link_and_mail(const AdminContext& context, const LinkMail& mail, const std::string& link);

}  // namespace keywarden
