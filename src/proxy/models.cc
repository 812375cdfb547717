#include "proxy/models.h"

#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json/write.h"
#include "base/money.h"
#include "domain/model_rules.h"
#include "domain/price_fields.h"
#include "proxy/answer.h"
#include "store/price_directory.h"

namespace keywarden {
namespace {

/// What a list of models is made from. `reading`: whose policies leave models out; null: nobody's.
struct Listing {
    const Catalogue& catalogue;
    const PolicyReading* reading = nullptr;
    std::shared_ptr<const PriceTable> prices{};  // null where there are none
};

/// The targets that may be used, as they were declared.
void append_route(std::string& out, const Listing& listing, const CatalogueRoute& route) {
    const Catalogue& catalogue = listing.catalogue;
    const PolicyReading* const reading = listing.reading;
    out += R"(,"route":{"strategy":)";
    append_json_string(out, name(route.declared.strategy));
    out += R"(,"targets":[)";
    bool is_first = true;
    for (size_t i = 0; i < route.targets.size(); ++i) {
        const std::string& id = route.declared.id;
        const ModelTarget& target = route.targets[i];
        if (reading != nullptr && !check_model(reading->chain(), catalogue, id, target)) continue;
        if (!std::exchange(is_first, false)) out += ',';
        append_json_string(out, route.declared.targets[i].model);
    }
    out += "]}";
}

void append_count(std::string& out, std::string_view name, int64_t count) {
    if (count > 0) out += fmt::format(R"(,"{}":{})", name, count);
}

/// The list price, before any markup of a team's.
void append_price(std::string& out, const Price& price) {
    append_count(out, "context_window", price.context_tokens_max);
    append_count(out, "max_output_tokens", price.output_tokens_max);
    out += R"(,"price":{"currency":"USD")";
    for (const PriceField& field : price_fields()) {
        const std::optional<int64_t> amount = field.get(price);
        if (!amount || !field.is_money()) continue;
        out += fmt::format(R"(,"{}":"{}")", field.name, format_usd({*amount}));
    }
    append_count(out, "long_context_above", price.long_context_above);
    out += '}';
}

/// What becomes of prompts there, how much it takes, and what it costs, where that is known.
void append_facts(std::string& out, const Listing& listing, const ModelTarget& target) {
    const CatalogueProvider& provider = listing.catalogue.providers()[target.provider];
    out += R"(,"privacy":)";
    append_json_string(out, name(provider.privacy));
    if (listing.prices == nullptr) return;
    const PricedModel* const priced =
        listing.prices->find(provider.name, target.id, target.upstream_id);
    if (priced != nullptr) append_price(out, priced->price);
}

/// What the lists of OpenAI and of Anthropic say, in one: SDKs of either find theirs. The catalogue
/// does not know when a model was made, and they want to be told.
void append_model(std::string& out, std::string_view id, std::string_view provider) {
    out += R"({"id":)";
    append_json_string(out, id);
    out += R"(,"object":"model","created":0,"owned_by":)";
    append_json_string(out, provider);
    out += R"(,"type":"model","display_name":)";
    append_json_string(out, id);
    out += R"(,"created_at":"1970-01-01T00:00:00Z")";
}

/// Errors: as check_model; of a route, where none of its targets may be used.
Result<void> append_if_allowed(std::string& out,
                               const Listing& listing,
                               const Catalogue::Listed& model) {
    const Catalogue& catalogue = listing.catalogue;
    const PolicyReading* const reading = listing.reading;
    TRY(const ModelTarget target, catalogue.resolve(model.id));
    if (reading != nullptr) {
        TRY_VOID(check_model(reading->chain(),
                             catalogue,
                             model.id,
                             usable_target(reading->chain(), catalogue, model.id, target)));
    }
    if (out.ends_with('}')) out += ',';
    append_model(out, model.id, model.provider);
    if (target.route != nullptr) {
        append_route(out, listing, *target.route);
    } else {
        append_facts(out, listing, target);
    }
    out += '}';
    return {};
}

void append_cursor(std::string& out, std::string_view name, std::string_view id) {
    out += ",\"" + std::string(name) + "\":";
    if (id.empty()) {
        out += "null";
    } else {
        append_json_string(out, id);
    }
}

std::string model_list(const Listing& listing) {
    std::string out = R"({"object":"list","data":[)";
    std::string_view first;
    std::string_view last;
    for (const Catalogue::Listed& model : listing.catalogue.list()) {
        if (!append_if_allowed(out, listing, model)) continue;
        if (first.empty()) first = model.id;
        last = model.id;
    }
    out += "]";
    append_cursor(out, "first_id", first);
    append_cursor(out, "last_id", last);
    return out + R"(,"has_more":false})";
}

Result<std::string> one_model(const Listing& listing, const std::string& id) {
    const Catalogue& catalogue = listing.catalogue;
    TRY(const ModelTarget target, catalogue.resolve(id));
    const bool is_route = target.route != nullptr;
    std::string out;
    TRY_VOID(append_if_allowed(
        out,
        listing,
        {.id = id,
         .provider = is_route ? kOwnedByUs : catalogue.providers()[target.provider].name}));
    return out;
}

Result<std::string> models_body(const Call& call, const PolicyReading* reading) {
    const PriceDirectory* const prices = call.proxy->parts().prices;
    const Listing listing{.catalogue = call.proxy->catalogue(),
                          .reading = reading,
                          .prices = prices == nullptr ? nullptr : prices->table()};
    if (call.values.empty()) return model_list(listing);
    return one_model(listing, call.values.front());
}

Result<std::string> models_body(const Call& call) {
    if (!call.caller || call.caller->is_operator) return models_body(call, nullptr);
    const PolicyReading reading = call.proxy->parts().keys->read_policy(*call.caller);
    return models_body(call, &reading);
}

}  // namespace

Task<Result<void>> answer_models(Call* call) {
    HttpResponse response{.headers = {{"Content-Type", "application/json"}}};
    CO_TRY(response.body, models_body(*call));
    co_return co_await send_answer(call, &response);
}

}  // namespace keywarden
