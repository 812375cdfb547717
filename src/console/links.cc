// Links that somebody was given: an invitation to a team, and one to set a new password.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/id.h"
#include "base/password.h"
#include "console/handlers.h"
#include "console/invitation.h"
#include "console/passkey.h"
#include "console/person.h"
#include "domain/audit_facts.h"
#include "domain/role.h"

namespace keywarden {
namespace {

std::unexpected<Error> refused(ConsoleContext& context,
                               const ApiCall& call,
                               const std::string& user_id,
                               std::string message) {
    return refused_sign_in(
        context, call, user_id, {.code = ErrorCode::InvalidLink, .message = std::move(message)});
}

std::unexpected<Error> for_nobody(ConsoleContext& context, const ApiCall& call, const User& user) {
    return refused(context, call, user.id, "This link is for somebody who may not sign in.");
}

/// What whoever made the invitation is in that team now. Nothing for who has left it, or may not
/// sign in any more, and for a key that is not live.
Result<std::optional<Role>> role_of_maker(ConsoleContext& context, const SignInLink& link) {
    constexpr std::optional<Role> kNone;
    const bool is_key = link.made_by.type == "key";
    std::string user_id = link.made_by.id;
    if (is_key) {
        TRY(const auto key, if_there(context.store->get_key(link.team_id, link.made_by.id)));
        if (!key || state_at(*key, context.clock->now()) != KeyState::Active) return kNone;
        if (key->user_id.empty()) return Role::Owner;
        user_id = key->user_id;
    }
    AccountStore& accounts = context.store->accounts();
    TRY(const auto user, if_there(accounts.get_user(user_id)));
    if (!user || user->is_disabled) return kNone;
    if (user->is_operator && !is_key) return Role::Owner;
    TRY(const auto member, if_there(accounts.get_member(link.team_id, user_id)));
    return member ? member->role : kNone;
}

}  // namespace

Result<void> make_person(ConsoleContext& context, const ApiCall& call, const User& user) {
    AuditEntry audit = person_entry(context, call, user.id, "user.create");
    audit.diff = audit_diff({}, audit_facts(user));
    return context.store->accounts().create_user(user, audit);
}

Result<void> join_team(ConsoleContext& context, const ApiCall& call, const Member& member) {
    AuditEntry audit = person_entry(context, call, member.user_id, "member.add");
    audit.tenant = member.team_id;
    audit.diff = audit_diff({}, audit_facts(member));
    return context.store->accounts().put_member(member, audit);
}

Result<void> check_has_nothing(ConsoleContext& context, const ApiCall& call, const User& user) {
    TRY(const auto identities, context.store->sign_ins().list_identities(user.id));
    if (!identities.empty()) {
        return refused(context,
                       call,
                       user.id,
                       "Somebody with this email signs in with an identity provider: open the "
                       "link again, and go on with that.");
    }
    TRY(const auto memberships, context.store->accounts().list_memberships(user.id));
    if (memberships.empty() && !user.is_operator) return {};
    return refused(
        context,
        call,
        user.id,
        "Somebody with this email is in another team, and has no password yet: an operator "
        "makes them a link to set one.");
}

Result<void> check_maker(ConsoleContext& context, const ApiCall& call, const SignInLink& link) {
    TRY(const auto role, role_of_maker(context, link));
    if (role && may_assign(*role, link.role)) return {};
    return refused(
        context,
        call,
        {},
        "Whoever made this invitation may not give that role any more. Ask for a new one.");
}

Result<HttpResponse> accept_invitation(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 3> kWanted = {"token", "name", "password"};
    TRY(const SignInDraft draft, read_draft(call, kWanted, true));
    TRY(const SignInLink link, find_link(context, call, LinkPurpose::Invitation, draft.token));
    TRY_VOID(check_maker(context, call, link));
    AccountStore& accounts = context.store->accounts();
    SignInStore& sign_ins = context.store->sign_ins();
    TRY(const auto known, if_there(accounts.find_user(link.email)));
    const User user = known ? *known
                            : User{.id = new_id("user"),
                                   .email = link.email,
                                   .name = draft.name,
                                   .created_at = context.clock->now()};
    if (user.is_disabled) return for_nobody(context, call, user);
    SignIn proof{.user_id = user.id};
    if (known) {
        TRY(proof, sign_ins.get_sign_in(user.id));
    }
    const bool is_new = proof.password_hash.empty();
    bool has_used_code = false;
    if (known && is_new) TRY_VOID(check_has_nothing(context, call, user));
    if (is_new) {
        TRY_VOID(check_new_password(draft.password));
        TRY(proof.password_hash, hash_password(draft.password));
    } else {  // the link says who is invited, and not that it is they
        TRY(has_used_code, prove(context, call, &user, draft, proof));
    }
    const Member member{.team_id = link.team_id,
                        .user_id = user.id,
                        .role = link.role,
                        .created_at = context.clock->now()};
    TRY(const auto there, if_there(accounts.get_member(member.team_id, member.user_id)));
    const auto changes = [&]() -> Result<void> {
        TRY_VOID(sign_ins.use_link(link.digest,
                                   person_entry(context, call, user.id, "invitation.accept")));
        if (!known) TRY_VOID(make_person(context, call, user));
        if (!there) TRY_VOID(join_team(context, call, member));
        if (!is_new && !has_used_code) return {};
        return sign_ins.put_sign_in(
            proof,
            person_entry(context, call, user.id, is_new ? "user.set_password" : "user.use_code"));
    };
    TRY(NewSession session, store_session(context, call, user, changes));
    if (!there) {
        context.policies->put(
            MemberRole{.team_id = member.team_id, .user_id = member.user_id, .role = member.role});
    }
    return begun(context, call, user, std::move(session));
}

Result<HttpResponse> reset_password(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 2> kWanted = {"token", "password"};
    TRY(const SignInDraft draft, read_draft(call, kWanted));
    TRY_VOID(check_new_password(draft.password));
    TRY(const SignInLink link, find_link(context, call, LinkPurpose::Reset, draft.token));
    TRY(const User user, context.store->accounts().get_user(link.user_id));
    if (user.is_disabled) return for_nobody(context, call, user);
    SignInStore& sign_ins = context.store->sign_ins();
    // Who lost the password may have lost the authenticator: an operator made this link for them.
    TRY(const auto passkeys, context.store->sign_ins().list_passkeys(user.id));
    SignIn proof{.user_id = user.id};
    TRY(proof.password_hash, hash_password(draft.password));
    const auto changes = [&]() -> Result<void> {
        TRY_VOID(
            sign_ins.use_link(link.digest, person_entry(context, call, user.id, "reset_link.use")));
        for (const Passkey& passkey : passkeys) {
            TRY_VOID(context.store->sign_ins().delete_passkey(
                user.id,
                passkey.id,
                passkey_entry(context, call, user.id, "passkey.remove", passkey.id)));
        }
        return sign_ins.put_sign_in(proof,
                                    person_entry(context, call, user.id, "user.set_password"));
    };
    TRY_VOID(context.sessions->end_all_of(user.id));  // first: see change_own_password
    TRY(NewSession session, store_session(context, call, user, changes));
    return begun(context, call, user, std::move(session));
}

}  // namespace keywarden
