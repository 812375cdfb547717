// Providers' credentials: a team's own, and those that the operator shares with every team.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "admin/account_change.h"
#include "admin/account_record.h"
#include "admin/credential_fields.h"
#include "admin/handlers.h"
#include "base/id.h"
#include "store/credential_directory.h"

namespace keywarden {
namespace {

constexpr std::string_view kIdPrefix = "cred_";

/// Whose credentials a route is about: the caller's team's, or, with an empty id, the operator's.
std::string owner_of(const ApiCall& call) {
    const bool is_shared = call.request.path.starts_with("/v1/admin/");
    return is_shared ? std::string() : std::string(call.caller->team_id);
}

AuditEntry entry_of(AdminContext& context,
                    const ApiCall& call,
                    const std::string& owner,
                    const char* action,
                    const std::string& id) {
    return audit_entry(changed_by(context, call),
                       owner.empty() ? kInstanceTenant : owner,
                       action,
                       {"provider_credential", id},
                       context.clock.now());
}

/// By its id; or by its provider's name, where it is the one that is called "default".
Result<ProviderCredential> find(AdminContext& context, const ApiCall& call) {
    CredentialStore& store = context.credentials->store();
    const std::string& wanted = call.values.at(0);
    const std::string owner = owner_of(call);
    if (wanted.starts_with(kIdPrefix)) return store.get_credential(owner, wanted);
    TRY(auto all, store.list_credentials(owner));
    const auto found = std::ranges::find_if(all, [&](const ProviderCredential& each) {
        return each.provider == wanted && each.name == ProviderCredential().name;
    });
    if (found != all.end()) return std::move(*found);
    return fail(ErrorCode::NotFound, "There is no such provider credential.");
}

/// What the draft brings; none: it keeps what it had. What a reference names is read later.
/// Errors: InvalidRequest. References read files and the environment of the gateway: for operators.
Result<std::optional<Secret>> value_of(AdminContext& context,
                                       const ApiCall& call,
                                       CredentialDraft& draft) {
    if (draft.names_reference) {
        if (call.caller->is_operator) return Secret();
        return fail_field("reference", "is for operators: it names what the gateway's machine has");
    }
    if (draft.has_value()) draft.row.reference.clear();
    if (draft.token.empty()) return std::move(draft.value);
    TRY(Secret opened, context.credentials->open_token(draft.token));
    return opened;
}

HttpResponse answer(AdminContext& context, int status, const ProviderCredential& row) {
    return versioned_response(status, credential_record(context, row, true), row.version);
}

/// Changes `row`, as the body says.
Result<HttpResponse> change(AdminContext& context,
                            const ApiCall& call,
                            const Json& object,
                            const ProviderCredential& row,
                            bool names_it) {
    TRY(const auto wanted, if_match(call.request));
    if (wanted && *wanted != row.version) {
        return fail(ErrorCode::VersionMismatch, "It was changed meanwhile. Read it again.");
    }
    CredentialDraft draft{.row = row};
    TRY_VOID(read_credential(object, names_it, draft));
    TRY(auto value, value_of(context, call, draft));
    ++draft.row.version;
    const AuditEntry audit =
        entry_of(context, call, row.team_id, "provider_credential.update", row.id);
    TRY(const auto now, context.credentials->update(std::move(draft.row), std::move(value), audit));
    return answer(context, 200, now);
}

}  // namespace

Result<HttpResponse> list_credentials(AdminContext& context, const ApiCall& call) {
    const std::string owner = owner_of(call);
    CredentialStore& store = context.credentials->store();
    Json data = Json::array();
    TRY(const auto own, store.list_credentials(owner));
    for (const auto& each : own) data.push_back(credential_record(context, each, true));
    if (!owner.empty()) {
        TRY(const auto shared, store.list_credentials(""));
        for (const auto& each : shared) data.push_back(credential_record(context, each, false));
    }
    return list_response(std::move(data), "");
}

Result<HttpResponse> put_credential(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    CredentialDraft draft{.row = {.id = new_id("cred"),
                                  .team_id = owner_of(call),
                                  .created_at = context.clock.now()}};
    TRY_VOID(read_credential(object, true, draft));
    const ProviderCredential& row = draft.row;
    TRY(const auto all, context.credentials->store().list_credentials(row.team_id));
    const auto same = std::ranges::find_if(all, [&](const ProviderCredential& each) {
        return each.provider == row.provider && each.name == row.name;
    });
    if (same != all.end()) return change(context, call, object, *same, true);
    if (!draft.has_value()) return fail_field("api_key", "is required");
    TRY(auto value, value_of(context, call, draft));
    const AuditEntry audit =
        entry_of(context, call, row.team_id, "provider_credential.create", row.id);
    TRY(const auto made,
        context.credentials->create(
            std::move(draft.row), std::move(value).value_or(Secret()), audit));
    return answer(context, 201, made);
}

Result<HttpResponse> read_credential_of(AdminContext& context, const ApiCall& call) {
    TRY(const ProviderCredential row, find(context, call));
    return answer(context, 200, row);
}

Result<HttpResponse> change_credential(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    TRY(const ProviderCredential row, find(context, call));
    return change(context, call, object, row, false);
}

Result<HttpResponse> delete_credential(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(const ProviderCredential row, find(context, call));
    TRY(const auto wanted, if_match(call.request));
    if (wanted && *wanted != row.version) {
        return fail(ErrorCode::VersionMismatch, "It was changed meanwhile. Read it again.");
    }
    AuditEntry audit = entry_of(context, call, row.team_id, "provider_credential.delete", row.id);
    audit.diff = audit_diff(audit_facts(row), {});
    TRY_VOID(context.credentials->remove(row.team_id, row.id, audit));
    return json_response(200,
                         {{"id", row.id}, {"object", "provider_credential"}, {"deleted", true}});
}

Result<HttpResponse> test_credential(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(ProviderCredential row, find(context, call));
    TRY(const BoundSecret value, context.credentials->read(row));
    const Result<int> status = context.ask_provider(row.provider, value);
    if (!status && status.error().code == ErrorCode::NotFound) return fail(status.error());
    row.last_test = {.at = context.clock.now(), .status = status.value_or(0)};
    ++row.version;
    const AuditEntry audit =
        entry_of(context, call, row.team_id, "provider_credential.test", row.id);
    TRY(const auto now, context.credentials->update(std::move(row), std::nullopt, audit));
    if (const auto held = context.credentials->held(now.id); held != nullptr && status) {
        CredentialDirectory::note_answer(*held, *status, Nanos(0), {}, precise_mono());
    }
    return answer(context, 200, now);
}

}  // namespace keywarden
