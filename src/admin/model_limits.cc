// What each model of the catalogue bears, counted over all who use it.
#include <algorithm>
#include <string>
#include <utility>

#include "admin/account_change.h"
#include "admin/account_fields.h"
#include "admin/account_record.h"
#include "admin/handlers.h"
#include "admin/model_name.h"
#include "admin/policy_field.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

constexpr size_t kModelIdBytesMax = 256;

Json model_record(const ModelLimits& model, bool is_listed) {
    const size_t slash = model.id.find('/');
    return {{"id", model.id},
            {"object", "model"},
            {"provider", model.id.substr(0, slash)},
            {"model", model.id.substr(slash + 1)},
            {"listed", is_listed},
            {"limits", limits_record(model.limits)},
            {"version", model.version}};
}

}  // namespace

std::string full_name(const Catalogue& catalogue, size_t provider, std::string_view model) {
    std::string id = catalogue.providers()[provider].name;
    id += '/';
    id += model;
    return id;
}

namespace {

struct FoundModel {
    ModelLimits settings{};
    bool is_listed = false;
};

/// The model that `id` means to a call, or one that was limited and has left the catalogue since.
/// Errors: ModelNotFound.
Result<FoundModel> find_model(AdminContext& context, const std::string& id) {
    TRY(const auto models, accounts_of(context).list_models());
    const Catalogue& catalogue = *context.models;
    const Result<ModelTarget> target = catalogue.resolve_model(id);
    const std::string full = target ? full_name(catalogue, target->provider, target->id) : id;
    const auto known = std::ranges::find(models, full, &ModelLimits::id);
    const bool is_listed = target && target->is_listed;
    if (known != models.end()) return FoundModel{*known, is_listed};
    if (!target) return fail(target.error());
    if (full.size() > kModelIdBytesMax) {
        return fail(ErrorCode::ModelNotFound, "No model has an id that is this long.");
    }
    return FoundModel{{.id = full}, is_listed};
}

}  // namespace

Result<HttpResponse> list_model_limits(AdminContext& context, const ApiCall&) {
    TRY(auto limited, accounts_of(context).list_models());
    Json data = Json::array();
    const Catalogue& catalogue = *context.models;
    for (size_t i = 0; i < catalogue.providers().size(); ++i) {
        for (const CatalogueProvider::Model& model : catalogue.providers()[i].models) {
            ModelLimits settings{.id = full_name(catalogue, i, model.id)};
            const auto known = std::ranges::find(limited, settings.id, &ModelLimits::id);
            if (known != limited.end()) {
                settings = *known;
                limited.erase(known);
            }
            data.push_back(model_record(settings, true));
        }
    }
    for (const ModelLimits& model : limited) data.push_back(model_record(model, false));
    return list_response(std::move(data), "");
}

Result<HttpResponse> read_model_limits(AdminContext& context, const ApiCall& call) {
    TRY(const FoundModel model, find_model(context, call.values.at(0)));
    return versioned_response(
        200, model_record(model.settings, model.is_listed), model.settings.version);
}

Result<HttpResponse> change_model_limits(AdminContext& context, const ApiCall& call) {
    TRY(const FoundModel found, find_model(context, call.values.at(0)));
    const ModelLimits& before = found.settings;
    ModelLimits model = before;
    TRY_VOID(read_change<ModelLimits>(call, model_fields(), model));
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   kInstanceTenant,
                                   "model.update",
                                   {"model", model.id},
                                   context.clock.now());
    audit.diff = audit_diff(audit_facts(before), audit_facts(model));
    TRY_VOID(accounts_of(context).put_model(model, audit));
    context.keys.policies().put(rules_of(model));
    return versioned_response(200, model_record(model, found.is_listed), model.version);
}

}  // namespace keywarden
