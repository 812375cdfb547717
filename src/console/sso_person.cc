// Whose account an identity is, whom it makes one for, and what groups make of them.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/log.h"
#include "console/invitation.h"
#include "console/sso.h"
#include "domain/audit_facts.h"

namespace keywarden {
namespace {

constexpr size_t kNameMax = 100;

/// Who enters, and what comes to be with it.
struct Entry {
    User user{};
    bool is_new = false;            // the user is made
    bool is_linked = false;         // the identity is theirs already
    std::optional<Member> joins{};  // a team, beside what groups say
    std::function<Result<void>()> also = [] { return Result<void>(); };
};

/// What was done to the roles of somebody, for the memory to follow once it is stored.
struct RoleChanges {
    std::vector<MemberRole> roles{};
    bool is_other = false;  // what they could do before: their sessions end
};

/// Rows about what groups decide: nobody here did it.
AuditEntry entry_of_groups(const SsoReturn& in,
                           std::string tenant,
                           std::string action,
                           const std::string& user_id) {
    return audit_entry({.actor = {"system", "single_sign_on"},
                        .address = in.call.request.peer_address,
                        .request_id = in.call.request.request_id},
                       std::move(tenant),
                       std::move(action),
                       {"user", user_id},
                       in.context.clock->now());
}

Identity identity_of(const SsoReturn& in, const std::string& user_id) {
    return {.id = new_id("identity"),
            .user_id = user_id,
            .issuer = in.provider.terms().issuer,
            .subject = in.proved.subject,
            .email = is_plain_email(in.proved.email) ? in.proved.email : "",
            .created_at = in.context.clock->now()};
}

Result<void> store_identity(const SsoReturn& in, const std::string& user_id) {
    const Identity identity = identity_of(in, user_id);
    AuditEntry audit = person_entry(in.context, in.call, user_id, "identity.link");
    audit.diff = {{.field = "identity", .after = identity.id},
                  {.field = "issuer", .after = identity.issuer}};
    return in.context.store->sign_ins().create_identity(identity, audit);
}

std::string name_of(const ProvedIdentity& proved, const std::string& email) {
    const bool is_line = std::ranges::none_of(
        proved.name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
    const bool is_blank = std::ranges::all_of(proved.name, [](char c) { return c == ' '; });
    if (is_line && !is_blank && proved.name.size() <= kNameMax) return proved.name;
    return email.substr(0, kNameMax);
}

Result<bool> is_last_owner(const SsoReturn& in, const Member& member) {
    if (member.role != Role::Owner) return false;
    TRY(const auto members, in.context.store->accounts().list_members(member.team_id));
    return std::ranges::count(members, Role::Owner, &Member::role) == 1;
}

/// As groups say of one team. Within together().
Result<void> put_in_team(const SsoReturn& in,
                         const User& user,
                         const GrantedRoles::OfTeam& granted,
                         RoleChanges& changes) {
    AccountStore& accounts = in.context.store->accounts();
    TRY(const auto team, if_there(accounts.get_team(granted.team_id)));
    if (!team || team->state == TeamState::Closed) {
        log(LogLevel::Warning,
            "sso.no_such_team",
            {{"provider", std::string_view(in.provider.terms().name)},
             {"team_id", std::string_view(granted.team_id)}});
        return {};
    }
    TRY(const auto there, if_there(accounts.get_member(granted.team_id, user.id)));
    const bool stays = there ? there->role == granted.role : !granted.role;
    if (stays) return {};
    if (there) {
        TRY(const bool is_last, is_last_owner(in, *there));
        if (is_last) return {};
        changes.is_other = true;
    }
    changes.roles.push_back({.team_id = granted.team_id, .user_id = user.id, .role = granted.role});
    if (!granted.role) {
        AuditEntry audit = entry_of_groups(in, granted.team_id, "member.remove", user.id);
        audit.diff = audit_diff(audit_facts(*there), {});
        return accounts.delete_member(granted.team_id, user.id, audit);
    }
    const Member member{.team_id = granted.team_id,
                        .user_id = user.id,
                        .role = *granted.role,
                        .created_at = in.context.clock->now()};
    AuditEntry audit =
        entry_of_groups(in, granted.team_id, there ? "member.update" : "member.add", user.id);
    audit.diff = audit_diff(there ? audit_facts(*there) : AuditFacts(), audit_facts(member));
    return accounts.put_member(member, audit);
}

/// An operator by a group, and one no longer. Who has a password here was made one here, and stays.
Result<void> make_operator(const SsoReturn& in,
                           const GrantedRoles& granted,
                           User& user,
                           RoleChanges& changes) {
    const auto& rules = in.provider.terms().groups;
    const bool is_ruled =
        std::ranges::any_of(rules, [](const GroupRole& rule) { return rule.team_id.empty(); });
    if (!is_ruled || granted.is_operator == user.is_operator) return {};
    if (user.is_operator) {
        TRY(const SignIn own, in.context.store->sign_ins().get_sign_in(user.id));
        if (!own.password_hash.empty()) return {};
    }
    const User before = user;
    user.is_operator = granted.is_operator;
    changes.is_other = true;
    AuditEntry audit = entry_of_groups(in, kInstanceTenant, "user.update", user.id);
    audit.diff = audit_diff(audit_facts(before), audit_facts(user));
    return in.context.store->accounts().update_user(user, audit);
}

/// Within together().
Result<void> store_entry(const SsoReturn& in,
                         Entry& entry,
                         const GrantedRoles& granted,
                         RoleChanges& changes) {
    changes = {};
    if (entry.is_new) {
        entry.user.is_operator = granted.is_operator;
        TRY_VOID(make_person(in.context, in.call, entry.user));
    } else {
        TRY_VOID(make_operator(in, granted, entry.user, changes));
    }
    if (!entry.is_linked) TRY_VOID(store_identity(in, entry.user.id));
    for (const GrantedRoles::OfTeam& team : granted.teams) {
        TRY_VOID(put_in_team(in, entry.user, team, changes));
    }
    const bool is_for_groups =
        entry.joins &&
        std::ranges::find(granted.teams, entry.joins->team_id, &GrantedRoles::OfTeam::team_id) !=
            granted.teams.end();
    if (entry.joins && !is_for_groups) {
        TRY_VOID(join_team(in.context, in.call, *entry.joins));
        changes.roles.push_back(
            {.team_id = entry.joins->team_id, .user_id = entry.user.id, .role = entry.joins->role});
    }
    return entry.also();
}

/// The same, and the session that it ends with, if one does. Within together().
Result<void> store_sign_in(const SsoReturn& in,
                           Entry& entry,
                           const GrantedRoles& granted,
                           RoleChanges& changes,
                           const WebSession* session) {
    TRY_VOID(store_entry(in, entry, granted, changes));
    if (session == nullptr) return {};
    return in.context.store->sign_ins().create_session(
        *session, person_entry(in.context, in.call, entry.user.id, "user.sign_in"));
}

/// The page that it began from, with the session's cookie.
HttpResponse with_session(const SsoReturn& in, const HttpResponse& begun) {
    HttpResponse response = to_page(in.attempt.next);
    for (const Header& header : begun.headers) {
        if (header.name == "Set-Cookie") response.headers.push_back(header);
    }
    return response;
}

Result<HttpResponse> let_in(const SsoReturn& in, Entry entry) {
    ConsoleContext& context = in.context;
    if (entry.user.is_disabled) return no_account("disabled");
    const auto& rules = in.provider.terms().groups;
    const GrantedRoles granted =
        roles_of_groups(rules, in.proved.groups.value_or(std::vector<std::string>()));
    // Whom no group lets in is not let in; what groups gave them before is taken, and an invitation
    // is not used up.
    const bool is_shut_out = !rules.empty() && !granted.is_in_any;
    if (is_shut_out && !entry.is_linked) return no_account("groups");
    if (is_shut_out) entry = {.user = std::move(entry.user), .is_linked = true};
    RoleChanges changes;
    NewSession session = new_session(context, in.call, entry.user);
    session.session.issuer = in.provider.terms().issuer;
    session.session.provider_session = in.proved.provider_session;
    TRY_VOID(context.store->together([&] {
        return store_sign_in(in, entry, granted, changes, is_shut_out ? nullptr : &session.session);
    }));
    for (const MemberRole& role : changes.roles) context.policies->put(role);
    if (changes.is_other) TRY_VOID(context.sessions->end_all_of(entry.user.id));
    if (is_shut_out) return no_account("groups");
    const std::string session_id = session.session.id;
    TRY(const HttpResponse begun_one, begun(context, in.call, entry.user, std::move(session)));
    context.sso->tokens.put(session_id, in.proved.id_token.clone());
    return with_session(in, begun_one);
}

Result<std::optional<Identity>> known_identity(const SsoReturn& in) {
    return if_there(
        in.context.store->sign_ins().find_identity(in.provider.terms().issuer, in.proved.subject));
}

/// A new person, if the configuration has them made.
Result<Entry> provisioned(const SsoReturn& in) {
    const IdentityProviderTerms& terms = in.provider.terms();
    const std::string& email = in.proved.email;
    if (!terms.provisions) return no_account("not_linked");
    if (!in.proved.email_verified) return no_account("email_not_verified");
    if (!is_plain_email(email)) return no_account("email");
    if (!is_of_domain(email, terms.domains)) return no_account("domain");
    for (const std::string& each : {email, without_tag(email)}) {
        TRY(const auto other, if_there(in.context.store->accounts().find_user(each)));
        if (other) return no_account("email_taken");
    }
    Entry entry{.user = {.id = new_id("user"),
                         .email = email,
                         .name = name_of(in.proved, email),
                         .created_at = in.context.clock->now()},
                .is_new = true};
    if (!terms.team_id.empty()) {
        entry.joins = Member{.team_id = terms.team_id,
                             .user_id = entry.user.id,
                             .role = terms.role,
                             .created_at = entry.user.created_at};
    }
    return entry;
}

/// Whom the invitation is for: who has the identity; or else who has its email and nothing more.
Result<Entry> invited(const SsoReturn& in, const SignInLink& link) {
    AccountStore& accounts = in.context.store->accounts();
    TRY(const auto identity, known_identity(in));
    if (identity) {
        TRY(User user, accounts.get_user(identity->user_id));
        return Entry{.user = std::move(user), .is_linked = true};
    }
    TRY(const auto known, if_there(accounts.find_user(link.email)));
    if (!known) {
        return Entry{.user = {.id = new_id("user"),
                              .email = link.email,
                              .name = name_of(in.proved, link.email),
                              .created_at = in.context.clock->now()},
                     .is_new = true};
    }
    TRY(const SignIn own, in.context.store->sign_ins().get_sign_in(known->id));
    if (!own.password_hash.empty()) return no_account("has_password");
    TRY_VOID(check_has_nothing(in.context, in.call, *known));
    return Entry{.user = *known};
}

}  // namespace

Result<HttpResponse> sign_in_with(const SsoReturn& in) {
    TRY(const auto identity, known_identity(in));
    if (!identity) {
        TRY(Entry entry, provisioned(in));
        return let_in(in, std::move(entry));
    }
    TRY(User user, in.context.store->accounts().get_user(identity->user_id));
    return let_in(in, {.user = std::move(user), .is_linked = true});
}

Result<HttpResponse> redeem_with(const SsoReturn& in) {
    TRY(const SignInLink link,
        find_link(in.context, in.call, LinkPurpose::Invitation, in.attempt.invitation));
    TRY_VOID(check_maker(in.context, in.call, link));
    TRY(Entry entry, invited(in, link));
    TRY(const auto there,
        if_there(in.context.store->accounts().get_member(link.team_id, entry.user.id)));
    if (!there) {
        entry.joins = Member{.team_id = link.team_id,
                             .user_id = entry.user.id,
                             .role = link.role,
                             .created_at = in.context.clock->now()};
    }
    entry.also = [&in, &link, user_id = entry.user.id] {
        return in.context.store->sign_ins().use_link(
            link.digest, person_entry(in.context, in.call, user_id, "invitation.accept"));
    };
    return let_in(in, std::move(entry));
}

Result<HttpResponse> link_with(const SsoReturn& in) {
    const ConsoleContext& context = in.context;
    const std::string& user_id = in.attempt.link_user_id;
    const auto sessions = context.sessions->of(user_id, context.clock->now());
    const bool is_live =
        std::ranges::find(sessions, in.attempt.link_session_id, &WebSession::id) != sessions.end();
    if (!is_live) return invalid_state("session");
    TRY(const auto identity, known_identity(in));
    if (!identity) {
        TRY_VOID(store_identity(in, user_id));
    } else if (identity->user_id != user_id) {
        return fail(ErrorCode::IdentityTaken,
                    "That identity is linked to another account here already.");
    }
    return to_page(in.attempt.next);
}

}  // namespace keywarden
