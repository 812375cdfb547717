// The first operator: made once, by whoever holds the link that the first start printed.
#include <array>
#include <string_view>
#include <utility>

#include "base/id.h"
#include "base/password.h"
#include "console/handlers.h"
#include "console/person.h"
#include "domain/audit_facts.h"

namespace keywarden {
namespace {

/// Whoever has that email already, or a new person; an operator from now on.
Result<User> operator_of(ConsoleContext& context, const ApiCall& call, const SignInDraft& draft) {
    AccountStore& accounts = context.store->accounts();
    auto known = accounts.find_user(draft.email);
    if (!known && known.error().code != ErrorCode::NotFound) return known;
    User user =
        known
            ? *known
            : User{.id = new_id("user"), .email = draft.email, .created_at = context.clock->now()};
    user.name = draft.name;
    user.is_operator = true;
    user.is_disabled = false;
    AuditEntry audit = person_entry(context, call, user.id, known ? "user.update" : "user.create");
    audit.diff = audit_diff(known ? audit_facts(*known) : AuditFacts(), audit_facts(user));
    TRY_VOID(known ? accounts.update_user(user, audit) : accounts.create_user(user, audit));
    return user;
}

Result<void> make_owner(ConsoleContext& context, const ApiCall& call, const User& user) {
    const Member member{.team_id = context.team_id,
                        .user_id = user.id,
                        .role = Role::Owner,
                        .created_at = context.clock->now()};
    AuditEntry audit = person_entry(context, call, user.id, "member.add");
    audit.tenant = context.team_id;
    audit.diff = audit_diff({}, audit_facts(member));
    return context.store->accounts().put_member(member, audit);
}

}  // namespace

Result<HttpResponse> set_up(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 4> kWanted = {"token", "email", "name", "password"};
    TRY(const SignInDraft draft, read_draft(call, kWanted));
    TRY_VOID(check_new_password(draft.password));
    TRY(const SignInLink link, find_link(context, call, LinkPurpose::Setup, draft.token));
    SignInStore& sign_ins = context.store->sign_ins();
    TRY(const bool has_operator, sign_ins.has_operator());
    if (has_operator) {
        return refused_sign_in(context,
                               call,
                               {},
                               {.code = ErrorCode::InvalidLink,
                                .message = "This gateway has been set up. Sign in instead."});
    }
    TRY(std::string hash, hash_password(draft.password));
    // Whoever had this email signed in as somebody less.
    const auto known = context.store->accounts().find_user(draft.email);
    if (known) TRY_VOID(context.sessions->end_all_of(known->id));
    User user;
    NewSession session;
    const auto changes = [&]() -> Result<void> {
        TRY(user, operator_of(context, call, draft));
        TRY_VOID(make_owner(context, call, user));
        TRY_VOID(sign_ins.put_sign_in({.user_id = user.id, .password_hash = std::move(hash)},
                                      person_entry(context, call, user.id, "user.set_password")));
        TRY_VOID(
            sign_ins.use_link(link.digest, person_entry(context, call, user.id, "user.set_up")));
        session = new_session(context, call, user);
        return sign_ins.create_session(session.session,
                                       person_entry(context, call, user.id, "user.sign_in"));
    };
    TRY_VOID(context.store->together(changes));
    context.policies->put(
        MemberRole{.team_id = context.team_id, .user_id = user.id, .role = Role::Owner});
    return begun(context, call, user, std::move(session));
}

}  // namespace keywarden
