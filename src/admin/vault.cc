// The keys that seal providers' credentials: how far they are changed, and the next step of it.
#include <array>
#include <string>

#include "admin/account_change.h"
#include "admin/handlers.h"
#include "admin/key_fields.h"
#include "base/log.h"
#include "store/credential_directory.h"

namespace keywarden {
namespace {

constexpr int64_t kRowsDefault = 100;
constexpr int64_t kRowsMax = 10'000;

Json vault_record(AdminContext& context, const VaultStatus& status) {
    return {{"object", "vault"},
            {"master_key", status.master},
            {"rotating", status.masters > 1},
            {"sealed", status.sealed},
            {"current", status.current},
            {"unreadable", status.unreadable},
            {"references", status.references},
            {"unusable", context.credentials->unusable()},
            {"done", status.is_done()}};
}

struct RotateDraft {
    int64_t rows = kRowsDefault;
};

constexpr std::array kFields = {
    Field<RotateDraft>{"rows",
                       [](const Json& value, RotateDraft& draft) -> Result<void> {
                           TRY(const auto rows, read_count("rows", value, kRowsMax));
                           draft.rows = rows.value_or(kRowsDefault);
                           return {};
                       }},
};

Result<void> tell(AdminContext& context, const ApiCall& call, const VaultStatus& status) {
    const char* const action = status.masters > 1 ? "vault.rotate" : "vault.rotated";
    log(LogLevel::Info,
        action,
        {{"master_key", std::string_view(status.master)}, {"sealed", status.sealed}});
    return context.credentials->store().tell(audit_entry(changed_by(context, call),
                                                         kInstanceTenant,
                                                         action,
                                                         {"master_key", status.master},
                                                         context.clock.now()));
}

/// One step: a new master key where none is being taken on, then so many values. The last one ends
/// the old key. Whatever moment it is interrupted at, the next step goes on from there.
Result<VaultStatus> rotate(AdminContext& context, const ApiCall& call, Vault& vault, size_t rows) {
    TRY(VaultStatus status, vault.status());
    if (status.masters == 1) {
        TRY(Secret next, context.make_master_key());
        vault.add_master(std::move(next));
        TRY(status, vault.status());
        TRY_VOID(tell(context, call, status));
    }
    TRY(status, vault.reseal(rows, context.clock.now()));
    if (status.current < status.sealed) return status;
    TRY_VOID(context.keep_master_key());
    vault.forget_old_masters();
    status.masters = 1;
    TRY_VOID(tell(context, call, status));
    return status;
}

}  // namespace

Result<HttpResponse> read_vault(AdminContext& context, const ApiCall&) {
    TRY(const VaultStatus status, context.credentials->status());
    return json_response(200, vault_record(context, status));
}

Result<HttpResponse> rotate_vault(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Optional));
    RotateDraft draft;
    TRY_VOID(read_fields<RotateDraft>(object, kFields, draft));
    TRY(const VaultStatus status, context.credentials->with_vault([&](Vault& vault) {
        return rotate(context, call, vault, static_cast<size_t>(draft.rows));
    }));
    return json_response(200, vault_record(context, status));
}

}  // namespace keywarden
