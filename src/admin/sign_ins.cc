#include "admin/sign_ins.h"

#include <chrono>
#include <fmt/format.h>
#include <string>

#include "admin/account_change.h"
#include "admin/handlers.h"
#include "base/id.h"

namespace keywarden {

namespace {

/// Stores the link, and answers with where it leads to: this once. `to`: whom it is mailed.
Result<HttpResponse> make_link(AdminContext& context,
                               const ApiCall& call,
                               SignInLink link,
                               const char* page,
                               Nanos kept,
                               const std::string& to = {}) {
    const Secret token = new_web_token();
    link.id = new_id("link");
    link.digest = web_token_digest(token.reveal());
    link.created_at = context.clock.now();
    link.ends_at = link.created_at + kept;
    const bool is_reset = link.purpose == LinkPurpose::Reset;
    const AuditParty about =
        is_reset ? AuditParty{"user", link.user_id} : AuditParty{"link", link.id};
    TRY_VOID(context.keys.store().sign_ins().put_link(
        link,
        audit_entry(changed_by(context, call),
                    kInstanceTenant,
                    is_reset ? "reset_link.create" : "setup_link.create",
                    about,
                    link.created_at)));
    const std::string address =
        console_base(context, call) + page + "#token=" + std::string(token.reveal());
    Json record = {{"object", is_reset ? "reset_link" : "setup_link"},
                   {"expires_at", format_iso8601(link.ends_at)}};
    record.update(to.empty() ? Json{{"link", address}}
                             : link_and_mail(context,
                                             {.to = to,
                                              .subject = "A new password for Keywarden",
                                              .reason = "An operator of Keywarden lets you set a "
                                                        "new password.",
                                              .deed = "to set it",
                                              .kept = kept},
                                             address));
    return json_response(201, record);
}

}  // namespace

Result<void> end_sessions_of(AdminContext& context, std::string_view user_id) {
    if (context.sessions == nullptr) return {};
    return context.sessions->end_all_of(user_id);
}

Result<void> check_is_no_stranger(SignInStore& sign_ins, std::string_view user_id) {
    TRY(const SignIn known, sign_ins.get_sign_in(user_id));
    TRY(const auto identities, sign_ins.list_identities(user_id));
    if (known.password_hash.empty() && identities.empty()) return {};
    return fail_field("email", "is of somebody who signs in to the console: invite them");
}

Result<void> put_role(AdminContext& context, const MemberRole& role, bool is_other) {
    context.keys.policies().put(role);
    return is_other ? end_sessions_of(context, role.user_id) : Result<void>();
}

std::string console_base(const AdminContext& context, const ApiCall& call) {
    if (!context.public_url.empty()) return context.public_url;
    const HttpRequest& request = call.request;
    if (request.peer_address == "unix") return context.base_url();
    const std::string_view origin = request.header("Origin");  // a page of ours: it was checked
    if (call.session != nullptr && !origin.empty()) return std::string(origin);
    return (call.is_secure ? "https://" : "http://") + std::string(request.header("Host"));
}

Json link_and_mail(const AdminContext& context, const LinkMail& mail, const std::string& link) {
    Json out = {{"link", link}};
    if (!context.send_mail) return out;
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(mail.kept).count();
    const std::string within = hours % 24 == 0 && hours > 24 ? fmt::format("{} days", hours / 24)
                                                             : fmt::format("{} hours", hours);
    const std::string problem =
        context.send_mail(mail.to,
                          mail.subject,
                          fmt::format("{}\n\nOpen this link within {} {}; it works once:\n\n{}\n\n"
                                      "If you did not expect this mail, do nothing.\n",
                                      mail.reason,
                                      within,
                                      mail.deed,
                                      link));
    out["mailed"] = problem.empty();
    if (!problem.empty()) out["mail_error"] = problem;
    return out;
}

Result<HttpResponse> create_reset_link(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(const User user, accounts_of(context).get_user(call.values.at(0)));
    if (user.email.empty()) {
        return fail(ErrorCode::InvalidRequest,
                    "This user signs in nowhere: they have no email. Set one first.");
    }
    return make_link(context,
                     call,
                     {.purpose = LinkPurpose::Reset, .user_id = user.id},
                     "/reset",
                     kResetLinkKept,
                     user.email);
}

Result<HttpResponse> create_setup_link(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(const bool has_operator, context.keys.store().sign_ins().has_operator());
    if (has_operator) {
        return fail(ErrorCode::InvalidRequest,
                    "There is an operator who can sign in. Make a reset link for them instead.");
    }
    return make_link(context, call, {.purpose = LinkPurpose::Setup}, "/setup", kSetupLinkKept);
}

}  // namespace keywarden
