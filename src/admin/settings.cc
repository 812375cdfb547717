// What the operator sets for the whole instance: what holds for all calls, and where keys start.
#include "admin/account_change.h"
#include "admin/account_fields.h"
#include "admin/account_record.h"
#include "admin/grantor.h"
#include "admin/handlers.h"
#include "admin/policy_field.h"
#include "admin/warnings.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

/// `configured`: what holds where the settings say nothing, as it stands in the configuration.
Json settings_record(const InstanceSettings& settings, const KeyDefaults& configured) {
    return {{"object", "settings"},
            {"policy", policy_record(settings.policy)},
            {"key_defaults", limits_record(settings.key_defaults)},
            {"configured",
             {{"key_defaults", {{"requests_per_minute", configured.rate_limit_rpm}}},
              {"key_format", configured.format},
              {"active_keys_max", configured.caps.active_keys_max},
              {"creations_per_hour_max", configured.caps.creations_per_hour_max}}},
            {"version", settings.version}};
}

}  // namespace

Result<HttpResponse> read_settings(AdminContext& context, const ApiCall&) {
    TRY(const InstanceSettings settings, accounts_of(context).get_instance());
    return versioned_response(
        200, settings_record(settings, context.keys.defaults()), settings.version);
}

Result<HttpResponse> change_settings(AdminContext& context, const ApiCall& call) {
    TRY(const InstanceSettings before, accounts_of(context).get_instance());
    InstanceSettings settings = before;
    TRY_VOID(read_change<InstanceSettings>(call, settings_fields(), settings));
    TRY_VOID(check_key_defaults(settings.key_defaults, settings.policy, Scope::Instance));
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   kInstanceTenant,
                                   "settings.update",
                                   {"settings", "instance"},
                                   context.clock.now());
    audit.diff = audit_diff(audit_facts(before), audit_facts(settings));
    TRY_VOID(accounts_of(context).update_instance(settings, audit));
    context.keys.policies().put(rules_of(settings, context.keys.defaults().rate_limit_rpm));
    Json record = settings_record(settings, context.keys.defaults());
    warn_of_policy(context, before.policy, settings.policy, record);
    return versioned_response(200, record, settings.version);
}

}  // namespace keywarden
