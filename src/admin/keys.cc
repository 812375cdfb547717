// Keys: list, create, read, change, revoke.
#include <string>
#include <utility>

#include "admin/account_change.h"
#include "admin/account_record.h"
#include "admin/changed_by.h"
#include "admin/effective.h"
#include "admin/handlers.h"
#include "admin/json_body.h"
#include "admin/key_change.h"
#include "admin/key_draft.h"
#include "admin/key_fields.h"
#include "admin/key_record.h"
#include "admin/list_query.h"
#include "admin/spend_view.h"

namespace keywarden {
namespace {

constexpr size_t kPagesMax = 100;

Json record_of(AdminContext& context, const Key& key) {
    return key_record(key,
                      default_rpm(context, key.team_id),
                      context.clock.now(),
                      context.keys.defaults().notice);
}

}  // namespace

Result<HttpResponse> list_keys(AdminContext& context, const ApiCall& call) {
    TRY(ListQuery wanted, read_list_query(call.request.query));
    KeyQuery query = {.team_id = std::string(call.caller->team_id),
                      .after = std::move(wanted.after),
                      .limit = wanted.limit,
                      .state = wanted.status,
                      .rotation = wanted.rotation,
                      .unused = wanted.unused,
                      .expires_soon = wanted.expires_soon,
                      .search = std::move(wanted.search),
                      .notice = context.keys.defaults().notice,
                      .now = context.clock.now()};
    TRY(const SpendView spent, SpendView::of(context, query.team_id));
    Json data = Json::array();
    // What is used up no store knows: such keys are picked here, from as many pages as it takes.
    for (size_t page_count = 0; page_count < kPagesMax; ++page_count) {
        query.limit = wanted.limit - data.size();
        TRY(KeyPage page, context.keys.store().list_keys(query));
        for (const Key& key : page.keys) {
            Json record = record_of(context, key);
            spent.mark(key, record);
            const bool is_exhausted = record["status"] == kExhausted;
            if (wanted.exhausted.value_or(is_exhausted) == is_exhausted) {
                data.push_back(std::move(record));
            }
        }
        query.after = std::move(page.next);
        if (query.after.empty() || data.size() >= wanted.limit) break;
    }
    return list_response(std::move(data), query.after);
}

namespace {

Result<HttpResponse> create_key_in(AdminContext& context,
                                   const ApiCall& call,
                                   std::string_view team_id,
                                   std::string_view scope) {
    const auto mint = [&](const AnswerOf& answer_of) -> Result<MintedKey> {
        TRY(const Json object, read_object(call.request, Body::Required));
        TRY(KeyDraft draft, draft_key(context, *call.caller, team_id, object));
        return context.keys.create(
            std::move(draft.key), draft.format, draft.test, answer_of, changed_by(context, call));
    };
    return mint_once(context, call, scope, 201, mint);
}

}  // namespace

Result<HttpResponse> create_key(AdminContext& context, const ApiCall& call) {
    return create_key_in(context, call, call.caller->team_id, "keys.create");
}

Result<HttpResponse> create_team_key(AdminContext& context, const ApiCall& call) {
    TRY(const Team team, team_that_takes(context, call.values.at(0)));
    TRY(HttpResponse response, create_key_in(context, call, team.id, "keys.create " + team.id));
    for (const Header& each : response.headers) {  // keys are read where their team reads them
        if (!equal_ignoring_case(each.name, "Location")) continue;
        set_header(response, "Location", "/v1/keys" + each.value.substr(each.value.rfind('/')));
        break;
    }
    return response;
}

Result<HttpResponse> read_key(AdminContext& context, const ApiCall& call) {
    TRY(const Key key, context.keys.store().get_key(call.caller->team_id, call.values.at(0)));
    Json record = record_of(context, key);
    TRY(const SpendView spent, SpendView::of(context, key.team_id));
    spent.mark(key, record);
    TRY(record["budgets"], spent.budgets_of(key));
    if (const auto found = context.keys.look_at(key, context.clock.now())) {
        record["limits"] = limits_of(context, found->caller);
        record["lists"] = lists_of(context, found->caller);
        record["tool_selection"] = selection_of(context, found->caller);
    }
    return key_response(200, key, record);
}

Result<HttpResponse> change_key(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    return change_and_answer(context, call, [&](Key& key) -> Result<void> {
        KeyDraft draft = {.key = key};
        TRY_VOID(read_key_change(object, draft));
        key = std::move(draft.key);
        return {};
    });
}

Result<HttpResponse> revoke_key(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(Key key, context.keys.store().get_key(call.caller->team_id, call.values.at(0)));
    TRY_VOID(check_may_write(context, *call.caller, key));
    if (key.status != KeyStatus::Revoked) {
        TRY(const auto version, if_match(call.request));
        const TimePoint now = context.clock.now();
        TRY(key,
            context.keys.change(
                call.caller->team_id,
                key.id,
                version,
                [now](Key& found) -> Result<void> {
                    if (found.status == KeyStatus::Revoked) return {};
                    found.status = KeyStatus::Revoked;
                    found.revoked_at = now;
                    return {};
                },
                changed_by(context, call)));
    }
    return key_response(200, key, record_of(context, key));
}

}  // namespace keywarden
