// Policy as a document: what the instance is, and what it is to become, all at once.
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/changed_by.h"
#include "admin/estate_document.h"
#include "admin/estate_record.h"
#include "admin/estate_store.h"
#include "admin/handlers.h"
#include "admin/key_fields.h"

namespace keywarden {
namespace {

constexpr size_t kDigestLength = 64;  // in hexadecimal

struct Order {
    Json document{};
    bool dry_run = false;
    bool prune = false;
    std::string expected{};  // empty: whatever it comes to
};

Result<bool> read_switch(std::string_view field, const Json& value) {
    if (value.is_boolean()) return value.get<bool>();
    return fail_field(field, "must be true or false");
}

constexpr std::array kOrderFields = {
    Field<Order>{"document",
                 [](const Json& value, Order& order) -> Result<void> {
                     order.document = value;
                     return {};
                 }},
    Field<Order>{"dry_run",
                 [](const Json& value, Order& order) -> Result<void> {
                     TRY(order.dry_run, read_switch("dry_run", value));
                     return {};
                 }},
    Field<Order>{"prune",
                 [](const Json& value, Order& order) -> Result<void> {
                     TRY(order.prune, read_switch("prune", value));
                     return {};
                 }},
    Field<Order>{"expected",
                 [](const Json& value, Order& order) -> Result<void> {
                     if (value.is_null()) return {};
                     TRY(order.expected, read_line("expected", value, kDigestLength));
                     return {};
                 }},
};

EstateContext surroundings(AdminContext& context) {
    return {.formats = &context.keys.formats(),
            .default_format = context.keys.defaults().format,
            .operator_id = context.operator_id,
            .models = context.models,
            .now = context.clock.now(),
            .sign_ins = &context.keys.store().sign_ins()};
}

/// What a document comes to at one moment.
struct Outlook {
    std::vector<EstateChange> changes{};
    Json record{};
    std::string digest{};
};

Result<Outlook> look_ahead(AdminContext& context, const Order& order) {
    const auto is_named = [&](const Team& team) { return names_team(order.document, team); };
    TRY(const Estate current, read_estate(context, is_named));
    TRY(const Estate wanted,
        estate_of(order.document, current, surroundings(context), order.prune));
    Outlook out;
    out.changes = changes_between(current, wanted);
    out.record = changes_record(out.changes, current, wanted);
    out.digest = digest_of(out.record);
    return out;
}

Json answer(const AdminContext& context, const Outlook& outlook, bool applied) {
    Json out = {{"object", "plan_of_changes"},
                {"applied", applied},
                {"digest", outlook.digest},
                {"changes", outlook.record},
                {"created_keys", Json::array()}};
    const auto warnings = warnings_of(outlook.changes, context.names);
    if (!warnings.empty()) out["warnings"] = warnings;
    return out;
}

Result<Json> apply(AdminContext& context, const Order& order, const ChangedBy& by) {
    Outlook outlook;
    std::vector<MintedKey> made;
    // Nobody else changes anything between what is read here and what is written.
    TRY_VOID(context.keys.together([&](KeyBatch& batch) -> Result<void> {
        TRY(outlook, look_ahead(context, order));
        if (!order.expected.empty() && order.expected != outlook.digest) {
            return fail(ErrorCode::VersionMismatch,
                        "The gateway was changed since this was looked at, so that other changes "
                        "would come of it. Nothing was applied: look again.");
        }
        TRY(made, write_changes(context, batch, outlook.changes, by));
        return {};
    }));
    put_in_force(context, outlook.changes);
    Json out = answer(context, outlook, true);
    for (const MintedKey& minted : made) {
        TRY(const Team team, context.keys.store().accounts().get_team(minted.key.team_id));
        out["created_keys"].push_back({{"id", minted.key.id},
                                       {"team", team.name},
                                       {"name", minted.key.name},
                                       {"key", minted.secret.reveal()}});
    }
    return out;
}

}  // namespace

Result<HttpResponse> apply_document(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    Order order;
    TRY_VOID(read_fields<Order>(object, kOrderFields, order));
    if (!object.contains("document")) return fail_field("document", "is required");
    if (order.dry_run) {
        TRY(const Outlook outlook, look_ahead(context, order));
        return json_response(200, answer(context, outlook, false));
    }
    TRY(const Json applied, apply(context, order, changed_by(context, call)));
    return json_response(200, applied);
}

Result<HttpResponse> export_document(AdminContext& context, const ApiCall&) {
    TRY(const Estate estate, read_estate(context, [](const Team&) { return true; }));
    return json_response(200, document_of(estate, surroundings(context)));
}

}  // namespace keywarden
