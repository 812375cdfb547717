// Members of a team, and their roles. Nobody hands out, or judges, a role that is more than theirs.
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "admin/account_change.h"
#include "admin/account_fields.h"
#include "admin/account_record.h"
#include "admin/changed_by.h"
#include "admin/handlers.h"
#include "admin/idempotency.h"
#include "admin/sign_ins.h"
#include "base/id.h"

namespace keywarden {
namespace {

struct MemberDraft {
    std::string email{};
    std::string name{};
    std::optional<Role> role{};
};

Result<void> read_role_of(const Json& value, MemberDraft& draft) {
    TRY(draft.role, read_role(value));
    return {};
}

constexpr std::array kNewFields = {
    Field<MemberDraft>{"email",
                       [](const Json& value, MemberDraft& draft) -> Result<void> {
                           TRY(draft.email, read_email(value));
                           return {};
                       }},
    Field<MemberDraft>{"name",
                       [](const Json& value, MemberDraft& draft) -> Result<void> {
                           TRY(draft.name, read_name_of("name", value));
                           return {};
                       }},
    Field<MemberDraft>{"role", read_role_of},
};

constexpr std::array kChangeFields = {
    Field<MemberDraft>{"role", read_role_of},
};

/// Whoever has that email; made where there is nobody.
Result<User> user_of(AdminContext& context, const ApiCall& call, const MemberDraft& draft) {
    AccountStore& accounts = context.keys.store().accounts();
    auto found = accounts.find_user(draft.email);
    if (found) TRY_VOID(check_is_no_stranger(context.keys.store().sign_ins(), found->id));
    if (found || found.error().code != ErrorCode::NotFound) return found;
    User user{.id = new_id("user"),
              .email = draft.email,
              .name = draft.name,
              .created_at = context.clock.now()};
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   kInstanceTenant,
                                   "user.create",
                                   {"user", user.id},
                                   user.created_at);
    audit.diff = audit_diff({}, audit_facts(user));
    TRY_VOID(accounts.create_user(user, audit));
    return user;
}

/// Puts the member in, with the row that tells what was before.
Result<void> put(AdminContext& context,
                 const ApiCall& call,
                 const std::optional<Member>& before,
                 const Member& member,
                 const std::optional<IdempotencyRecord>& answer = std::nullopt) {
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   member.team_id,
                                   before ? "member.update" : "member.add",
                                   {"user", member.user_id},
                                   context.clock.now());
    audit.diff = audit_diff(before ? audit_facts(*before) : AuditFacts(), audit_facts(member));
    TRY_VOID(store_answered(context, answer, [&] {
        return context.keys.store().accounts().put_member(member, audit);
    }));
    const MemberRole role{
        .team_id = member.team_id, .user_id = member.user_id, .role = member.role};
    return put_role(context, role, before && before->role != member.role);
}

Result<Created> add_member_to(AdminContext& context,
                              const ApiCall& call,
                              std::string_view team,
                              const AnswerNote& note) {
    TRY(const Json object, read_object(call.request, Body::Required));
    MemberDraft draft;
    TRY_VOID(read_fields<MemberDraft>(object, kNewFields, draft));
    if (draft.email.empty()) return fail_field("email", "is required");
    if (!draft.role) return fail_field("role", "is required");
    TRY_VOID(check_may_give_role(context, call, *draft.role));
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const Team known, team_that_takes(context, team));
    TRY(const User user, user_of(context, call, draft));
    const auto there = accounts.get_member(team, user.id);
    if (there) return fail_field("email", "is a member's already: change their role instead");
    if (there.error().code != ErrorCode::NotFound) return fail(there.error());
    const Member member{.team_id = known.id,
                        .user_id = user.id,
                        .role = *draft.role,
                        .created_at = context.clock.now(),
                        .email = user.email,
                        .name = user.name};
    Json record = member_record(member);
    TRY_VOID(put(context, call, std::nullopt, member, note(201, record)));
    return Created{.record = std::move(record)};
}

Result<HttpResponse> add_member_once(AdminContext& context,
                                     const ApiCall& call,
                                     std::string_view team) {
    return run_once(context, call, "members.add " + std::string(team), [&](const AnswerNote& note) {
        return add_member_to(context, call, team, note);
    });
}

}  // namespace

Result<HttpResponse> list_members(AdminContext& context, const ApiCall& call) {
    TRY(const auto members, context.keys.store().accounts().list_members(call.caller->team_id));
    Json data = Json::array();
    for (const Member& member : members) data.push_back(member_record(member));
    return list_response(std::move(data), "");
}

Result<HttpResponse> add_member(AdminContext& context, const ApiCall& call) {
    return add_member_once(context, call, call.caller->team_id);
}

Result<HttpResponse> add_team_member(AdminContext& context, const ApiCall& call) {
    return add_member_once(context, call, call.values.at(0));
}

Result<HttpResponse> change_member(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    MemberDraft draft;
    TRY_VOID(read_fields<MemberDraft>(object, kChangeFields, draft));
    if (!draft.role) return fail_field("role", "is required");
    TRY(const Member before,
        context.keys.store().accounts().get_member(call.caller->team_id, call.values.at(0)));
    TRY_VOID(check_may_assign(context, call, before.role));
    TRY_VOID(check_may_give_role(context, call, *draft.role));
    Member member = before;
    member.role = *draft.role;
    TRY_VOID(put(context, call, before, member));
    return json_response(200, member_record(member));
}

Result<HttpResponse> remove_member(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const Member member, accounts.get_member(call.caller->team_id, call.values.at(0)));
    TRY_VOID(check_may_assign(context, call, member.role));
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   member.team_id,
                                   "member.remove",
                                   {"user", member.user_id},
                                   context.clock.now());
    audit.diff = audit_diff(audit_facts(member), {});
    TRY_VOID(accounts.delete_member(member.team_id, member.user_id, audit));
    TRY_VOID(put_role(context, {.team_id = member.team_id, .user_id = member.user_id}, true));
    return json_response(200, {{"user", member.user_id}, {"object", "member"}, {"removed", true}});
}

}  // namespace keywarden
