#include "admin/key_draft.h"

#include <string>

#include "admin/changed_by.h"
#include "admin/grantor.h"
#include "base/id.h"

namespace keywarden {
Result<KeyDraft> draft_key(AdminContext& context,
                           const Caller& caller,
                           std::string_view team_id,
                           const Json& object) {
    KeyDirectory& keys = context.keys;
    KeyDraft draft;
    TRY_VOID(read_new_key(object, draft));
    if (draft.format.empty()) draft.format = keys.defaults().format;
    TRY_VOID(check_format(keys.formats(), draft));

    draft.key.id = new_id("key");
    draft.key.team_id = team_id;
    draft.key.created_by = caller.is_operator ? context.operator_id : caller.key_id();
    if (!caller.user_id.empty()) {
        draft.key.created_by = caller.user_id;
        if (!caller.is_operator) draft.key.user_id = caller.user_id;
    }
    TRY(const auto grantor, grantor_of(context, caller));
    if (grantor) {
        TRY_VOID(check_may_make(context, caller));
        draft.key.maker_key_id = caller.key_id();
        TRY(const Key maker, keys.store().get_key(team_id, caller.key_id()));
        draft.key.user_id = maker.user_id;  // it acts with the role of whose key made it
        if (!draft.kind_named) draft.key.kind = grantor->kind;
        inherit(context, draft.key, *grantor);
        if (draft.key.tags.size() > kKeyTagsMax) {
            return fail_field("tags",
                              "may have at most " + std::to_string(kKeyTagsMax) +
                                  " entries, with those of the calling key");
        }
        TRY_VOID(check_key_rights(draft.key, *grantor, nullptr, context.clock.now()));
    }
    TRY_VOID(give_to(context, caller, draft.user, draft.key));
    TRY_VOID(check_times(nullptr, draft.key, context.clock.now()));
    TRY_VOID(check_key_ceilings(context, draft.key, nullptr));
    return draft;
}

}  // namespace keywarden
