#include "proxy/models.h"

#include <string>
#include <string_view>
#include <utility>

#include "base/json/write.h"
#include "domain/model_rules.h"
#include "proxy/answer.h"

namespace keywarden {
namespace {

/// The targets that may be used, as they were declared.
void append_route(std::string& out,
                  const Catalogue& catalogue,
                  const CatalogueRoute& route,
                  const PolicyReading* reading) {
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
                               const Catalogue& catalogue,
                               const Catalogue::Listed& model,
                               const PolicyReading* reading) {
    TRY(const ModelTarget target, catalogue.resolve(model.id));
    if (reading != nullptr) {
        TRY_VOID(check_model(reading->chain(),
                             catalogue,
                             model.id,
                             usable_target(reading->chain(), catalogue, model.id, target)));
    }
    if (out.ends_with('}')) out += ',';
    append_model(out, model.id, model.provider);
    if (target.route != nullptr) append_route(out, catalogue, *target.route, reading);
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

/// Without what `reading`, where there is one, does not let the caller use.
std::string model_list(const Call& call, const PolicyReading* reading) {
    const Catalogue& catalogue = call.proxy->catalogue();
    std::string out = R"({"object":"list","data":[)";
    std::string_view first;
    std::string_view last;
    for (const Catalogue::Listed& model : catalogue.list()) {
        if (!append_if_allowed(out, catalogue, model, reading)) continue;
        if (first.empty()) first = model.id;
        last = model.id;
    }
    out += "]";
    append_cursor(out, "first_id", first);
    append_cursor(out, "last_id", last);
    return out + R"(,"has_more":false})";
}

Result<std::string> one_model(const Call& call, const PolicyReading* reading) {
    const Catalogue& catalogue = call.proxy->catalogue();
    const std::string& id = call.values.front();
    TRY(const ModelTarget target, catalogue.resolve(id));
    const bool is_route = target.route != nullptr;
    std::string out;
    TRY_VOID(append_if_allowed(
        out,
        catalogue,
        {.id = id, .provider = is_route ? kOwnedByUs : catalogue.providers()[target.provider].name},
        reading));
    return out;
}

Result<std::string> models_body(const Call& call, const PolicyReading* reading) {
    if (call.values.empty()) return model_list(call, reading);
    return one_model(call, reading);
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
