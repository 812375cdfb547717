#include "admin/key_change.h"

#include "admin/changed_by.h"
#include "admin/grantor.h"
#include "admin/idempotency.h"
#include "admin/json_body.h"
#include "admin/key_fields.h"
#include "admin/key_record.h"
#include "admin/warnings.h"

namespace keywarden {

Result<HttpResponse> change_and_answer(AdminContext& context,
                                       const ApiCall& call,
                                       const std::function<Result<void>(Key&)>& change) {
    TRY(const auto version, if_match(call.request));
    TRY(const auto grantor, grantor_of(context, *call.caller));
    const TimePoint now = context.clock.now();
    Policy policy_before;
    const auto checked = [&](Key& key) -> Result<void> {
        TRY_VOID(check_may_write(context, *call.caller, key));
        TRY_VOID(refuse_revoked(key));
        const Key before = key;
        policy_before = key.policy;
        TRY_VOID(change(key));
        TRY_VOID(check_times(&before, key, now));
        TRY_VOID(check_key_ceilings(context, key, &before));
        if (grantor) TRY_VOID(check_key_rights(key, *grantor, &before, now));
        return check_may_leave(context, *call.caller, before, key);
    };
    TRY(const Key changed,
        context.keys.change(
            call.caller->team_id, call.values.at(0), version, checked, changed_by(context, call)));
    Json record = key_record(
        changed, default_rpm(context, changed.team_id), now, context.keys.defaults().notice);
    warn_of_policy(context, policy_before, changed.policy, record);
    return key_response(200, changed, record);
}

Result<HttpResponse> mint_once(
    AdminContext& context,
    const ApiCall& call,
    std::string_view scope,
    int status,
    const std::function<Result<MintedKey>(const AnswerOf& answer_of)>& mint) {
    return run_once(context, call, scope, [&](const AnswerNote& note) -> Result<Created> {
        const TimePoint now = context.clock.now();
        const auto record_of = [&](const Key& key) {
            Json record = minted_record(
                key, default_rpm(context, key.team_id), now, context.keys.defaults().notice);
            if (status == 201) warn_of_policy(context, {}, key.policy, record);
            return record;
        };
        TRY(const MintedKey minted,
            mint([&](const Key& key) { return note(status, record_of(key)); }));
        return Created{.status = status,
                       .record = record_of(minted.key),
                       .shown_once = {{"key", minted.secret.reveal()}}};
    });
}

Result<void> refuse_revoked(const Key& key) {
    if (key.status != KeyStatus::Revoked) return {};
    return fail(ErrorCode::InvalidRequest,
                "This key is revoked, which is final: create a new one instead.");
}

}  // namespace keywarden
