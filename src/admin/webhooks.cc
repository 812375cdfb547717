// Webhooks: where a team, or the operator, wants to hear of events.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/account_change.h"
#include "admin/account_record.h"
#include "admin/handlers.h"
#include "admin/idempotency.h"
#include "base/clock.h"
#include "base/id.h"
#include "domain/money_facts.h"

namespace keywarden {
namespace {

UsageStore& usage_of(AdminContext& context) { return context.keys.store().usage(); }

/// Whose webhooks a route is about: the team's, or, with an empty id, the operator's.
std::string owner_of(const ApiCall& call) {
    const bool is_operators = call.request.path.starts_with("/v1/admin/");
    return is_operators ? std::string() : std::string(call.caller->team_id);
}

Json moment_or_null(const std::optional<TimePoint>& at) {
    return at ? Json(format_iso8601(*at)) : Json(nullptr);
}

/// A query may hold what lets in: nobody is shown it.
std::string shown_url(const std::string& url) {
    const size_t query = url.find('?');
    return query == std::string::npos ? url : url.substr(0, query) + "?…";
}

Json record_of(const Webhook& hook) {
    const WebhookDelivery& delivery = hook.delivery;
    const bool is_failing = !delivery.last_error.empty();
    return {{"id", hook.id},
            {"object", "webhook"},
            {"url", shown_url(hook.url)},
            {"events", hook.events},
            {"state", hook.is_paused ? "paused" : "active"},
            {"created_at", format_iso8601(hook.created_at)},
            {"rotated_at", moment_or_null(hook.rotated_at)},
            {"delivery",
             {{"state", is_failing ? "failing" : "ok"},
              {"delivered", delivery.delivered},
              {"given_up", delivery.given_up},
              {"delivered_at", moment_or_null(delivery.delivered_at)},
              {"failures", delivery.failures},
              {"last_error", is_failing ? Json(delivery.last_error) : Json(nullptr)},
              {"next_try_at",
               delivery.failures > 0 ? Json(format_iso8601(delivery.next_at)) : Json(nullptr)}}},
            {"version", hook.version}};
}

Result<void> read_url(const Json& value, Webhook& hook) {
    if (!value.is_string()) {
        return fail_field("url", "must be an address that begins with https://");
    }
    hook.url = value.get_ref<const std::string&>();
    return {};
}

Result<void> read_events(const Json& value, Webhook& hook) {
    hook.events.clear();
    if (value.is_null()) return {};
    std::string known;
    for (const std::string_view kind : event_kinds()) {
        known += (known.empty() ? "" : ", ") + std::string(kind);
    }
    if (!value.is_array()) return fail_field("events", "must be a list of: " + known);
    for (const Json& each : value) {
        const auto kind = each.is_string()
                              ? std::ranges::find(event_kinds(), each.get_ref<const std::string&>())
                              : event_kinds().end();
        if (kind == event_kinds().end()) return fail_field("events", "must be some of: " + known);
        if (!wants(hook, *kind) || hook.events.empty()) hook.events.emplace_back(*kind);
    }
    return {};
}

Result<void> read_state(const Json& value, Webhook& hook) {
    if (value != "active" && value != "paused") {
        return fail_field("state", "must be \"active\" or \"paused\"");
    }
    hook.is_paused = value == "paused";
    return {};
}

constexpr std::array kFields = {
    Field<Webhook>{"url", read_url},
    Field<Webhook>{"events", read_events},
    Field<Webhook>{"state", read_state},
};

AuditEntry entry_of(AdminContext& context,
                    const ApiCall& call,
                    const char* action,
                    const Webhook* before,
                    const Webhook* after) {
    const Webhook& shown = after != nullptr ? *after : *before;
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   shown.team_id.empty() ? kInstanceTenant : shown.team_id,
                                   action,
                                   {"webhook", shown.id},
                                   context.clock.now());
    audit.diff = audit_diff(before != nullptr ? audit_facts(*before) : AuditFacts(),
                            after != nullptr ? audit_facts(*after) : AuditFacts());
    return audit;
}

Result<Webhook> webhook_of(AdminContext& context, const ApiCall& call) {
    return usage_of(context).get_webhook(owner_of(call), call.values.at(0));
}

/// Returns it as it is then, with its delivery.
Result<Webhook> update(AdminContext& context,
                       const ApiCall& call,
                       const char* action,
                       const Webhook& before,
                       const Webhook& after) {
    TRY_VOID(
        usage_of(context).update_webhook(after, entry_of(context, call, action, &before, &after)));
    return webhook_of(context, call);
}

Json secret_of(const AdminContext& context, const Webhook& hook) {
    return {{"secret", context.webhook_signer->secret_of(hook).reveal()}};
}

}  // namespace

Result<HttpResponse> list_webhooks(AdminContext& context, const ApiCall& call) {
    TRY(const auto hooks, usage_of(context).list_webhooks(owner_of(call)));
    Json data = Json::array();
    for (const Webhook& hook : hooks) data.push_back(record_of(hook));
    return list_response(std::move(data), "");
}

Result<HttpResponse> create_webhook(AdminContext& context, const ApiCall& call) {
    return run_once(
        context, call, "webhooks.create", [&](const AnswerNote& note) -> Result<Created> {
            TRY(const Json object, read_object(call.request, Body::Required));
            Webhook hook{
                .id = new_id("hook"), .team_id = owner_of(call), .created_at = context.clock.now()};
            TRY_VOID(read_fields<Webhook>(object, kFields, hook));
            if (hook.url.empty()) return fail_field("url", "is required");
            TRY(const WebhookTarget target, check_webhook_url(hook.url, context.webhook_allow));
            Json record = record_of(hook);
            TRY_VOID(store_answered(context, note(201, record), [&] {
                return usage_of(context).create_webhook(
                    hook, entry_of(context, call, "webhook.create", nullptr, &hook));
            }));
            return Created{.record = std::move(record), .shown_once = secret_of(context, hook)};
        });
}

Result<HttpResponse> read_webhook(AdminContext& context, const ApiCall& call) {
    TRY(const Webhook hook, webhook_of(context, call));
    return versioned_response(200, record_of(hook), hook.version);
}

Result<HttpResponse> change_webhook(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    TRY(const Webhook before, webhook_of(context, call));
    TRY(const auto wanted, if_match(call.request));
    if (wanted && *wanted != before.version) {
        return fail(ErrorCode::VersionMismatch, "It was changed meanwhile. Read it again.");
    }
    Webhook hook = before;
    TRY_VOID(read_fields<Webhook>(object, kFields, hook));
    if (object.contains("url")) TRY_VOID(check_webhook_url(hook.url, context.webhook_allow));
    ++hook.version;
    TRY(const Webhook now, update(context, call, "webhook.update", before, hook));
    return versioned_response(200, record_of(now), now.version);
}

Result<HttpResponse> rotate_webhook(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(const Webhook before, webhook_of(context, call));
    Webhook hook = before;
    ++hook.generation;
    ++hook.version;
    hook.rotated_at = context.clock.now();
    TRY(const Webhook now, update(context, call, "webhook.rotate", before, hook));
    Json record = record_of(now);
    record.update(secret_of(context, now));
    return versioned_response(200, record, now.version);
}

Result<HttpResponse> test_webhook(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(const Webhook hook, webhook_of(context, call));
    const std::string failure = context.send_event(hook,
                                                   {.id = new_id("event"),
                                                    .team_id = hook.team_id,
                                                    .kind = std::string(kTestEvent),
                                                    .target = hook.id,
                                                    .at = context.clock.now(),
                                                    .body = "{}"});
    return json_response(200,
                         {{"object", "webhook_test"},
                          {"id", hook.id},
                          {"delivered", failure.empty()},
                          {"error", failure.empty() ? Json(nullptr) : Json(failure)}});
}

Result<HttpResponse> delete_webhook(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(const Webhook hook, webhook_of(context, call));
    TRY_VOID(usage_of(context).delete_webhook(
        hook.team_id, hook.id, entry_of(context, call, "webhook.delete", &hook, nullptr)));
    return json_response(200, {{"id", hook.id}, {"object", "webhook"}, {"deleted", true}});
}

}  // namespace keywarden
