// What models cost: the book, what the operator set over it, and which of them holds.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "admin/account_change.h"
#include "admin/handlers.h"
#include "admin/price_record.h"
#include "store/price_directory.h"

namespace keywarden {
namespace {

Json book_record(const PriceBook& book) {
    Json vendors = Json::array();
    for (const PriceVendor& vendor : book.vendors) {
        Json record = {{"name", vendor.name}, {"label", vendor.label}, {"source", vendor.source}};
        if (!vendor.note.empty()) record["note"] = vendor.note;
        vendors.push_back(std::move(record));
    }
    return {{"date", book.date}, {"vendors", std::move(vendors)}};
}

Json list_of_prices(const PriceTable& table, Json data) {
    return {{"object", "list"},
            {"data", std::move(data)},
            {"has_more", false},
            {"next", nullptr},
            {"version", table.version()}};
}

/// What holds for a model, by an id that a client may say or as "provider/model".
/// Errors: ModelNotFound; NotFound when it has no price.
Result<const PricedModel*> find_price(const Catalogue& catalogue,
                                      const PriceTable& table,
                                      const std::string& id) {
    const Result<ModelTarget> target = catalogue.resolve_model(id);
    const PricedModel* found = nullptr;
    if (target) {
        found = table.find(
            catalogue.providers()[target->provider].name, target->id, target->upstream_id);
    } else if (const size_t slash = id.find('/'); slash != std::string::npos) {
        const std::string_view name = id;
        found = table.find(name.substr(0, slash), name.substr(slash + 1));
    }
    if (found != nullptr) return found;
    if (!target) return fail(target.error());
    return fail(ErrorCode::NotFound,
                "The model has no price: what a call of it costs is as its team's terms say.");
}

Json all_prices(const PriceTable& table) {
    Json data = Json::array();
    for (const ModelPrice& set : table.overrides()) {
        data.push_back(price_record(
            {.model = set.model, .price = set.price, .origin = PriceOrigin::Operator}));
    }
    for (const PricedModel& listed : table.book().all()) data.push_back(price_record(listed));
    return data;
}

/// The row for a change of the price that is set for `model`; null: none is.
AuditEntry price_entry(AdminContext& context,
                       const ApiCall& call,
                       const std::string& model,
                       const std::optional<Price>& price) {
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   kInstanceTenant,
                                   price ? "price.update" : "price.delete",
                                   {"model", model},
                                   context.clock.now());
    const auto table = context.prices->table();
    const auto before = std::ranges::find(table->overrides(), model, &ModelPrice::model);
    audit.diff =
        audit_diff(before == table->overrides().end() ? AuditFacts() : audit_facts(before->price),
                   price ? audit_facts(*price) : AuditFacts());
    return audit;
}

}  // namespace

Result<HttpResponse> list_prices(AdminContext& context, const ApiCall&) {
    const auto table = context.prices->table();
    Json answer = list_of_prices(*table, all_prices(*table));
    answer["book"] = book_record(table->book().book());
    return json_response(200, answer);
}

Result<HttpResponse> read_price_of_model(AdminContext& context, const ApiCall& call) {
    const auto table = context.prices->table();
    TRY(const PricedModel* const found, find_price(*context.models, *table, call.values.at(0)));
    Json record = price_record(*found);
    record["version"] = table->version();
    return json_response(200, record);
}

Result<HttpResponse> put_price(AdminContext& context, const ApiCall& call) {
    const std::string& model = call.values.at(0);
    TRY(const Json object, read_object(call.request, Body::Required));
    TRY(const Price price, read_price(object));
    TRY(const auto table,
        context.prices->put(model, price, price_entry(context, call, model, price)));
    Json record = price_record({.model = model, .price = price, .origin = PriceOrigin::Operator});
    record["version"] = table->version();
    return json_response(200, record);
}

Result<HttpResponse> delete_price(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    const std::string& model = call.values.at(0);
    TRY(const auto table,
        context.prices->put(model, std::nullopt, price_entry(context, call, model, std::nullopt)));
    return json_response(
        200,
        {{"object", "price"}, {"model", model}, {"deleted", true}, {"version", table->version()}});
}

Result<HttpResponse> list_account_prices(AdminContext& context, const ApiCall& call) {
    const auto table = context.prices->table();
    const Catalogue& catalogue = *context.models;
    Json data = Json::array();
    for (const auto& [id, provider] : catalogue.list()) {
        const Result<ModelTarget> target = catalogue.resolve_model(id);
        if (!target) continue;
        Json record = {{"object", "price"}, {"model", id}, {"provider", provider}};
        const PricedModel* const found = table->find(provider, target->id, target->upstream_id);
        record["priced"] = found != nullptr;
        if (found != nullptr) add_price(found->price, record);
        data.push_back(std::move(record));
    }
    Json answer = list_of_prices(*table, std::move(data));
    answer["markup_basis_points"] =
        int64_t{context.spend->billing(call.caller->team_id).markup_basis_points};
    return json_response(200, answer);
}

}  // namespace keywarden
