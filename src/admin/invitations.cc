// Invitations to a team: links that whoever is invited sets a password with.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "admin/account_fields.h"
#include "admin/account_record.h"
#include "admin/changed_by.h"
#include "admin/handlers.h"
#include "admin/idempotency.h"
#include "admin/sign_ins.h"
#include "base/id.h"

namespace keywarden {
namespace {

constexpr size_t kInvitationsMax = 100;  // of a team

struct InvitationDraft {
    std::string email{};
    std::optional<Role> role{};
};

constexpr std::array kFields = {
    Field<InvitationDraft>{"email",
                           [](const Json& value, InvitationDraft& draft) -> Result<void> {
                               TRY(draft.email, read_email(value));
                               return {};
                           }},
    Field<InvitationDraft>{"role",
                           [](const Json& value, InvitationDraft& draft) -> Result<void> {
                               TRY(draft.role, read_role(value));
                               return {};
                           }},
};

Json invitation_record(const SignInLink& link) {
    return {{"id", link.id},
            {"object", "invitation"},
            {"email", link.email},
            {"role", name(link.role)},
            {"created_at", format_iso8601(link.created_at)},
            {"expires_at", format_iso8601(link.ends_at)}};
}

AuditEntry entry_of(AdminContext& context,
                    const ApiCall& call,
                    const char* action,
                    const SignInLink& link) {
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   link.team_id,
                                   action,
                                   {"invitation", link.id},
                                   context.clock.now());
    const AuditFacts facts = {{"email", link.email}, {"role", std::string(name(link.role))}};
    const bool is_made = std::string_view(action) == "invitation.create";
    audit.diff = is_made ? audit_diff({}, facts) : audit_diff(facts, {});
    return audit;
}

/// Those that still hold.
Result<std::vector<SignInLink>> open_invitations(AdminContext& context, const ApiCall& call) {
    TRY(auto links, context.keys.store().sign_ins().list_links(call.caller->team_id));
    const TimePoint now = context.clock.now();
    std::erase_if(links, [&](const SignInLink& link) {
        return link.purpose != LinkPurpose::Invitation || link.ends_at <= now;
    });
    return links;
}

Result<void> check_is_no_member(AdminContext& context,
                                const ApiCall& call,
                                const std::string& email) {
    AccountStore& accounts = context.keys.store().accounts();
    const auto user = accounts.find_user(email);
    if (!user && user.error().code == ErrorCode::NotFound) return {};
    if (!user) return fail(user.error());
    const auto member = accounts.get_member(call.caller->team_id, user->id);
    if (!member && member.error().code == ErrorCode::NotFound) return {};
    if (!member) return fail(member.error());
    return fail_field("email", "is a member's already: change their role instead");
}

LinkMail mail_of(const Team& team, const SignInLink& link) {
    return {
        .to = link.email,
        .subject = fmt::format("Invitation to the team {}", team.name),
        .reason = fmt::format(
            "You are invited to the team '{}' of Keywarden, as {}.", team.name, name(link.role)),
        .deed = "to join",
        .kept = kInvitationKept};
}

}  // namespace

Result<HttpResponse> list_invitations(AdminContext& context, const ApiCall& call) {
    TRY(const auto links, open_invitations(context, call));
    Json data = Json::array();
    for (const SignInLink& link : links) data.push_back(invitation_record(link));
    return list_response(std::move(data), "");
}

Result<HttpResponse> create_invitation(AdminContext& context, const ApiCall& call) {
    return run_once(
        context, call, "invitations.create", [&](const AnswerNote& note) -> Result<Created> {
            TRY(const Json object, read_object(call.request, Body::Required));
            InvitationDraft draft;
            TRY_VOID(read_fields<InvitationDraft>(object, kFields, draft));
            if (draft.email.empty()) return fail_field("email", "is required");
            if (!draft.role) return fail_field("role", "is required");
            TRY_VOID(check_may_give_role(context, call, *draft.role));
            TRY_VOID(check_is_no_member(context, call, draft.email));
            TRY(const auto open, open_invitations(context, call));
            const auto older = std::ranges::find(open, draft.email, &SignInLink::email);
            if (older != open.end()) TRY_VOID(check_may_assign(context, call, older->role));
            if (open.size() >= kInvitationsMax) {
                return fail(ErrorCode::InvalidRequest,
                            "There are " + std::to_string(kInvitationsMax) +
                                " open invitations already. Take some back first.");
            }
            TRY(const Team team, context.keys.store().accounts().get_team(call.caller->team_id));
            const Secret token = new_web_token();
            const TimePoint now = context.clock.now();
            const SignInLink link{.id = new_id("link"),
                                  .purpose = LinkPurpose::Invitation,
                                  .digest = web_token_digest(token.reveal()),
                                  .email = draft.email,
                                  .team_id = std::string(call.caller->team_id),
                                  .role = *draft.role,
                                  .created_at = now,
                                  .ends_at = now + kInvitationKept};
            Json record = invitation_record(link);
            TRY_VOID(store_answered(context, note(201, record), [&] {
                return context.keys.store().sign_ins().put_link(
                    link, entry_of(context, call, "invitation.create", link));
            }));
            const std::string address =
                console_base(context, call) + "/invitation#token=" + std::string(token.reveal());
            return Created{.record = std::move(record),
                           .shown_once = link_and_mail(context, mail_of(team, link), address)};
        });
}

Result<HttpResponse> delete_invitation(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(const auto links, open_invitations(context, call));
    const auto found = std::ranges::find(links, call.values.at(0), &SignInLink::id);
    if (found == links.end()) return fail(ErrorCode::NotFound, "There is no such invitation.");
    TRY_VOID(check_may_assign(context, call, found->role));
    TRY_VOID(context.keys.store().sign_ins().use_link(
        found->digest, entry_of(context, call, "invitation.delete", *found)));
    return json_response(200, {{"id", found->id}, {"object", "invitation"}, {"deleted", true}});
}

}  // namespace keywarden
