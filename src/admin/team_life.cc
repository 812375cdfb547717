// What becomes of a team: its name, a member who goes, and its end.
#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/account_change.h"
#include "admin/account_fields.h"
#include "admin/account_record.h"
#include "admin/handlers.h"
#include "admin/sign_ins.h"
#include "base/money.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

/// What must be out of the way before a team can be closed.
struct Obstacle {
    std::string_view code;
    std::string message;
};

std::vector<Obstacle> obstacles_to_closing(const AdminContext& context,
                                           const Team& team,
                                           const BalanceState& money) {
    std::vector<Obstacle> found;
    if (team.id == context.home_team_id) {
        found.push_back({.code = "home_team",
                         .message =
                             "This is the gateway's own team, in whose name its socket acts: "
                             "it stays as long as the gateway."});
    }
    if (money.mode != CreditMode::Unlimited && money.balance < NanoUsd()) {
        found.push_back({.code = "negative_balance",
                         .message = fmt::format("The balance is {} dollars: settle it first.",
                                                format_usd(money.balance))});
    }
    return found;
}

struct CloseOrder {
    std::string name{};
};

constexpr std::array kCloseFields = {
    Field<CloseOrder>{"name",
                      [](const Json& value, CloseOrder& order) -> Result<void> {
                          TRY(order.name, read_name_of("name", value));
                          return {};
                      }},
};

/// Those that still hold, and those that have ended by themselves.
Result<std::vector<SignInLink>> invitations_to(AdminContext& context, const Team& team) {
    TRY(auto links, context.keys.store().sign_ins().list_links(team.id));
    std::erase_if(links,
                  [](const SignInLink& link) { return link.purpose != LinkPurpose::Invitation; });
    return links;
}

Result<HttpResponse> answer_team(AdminContext& context, const Team& team) {
    TRY(const Plan plan, accounts_of(context).get_plan(team.plan_id));
    return versioned_response(
        200, team_record(team, plan, context.keys.defaults().caps), team.version);
}

Result<HttpResponse> closing_of(AdminContext& context, std::string_view team_id) {
    TRY(const Team team, accounts_of(context).get_team(team_id));
    const TimePoint now = context.clock.now();
    TRY(const int64_t keys, context.keys.store().count_active_keys(team.id, now));
    TRY(const auto members, accounts_of(context).list_members(team.id));
    TRY(const auto invitations, invitations_to(context, team));
    const BalanceState money = context.spend->balance(team.id);
    Json obstacles = Json::array();
    for (const Obstacle& each : obstacles_to_closing(context, team, money)) {
        obstacles.push_back({{"code", each.code}, {"message", each.message}});
    }
    const auto open = std::ranges::count_if(
        invitations, [now](const SignInLink& link) { return now < link.ends_at; });
    return json_response(
        200,
        {{"object", "team_closing"},
         {"team", {{"id", team.id}, {"name", team.name}, {"state", name(team.state)}}},
         {"stops", {{"keys", keys}, {"members", members.size()}, {"invitations", open}}},
         {"keeps", {"audit", "ledger", "usage"}},
         {"balance_usd", format_usd(money.balance)},
         {"obstacles", std::move(obstacles)}});
}

/// Closes the team, and takes its invitations back, in one step.
Result<void> store_closed(AdminContext& context,
                          const ApiCall& call,
                          const Team& before,
                          const Team& after) {
    AuditEntry audit = change_entry(context, call, after.id, "team", &before, after);
    audit.action = "team.close";
    TRY(const auto invitations, invitations_to(context, after));
    return context.keys.store().together([&]() -> Result<void> {
        TRY_VOID(accounts_of(context).update_team(after, audit));
        for (const SignInLink& link : invitations) {
            TRY_VOID(context.keys.store().sign_ins().use_link(link.digest,
                                                              audit_entry(changed_by(context, call),
                                                                          after.id,
                                                                          "invitation.delete",
                                                                          {"invitation", link.id},
                                                                          context.clock.now())));
        }
        return {};
    });
}

Result<HttpResponse> close(AdminContext& context, const ApiCall& call, std::string_view team_id) {
    TRY(const Json object, read_object(call.request, Body::Required));
    CloseOrder order;
    TRY_VOID(read_fields<CloseOrder>(object, kCloseFields, order));
    if (order.name.empty()) {
        return fail_field("name", "is required: the team's own, so that no other is closed");
    }
    TRY(const Team before, accounts_of(context).get_team(team_id));
    if (order.name != before.name) {
        return fail_field("name", fmt::format("must be the team's: '{}'", before.name));
    }
    if (before.state == TeamState::Closed) return answer_team(context, before);
    const auto obstacles = obstacles_to_closing(context, before, context.spend->balance(before.id));
    if (!obstacles.empty()) {
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = obstacles.front().message,
                     .facts = {{"obstacle", std::string(obstacles.front().code)}}});
    }
    Team team = before;
    team.state = TeamState::Closed;
    ++team.version;
    TRY_VOID(store_closed(context, call, before, team));
    context.keys.policies().put(rules_of(team));
    return answer_team(context, team);
}

}  // namespace

Result<HttpResponse> change_account(AdminContext& context, const ApiCall& call) {
    TRY(const Team before, accounts_of(context).get_team(call.caller->team_id));
    Team team = before;
    TRY_VOID(read_change<Team>(call, team_name_fields(), team));
    TRY_VOID(accounts_of(context).update_team(
        team, change_entry(context, call, team.id, "team", &before, team)));
    context.keys.policies().put(rules_of(team));
    return answer_team(context, team);
}

Result<HttpResponse> leave_team(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    if (call.caller->user_id.empty()) {
        return fail(ErrorCode::SessionRequired, "Only who has signed in can leave a team.");
    }
    TRY(const Member member,
        accounts_of(context).get_member(call.caller->team_id, call.caller->user_id));
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   member.team_id,
                                   "member.leave",
                                   {"user", member.user_id},
                                   context.clock.now());
    audit.diff = audit_diff(audit_facts(member), {});
    TRY_VOID(accounts_of(context).delete_member(member.team_id, member.user_id, audit));
    // Their session goes on: it was they who took the role away, and in other teams it is as it
    // was.
    TRY_VOID(put_role(context, {.team_id = member.team_id, .user_id = member.user_id}, false));
    return json_response(200, {{"user", member.user_id}, {"object", "member"}, {"removed", true}});
}

Result<HttpResponse> read_closing(AdminContext& context, const ApiCall& call) {
    return closing_of(context, call.caller->team_id);
}

Result<HttpResponse> close_account(AdminContext& context, const ApiCall& call) {
    return close(context, call, call.caller->team_id);
}

Result<HttpResponse> read_team_closing(AdminContext& context, const ApiCall& call) {
    return closing_of(context, call.values.at(0));
}

Result<HttpResponse> close_team(AdminContext& context, const ApiCall& call) {
    return close(context, call, call.values.at(0));
}

}  // namespace keywarden
