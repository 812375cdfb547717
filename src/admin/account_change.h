// How handlers read what is to be made or changed, and the row of the audit log that tells of it.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "admin/changed_by.h"
#include "admin/context.h"
#include "admin/json_body.h"
#include "admin/key_record.h"
#include "base/result.h"
#include "domain/audit_facts.h"
#include "domain/route.h"

namespace keywarden {

inline AccountStore& accounts_of(AdminContext& context) { return context.keys.store().accounts(); }

/// The team, to which something new is to be given: one that is closed gets nothing.
/// Errors: NotFound, InvalidRequest.
inline Result<Team> team_that_takes(AdminContext& context, std::string_view id) {
    TRY(Team team, accounts_of(context).get_team(id));
    if (team.state != TeamState::Closed) return team;
    return fail(ErrorCode::InvalidRequest,
                "The team is closed. An operator opens it again by its state: \"active\".");
}

/// The row for a change from `before` (null: there was none) to `after`.
template <class T>
AuditEntry change_entry(AdminContext& context,
                        const ApiCall& call,
                        std::string tenant,
                        const char* type,
                        const T* before,
                        const T& after) {
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   std::move(tenant),
                                   std::string(type) + (before == nullptr ? ".create" : ".update"),
                                   {type, after.id},
                                   context.clock.now());
    audit.diff =
        audit_diff(before == nullptr ? AuditFacts() : audit_facts(*before), audit_facts(after));
    return audit;
}

/// Takes the body's fields over into `draft`, whose version must be the one that If-Match asks for.
template <class T>
Result<void> read_change(const ApiCall& call, std::span<const Field<T>> fields, T& draft) {
    TRY(const Json object, read_object(call.request, Body::Required));
    if constexpr (requires { draft.version; }) {
        TRY(const auto wanted, if_match(call.request));
        if (wanted && *wanted != draft.version) {
            return fail(ErrorCode::VersionMismatch, "It was changed meanwhile. Read it again.");
        }
        ++draft.version;
    }
    return read_fields<T>(object, fields, draft);
}

template <class T>
Result<void> read_new(const ApiCall& call, std::span<const Field<T>> fields, T& draft) {
    TRY(const Json object, read_object(call.request, Body::Required));
    TRY_VOID(read_fields<T>(object, fields, draft));
    if (draft.name.empty()) return fail_field("name", "is required");
    return {};
}

}  // namespace keywarden
