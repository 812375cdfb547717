#include "admin/incidents.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "admin/account_change.h"
#include "admin/account_record.h"
#include "admin/choice_field.h"
#include "admin/idempotency.h"
#include "base/id.h"

namespace keywarden {
namespace {

constexpr std::string_view kSetting = "incidents";  // a list of records, newest first

/// What a request says of one.
struct IncidentDraft {
    std::string name{};
    std::optional<ServiceState> impact{};
    std::optional<IncidentState> state{};
    std::string message{};
};

Result<std::string> read_message(const Json& value) {
    if (!value.is_string()) return fail_field("message", "must be a string");
    const auto& text = value.get_ref<const std::string&>();
    const bool is_text = std::ranges::all_of(
        text, [](char c) { return c == '\n' || static_cast<unsigned char>(c) >= ' '; });
    if (!text.empty() && text.size() <= kIncidentTextMax && is_text) return text;
    return fail_field("message",
                      "must be 1 to " + std::to_string(kIncidentTextMax) + " bytes of text");
}

constexpr std::array kFields = {
    Field<IncidentDraft>{"name",
                         [](const Json& value, IncidentDraft& draft) -> Result<void> {
                             TRY(draft.name, read_name_of("name", value));
                             return {};
                         }},
    Field<IncidentDraft>{"impact",
                         [](const Json& value, IncidentDraft& draft) -> Result<void> {
                             ServiceState impact{};
                             TRY_VOID(read_choice("impact", value, service_state_of, impact));
                             draft.impact = impact;
                             return {};
                         }},
    Field<IncidentDraft>{"state",
                         [](const Json& value, IncidentDraft& draft) -> Result<void> {
                             IncidentState state{};
                             TRY_VOID(read_choice("state", value, incident_state_of, state));
                             draft.state = state;
                             return {};
                         }},
    Field<IncidentDraft>{"message",
                         [](const Json& value, IncidentDraft& draft) -> Result<void> {
                             TRY(draft.message, read_message(value));
                             return {};
                         }},
};

Result<IncidentDraft> read_draft(const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    IncidentDraft draft;
    TRY_VOID(read_fields<IncidentDraft>(object, kFields, draft));
    return draft;
}

/// The other way round. Nothing for what this program did not write.
std::optional<Incident> incident_of(const Json& record) {
    if (!record.is_object()) return std::nullopt;
    Incident out{.id = record.value("id", ""),
                 .name = record.value("name", ""),
                 .version = record.value("version", int64_t{1})};
    const auto moment = [](const Json& from, const char* member) -> std::optional<TimePoint> {
        const auto found = from.find(member);
        if (found == from.end() || !found->is_string()) return std::nullopt;
        return parse_iso8601(found->get_ref<const std::string&>());
    };
    const auto impact = service_state_of(record.value("impact", ""));
    const auto state = incident_state_of(record.value("state", ""));
    const auto created_at = moment(record, "created_at");
    if (!impact || !state || !created_at) return std::nullopt;
    out.impact = *impact;
    out.state = *state;
    out.created_at = *created_at;
    out.resolved_at = moment(record, "resolved_at");
    for (const Json& update : record.value("updates", Json::array())) {
        const auto step = incident_state_of(update.value("state", ""));
        const auto at = moment(update, "at");
        if (step && at) out.updates.push_back({*at, *step, update.value("message", "")});
    }
    return out;
}

/// Reads all of them, has `alter` change them, and writes them with the row that tells of it: all
/// of it happens, or none, and nobody else changes them meanwhile.
Result<void> change_incidents(AdminContext& context,
                              const AuditEntry& audit,
                              const std::function<Result<void>(std::vector<Incident>&)>& alter) {
    Store& store = context.keys.store();
    return store.together([&]() -> Result<void> {
        TRY(std::vector<Incident> incidents, load_incidents(context));
        TRY_VOID(alter(incidents));
        TRY_VOID(store.sign_ins().tell(audit));
        Json records = Json::array();
        for (const Incident& incident : incidents) records.push_back(incident_record(incident));
        return store.put_setting(kSetting, dump(records));
    });
}

AuditEntry entry_of(AdminContext& context,
                    const ApiCall& call,
                    const char* action,
                    const std::string& id) {
    return audit_entry(changed_by(context, call),
                       std::string(kInstanceTenant),
                       action,
                       {"incident", id},
                       context.clock.now());
}

Result<std::vector<Incident>::iterator> find_incident(std::vector<Incident>& incidents,
                                                      std::string_view id) {
    const auto found = std::ranges::find(incidents, id, &Incident::id);
    if (found == incidents.end()) return fail(ErrorCode::NotFound, "There is no such incident.");
    return found;
}

Result<void> check_impact(const IncidentDraft& draft) {
    if (draft.impact != ServiceState::Operational) return {};
    return fail_field("impact", R"(must be "maintenance", "degraded" or "down")");
}

/// Takes the draft over, at that moment.
Result<void> add_to(Incident& incident, const IncidentDraft& draft, TimePoint now) {
    if (draft.state && *draft.state != incident.state && draft.message.empty()) {
        return fail_field("message", "is required with another state: say what has changed");
    }
    if (!draft.name.empty()) incident.name = draft.name;
    incident.impact = draft.impact.value_or(incident.impact);
    incident.state = draft.state.value_or(incident.state);
    if (incident.state != IncidentState::Resolved) {
        incident.resolved_at.reset();
    } else if (!incident.resolved_at) {
        incident.resolved_at = now;
    }
    if (draft.message.empty()) return {};
    if (incident.updates.size() == kIncidentUpdatesMax) {
        return fail_field("message", "is one too many: make another incident of it");
    }
    incident.updates.push_back({now, incident.state, draft.message});
    return {};
}

}  // namespace

Json incident_record(const Incident& incident) {
    Json updates = Json::array();
    for (const IncidentUpdate& update : incident.updates) {
        updates.push_back({{"at", format_iso8601(update.at)},
                           {"state", name(update.state)},
                           {"message", update.text}});
    }
    return {{"id", incident.id},
            {"object", "incident"},
            {"name", incident.name},
            {"impact", name(incident.impact)},
            {"state", name(incident.state)},
            {"created_at", format_iso8601(incident.created_at)},
            {"resolved_at",
             incident.resolved_at ? Json(format_iso8601(*incident.resolved_at)) : Json(nullptr)},
            {"updates", std::move(updates)},
            {"version", incident.version}};
}

Result<std::vector<Incident>> load_incidents(AdminContext& context) {
    std::vector<Incident> out;
    const auto text = context.keys.store().get_setting(kSetting);
    if (!text && text.error().code == ErrorCode::NotFound) return out;
    if (!text) return fail(text.error());
    const Json records = Json::parse(*text, nullptr, false);
    if (!records.is_array()) return out;
    for (const Json& record : records) {
        if (auto incident = incident_of(record)) out.push_back(*std::move(incident));
    }
    return out;
}

Result<HttpResponse> list_incidents(AdminContext& context, const ApiCall&) {
    TRY(const auto incidents, load_incidents(context));
    Json data = Json::array();
    for (const Incident& incident : incidents) data.push_back(incident_record(incident));
    return list_response(std::move(data), "");
}

Result<HttpResponse> create_incident(AdminContext& context, const ApiCall& call) {
    return run_once(
        context, call, "incidents.create", [&](const AnswerNote& note) -> Result<Created> {
            TRY(const IncidentDraft draft, read_draft(call));
            if (draft.name.empty()) return fail_field("name", "is required");
            if (draft.message.empty()) return fail_field("message", "is required");
            TRY_VOID(check_impact(draft));
            const TimePoint now = context.clock.now();
            Incident incident{.id = new_id("incident"), .created_at = now};
            TRY_VOID(add_to(incident, draft, now));
            Json record = incident_record(incident);
            const AuditEntry audit = entry_of(context, call, "incident.create", incident.id);
            TRY_VOID(store_answered(context, note(201, record), [&] {
                return change_incidents(
                    context, audit, [&](std::vector<Incident>& all) -> Result<void> {
                        if (!make_room(all)) {
                            return fail(ErrorCode::InvalidRequest,
                                        "There are " + std::to_string(kIncidentsMax) +
                                            " open incidents already. Resolve some first.");
                        }
                        all.insert(all.begin(), incident);
                        return {};
                    });
            }));
            return Created{.record = std::move(record)};
        });
}

Result<HttpResponse> read_incident(AdminContext& context, const ApiCall& call) {
    TRY(auto incidents, load_incidents(context));
    TRY(const auto found, find_incident(incidents, call.values.at(0)));
    return versioned_response(200, incident_record(*found), found->version);
}

Result<HttpResponse> change_incident(AdminContext& context, const ApiCall& call) {
    TRY(const IncidentDraft draft, read_draft(call));
    TRY_VOID(check_impact(draft));
    TRY(const auto wanted, if_match(call.request));
    Incident changed;
    const AuditEntry audit = entry_of(context, call, "incident.update", call.values.at(0));
    const auto alter = [&](std::vector<Incident>& all) -> Result<void> {
        TRY(const auto found, find_incident(all, call.values.at(0)));
        if (wanted && *wanted != found->version) {
            return fail(ErrorCode::VersionMismatch, "It was changed meanwhile. Read it again.");
        }
        TRY_VOID(add_to(*found, draft, context.clock.now()));
        ++found->version;
        changed = *found;
        return {};
    };
    TRY_VOID(change_incidents(context, audit, alter));
    return versioned_response(200, incident_record(changed), changed.version);
}

Result<HttpResponse> delete_incident(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    const std::string& id = call.values.at(0);
    const AuditEntry audit = entry_of(context, call, "incident.delete", id);
    const auto alter = [&](std::vector<Incident>& all) -> Result<void> {
        TRY(const auto found, find_incident(all, id));
        all.erase(found);
        return {};
    };
    TRY_VOID(change_incidents(context, audit, alter));
    return json_response(200, {{"id", id}, {"object", "incident"}, {"deleted", true}});
}

}  // namespace keywarden
