// What is done to a key besides changing its fields: its tool list, rotation, and its status.
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "admin/changed_by.h"
#include "admin/grantor.h"
#include "admin/handlers.h"
#include "admin/json_body.h"
#include "admin/key_change.h"
#include "admin/key_fields.h"
#include "admin/key_record.h"
#include "domain/key_lifecycle.h"
#include "domain/role.h"
#include "domain/scope.h"

namespace keywarden {
namespace {

/// How often a rotation looks again when the key changed between its check and the rotation.
constexpr int kRotateTriesMax = 4;

struct RotationDraft {
    std::optional<Nanos> grace{};
    bool emergency = false;
};

Result<void> read_grace(const Json& value, RotationDraft& draft) {
    if (value.is_null()) return {};
    if (value.is_string()) {
        draft.grace = parse_duration(value.get_ref<const std::string&>(), kGraceMax);
        if (draft.grace) return {};
    }
    return fail_field("grace", "must be a time such as \"30m\", \"24h\", or \"7d\", up to 90 days");
}

Result<void> read_emergency(const Json& value, RotationDraft& draft) {
    if (value.is_null()) return {};
    if (!value.is_boolean()) return fail_field("emergency", "must be true or false");
    draft.emergency = value.get<bool>();
    return {};
}

constexpr std::array kRotationFields = {
    Field<RotationDraft>{"grace", read_grace},
    Field<RotationDraft>{"emergency", read_emergency},
};

Result<Rotation> read_rotation(const HttpRequest& request) {
    TRY(const Json object, read_object(request, Body::Optional));
    RotationDraft draft;
    TRY_VOID(read_fields<RotationDraft>(object, kRotationFields, draft));
    if (draft.grace && draft.emergency) {
        return fail_field("grace",
                          "contradicts 'emergency', which ends the old secrets at once: send one");
    }
    Rotation rotation{.emergency = draft.emergency};
    if (draft.grace) rotation.grace = *draft.grace;
    return rotation;
}

/// Whoever rotates a key gets a secret to all that it may do, so it must be theirs to grant.
Result<MintedKey> rotate_checked(AdminContext& context,
                                 const ApiCall& call,
                                 std::optional<int64_t> version,
                                 const Rotation& rotation,
                                 const AnswerOf& answer_of) {
    KeyDirectory& keys = context.keys;
    TRY(const auto grantor, grantor_of(context, *call.caller));
    for (int tries = 1;; ++tries) {
        TRY(const Key key, keys.store().get_key(call.caller->team_id, call.values.at(0)));
        TRY_VOID(check_may_write(context, *call.caller, key));
        TRY_VOID(refuse_revoked(key));
        if (grantor) TRY_VOID(check_key_rights(key, *grantor, nullptr, context.clock.now()));
        // The version that was checked is the one that is rotated.
        auto minted = keys.rotate(key.team_id,
                                  key.id,
                                  version ? version : std::optional(key.version),
                                  rotation,
                                  answer_of,
                                  changed_by(context, call));
        if (minted) return minted;
        const ErrorCode code = minted.error().code;
        const bool raced = code == ErrorCode::VersionMismatch || code == ErrorCode::RevokedApiKey;
        if (!raced || version || tries == kRotateTriesMax) return minted;
    }
}

/// Whoever was held back does not let themselves go: that is for those who answer for the team.
Result<void> check_may_release(AdminContext& context, const Caller& caller) {
    TRY(const auto role, role_of_caller(context, caller));
    if (role && reach(*role, Permission::KeysWrite) == Reach::Team) return {};
    return fail(denied(ErrorCode::TeamAccessDenied,
                       Scope::Team,
                       "Only an owner or an admin of the team may release a key that is held "
                       "back."));
}

Result<HttpResponse> set_status(AdminContext& context, const ApiCall& call, KeyAction action) {
    TRY_VOID(refuse_body(call.request));
    TRY(const Key key, context.keys.store().get_key(call.caller->team_id, call.values.at(0)));
    TRY_VOID(check_may_write(context, *call.caller, key));
    if (action == KeyAction::Release) TRY_VOID(check_may_release(context, *call.caller));
    TRY_VOID(refuse_revoked(key));
    TRY(const KeyStatus wanted, status_after(action, key.status));
    if (key.status == wanted) {
        return key_response(200,
                            key,
                            key_record(key,
                                       default_rpm(context, key.team_id),
                                       context.clock.now(),
                                       context.keys.defaults().notice));
    }
    return change_and_answer(context, call, [action](Key& found) -> Result<void> {
        TRY(found.status, status_after(action, found.status));
        return {};
    });
}

}  // namespace

Result<HttpResponse> put_toollist(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    return change_and_answer(
        context, call, [&](Key& key) { return read_toollist(object, key.policy.tools); });
}

Result<HttpResponse> rotate_key(AdminContext& context, const ApiCall& call) {
    const auto mint = [&](const AnswerOf& answer_of) -> Result<MintedKey> {
        TRY(const Rotation rotation, read_rotation(call.request));
        TRY(const auto version, if_match(call.request));
        return rotate_checked(context, call, version, rotation, answer_of);
    };
    return mint_once(context, call, "keys.rotate " + call.values.at(0), 200, mint);
}

Result<HttpResponse> disable_key(AdminContext& context, const ApiCall& call) {
    return set_status(context, call, KeyAction::Disable);
}

Result<HttpResponse> enable_key(AdminContext& context, const ApiCall& call) {
    return set_status(context, call, KeyAction::Enable);
}

Result<HttpResponse> quarantine_key(AdminContext& context, const ApiCall& call) {
    return set_status(context, call, KeyAction::Quarantine);
}

Result<HttpResponse> release_key(AdminContext& context, const ApiCall& call) {
    return set_status(context, call, KeyAction::Release);
}

}  // namespace keywarden
